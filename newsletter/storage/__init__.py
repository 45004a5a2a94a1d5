"""The database: schema, migrations, and the stores for subscribers, campaigns and the ledger.

One store a subject, each a plain class over a `Database`; add a table in `schema.py` together with a revision
in `migrations/versions` (a test compares the two).
"""
