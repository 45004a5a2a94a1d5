"""The suppression list: keyed hashes of addresses that may never be mailed, for use inside transactions."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection

from newsletter.audience.standing import DEPARTED, standing_after
from newsletter.audience.tokens import Tokens
from newsletter.model import Status

_LIVING = tuple(status.value for status in Status if status not in DEPARTED)


def suppressed_among(connection: Connection, tokens: Tokens, keys: Collection[str]) -> set[str]:
    """Those of the compared addresses that are on the suppression list; at most 30,000 at a time."""
    if not keys or connection.exec_driver_sql("SELECT 1 FROM suppressions LIMIT 1").first() is None:
        return set()
    hashes = {tokens.suppression_key(key): key for key in keys}
    found = connection.exec_driver_sql(
        f"SELECT key_hash FROM suppressions WHERE key_hash IN ({marks(len(hashes))})",
        tuple(hashes),
    )
    return {hashes[key_hash] for (key_hash,) in found}


def suppress_key(
    connection: Connection, tokens: Tokens, key: str, *, reason: str, source: str, at: int
) -> bool:
    """Puts a compared address on the suppression list and, in the same breath, ends its subscription.

    `reason` is `bounced`, `complained`, `unsubscribed` or the publisher's own words; `at` is in milliseconds.
    False when it was there before (the first reason stands).
    """
    written = connection.exec_driver_sql(
        "INSERT INTO suppressions (key_hash, reason, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (tokens.suppression_key(key), reason, at),
    )
    changed = connection.exec_driver_sql(
        "UPDATE subscribers SET status = ?, changed_at = ?"
        f" WHERE email_key = ? AND status IN ({marks(len(_LIVING))}) RETURNING id",
        (standing_after(reason).value, at, key, *_LIVING),
    ).first()
    if changed is not None:
        connection.exec_driver_sql(
            "INSERT INTO consent_events (subscriber_id, kind, at, source, detail)"
            " VALUES (?, 'suppressed', ?, ?, ?)",
            (changed.id, at, source, reason),
        )
    return written.rowcount == 1


def marks(count: int) -> str:
    """`count` question marks for a statement."""
    return ", ".join("?" * count)
