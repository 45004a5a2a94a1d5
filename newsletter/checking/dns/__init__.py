"""Judging what the DNS says about a publication's domains; the look-ups themselves are handed in."""
