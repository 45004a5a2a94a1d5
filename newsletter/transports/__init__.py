"""The ways messages leave: a Maildir on this machine, an SMTP server; and a small server to try them on.

A new way is a class that does what `protocols.Transport` asks, in a file of its own.
"""
