"""What the core asks of the adapters around it: the clock, the ledger and the transports.

Adapters implement these structurally; nothing here has behaviour. `delivery.loop` is their only caller.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from newsletter.model import Claim, Message, Outcome, Tally


class Clock(Protocol):
    """The time, handed in so that the core needs none of its own."""

    def now(self) -> datetime:
        """The current moment, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds on a clock that never jumps."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Waits; cancellable."""
        ...


class Desk(Protocol):
    """Where a transport's lane gets messages and brings outcomes back.

    The order for each message is fixed: `next`, then `hand`, then the last octet leaves, then `settle`.
    Several messages may be under way on one lane at a time.
    """

    async def next(self) -> Message | None:
        """The next message, once the rate allows it; None when there is nothing more for this lane."""
        ...

    async def hand(self, message: Message) -> bool:
        """Marks the message as handed over, safely against the death of the process.

        Must be awaited before the last octet of the message leaves (the final dot, the last BDAT chunk, the
        HTTP request). False means: do not send it. The campaign was paused or taken over; the lane drops the
        message without settling it and, if octets are already on the wire, drops the connection too.
        """
        ...

    def settle(self, message: Message, outcome: Outcome) -> None:
        """Records what became of the message. Each message that `next` gave is settled exactly once, but for
        those that `hand` declined. A line lost before the last octet is DEFERRED with Fault.LINE, after it
        DOUBTFUL."""
        ...


class Transport(Protocol):
    """The way messages leave. One file a transport in `newsletter.transports`."""

    @property
    def name(self) -> str:
        """As in `delivery.transport`."""
        ...

    @property
    def lanes(self) -> int:
        """How many lanes may run at once (connections)."""
        ...

    @property
    def repeatable(self) -> bool:
        """True when handing the same message (same Message-ID) over twice has the effect of once, so that a
        delivery in doubt may simply be repeated."""
        ...

    async def check(self) -> None:
        """Goes as far as possible without sending: connects, encrypts, logs in, looks whether it may write.

        Raises TransportError when the way is closed for now, CredentialsError when we are not let in.
        """
        ...

    async def lane(self, desk: Desk) -> None:
        """Takes messages from the desk until it gives None, then ends cleanly.

        A lane asks for a message only when it could send it. Raises TransportError when the way closes and
        every message that it took is settled (or was declined by `hand`). When cancelled, it settles what it
        handed (DOUBTFUL if no answer came) and what it did not hand (DEFERRED, Fault.LINE), then re-raises.
        """
        ...


class Ledger(Protocol):
    """One campaign's deliveries, as its sending loop sees them. Safe to use from one event loop only.

    Every change is refused (StorageError) once another process has taken the campaign over.
    """

    async def claim(self, limit: int) -> Sequence[Claim]:
        """Takes up to `limit` deliveries that are planned, or deferred and due, for this process.

        When it returns, the claims are synced to disk. Readers who left or were suppressed since planning
        are marked skipped and not returned. Empty: nothing to do now, or the campaign is paused.
        """
        ...

    async def hand(self, claim: Claim) -> bool:
        """Marks a claimed delivery as handed; returns after the mark survives the death of this process.

        False when the campaign was paused, cancelled or taken over; the delivery then goes back to planned.
        """
        ...

    def settle(self, claim: Claim, outcome: Outcome, retry_at: datetime | None) -> None:
        """Writes an outcome, soon, in order, without waiting; `retry_at` goes with DEFERRED outcomes."""
        ...

    async def release(self, claims: Sequence[Claim]) -> None:
        """Gives claimed deliveries that were not handed back to planned."""
        ...

    async def flush(self) -> None:
        """Waits until everything settled so far is written."""
        ...

    async def next_due(self) -> datetime | None:
        """When the next deferred delivery is due; None when none is deferred."""
        ...

    async def pause(self, reason: str) -> None:
        """Pauses the campaign; `reason` is kept for the publisher to read."""
        ...

    async def tally(self) -> Tally:
        """The counts of all states, after everything settled so far."""
        ...
