"""What the transports' tests share: a desk that remembers, servers that say what a script tells them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from newsletter.model import Message, Outcome, OutcomeKind
from newsletter.transports.session import Patience, SmtpSettings
from newsletter.transports.sink import Sink
from newsletter.transports.sink_conduct import Conduct
from newsletter.transports.sink_keeping import Received

CONTENT = b"Message-ID: <%d@example.org>\r\nSubject: x\r\n\r\nbody\r\n"


def message(number: int, *, content: bytes = b"", recipient: str = "") -> Message:
    return Message(
        key=number,
        message_id=f"<{number}@example.org>",
        sender="bounces@example.org",
        recipient=recipient or f"reader{number}@example.org",
        content=content or CONTENT % number,
    )


@dataclass
class MemoryDesk:
    """Gives `messages` to the lanes; checks that every rule of `protocols.Desk` is kept."""

    messages: list[Message]
    declined: frozenset[int] = frozenset()
    on_next: Callable[[], Awaitable[None]] | None = None
    on_hand: Callable[[Message], Awaitable[None]] | None = None
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    handed: list[int] = field(default_factory=list)
    given: list[int] = field(default_factory=list)

    async def next(self) -> Message | None:
        if self.on_next is not None:
            await self.on_next()
        if not self.messages:
            return None
        given = self.messages.pop(0)
        self.given.append(given.key)
        return given

    async def hand(self, message: Message) -> bool:
        assert message.key in self.given
        assert message.key not in self.handed
        if self.on_hand is not None:
            await self.on_hand(message)
        if message.key in self.declined:
            return False
        self.handed.append(message.key)
        return True

    def settle(self, message: Message, outcome: Outcome) -> None:
        assert message.key in self.given
        assert message.key not in self.outcomes
        assert message.key not in self.declined
        if outcome.kind in (OutcomeKind.ACCEPTED, OutcomeKind.DOUBTFUL):
            assert message.key in self.handed
        self.outcomes[message.key] = outcome

    @property
    def kinds(self) -> list[OutcomeKind]:
        return [self.outcomes[key].kind for key in sorted(self.outcomes)]


def desk_of(numbers: Iterable[int]) -> MemoryDesk:
    return MemoryDesk([message(number) for number in numbers])


QUICK = Patience(connect=5, greeting=2, answer=2, verdict=2, goodbye=1)


def settings_for(port: int, **changes: Any) -> SmtpSettings:
    base = SmtpSettings(
        host="127.0.0.1",
        port=port,
        security="none",
        ehlo_name="news.example.org",
        connections=1,
        patience=QUICK,
    )
    return replace(base, **changes)


@asynccontextmanager
async def sink(conduct: Conduct | None = None) -> AsyncIterator[tuple[int, list[Received]]]:
    """A sink and what it has received so far."""
    received: list[Received] = []
    server = Sink(received.append, conduct)
    port = await server.start()
    try:
        yield port, received
    finally:
        await server.stop()


Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def scripted(script: Script) -> AsyncIterator[int]:
    """A server that follows `script` on every connection, then closes it."""
    running: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        try:
            await script(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client gave up, as it may, or the test is over
        finally:
            running.discard(task)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for task in list(running):
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await server.wait_closed()


def dialogue(*turns: tuple[str, bytes], then_wait: bool = False) -> Script:
    """A script of turns: wait for a line that begins so ("" waits for nothing), then say that."""

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for expected, answer in turns:
            if expected == ".":
                await reader.readuntil(b"\r\n.\r\n")
            elif expected:
                line = await reader.readline()
                assert line.startswith(expected.encode()), line
            writer.write(answer)
            await writer.drain()
        if then_wait:
            await reader.read(-1)

    return play


@dataclass
class Peer:
    """The server's side of a connection, for scripts that are no fixed dialogue."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def say(self, *lines: str) -> None:
        self.writer.write("".join(f"{line}\r\n" for line in lines).encode())

    async def line(self, beginning: str = "") -> str:
        said = (await self.reader.readuntil(b"\r\n")).decode().removesuffix("\r\n")
        assert said.startswith(beginning), said
        return said

    async def lines(self, *beginnings: str) -> list[str]:
        return [await self.line(beginning) for beginning in beginnings]

    async def content(self) -> bytes:
        """A message behind DATA, with its dot."""
        return await self.reader.readuntil(b"\r\n.\r\n")

    async def chunk(self) -> tuple[bytes, bool]:
        """What a BDAT brings, and whether it is the last part."""
        _, size, *last = (await self.line("BDAT ")).split()
        return await self.reader.readexactly(int(size)), last == ["LAST"]

    async def whole(self) -> bytes:
        """RSET, envelope and content in one."""
        await self.lines("RSET", "MAIL", "RCPT")
        content, last = await self.chunk()
        assert last
        return content

    async def greet(self, *offers: str) -> None:
        self.say("220 hi")
        await self.line("EHLO")
        self.say("250-hi", *(f"250-{offer}" for offer in offers), "250 HELP")

    async def prove(self) -> None:
        """A first message in two chunks, taken."""
        await self.lines("MAIL", "RCPT")
        _, last = await self.chunk()
        assert not last
        self.say("250 ok", "250 ok", "250 ok")
        _, last = await self.chunk()
        assert last
        self.say("250 taken")

    async def deaf(self) -> None:
        """Says nothing more."""
        await self.reader.read(-1)


def peers(*scripts: Callable[[Peer], Awaitable[None]]) -> Script:
    """A script for each connection in turn; the last one also for all that follow."""
    waiting = list(scripts)

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        script = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        await script(Peer(reader, writer))

    return play


async def plain_server(peer: Peer, *offers: str) -> None:
    """Takes everything, one command at a time, and is angry when two come at once."""
    await peer.greet(*offers)
    while (said := await peer.line()) != "QUIT":
        if peer.reader._buffer:  # type: ignore[attr-defined]  # asyncio has no other way to look
            peer.say("503 5.5.0 one at a time")
            return
        if said == "DATA":
            peer.say("354 go")
            await peer.content()
        peer.say("250 ok")
    peer.say("221 bye")
