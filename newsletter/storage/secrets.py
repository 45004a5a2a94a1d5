"""The publication's secret key: made once, kept private, and never mixed up with another."""

from __future__ import annotations

import fcntl
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from newsletter.audience.tokens import KEY_LENGTH, Tokens
from newsletter.errors import ConfigurationError, StorageError
from newsletter.storage.database import Database

_FINGERPRINT = "key_fingerprint"


def load_or_create_key(path: Path) -> bytes:
    """The 32 bytes in the file at `path`, which is made (0600, in a folder 0700) when there is none.

    Two processes that start at once get the same key, and a key is on the disk before anybody uses it. A file
    that others may read is made private. Raises ConfigurationError for a file that holds no key, StorageError
    when the disk does not let us.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            key = _read_or_write(descriptor, path)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise StorageError(
            f"The secret key cannot be opened: {error.strerror}.",
            file=str(path),
            hint="Check that the folder exists, has room, and is yours to write to.",
        ) from error
    if len(key) != KEY_LENGTH:
        raise ConfigurationError(
            f"This is no secret key: it has {len(key)} bytes instead of {KEY_LENGTH}.",
            file=str(path),
            hint="Put back the file from your copy of this folder. If there is none, move this one away: "
            "a new key is made, but links in mails already sent stop working.",
            code="bad-key",
        )
    return key


def key_is_lost(path: Path, database: Database) -> bool:
    """True when the database was used with a key, and its file is gone: a new key would not do."""
    if path.exists():
        return False
    with database.read() as connection:
        query = "SELECT value FROM meta WHERE key = ?"
        return connection.exec_driver_sql(query, (_FINGERPRINT,)).scalar() is not None


def _read_or_write(descriptor: int, path: Path) -> bytes:
    """Under the lock: what the file holds; an empty file gets a key first (nobody can have used it yet)."""
    state = os.fstat(descriptor)
    if stat.S_IMODE(state.st_mode) & 0o077:
        os.fchmod(descriptor, 0o600)
    if state.st_size:
        return os.read(descriptor, KEY_LENGTH + 1)
    key = secrets.token_bytes(KEY_LENGTH)
    try:
        os.write(descriptor, key)
        os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, 0)
        raise
    with suppress(OSError):  # some file systems cannot sync a folder, and need not
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    return key


def hold_key(database: Database, tokens: Tokens) -> None:
    """Ties the database to the key that its suppression list is hashed with, at the first time.

    Raises ConfigurationError when it was tied to another one: with a new key, nobody would be recognised as
    suppressed, and people who asked never to be mailed again would be.
    """
    query = "SELECT value FROM meta WHERE key = ?"
    with database.read() as connection:
        known = connection.exec_driver_sql(query, (_FINGERPRINT,)).scalar()
    if known is None:
        with database.write() as connection:
            connection.exec_driver_sql(
                "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO NOTHING",
                (_FINGERPRINT, tokens.fingerprint),
            )
            known = connection.exec_driver_sql(query, (_FINGERPRINT,)).scalar_one()
    if known != tokens.fingerprint:
        raise ConfigurationError(
            "The secret key is not the one that this database was used with.",
            file=str(database.path),
            hint="Put back the `secret.key` that belongs to it: without it the suppression list cannot be "
            "read, and links in mails already sent do not work.",
            code="other-key",
        )
