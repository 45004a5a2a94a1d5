"""Looking around in the network: the DNS, what a web server answers, where links lead."""
