"""Newsletter: write issues as plain text, check them, mail them once to every reader, archive them."""

__version__ = "0.1.0"
