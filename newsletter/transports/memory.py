"""A transport that keeps messages in memory: for tests, and as the shortest example of a transport."""

from __future__ import annotations

from collections.abc import Callable

from newsletter.model import Fault, Message, Outcome, OutcomeKind
from newsletter.protocols import Desk

Answer = Callable[[Message], Outcome]


def accept(message: Message) -> Outcome:
    """Accepts whatever comes."""
    return Outcome(OutcomeKind.ACCEPTED, provider_id=message.message_id)


class MemoryTransport:
    """Keeps what it is handed in `received`, in order; `answer` says what becomes of each message.

    A message that is refused or deferred is not kept; one in doubt is, as if its answer had been lost.
    """

    name = "memory"
    repeatable = False

    def __init__(self, answer: Answer = accept, *, lanes: int = 1) -> None:
        self.received: list[Message] = []
        self.lanes = lanes
        self._answer = answer

    async def check(self) -> None:
        """Memory is always open."""

    async def lane(self, desk: Desk) -> None:
        """See `protocols.Transport.lane`."""
        while (message := await desk.next()) is not None:
            try:
                handed = await desk.hand(message)
            except BaseException:
                desk.settle(message, Outcome(OutcomeKind.DEFERRED, reply="not kept", fault=Fault.LINE))
                raise
            if handed:
                outcome = self._answer(message)
                if outcome.kind in (OutcomeKind.ACCEPTED, OutcomeKind.DOUBTFUL):
                    self.received.append(message)
                desk.settle(message, outcome)
