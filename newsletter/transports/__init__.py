"""The ways messages leave: a Maildir, a program, mail servers, providers' APIs; and a server to try them on.

A new way is a class that does what `protocols.Transport` asks, in a file of its own.
"""
