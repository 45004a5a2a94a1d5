"""Opening the database: SQLite with the settings that the ledger's promises rest on, upgraded at the door."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError

from newsletter.errors import ConfigurationError, NewsletterError, StorageError

SQLITE_PREFIX = "sqlite:///"


class Database:
    """A database at the current schema.

    `write()` and `read()` give connections inside one transaction. A writing transaction takes SQLite's write
    lock at its start (`BEGIN IMMEDIATE`): one that reads first and writes later would fail next to another
    writer, whatever the timeout.
    """

    def __init__(self, engine: Engine, path: Path) -> None:
        self.engine = engine
        self.path = path

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that may change things; rolled back when the block raises.

        Raises StorageError when the disk is full, the file read-only or another writer does not let go.
        """
        with translated(self.path), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one consistent state and never blocks a writer."""
        with translated(self.path), self.engine.connect() as connection:
            reading = connection.execution_options(reading=True)
            with reading.begin():
                yield reading

    @contextmanager
    def lock(self, name: str) -> Iterator[bool]:
        """Holds the named lock for the length of the block; gives False at once when another process has it.

        The kernel lets go of it when its holder dies, however it dies, so that having it proves the former
        holder gone (a process id would not: numbers are used again).
        """
        descriptor = os.open(self._lock_path(name), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True
        finally:
            os.close(descriptor)

    def locked(self, name: str) -> bool:
        """True while some process holds the named lock."""
        with suppress(FileNotFoundError):
            descriptor = os.open(self._lock_path(name), os.O_RDWR)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            finally:
                os.close(descriptor)
        return False

    def _lock_path(self, name: str) -> Path:
        return self.path.with_name(f"{self.path.name}-{name}.lock")

    def close(self) -> None:
        """Lets go of all connections; SQLite then folds its log into the database file."""
        self.engine.dispose()


def open_database(url: str, folder: Path) -> Database:
    """Opens (or makes) the database at `url`, a relative SQLite path being relative to `folder`.

    An older schema is upgraded in place, after a copy was put beside it; a newer one is refused. Raises
    ConfigurationError for an address that is not understood, StorageError for everything the disk may do.
    """
    if not url.startswith(SQLITE_PREFIX):
        raise ConfigurationError(
            f"The database address {url.split(':', 1)[0]}:… is not one this version can open.",
            hint=f'Use database.url = "{SQLITE_PREFIX}subscribers/newsletter.db".',
        )
    path = folder / url.removeprefix(SQLITE_PREFIX)
    _make_private(path)
    database = Database(_engine(path), path)
    try:
        with translated(path):
            from newsletter.storage.upgrade import upgrade

            upgrade(database)
    except BaseException:
        database.close()
        raise
    return database


def _make_private(path: Path) -> None:
    """Creates the file 0600 in a folder 0700 before SQLite would create it readable by everybody."""
    try:
        if not path.parent.exists():
            path.parent.mkdir(mode=0o700, parents=True)
        if not path.exists():
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        elif stat.S_IMODE(path.stat().st_mode) & 0o077:
            path.chmod(0o600)
    except OSError as error:
        raise StorageError(
            f"Cannot open the database: {error.strerror}.",
            file=str(path),
            hint="Check that the folder exists and that you may write to it.",
        ) from error


def _engine(path: Path) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}",
        connect_args={"timeout": 10.0, "check_same_thread": False},
        # one compiled form per statement is kept; the hot ones bypass compilation altogether
        query_cache_size=200,
    )

    @event.listens_for(engine, "connect")
    def _connect(raw: sqlite3.Connection, _record: Any) -> None:
        raw.isolation_level = None  # transactions begin where we say, see below
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
            "busy_timeout = 10000",
            "temp_store = MEMORY",
        ):
            raw.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        reading = connection.get_execution_options().get("reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def synced(connection: Connection, yes: bool) -> None:
    """Whether the next transactions on `connection` reach the disk before they return (`synchronous = FULL`),
    or only the operating system's cache, which outlives the process but not a power failure."""
    raw: Any = connection.connection.driver_connection  # SQLAlchemy would begin a transaction around it
    raw.execute(f"PRAGMA synchronous = {'FULL' if yes else 'NORMAL'}")


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turns what the database says into what a person can mend; programming errors pass through."""
    try:
        yield
    except (DatabaseError, sqlite3.DatabaseError) as error:  # the driver's own comes from connecting
        raised = _translate(str(getattr(error, "orig", error)), path)
        if raised is None:
            raise
        raise raised from error


_MENDS = (
    ("disk is full", "The disk is full.", "Make room and try again; what was committed before is safe."),
    ("database or disk is full", "The disk is full.", "Make room and try again; what was committed is safe."),
    (
        "readonly database",
        "The database cannot be written.",
        "Make the file and its folder writable for you.",
    ),
    ("read-only", "The database cannot be written.", "Make the file and its folder writable for you."),
    ("unable to open", "The database cannot be opened.", "Check that its folder exists and is yours."),
    ("locked", "Another process keeps the database busy.", "Wait until it has finished, then try again."),
    (
        "malformed",
        "The database is damaged.",
        "Put back the newest copy from the folder `backups` beside it.",
    ),
    ("not a database", "The file is not a database.", "Put back the newest copy, or move the file away."),
    (
        "disk i/o error",
        "The disk reported an error.",
        "Check that it has room and is healthy, then try again.",
    ),
)


def _translate(said: str, path: Path) -> NewsletterError | None:
    for words, message, hint in _MENDS:
        if words in said.lower():
            return StorageError(message, file=str(path), hint=hint)
    return None
