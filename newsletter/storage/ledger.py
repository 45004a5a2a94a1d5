"""The ledger of one campaign as its sender writes it: one thread, one connection, group commits.

The sending loop never waits for the disk unless it must. Whatever is waiting when the writing thread is free
goes into one transaction: outcomes, then handed marks, then claims. Claims are synced to disk before they
are given out (`synchronous = FULL`); handed marks and outcomes only have to survive the death of the process,
for which the operating system's cache is enough (`NORMAL`): what a power failure takes of them leaves the row
`claimed` or `handed`, and so in doubt, never free to be sent again.
"""

from __future__ import annotations

import asyncio
import json
import queue
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import Connection

from newsletter.errors import NewsletterError, StorageError
from newsletter.model import Claim, DeliveryState, Outcome, OutcomeKind, Tally
from newsletter.storage import statements as sql
from newsletter.storage.database import Database, synced, translated
from newsletter.storage.times import from_ms, to_ms

LEASE = timedelta(seconds=30)
"""How long a sender that falls silent keeps its campaign."""

RENEW = timedelta(seconds=5)
"""How often the lease is renewed, also while nothing is written."""

LAST_TRIES = 5
"""How often, a second apart, outcomes are tried again when the ledger is closed while the disk is full."""

SYNCED = ("claim", "pause")
"""What must survive a power failure before it is answered."""

OUTCOME_STATE = {
    OutcomeKind.ACCEPTED: DeliveryState.ACCEPTED,
    OutcomeKind.REFUSED: DeliveryState.REFUSED,
    OutcomeKind.DEFERRED: DeliveryState.DEFERRED,
    OutcomeKind.DOUBTFUL: DeliveryState.DOUBTFUL,
}


@dataclass(slots=True)
class _Settled:
    claim: Claim
    outcome: Outcome
    retry_at: int | None
    at: int


@dataclass(slots=True)
class _Request:
    """One thing that the loop waits for: what to do, and where the answer goes."""

    kind: str
    argument: Any
    future: asyncio.Future[Any]


_Answer: TypeAlias = tuple[asyncio.Future[Any], Any]


@dataclass(slots=True)
class _Group:
    """What goes into one transaction."""

    settled: list[_Settled] = field(default_factory=list)
    hands: list[_Request] = field(default_factory=list)
    others: list[_Request] = field(default_factory=list)

    def add(self, item: _Settled | _Request) -> None:
        if isinstance(item, _Settled):
            self.settled.append(item)
        elif item.kind == "hand":
            self.hands.append(item)
        else:
            self.others.append(item)

    @property
    def requests(self) -> list[_Request]:
        return [*self.hands, *self.others]


