"""The list of subscribers: adding, importing, finding, and taking leave."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from newsletter.audience.addresses import CONTROL, Address, parse_address
from newsletter.audience.intake import SIMPLY_NEW, ImportReport, RowResult, Tallying, Verdict, result_of
from newsletter.audience.rows import Rejected, Row
from newsletter.audience.standing import DEPARTED, may_become
from newsletter.audience.tokens import Tokens
from newsletter.errors import ContentError, RefusedError
from newsletter.model import Status, Subscriber, Tier
from newsletter.storage.database import Database
from newsletter.storage.intake import Origin, chunks, tags_of, take_in
from newsletter.storage.secrets import hold_key
from newsletter.storage.statements import subscriber_of
from newsletter.storage.suppressions import suppress_key
from newsletter.storage.times import to_ms

CHUNK = 1000
"""Rows of an import in one transaction: a sender waits no longer than these take (some 10 ms)."""

_PAGE = 500
_SUBSCRIBER = """
    SELECT s.id AS subscriber_id, s.public_id, s.email, s.email_key, s.name, s.first_name, s.last_name,
           s.tier, s.status, s.fields, s.joined_at
    FROM subscribers s
"""
_KIND = {
    Status.ACTIVE: "confirmed",
    Status.PAUSED: "paused",
    Status.UNSUBSCRIBED: "withdrawn",
    Status.BOUNCED: "bounced",
    Status.COMPLAINED: "complained",
}


@dataclass(frozen=True, slots=True)
class ListCounts:
    """How many subscribers there are: all of them by status, and the active ones by tier."""

    by_status: Mapping[Status, int]
    active_by_tier: Mapping[Tier, int]

    @property
    def total(self) -> int:
        """All subscribers, whatever their status."""
        return sum(self.by_status.values())


class SubscriberStore:
    """All subscribers of a publication. Every change of a standing leaves a consent event.

    Raises ConfigurationError at once when `tokens` has another key than the database was used with.
    """

    def __init__(
        self,
        database: Database,
        tokens: Tokens,
        now: Callable[[], datetime],
        random_bytes: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        hold_key(database, tokens)
        self._database = database
        self._tokens = tokens
        self._now = now
        self._random_bytes = random_bytes

    # --- joining -----------------------------------------------------------------------------------------

    def add(
        self,
        address: Address,
        *,
        source: str,
        name: str = "",
        first_name: str = "",
        last_name: str = "",
        tier: Tier = Tier.FREE,
        tags: Sequence[str] = (),
        fields: Mapping[str, str] | None = None,
        status: Status = Status.ACTIVE,
    ) -> Subscriber:
        """Adds one reader; `source` says where the consent comes from.

        Raises RefusedError `known-subscriber` when he is on the list already, `suppressed` or `departed` when
        he may not be mailed; ContentError when a text has a line break in it.
        """
        own = dict(fields or {})
        if any(CONTROL.search(text) for text in (name, first_name, last_name, *tags, *own.values())):
            raise ContentError(
                f"The entry for {address.email} has a line break or another control character in it.",
                hint="Names, tags and fields are single lines of text.",
                code="control-character",
            )
        row = Row(0, address, first_name, last_name, name, tier, tuple(tags), own, status=status)
        origin = Origin("added", source, self._now())
        with self._database.write() as connection:
            known = self._find(connection, "s.email_key = ?", address.key)
            if known is not None and known.status not in DEPARTED:
                raise RefusedError(
                    f"{address.email} is on the list already ({known.tier}, {known.status}).",
                    code="known-subscriber",
                )
            decisions = take_in(
                connection, [row], tokens=self._tokens, origin=origin, random_bytes=self._random_bytes
            )
            decision = decisions.get(0, SIMPLY_NEW)
            if decision.verdict is not Verdict.NEW:
                raise RefusedError(
                    f"{address.email} was not added: {decision.reason}.",
                    hint="Whoever left has to ask for the newsletter himself.",
                    code=decision.verdict.value,
                )
            added = self._find(connection, "s.email_key = ?", address.key)
        assert added is not None  # noqa: S101 - it was written just now
        return added

    def import_rows(
        self,
        rows: Iterable[Row | Rejected],
        source: str,
        *,
        dry_run: bool = False,
        on_result: Callable[[RowResult], None] | None = None,
        on_progress: Callable[[int], None] | None = None,
    ) -> ImportReport:
        """Takes in a list, CHUNK rows a transaction, or with `dry_run` says what that would do.

        Whatever interrupts it, the same import once more does the rest: what is there already is unchanged.
        `on_result` gets every row in order, `on_progress` the number of rows done, both after their chunk is
        safe.
        """
        tallying = Tallying()
        done = 0
        for chunk in chunks(rows, CHUNK):
            origin = Origin("imported", source, self._now())
            with self._database.read() if dry_run else self._database.write() as connection:
                decisions = take_in(
                    connection,
                    chunk,
                    tokens=self._tokens,
                    origin=origin,
                    random_bytes=self._random_bytes,
                    dry_run=dry_run,
                )
            tallying.simply_new(len(chunk) - len(decisions))
            for place in sorted(decisions):
                tallying.add(result_of(chunk[place], decisions[place]))
            if on_result is not None:
                for place, item in enumerate(chunk):
                    on_result(result_of(item, decisions.get(place, SIMPLY_NEW)))
            done += len(chunk)
            if on_progress is not None:
                on_progress(done)
        return tallying.report()

    # --- asking ------------------------------------------------------------------------------------------

    def get(self, address: str) -> Subscriber | None:
        """Who has this address (in any case); None when nobody has. Raises ContentError for no address."""
        with self._database.read() as connection:
            return self._find(connection, "s.email_key = ?", parse_address(address).key)

    def by_public_id(self, public_id: bytes) -> Subscriber | None:
        """Who a token speaks of; None when he is no longer there."""
        with self._database.read() as connection:
            return self._find(connection, "s.public_id = ?", public_id)

    def list(
        self, *, tier: Tier | None = None, status: Status | None = None, tag: str | None = None
    ) -> Iterator[Subscriber]:
        """Subscribers in the order in which they came, page by page: no transaction is open in between."""
        source, clauses, values = _SUBSCRIBER, ["s.id > ?"], []
        if tag is not None:
            source += " JOIN subscriber_tags st ON st.subscriber_id = s.id JOIN tags t ON t.id = st.tag_id"
            clauses = ["st.subscriber_id > ?", "t.name = ?"]
            values.append(tag)
        for column, wanted in (("s.tier", tier), ("s.status", status)):
            if wanted is not None:
                clauses.append(f"{column} = ?")
                values.append(wanted.value)
        order = "st.subscriber_id" if tag is not None else "s.id"
        query = f"{source} WHERE {' AND '.join(clauses)} ORDER BY {order} LIMIT {_PAGE}"
        last = 0
        while True:
            with self._database.read() as connection:
                page = self._read(connection, query, (last, *values))
            yield from page
            if len(page) < _PAGE:
                return
            last = page[-1].id

    def counts(self) -> ListCounts:
        """How many there are, by status and by tier; every status and tier is there, if only with 0."""
        by_status = dict.fromkeys(Status, 0)
        active_by_tier = dict.fromkeys(Tier, 0)
        with self._database.read() as connection:
            for status, tier, count in connection.exec_driver_sql(
                "SELECT status, tier, count(*) FROM subscribers GROUP BY status, tier"
            ):
                by_status[Status(status)] += count
                if status == Status.ACTIVE:
                    active_by_tier[Tier(tier)] += count
        return ListCounts(by_status, active_by_tier)

    # --- leaving -----------------------------------------------------------------------------------------

    def leave(self, public_id: bytes, *, source: str) -> Subscriber | None:
        """Unsubscribes a reader on his own word, as often as he says it; None when he is not there at all."""
        with self._database.write() as connection:
            known = self._find(connection, "s.public_id = ?", public_id)
            if known is None or known.status in DEPARTED:
                return known
            return self._change(connection, known, Status.UNSUBSCRIBED, source)

    def set_status(self, public_id: bytes, status: Status, *, source: str) -> Subscriber:
        """Changes a standing; the same one again is no change.

        Raises RefusedError `unknown-subscriber`, or `departed` when no way leads there: nobody but the reader
        himself undoes a leaving.
        """
        with self._database.write() as connection:
            known = self._find(connection, "s.public_id = ?", public_id)
            if known is None:
                raise RefusedError("There is no such subscriber.", code="unknown-subscriber")
            if known.status is status:
                return known
            if not may_become(known.status, status):
                raise RefusedError(
                    f"{known.email} is {known.status} and cannot be made {status}.",
                    hint="Only the reader himself can come back." if known.status in DEPARTED else "",
                    code="departed" if known.status in DEPARTED else "no-way",
                )
            return self._change(connection, known, status, source)

    def suppress(self, address: str, reason: str, *, source: str = "") -> bool:
        """Sees to it that this address is never mailed: suppression and status change together.

        `reason` is `bounced`, `complained`, `unsubscribed` or the publisher's own words. False when it was
        suppressed before. Raises ContentError for what is no address.
        """
        key = parse_address(address).key
        with self._database.write() as connection:
            at = to_ms(self._now())
            return suppress_key(connection, self._tokens, key, reason=reason, source=source, at=at)

    # --- inside a transaction ----------------------------------------------------------------------------

    def _find(self, connection: Connection, condition: str, value: object) -> Subscriber | None:
        return next(iter(self._read(connection, f"{_SUBSCRIBER} WHERE {condition}", (value,))), None)

    @staticmethod
    def _read(connection: Connection, query: str, values: tuple[object, ...]) -> Sequence[Subscriber]:
        found = [subscriber_of(row) for row in connection.exec_driver_sql(query, values)]
        tags = tags_of(connection, [one.id for one in found])
        return [replace(one, tags=tuple(tags[one.id])) if one.id in tags else one for one in found]

    def _change(self, connection: Connection, known: Subscriber, status: Status, source: str) -> Subscriber:
        at = to_ms(self._now())
        connection.exec_driver_sql(
            "UPDATE subscribers SET status = ?, changed_at = ? WHERE id = ?", (status.value, at, known.id)
        )
        resumed = known.status is Status.PAUSED and status is Status.ACTIVE
        connection.exec_driver_sql(
            "INSERT INTO consent_events (subscriber_id, kind, at, source) VALUES (?, ?, ?, ?)",
            (known.id, "resumed" if resumed else _KIND[status], at, source),
        )
        found = self._find(connection, "s.id = ?", known.id)
        assert found is not None  # noqa: S101 - it was changed just now
        return found
