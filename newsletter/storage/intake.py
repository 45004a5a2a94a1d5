"""Taking rows of a list into the database: what happens in one transaction, fit for a million rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from typing import TypeVar

from sqlalchemy import Connection

from newsletter.audience.intake import Decision, Known, Verdict, decide
from newsletter.audience.rows import Rejected, Row
from newsletter.audience.standing import DEPARTED
from newsletter.audience.tokens import PUBLIC_ID_LENGTH, Tokens
from newsletter.storage.suppressions import marks, suppressed_among
from newsletter.storage.times import to_ms

_T = TypeVar("_T")

_LOOK_UP = """
    SELECT email_key, id, status, name, first_name, last_name, tier, fields
    FROM subscribers WHERE email_key IN
"""
_STORE = """
    INSERT INTO subscribers (public_id, email, email_key, name, first_name, last_name, tier, status, fields,
                             joined_at, changed_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_UPDATE = """
    UPDATE subscribers
    SET name = ?, first_name = ?, last_name = ?, tier = ?, fields = ?, status = ?, changed_at = ?
    WHERE id = ?
"""
_GONE = """
    INSERT INTO consent_events (subscriber_id, kind, at, source, detail) VALUES (?, 'withdrawn', ?, ?, ?)
"""
_CONSENT = """
    INSERT INTO consent_events (subscriber_id, kind, at, source, detail)
    SELECT id, ?, ?, ?, CASE status WHEN 'active' THEN '' ELSE status END FROM subscribers WHERE id > ?
"""
_TAG = "INSERT INTO subscriber_tags (subscriber_id, tag_id) VALUES (?, ?)"
_TOGETHER = 40
"""Rows in one INSERT: the cost of a statement (autoincrement, savepoint) is a third of that of a row."""


@dataclass(frozen=True, slots=True)
class Origin:
    """How somebody came onto the list: `kind` of consent event (`imported`, `added`), `source`, and when."""

    kind: str
    source: str
    at: datetime


def take_in(
    connection: Connection,
    items: Sequence[Row | Rejected],
    *,
    tokens: Tokens,
    origin: Origin,
    random_bytes: Callable[[int], bytes],
    dry_run: bool = False,
) -> dict[int, Decision]:
    """Takes in the rows; gives what was decided by their place in `items`, those left out being SIMPLY_NEW.

    Must run in a writing transaction (unless `dry_run`, which only looks): nobody else may add subscribers
    meanwhile. At most a few thousand items, or other writers wait too long.
    """
    decisions: dict[int, Decision] = {}
    places: dict[str, int] = {}
    for place, item in enumerate(items):
        if isinstance(item, Rejected):
            decisions[place] = decide(item, None, suppressed=False)
            continue
        first = places.setdefault(item.address.key, place)
        if first != place:
            decisions[place] = Decision(Verdict.DUPLICATE, f"line {items[first].line} has the same address")
        elif item.notes:
            decisions[place] = decide(item, None, suppressed=False)
    suppressed = suppressed_among(connection, tokens, places)
    known = _known(connection, places)
    for key in suppressed | known.keys():
        place = places[key]
        decisions[place] = decide(items[place], known.get(key), suppressed=key in suppressed)
    if not dry_run:
        _write(connection, items, decisions, known, origin, random_bytes)
    return decisions


def _known(connection: Connection, keys: Collection[str]) -> dict[str, Known]:
    if not keys:
        return {}
    rows = connection.exec_driver_sql(f"{_LOOK_UP} ({marks(len(keys))})", tuple(keys)).all()
    tags = tags_of(connection, [row[1] for row in rows])
    nothing: frozenset[str] = frozenset()
    return {
        row[0]: Known(
            id=row[1],
            status=row[2],
            name=row[3],
            first_name=row[4],
            last_name=row[5],
            tier=row[6],
            fields=json.loads(row[7]) if row[7] != "{}" else {},
            tags=frozenset(tags[row[1]]) if row[1] in tags else nothing,
        )
        for row in rows
    }


def tags_of(connection: Connection, ids: Sequence[int]) -> dict[int, list[str]]:
    """The tags of those of the subscribers who have any, in alphabetical order."""
    found: dict[int, list[str]] = {}
    if ids:
        for subscriber_id, name in connection.exec_driver_sql(
            "SELECT st.subscriber_id, t.name FROM subscriber_tags st JOIN tags t ON t.id = st.tag_id"
            f" WHERE st.subscriber_id IN ({marks(len(ids))}) ORDER BY t.name",
            tuple(ids),
        ):
            found.setdefault(subscriber_id, []).append(name)
    return found


def _write(
    connection: Connection,
    items: Sequence[Row | Rejected],
    decisions: Mapping[int, Decision],
    known: Mapping[str, Known],
    origin: Origin,
    random_bytes: Callable[[int], bytes],
) -> None:
    new: list[Row] = []
    tagged: list[tuple[int, Iterable[str]]] = []
    changed: list[Known] = []
    for place, item in enumerate(items):
        decision = decisions.get(place)
        if decision is None or decision.verdict is Verdict.NEW:
            assert isinstance(item, Row)  # noqa: S101 - the others are never new
            new.append(item)
        elif decision.becomes is not None:
            assert isinstance(item, Row)  # noqa: S101 - the others never change anybody
            changed.append(decision.becomes)
            tagged.append((decision.becomes.id, decision.becomes.tags - known[item.address.key].tags))
    at = to_ms(origin.at)
    if new:
        ids = _add(connection, new, origin, at, random_bytes)
        tagged.extend((ids[row.address.key], row.tags) for row in new if row.tags)
    if changed:
        values = [
            (one.name, one.first_name, one.last_name, one.tier, _json(one.fields), one.status, at, one.id)
            for one in changed
        ]
        connection.exec_driver_sql(_UPDATE, values)
        gone = [(one.id, at, origin.source, one.status) for one in changed if one.status in DEPARTED]
        if gone:
            connection.exec_driver_sql(_GONE, gone)
    _tag(connection, tagged)


def _add(
    connection: Connection, new: Sequence[Row], origin: Origin, at: int, random_bytes: Callable[[int], bytes]
) -> Mapping[str, int]:
    """Stores new subscribers and consent events; gives their row numbers by address, if any has tags."""
    before = connection.exec_driver_sql("SELECT coalesce(max(id), 0) FROM subscribers").scalar_one()
    public_ids = _public_ids(len(new), random_bytes)
    values = [
        (
            public_id,
            row.address.email,
            row.address.key,
            row.name,
            row.first_name,
            row.last_name,
            str(row.tier) if row.tier else "free",
            str(row.status) if row.status else "active",
            _json(row.fields) if row.fields else "{}",
            min(to_ms(row.joined), at) if row.joined else at,
            at,
        )
        for public_id, row in zip(public_ids, new, strict=True)
    ]
    _insert(connection, _STORE, values)
    connection.exec_driver_sql(_CONSENT, (origin.kind, at, origin.source, before))
    if not any(row.tags for row in new):
        return {}
    rows = connection.exec_driver_sql("SELECT email_key, id FROM subscribers WHERE id > ?", (before,))
    return {row.email_key: row.id for row in rows}


def _public_ids(count: int, random_bytes: Callable[[int], bytes]) -> list[bytes]:
    """Random ids that begin alike, so that their index grows in one place and not on a thousand pages."""
    own = PUBLIC_ID_LENGTH - 2
    alike, octets = random_bytes(2), random_bytes(own * count)
    return [alike + octets[start : start + own] for start in range(0, len(octets), own)]


def _tag(connection: Connection, tagged: Sequence[tuple[int, Iterable[str]]]) -> None:
    names = tuple(sorted({name for _, tags in tagged for name in tags}))
    if not names:
        return
    connection.exec_driver_sql(
        "INSERT INTO tags (name) VALUES (?) ON CONFLICT DO NOTHING", [(name,) for name in names]
    )
    query = f"SELECT name, id FROM tags WHERE name IN ({marks(len(names))})"
    ids = {row.name: row.id for row in connection.exec_driver_sql(query, names)}
    _insert(connection, _TAG, [(subscriber_id, ids[name]) for subscriber_id, tags in tagged for name in tags])


def _insert(connection: Connection, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
    """Runs an INSERT with one row of marks for many rows, several in each statement."""
    whole = len(rows) - len(rows) % _TOGETHER
    if whole:
        one = statement[statement.rindex("(") :]
        together = statement + f", {one}" * (_TOGETHER - 1)
        connection.exec_driver_sql(
            together,
            [tuple(chain.from_iterable(rows[at : at + _TOGETHER])) for at in range(0, whole, _TOGETHER)],
        )
    if whole < len(rows):
        connection.exec_driver_sql(statement, list(rows[whole:]))


def _json(fields: Mapping[str, str]) -> str:
    return json.dumps(dict(fields), ensure_ascii=False, sort_keys=True)


def chunks(items: Iterable[_T], size: int) -> Iterator[list[_T]]:
    """The items in lists of at most `size`."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk
