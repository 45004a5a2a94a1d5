"""Older writing becomes archived issues: files of Jekyll, Hugo, Eleventy and Buttondown, and the exports of
Substack and Ghost. Pure functions on names and texts."""
