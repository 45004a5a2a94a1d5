"""How mail goes out: messages assembled from editions, and the loop that hands each over once. Pure core."""
