"""What was asked of a provider that knows a repeated request by its key: kept in a file, across processes.

A request stands here, whole, from before it is made until its answer is there; then only what became of each
message is kept, for the case that the ledger did not come to write it.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from itertools import count
from pathlib import Path

from newsletter.errors import TransportError
from newsletter.model import Fault, Outcome, OutcomeKind
from newsletter.transports.batches import Request

KEEP = 30 * 86_400.0
"""Seconds that the outcome of a message is kept once the ledger has it."""

WHOLE = 2 * 86_400.0
"""Seconds after which an unanswered request is of no use any more, and the letters in it are erased."""

_AHEAD = 300.0
"""Seconds that a request may seem to come from the future, because a clock was set."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS requests (
    key TEXT PRIMARY KEY, digest TEXT NOT NULL, at REAL NOT NULL, body BLOB,
    doubted INTEGER NOT NULL DEFAULT 0, closed INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS requests_by_digest ON requests (digest);
CREATE TABLE IF NOT EXISTS messages (
    message_id TEXT PRIMARY KEY, key TEXT NOT NULL, place INTEGER NOT NULL, told INTEGER NOT NULL DEFAULT 0,
    kind TEXT, code INTEGER, enhanced TEXT, reply TEXT, provider_id TEXT, fault TEXT
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS messages_by_key ON messages (key);
"""


class RequestBook:
    """The book in the SQLite file `path`, made when the first request is written. Blocking calls.

    Every method raises TransportError when the file cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None

    def begin(self, request: Request) -> str:
        """Writes a request down, synced to disk, and gives the key to make it with.

        A request that stands here unanswered keeps its key. To be called when the ledger has written that all
        of its messages are handed: outcomes told before are then in the ledger, too.
        """
        digest = sha256(request.body).hexdigest()
        now = time.time()
        with self._writing() as book:
            book.execute("UPDATE requests SET body = x'' WHERE body <> x'' AND at < ?", (now - WHOLE,))
            book.execute("UPDATE requests SET closed = 1 WHERE body IS NULL AND closed = 0")
            book.execute("DELETE FROM messages WHERE told = 1")
            old = "closed = 1 AND at < ?"
            limit = (now - KEEP,)
            book.execute(f"DELETE FROM messages WHERE key IN (SELECT key FROM requests WHERE {old})", limit)  # noqa: S608 - fixed words
            book.execute(f"DELETE FROM requests WHERE {old}", limit)  # noqa: S608 - fixed words
            found = book.execute(
                "SELECT key, body IS NOT NULL AND body <> x'' FROM requests WHERE digest = ?", (digest,)
            ).fetchall()
            for key, unanswered in found:
                if unanswered:
                    book.execute("UPDATE requests SET doubted = 1 WHERE key = ?", (key,))
                    return str(key)
            # Made from what is sent, so that even a lost book does no harm where the same batch comes
            # together again; a batch sent again on purpose is another request.
            used = {key for key, _ in found}
            names = (f"newsletter/{digest}/{number}" for number in count(1))
            key = next(name for name in names if name not in used)
            book.execute(
                "INSERT INTO requests (key, digest, at, body) VALUES (?, ?, ?, ?)",
                (key, digest, now, request.body),
            )
            book.executemany(
                "INSERT OR REPLACE INTO messages (message_id, key, place) VALUES (?, ?, ?)",
                [(message_id, key, place) for place, message_id in enumerate(request.message_ids)],
            )
        return key

    def answered(self, key: str, outcomes: Sequence[Outcome]) -> None:
        """Keeps what was accepted; the others are struck out, for they may be tried again without harm."""
        rows = [
            (o.kind, o.code, o.enhanced, o.reply, o.provider_id, o.fault, key, place)
            for place, o in enumerate(outcomes)
        ]
        with self._writing() as book:
            book.executemany(
                "UPDATE messages SET kind = ?, code = ?, enhanced = ?, reply = ?, provider_id = ?, fault = ?"
                " WHERE key = ? AND place = ?",
                rows,
            )
            book.execute("DELETE FROM messages WHERE key = ? AND kind <> ?", (key, OutcomeKind.ACCEPTED))
            book.execute("UPDATE requests SET body = NULL WHERE key = ?", (key,))

    def doubt(self, key: str) -> None:
        """Notes that a request may have been taken, although no answer came."""
        with self._writing() as book:
            book.execute("UPDATE requests SET doubted = 1 WHERE key = ?", (key,))

    def doubted(self, key: str) -> bool:
        """True when `doubt` was said of the request, or it was made by a process that ended since."""
        with self._writing() as book:
            row = book.execute("SELECT doubted FROM requests WHERE key = ?", (key,)).fetchone()
        return bool(row and row[0])

    def forget(self, key: str) -> None:
        """Strikes out a request that was certainly not taken."""
        with self._writing() as book:
            book.execute("DELETE FROM messages WHERE key = ?", (key,))
            book.execute("DELETE FROM requests WHERE key = ?", (key,))

    def find(self, message_id: str, lasts: float, too_late: Outcome) -> Outcome | Request | None:
        """What is known of a message: its outcome; the unanswered request it is in, while that is younger
        than `lasts` seconds, and afterwards `too_late`, once; or None."""
        if self._connection is None and not self._path.exists():
            return None
        with self._writing() as book:
            row = book.execute(
                "SELECT m.kind, m.code, m.enhanced, m.reply, m.provider_id, m.fault, m.key, r.at, r.body"
                " FROM messages m JOIN requests r ON r.key = m.key WHERE m.message_id = ?",
                (message_id,),
            ).fetchone()
            if row is None:
                return None
            kind, code, enhanced, reply, provider_id, fault, key, at, body = row
            if kind is not None:
                return Outcome(OutcomeKind(kind), code, enhanced, reply, provider_id, Fault(fault))
            if not -_AHEAD <= time.time() - at < lasts:
                book.execute("UPDATE messages SET told = 1 WHERE message_id = ?", (message_id,))
                return too_late
            ids = book.execute("SELECT message_id FROM messages WHERE key = ? ORDER BY place", (key,))
            return Request(body, tuple(row[0] for row in ids))

    def close(self) -> None:
        """Closes the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction, synced to disk at its end."""
        try:
            if self._connection is None:
                self._connection = self._open()
            with self._connection as connection:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
        except (sqlite3.Error, OSError) as error:
            raise TransportError(
                f"the requests under way cannot be kept in {self._path}: {error}",
                hint="see to the disk, then give the same command again: nobody is skipped or mailed twice",
                code="request-book",
            ) from error

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
        connection = sqlite3.connect(self._path, isolation_level=None, timeout=10)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(
            "PRAGMA secure_delete = ON"
        )  # letters and addresses are gone when they are deleted
        connection.executescript(_SCHEMA)
        return connection
