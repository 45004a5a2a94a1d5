"""Who is on the list: addresses, the rules for joining and leaving, tokens, and reading lists from files.

Pure functions on data; the database is `newsletter.storage`'s. A new file format is a new reader that gives
`Row` and `Rejected` (see `rows`); a new rule about who may be taken in belongs into `intake`.
"""
