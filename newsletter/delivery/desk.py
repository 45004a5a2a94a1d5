"""The desk between ledger and lanes: hands out claimed deliveries as messages, takes outcomes back."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from newsletter.delivery.rate import Pace
from newsletter.delivery.retry import retry_at
from newsletter.errors import NewsletterError
from newsletter.model import Claim, Fault, Message, Outcome, OutcomeKind
from newsletter.protocols import Clock, Ledger

Assemble = Callable[[Claim], Message]


class SendingDesk:
    """One run's desk, shared by all its lanes (see `protocols.Desk` for the promise that it keeps).

    It claims ahead of the lanes, `chunk` deliveries at a time, so that syncing claims to disk does not hold
    up the wire. `halt` closes it: nothing more is given out, and what is not handed yet stays unsent.
    """

    def __init__(
        self,
        ledger: Ledger,
        assemble: Assemble,
        clock: Clock,
        pace: Pace,
        *,
        chunk: int,
        limit: int | None,
        stop: asyncio.Event,
    ) -> None:
        self.accepted = 0
        self.settled = 0
        self.halted = ""
        self._ledger = ledger
        self._assemble = assemble
        self._clock = clock
        self._pace = pace
        self._chunk = chunk
        self._left = limit
        self._stop = stop
        self._ready: deque[Claim] = deque()
        self._flying: dict[int, Claim] = {}
        self._unhanded: set[int] = set()
        self._refill: asyncio.Task[None] | None = None

    @property
    def closed(self) -> bool:
        """True when no lane will be given another message in this run."""
        return bool(self.halted) or self._stop.is_set() or self._left == 0

    def halt(self, reason: str) -> None:
        """Closes the desk; the first reason is kept."""
        self.halted = self.halted or reason

    async def next(self) -> Message | None:
        """See `protocols.Desk.next`."""
        while not self.closed:
            if not self._ready:
                await self._more()
                if not self._ready:
                    return None
            await self._pace.turn()
            if self.closed or not self._ready:
                continue
            claim = self._ready.popleft()
            if len(self._ready) < self._chunk // 2:
                self._start_refill()
            message = self._written(claim)
            if message is not None:
                self._left = None if self._left is None else self._left - 1
                return message
        return None

    def _written(self, claim: Claim) -> Message | None:
        """The claim as a message; None when its data cannot be put into one: that reader is refused."""
        key = claim.subscriber.id
        self._flying[key] = claim
        self._unhanded.add(key)
        try:
            return self._assemble(claim)
        except NewsletterError as error:
            self._close(claim, Outcome(OutcomeKind.REFUSED, reply=error.problems[0].message), fault_seed=key)
            return None

    async def hand(self, message: Message) -> bool:
        """See `protocols.Desk.hand`."""
        if self.halted:
            return False
        claim = self._flying[message.key]
        if not await self._ledger.hand(claim):
            return False
        self._unhanded.discard(message.key)
        return True

    def settle(self, message: Message, outcome: Outcome) -> None:
        """See `protocols.Desk.settle`; a fault of the sender halts the run."""
        self._close(self._flying[message.key], outcome, fault_seed=message.key)
        if outcome.fault is Fault.SENDER:
            self.halt(f"{outcome.code} {outcome.reply}".strip())

    def _close(self, claim: Claim, outcome: Outcome, *, fault_seed: int) -> None:
        del self._flying[claim.subscriber.id]
        self._unhanded.discard(claim.subscriber.id)
        due = None
        if outcome.kind is OutcomeKind.DEFERRED:
            due = retry_at(self._clock.now(), claim.attempt, outcome.fault, str(fault_seed))
            if due is None:
                said = outcome.reply or "no answer"
                outcome = replace(
                    outcome, kind=OutcomeKind.REFUSED, reply=f"gave up after {claim.attempt} attempts: {said}"
                )
        self.settled += 1
        self.accepted += outcome.kind is OutcomeKind.ACCEPTED
        self._ledger.settle(claim, outcome, due)

    async def _more(self) -> None:
        self._start_refill()
        if self._refill is not None:
            await asyncio.shield(self._refill)

    def _start_refill(self) -> None:
        if self._refill is None or self._refill.done():
            if self._refill is not None and not self._refill.cancelled():
                self._refill.result()  # a failure of the ledger is not to be passed over
            self._refill = asyncio.create_task(self._claim())

    async def _claim(self) -> None:
        wanted = self._chunk
        if self._left is not None:
            wanted = min(wanted, self._left - len(self._ready))
        if wanted > 0:
            self._ready.extend(await self._ledger.claim(wanted))

    async def tidy(self) -> None:
        """Gives back what was claimed and never handed, and waits until the ledger has written everything.

        To be called when all lanes have ended.
        """
        if self._refill is not None:
            await self._refill
        left = [*self._ready, *(claim for key, claim in self._flying.items() if key in self._unhanded)]
        self._ready.clear()
        if left:
            await self._ledger.release(left)
        await self._ledger.flush()
