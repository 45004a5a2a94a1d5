"""Feeds from the web: fetched with care, kept in a folder, read into entries, listed as OPML."""
