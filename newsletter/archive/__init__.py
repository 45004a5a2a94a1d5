"""The public archive as data: ready issues in, the bytes of every file of the site out."""