class SqlLedger:
    """`protocols.Ledger` over a database, for the holder of the campaign's lease (`CampaignStore.take`)."""

    def __init__(
        self,
        database: Database,
        campaign_id: int,
        epoch: int,
        *,
        now: Callable[[], datetime],
        suppressed: Callable[[Connection, Sequence[str]], set[str]],
        bounced: Callable[[Connection, str, int], None],
    ) -> None:
        self._database = database
        self._campaign = campaign_id
        self._epoch = epoch
        self._now = now
        self._suppressed = suppressed
        self._bounced = bounced
        self._queue: queue.SimpleQueue[list[_Settled | _Request] | None] = queue.SimpleQueue()
        self._outgoing: list[_Settled | _Request] = []
        self._unwritten: list[_Settled] = []
        self._counts: Counter[DeliveryState] = Counter()
        self._after = 0
        self._renewed = now()
        self._handed: set[int] = set()
        self._lost: BaseException | None = None
        self._synced: bool | None = None
        self._thread = threading.Thread(target=self._write, name=f"ledger-{campaign_id}", daemon=True)

    # --- the loop's side ---------------------------------------------------------------------------------

    async def claim(self, limit: int) -> Sequence[Claim]:
        """See `protocols.Ledger.claim`."""
        return await self._ask("claim", limit)  # type: ignore[no-any-return]  # each kind has its own type

    async def hand(self, claim: Claim) -> bool:
        """See `protocols.Ledger.hand`."""
        return await self._ask("hand", claim)  # type: ignore[no-any-return]  # each kind has its own type

    def settle(self, claim: Claim, outcome: Outcome, retry_at: datetime | None) -> None:
        """See `protocols.Ledger.settle`."""
        due = to_ms(retry_at) if retry_at else None
        self._post(_Settled(claim, outcome, due, to_ms(self._now())))

    async def release(self, claims: Sequence[Claim]) -> None:
        """See `protocols.Ledger.release`."""
        await self._ask("release", claims)

    async def flush(self) -> None:
        """See `protocols.Ledger.flush`."""
        await self._ask("flush", None)

    async def next_due(self) -> datetime | None:
        """See `protocols.Ledger.next_due`."""
        return await self._ask("next_due", None)  # type: ignore[no-any-return]  # each kind has its own type

    async def pause(self, reason: str) -> None:
        """See `protocols.Ledger.pause`."""
        await self._ask("pause", reason)

    async def tally(self) -> Tally:
        """See `protocols.Ledger.tally`."""
        return await self._ask("tally", None)  # type: ignore[no-any-return]  # each kind has its own type

    async def _ask(self, kind: str, argument: Any) -> Any:
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._post(_Request(kind, argument, future))
        return await future

    def _post(self, item: _Settled | _Request) -> None:
        """To the writing thread, with everything else of this turn of the loop, because waking it is dear."""
        self._outgoing.append(item)
        if len(self._outgoing) == 1:
            try:
                asyncio.get_running_loop().call_soon(self._deliver)
            except RuntimeError:  # outcomes may also be known after the loop has ended
                self._deliver()

    def _deliver(self) -> None:
        if self._outgoing:
            self._queue.put(self._outgoing)
            self._outgoing = []

    # --- the thread's side -------------------------------------------------------------------------------

    def start(self) -> None:
        """Counts the rows and starts the writing thread."""
        with self._database.read() as connection:
            rows = connection.exec_driver_sql(sql.TALLY, (self._campaign,))
            self._counts.update({DeliveryState(state): count for state, count in rows})
        self._thread.start()

    def close(self) -> None:
        """Writes what is left and ends the thread. Raises StorageError when outcomes could not be written."""
        self._deliver()
        self._queue.put(None)
        self._thread.join()
        if self._unwritten:
            raise StorageError(
                f"{len(self._unwritten)} outcomes could not be written; those deliveries will be in doubt.",
                file=str(self._database.path),
                hint="Make room on the disk, then run `newsletter status` and `newsletter resolve`.",
            )

    def _write(self) -> None:
        connection = self._database.engine.connect()
        try:
            while True:
                group, last = self._gather()
                self._carry_out(connection, group)
                if last:
                    self._insist(connection)
                    return
        finally:
            synced(connection, True)
            connection.close()

    def _insist(self, connection: Connection) -> None:
        """At the end there is no next group: outcomes that could not be written are tried some more."""
        for _ in range(LAST_TRIES):
            if not self._unwritten:
                return
            time.sleep(1)
            self._carry_out(connection, _Group())

    def _gather(self) -> tuple[_Group, bool]:
        """Waits for something to do, then takes all that is there; the second value says it is the end."""
        group = _Group()
        try:
            items = self._queue.get(timeout=RENEW.total_seconds())
            while items is not None:
                for item in items:
                    group.add(item)
                items = self._queue.get_nowait()
        except queue.Empty:
            return group, False
        return group, True

    def _carry_out(self, connection: Connection, group: _Group) -> None:
        settled = [*self._unwritten, *group.settled]
        answers: list[_Answer] = []
        before = self._counts.copy(), self._handed.copy(), self._after
        try:
            with translated(self._database.path):
                self._sync(connection, any(request.kind in SYNCED for request in group.others))
                with connection.begin():
                    running = self._fence(connection)
                    self._settle(connection, settled)
                    answers += self._hand(connection, group.hands, running)
                    answers += [(r.future, self._answer(connection, r, running)) for r in group.others]
            self._unwritten = []
        except BaseException as error:  # whatever it is, those who wait must hear of it
            # nothing of the group was written: outcomes are kept for the next one
            self._counts, self._handed, self._after = before
            self._unwritten = settled
            answers = [(request.future, error) for request in group.requests]
            if not isinstance(error, NewsletterError):
                self._lost = error
        _resolve(answers)

    def _sync(self, connection: Connection, yes: bool) -> None:
        if yes is not self._synced:
            synced(connection, yes)
            self._synced = yes

    def _fence(self, connection: Connection) -> bool:
        """True when this sender may go on; renews the lease. Raises StorageError once it was taken over."""
        epoch, control = _quickly(connection, sql.CONTROL, (self._campaign,)).fetchone()
        if epoch != self._epoch:
            self._lost = self._lost or StorageError(
                "Another process has taken this campaign over.",
                hint="This one stops here; `newsletter status` shows how the other is doing.",
            )
            return False
        now = self._now()
        if now - self._renewed > RENEW:
            connection.exec_driver_sql(sql.RENEW, (to_ms(now + LEASE), self._campaign, self._epoch))
            self._renewed = now
        return bool(control == "run")

    def _settle(self, connection: Connection, settled: Sequence[_Settled]) -> None:
        """Outcomes are evidence even after another sender took over, if the attempt is theirs."""
        accepted: dict[int, list[_Settled]] = {}
        others: list[_Settled] = []
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

    def _settle_one(self, connection: Connection, item: _Settled) -> None:
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
            self._recount(connection)

    def _hand(self, connection: Connection, hands: Sequence[_Request], running: bool) -> list[_Answer]:
        if not hands:
            return []
        if self._lost:
            return [(request.future, self._lost) for request in hands]
        if not running:
            return [(request.future, False) for request in hands]
        attempts: dict[int, list[_Request]] = {}
        for request in hands:
            attempts.setdefault(request.argument.attempt, []).append(request)
        answers: list[_Answer] = []
        for attempt, requests in attempts.items():
            answers += self._hand_group(connection, attempt, requests)
        return answers

    def _hand_group(
        self, connection: Connection, attempt: int, requests: Sequence[_Request]
    ) -> list[_Answer]:
        keys = [request.argument.subscriber.id for request in requests]
        values = (to_ms(self._now()), self._campaign, attempt, json.dumps(keys))
        if _quickly(connection, sql.HAND, values).rowcount == len(keys):
            self._move(DeliveryState.CLAIMED, DeliveryState.HANDED, len(keys))
            self._handed.update(keys)
            return [(request.future, True) for request in requests]
        answers: list[_Answer] = []
        for request, subscriber_id in zip(requests, keys, strict=True):
            state = connection.exec_driver_sql(sql.STATE, (self._campaign, subscriber_id)).scalar_one()
            if state == DeliveryState.HANDED:
                self._handed.add(subscriber_id)
            elif state == DeliveryState.CLAIMED:
                self._skip(connection, [(subscriber_id, attempt, "left while the mail was under way")])
            # else the lane was cancelled while it waited, and has settled the delivery itself
            answers.append((request.future, state == DeliveryState.HANDED))
        self._recount(connection)
        return answers

    def _answer(self, connection: Connection, request: _Request, running: bool) -> Any:
        match request.kind:
            case "flush":
                return None
            case "tally":
                return Tally(dict(self._counts))
            case "next_due":
                due = connection.exec_driver_sql(sql.NEXT_DUE, (self._campaign,)).scalar()
                return from_ms(due) if due is not None and running else None
        if self._lost:
            return self._lost
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
        self._recount(connection)

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

    def _recount(self, connection: Connection) -> None:
        rows = connection.exec_driver_sql(sql.TALLY, (self._campaign,))
        self._counts = Counter({DeliveryState(state): count for state, count in rows})


def _quickly(connection: Connection, statement: str, values: tuple[Any, ...]) -> sqlite3.Cursor:
    """Carries out what is needed for every message. SQLAlchemy would take many times as long as SQLite."""
    cursor: sqlite3.Cursor = connection.connection.cursor()  # type: ignore[assignment]  # it is SQLite's
    cursor.execute(statement, values)
    return cursor


def _resolve(answers: Sequence[_Answer]) -> None:
    """Gives the loop its answers, from this thread and all at once; a loop that has ended needs none."""
    if not answers:
        return

    def give() -> None:
        for future, answer in answers:
            if future.done():
                continue
            if isinstance(answer, BaseException):
                future.set_exception(answer)
            else:
                future.set_result(answer)

    with suppress(RuntimeError):
        answers[0][0].get_loop().call_soon_threadsafe(give)
