"""What a group of requests does to a campaign's rows: fence, outcomes, marks, claims, in one transaction.

`storage.ledger` gathers the requests and commits; nothing here waits, and nothing here is kept when the
transaction fails (`remember` and `go_back`).
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import Connection

from newsletter.errors import StorageError
from newsletter.model import Claim, DeliveryState, Outcome, OutcomeKind, Tally
from newsletter.storage import statements as sql
from newsletter.storage.times import from_ms, to_ms

LEASE = timedelta(seconds=30)
"""How long a sender that falls silent keeps its campaign."""

RENEW = timedelta(seconds=5)
"""How often the lease is renewed, also while nothing is written."""

OUTCOME_STATE = {
    OutcomeKind.ACCEPTED: DeliveryState.ACCEPTED,
    OutcomeKind.REFUSED: DeliveryState.REFUSED,
    OutcomeKind.DEFERRED: DeliveryState.DEFERRED,
    OutcomeKind.DOUBTFUL: DeliveryState.DOUBTFUL,
}


@dataclass(slots=True)
class Settled:
    """An outcome to be written; `retry_at` and `at` in milliseconds."""

    claim: Claim
    outcome: Outcome
    retry_at: int | None
    at: int


@dataclass(slots=True)
class Request:
    """One thing that the loop waits for: what to do, and where the answer goes."""

    kind: str
    argument: Any
    future: asyncio.Future[Any]


Answer: TypeAlias = tuple[asyncio.Future[Any], Any]


@dataclass(slots=True)
class Group:
    """What goes into one transaction."""

    settled: list[Settled] = field(default_factory=list)
    hands: list[Request] = field(default_factory=list)
    others: list[Request] = field(default_factory=list)

    def add(self, item: Settled | Request) -> None:
        """Puts an item where it belongs."""
        if isinstance(item, Settled):
            self.settled.append(item)
        elif item.kind == "hand":
            self.hands.append(item)
        else:
            self.others.append(item)

    @property
    def requests(self) -> list[Request]:
        """Everything that somebody waits for."""
        return [*self.hands, *self.others]


class Books:
    """The rows of one campaign, and this sender's own count of them."""

    def __init__(
        self,
        campaign_id: int,
        epoch: int,
        *,
        now: Callable[[], datetime],
        suppressed: Callable[[Connection, Sequence[str]], set[str]],
        bounced: Callable[[Connection, str, int], None],
    ) -> None:
        self.lost: BaseException | None = None
        """Why this sender may do nothing more."""
        self._campaign = campaign_id
        self._epoch = epoch
        self._now = now
        self._suppressed = suppressed
        self._bounced = bounced
        self._counts: Counter[DeliveryState] = Counter()
        self._handed: set[int] = set()
        self._after = 0
        self._renewed = now()

    def remember(self) -> tuple[Counter[DeliveryState], set[int], int]:
        """What `go_back` needs when the transaction fails."""
        return self._counts.copy(), self._handed.copy(), self._after

    def go_back(self, before: tuple[Counter[DeliveryState], set[int], int]) -> None:
        """Forgets what was entered since `remember`."""
        self._counts, self._handed, self._after = before

    def enter(self, connection: Connection, settled: Sequence[Settled], group: Group) -> list[Answer]:
        """Enters outcomes and requests, inside a writing transaction; gives the answers to the requests."""
        running = self._fence(connection)
        self._settle(connection, settled)
        answers = self._hand(connection, group.hands, running)
        answers += [(r.future, self._answer(connection, r, running)) for r in group.others]
        return answers

    def _fence(self, connection: Connection) -> bool:
        """True when this sender may go on; renews the lease. Raises StorageError once it was taken over."""
        epoch, control = _quickly(connection, sql.CONTROL, (self._campaign,)).fetchone()
        if epoch != self._epoch:
            self.lost = self.lost or StorageError(
                "Another process has taken this campaign over.",
                hint="This one stops here; `newsletter status` shows how the other is doing.",
            )
            return False
        now = self._now()
        if now - self._renewed > RENEW:
            connection.exec_driver_sql(sql.RENEW, (to_ms(now + LEASE), self._campaign, self._epoch))
            self._renewed = now
        return bool(control == "run")

    def _settle(self, connection: Connection, settled: Sequence[Settled]) -> None:
        """Outcomes are evidence even after another sender took over, if the attempt is theirs."""
        accepted: dict[int, list[Settled]] = {}
        others: list[Settled] = []
        for item in settled:
            if item.outcome.kind is OutcomeKind.ACCEPTED:
                accepted.setdefault(item.claim.attempt, []).append(item)
            else:
                others.append(item)
        for attempt, items in accepted.items():
            keys = [item.claim.subscriber.id for item in items]
            values = (items[-1].at, self._campaign, attempt, json.dumps(keys))
            self._settled(connection, keys, DeliveryState.ACCEPTED, _quickly(connection, sql.ACCEPT, values))
        for item in others:
            self._settle_one(connection, item)

    def _settle_one(self, connection: Connection, item: Settled) -> None:
        state, said = OUTCOME_STATE[item.outcome.kind], item.outcome
        key = (self._campaign, item.claim.subscriber.id, item.claim.attempt)
        changed = _quickly(connection, sql.SETTLE, (state, item.retry_at, item.at, *key))
        note = (*key, state, item.at, said.code, said.enhanced, said.reply)
        connection.exec_driver_sql(sql.NOTE, note)
        if said.hard:
            self._bounced(connection, item.claim.subscriber.email_key, item.at)
        self._settled(connection, [item.claim.subscriber.id], state, changed)

    def _settled(
        self, connection: Connection, keys: Sequence[int], state: DeliveryState, changed: sqlite3.Cursor
    ) -> None:
        handed = self._handed.intersection(keys)
        self._handed -= handed
        self._move(DeliveryState.HANDED, state, len(handed))
        self._move(DeliveryState.CLAIMED, state, len(keys) - len(handed))
        if changed.rowcount != len(keys):
            self.recount(connection)

    def _hand(self, connection: Connection, hands: Sequence[Request], running: bool) -> list[Answer]:
        if not hands:
            return []
        if self.lost:
            return [(request.future, self.lost) for request in hands]
        if not running:
            return [(request.future, False) for request in hands]
        attempts: dict[int, list[Request]] = {}
        for request in hands:
            attempts.setdefault(request.argument.attempt, []).append(request)
        answers: list[Answer] = []
        for attempt, requests in attempts.items():
            answers += self._hand_group(connection, attempt, requests)
        return answers

    def _hand_group(self, connection: Connection, attempt: int, requests: Sequence[Request]) -> list[Answer]:
        keys = [request.argument.subscriber.id for request in requests]
        values = (to_ms(self._now()), self._campaign, attempt, json.dumps(keys))
        if _quickly(connection, sql.HAND, values).rowcount == len(keys):
            self._move(DeliveryState.CLAIMED, DeliveryState.HANDED, len(keys))
            self._handed.update(keys)
            return [(request.future, True) for request in requests]
        answers: list[Answer] = []
        for request, subscriber_id in zip(requests, keys, strict=True):
            state = connection.exec_driver_sql(sql.STATE, (self._campaign, subscriber_id)).scalar_one()
            if state == DeliveryState.HANDED:
                self._handed.add(subscriber_id)
            elif state == DeliveryState.CLAIMED:
                self._skip(connection, [(subscriber_id, attempt, "left while the mail was under way")])
            # else the lane was cancelled while it waited, and has settled the delivery itself
            answers.append((request.future, state == DeliveryState.HANDED))
        self.recount(connection)
        return answers

    def _answer(self, connection: Connection, request: Request, running: bool) -> Any:
        match request.kind:
            case "flush":
                return None
            case "tally":
                return Tally(dict(self._counts))
            case "next_due":
                due = connection.exec_driver_sql(sql.NEXT_DUE, (self._campaign,)).scalar()
                return from_ms(due) if due is not None and running else None
        if self.lost:
            return self.lost
        match request.kind:
            case "claim":
                return self._claim(connection, request.argument) if running else []
            case "release":
                return self._release(connection, request.argument)
            case "pause":
                connection.exec_driver_sql(sql.PAUSE, (request.argument, self._campaign))
                return None
            case other:
                raise AssertionError(other)

    def _claim(self, connection: Connection, limit: int) -> list[Claim]:
        now = to_ms(self._now())
        rows = _quickly(connection, sql.DUE, (self._campaign, now, limit)).fetchall()
        due = len(rows)
        if due < limit:
            rows += self._planned(connection, limit - due)
        suppressed = self._suppressed(connection, [row[3] for row in rows if row[3]])
        claims, skips = [], []
        for row in rows:
            subscriber_id, email_key, status, attempt = row[0], row[3], row[8], row[11]
            reason = sql.unmailable(status, email_key in suppressed)
            if reason:
                skips.append((subscriber_id, attempt, reason))
            else:
                claims.append(Claim(sql.subscriber_of(row), attempt + 1))
        if claims:
            keys = json.dumps([claim.subscriber.id for claim in claims])
            _quickly(connection, sql.CLAIM, (now, self._campaign, keys))
        self._skip(connection, skips)
        self._move(DeliveryState.DEFERRED, DeliveryState.PLANNED, due)
        self._move(DeliveryState.PLANNED, DeliveryState.CLAIMED, len(claims))
        self._move(DeliveryState.PLANNED, DeliveryState.SKIPPED, len(skips))
        if skips and not claims:
            return self._claim(connection, limit)  # an empty answer would mean that nothing is left
        return claims

    def _release(self, connection: Connection, claims: Sequence[Claim]) -> None:
        now = to_ms(self._now())
        rows = [(now, self._campaign, claim.subscriber.id, claim.attempt) for claim in claims]
        if rows:
            connection.exec_driver_sql(sql.RELEASE, rows)
        connection.exec_driver_sql(sql.NOTE_CANCELLED, (now, self._campaign))
        connection.exec_driver_sql(sql.SKIP_CANCELLED, (now, self._campaign, self._campaign))
        self._after = 0
        self.recount(connection)

    def _planned(self, connection: Connection, limit: int) -> list[Any]:
        """The next planned rows, going round: rows given back stand behind the point that was reached."""
        rows = _quickly(connection, sql.PLANNED, (self._campaign, self._after, limit)).fetchall()
        if not rows and self._after:
            self._after = 0
            rows = _quickly(connection, sql.PLANNED, (self._campaign, 0, limit)).fetchall()
        if rows:
            self._after = rows[-1][0]
        return rows

    def _skip(self, connection: Connection, skips: Iterable[tuple[int, int, str]]) -> None:
        at = to_ms(self._now())
        for subscriber_id, attempt, reason in skips:
            connection.exec_driver_sql(sql.SKIP, (at, self._campaign, subscriber_id))
            note = (self._campaign, subscriber_id, attempt, DeliveryState.SKIPPED, at, 0, "", reason)
            connection.exec_driver_sql(sql.NOTE, note)

    def _move(self, source: DeliveryState, target: DeliveryState, count: int = 1) -> None:
        self._counts[source] -= count
        self._counts[target] += count

    def recount(self, connection: Connection) -> None:
        """Counts the rows anew."""
        rows = connection.exec_driver_sql(sql.TALLY, (self._campaign,))
        self._counts = Counter({DeliveryState(state): count for state, count in rows})


def _quickly(connection: Connection, statement: str, values: tuple[Any, ...]) -> sqlite3.Cursor:
    """Carries out what is needed for every message. SQLAlchemy would take many times as long as SQLite."""
    cursor: sqlite3.Cursor = connection.connection.cursor()  # type: ignore[assignment]  # it is SQLite's
    cursor.execute(statement, values)
    return cursor
