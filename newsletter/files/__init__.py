"""The publication's own files on this disk: issues and their pictures in, the built site out."""
