"""Where a connection's messages come from: the desk, and connections that gave them up."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from newsletter.model import Message, Outcome
from newsletter.protocols import Desk
from newsletter.transports.gate import Gate
from newsletter.transports.replies import Stage
from newsletter.transports.started import Started


class Transaction:
    """One message on its way over a connection (RFC 5321 3.3).

    `handed`: the desk has marked it. `sent`: its last octet was given to the line; from here on, silence
    means doubt. `clears`: the step after whose answer the server waits for the message; `cleared`: it does.
    `refusal`: what it said first of all that it refused. `rest`: where the part begins that was not sent with
    the envelope. `closed`: this connection is through with it. `tries`: connections that gave it up.
    """

    __slots__ = ("cleared", "clears", "closed", "handed", "message", "refusal", "rest", "sent", "tries")

    def __init__(self, message: Message) -> None:
        self.message = message
        self.tries = 0
        self.begin()

    def begin(self) -> None:
        """As at the start of a connection."""
        self.handed = self.sent = self.cleared = self.closed = False
        self.clears = Stage.END
        self.refusal: Outcome | None = None
        self.rest = 0


class Supply:
    """One lane's messages: asked for when there is a use for them, waited for in the background."""

    def __init__(self, desk: Desk, gate: Gate) -> None:
        self.on_news: Callable[[], None] | None = None
        """Called when something was found, or nothing more will be."""
        self.idle = True
        """True while the gate counts this lane as waiting for a message; so it does from the start."""
        self._desk = desk
        self._gate = gate
        self._ready: deque[Transaction] = deque()
        self._ended = False
        self._error: Exception | None = None
        self._asking: asyncio.Task[None] | None = None
        self._news: asyncio.Future[None] | None = None

    @property
    def ended(self) -> bool:
        """True when nothing is ready and nothing more will be."""
        return self._ended and not self._ready

    def take(self) -> Transaction | None:
        """The next message if there is one now; else one is waited for. Raises what the desk raised."""
        if self._ready:
            return self._ready.popleft()
        if self._error is not None:
            raise self._error
        if self._ended or self._asking is not None:
            return None
        asked = Started(self._desk.next())
        if not asked.done:
            if not self.idle:
                self.idle = True
                self._gate.asking()
            self._asking = asyncio.create_task(self._wait(asked))
            return None
        return self._found(asked.result)

    def give_back(self, transaction: Transaction) -> None:
        """Makes this one the next."""
        self._ready.appendleft(transaction)

    async def some(self) -> bool:
        """Waits until there is something to take; False when there will not be."""
        while (found := self.take()) is None:
            if self._ended:
                return False
            self._news = asyncio.get_running_loop().create_future()
            await self._news
        self.give_back(found)
        return True

    async def stop(self) -> list[Transaction]:
        """Asks no more; gives what was found and not taken."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait([self._asking])
        return list(self._ready)

    async def _wait(self, asked: Started[Message | None]) -> None:
        try:
            found = self._found(await asked)
            if found is not None:
                self._ready.append(found)
        except Exception as error:
            self._error, self._ended = error, True  # raised where the messages are taken
        finally:
            self._asking = None
        if self.on_news is not None:
            self.on_news()
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    def _found(self, message: Message | None) -> Transaction | None:
        if message is None:
            self._ended = True
            return None
        if self.idle:
            self.idle = False
            self._gate.answered()
        else:
            self._gate.crowd()
        return Transaction(message)
