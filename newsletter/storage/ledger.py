"""The ledger of one campaign as its sender writes it: one thread, one connection, group commits.

The sending loop never waits for the disk unless it must. Whatever is waiting when the writing thread is free
goes into one transaction: outcomes, then handed marks, then claims. Claims are synced to disk before they
are given out (`synchronous = FULL`); handed marks and outcomes only have to survive the death of the process,
for which the operating system's cache is enough (`NORMAL`): what a power failure takes of them leaves the row
`claimed` or `handed`, and so in doubt, never free to be sent again.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from newsletter.errors import NewsletterError, StorageError
from newsletter.model import Claim, Outcome, Tally
from newsletter.storage.books import RENEW, Answer, Books, Group, Request, Settled
from newsletter.storage.database import Database, synced, translated
from newsletter.storage.times import to_ms

LAST_TRIES = 5
"""How often, a second apart, outcomes are tried again when the ledger is closed while the disk is full."""

SYNCED = ("claim", "pause")
"""What must survive a power failure before it is answered."""


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
        self._books = Books(campaign_id, epoch, now=now, suppressed=suppressed, bounced=bounced)
        self._now = now
        self._queue: queue.SimpleQueue[list[Settled | Request] | None] = queue.SimpleQueue()
        self._outgoing: list[Settled | Request] = []
        self._unwritten: list[Settled] = []
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
        self._post(Settled(claim, outcome, due, to_ms(self._now())))

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
        self._post(Request(kind, argument, future))
        return await future

    def _post(self, item: Settled | Request) -> None:
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
            self._books.recount(connection)
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
            self._carry_out(connection, Group())

    def _gather(self) -> tuple[Group, bool]:
        """Waits for something to do, then takes all that is there; the second value says it is the end."""
        group = Group()
        try:
            items = self._queue.get(timeout=RENEW.total_seconds())
            while items is not None:
                for item in items:
                    group.add(item)
                items = self._queue.get_nowait()
        except queue.Empty:
            return group, False
        return group, True

    def _carry_out(self, connection: Connection, group: Group) -> None:
        settled = [*self._unwritten, *group.settled]
        before = self._books.remember()
        try:
            with translated(self._database.path):
                self._sync(connection, any(request.kind in SYNCED for request in group.others))
                with connection.begin():
                    answers = self._books.enter(connection, settled, group)
            self._unwritten = []
        except BaseException as error:  # whatever it is, those who wait must hear of it
            # nothing of the group was written: outcomes are kept for the next one
            self._books.go_back(before)
            self._unwritten = settled
            answers = [(request.future, error) for request in group.requests]
            if not isinstance(error, NewsletterError):
                self._books.lost = error
        _resolve(answers)

    def _sync(self, connection: Connection, yes: bool) -> None:
        if yes is not self._synced:
            synced(connection, yes)
            self._synced = yes


def _resolve(answers: Sequence[Answer]) -> None:
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
