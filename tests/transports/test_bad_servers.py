"""Servers that nobody should have to meet: a typed error or a true outcome, and nobody harmed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from newsletter.errors import TransportError
from newsletter.model import Fault, OutcomeKind
from newsletter.transports.dialogue import LONGEST_LINE, MOST_LINES
from tests.transports.parts import MemoryDesk, Peer, desk_of, plain_server
from tests.transports.test_exchange import send

ACCEPTED, DEFERRED, DOUBTFUL = OutcomeKind.ACCEPTED, OutcomeKind.DEFERRED, OutcomeKind.DOUBTFUL

GREETINGS = {
    "nothing of SMTP": b"HTTP/1.1 400 Bad Request\r\n",
    "an endless banner": b"220-welcome\r\n" * (MOST_LINES + 10),
    "a line of 100 kB": b"220 " + b"x" * 100_000 + b"\r\n",
    "a line without an end": b"2" * (LONGEST_LINE * 3),
    "a code that changes": b"220-hello\r\n250 hello\r\n",
    "a wrong code": b"250 hello\r\n",
    "binary": bytes(range(256)) * 4,
    "line feeds alone": b"\n\n\n\n",
    "many answers": b"220 hello\r\n" * 5_000,
    "a banner and all answers at once": b"220 hi\r\n250 hi\r\n250 ok\r\n250 ok\r\n354 go\r\n250 taken\r\n",
}


@pytest.mark.parametrize("greeting", GREETINGS.values(), ids=GREETINGS)
def test_a_strange_greeting(greeting: bytes) -> None:
    desk = desk_of([1])

    async def server(peer: Peer) -> None:
        peer.writer.write(greeting)
        await peer.deaf()

    error = send(desk, server)
    assert isinstance(error, TransportError)
    assert len(str(error)) < 600
    assert desk.handed == []
    assert {outcome.fault for outcome in desk.outcomes.values()} <= {Fault.LINE}


STRANGE = {
    "nonsense": b"bonjour\r\n",
    "a code that changes": b"250-one\r\n550 two\r\n",
    "a line of 100 kB": b"250 " + b"x" * 100_000 + b"\r\n",
    "354 to it": b"354 go\r\n",
    "no text and no code": b"\r\n",
    "a provisional answer": b"150 wait\r\n",
    "three digits too many": b"999 what\r\n",
}


@pytest.mark.parametrize("chunking", [True, False])
@pytest.mark.parametrize("answer", STRANGE.values(), ids=STRANGE)
def test_a_strange_answer_to_a_message(answer: bytes, chunking: bool) -> None:
    desk = desk_of([1, 2])

    async def server(peer: Peer) -> None:
        await peer.greet("PIPELINING", *(["CHUNKING"] if chunking else []))
        await peer.lines("MAIL", "RCPT")
        if chunking:
            await peer.chunk()
            peer.say("250 ok", "250 ok", "250 ok")
            await peer.chunk()
        else:
            await peer.line("DATA")
            peer.say("250 ok", "250 ok", "354 go")
            await peer.content()
        peer.writer.write(answer)
        await peer.deaf()

    error = send(desk, server)
    assert isinstance(error, TransportError)
    assert desk.kinds == [DOUBTFUL]


@pytest.mark.parametrize("offers", [(), ("PIPELINING",), ("PIPELINING", "CHUNKING")])
@pytest.mark.parametrize("answer", STRANGE.values(), ids=STRANGE)
@pytest.mark.parametrize("where", [0, 1])
def test_a_strange_answer_to_the_envelope(answer: bytes, offers: tuple[str, ...], where: int) -> None:
    desk = desk_of([1, 2])

    async def server(peer: Peer) -> None:
        await peer.greet(*offers)
        if where:
            await peer.line("MAIL")
            peer.say("250 ok")
            await peer.line("RCPT")
        else:
            await peer.line("MAIL")
        peer.writer.write(answer)
        await peer.deaf()

    error = send(desk, server)
    assert isinstance(error, TransportError)
    assert desk.kinds == [DEFERRED]
    assert desk.handed == []


def test_354_twice_is_not_taken_for_an_acceptance() -> None:
    desk = desk_of([1, 2])

    async def server(peer: Peer) -> None:
        await peer.greet("PIPELINING")
        await peer.lines("MAIL", "RCPT", "DATA")
        peer.say("250 ok", "250 ok", "354 go")
        await peer.content()
        peer.say("354 go", "250 taken")
        await peer.deaf()

    assert send(desk, server) is not None
    assert desk.kinds == [DOUBTFUL]


def test_answers_that_come_before_their_questions_count_for_nothing() -> None:
    desk = desk_of([1, 2])

    async def server(peer: Peer) -> None:
        await peer.greet("PIPELINING")
        await peer.lines("MAIL", "RCPT", "DATA")
        peer.say("250 ok", "250 ok", "354 go", "250 taken")  # before the message was there
        await peer.deaf()

    send(desk, server)
    assert ACCEPTED not in desk.kinds


def say_421_at(step: int, offers: tuple[str, ...]) -> Callable[[Peer], Awaitable[None]]:
    """A server that leaves at the nth thing that it is asked, counting the greeting."""

    async def server(peer: Peer) -> None:
        asked = 0

        def leaving() -> bool:
            nonlocal asked
            asked += 1
            if asked > step:
                peer.say("421 4.3.2 shutting down")
            return asked > step

        if leaving():
            return
        peer.say("220 hi")
        while True:
            said = await peer.line()
            last = said.endswith("LAST")
            if said.startswith("BDAT"):
                await peer.reader.readexactly(int(said.split()[1]))
            if leaving():
                return
            if said.startswith("EHLO"):
                peer.say("250-hi", *(f"250-{offer}" for offer in offers), "250 HELP")
            elif said == "DATA":
                peer.say("354 go")
                await peer.content()
                if leaving():
                    return
                peer.say("250 taken")
            else:
                peer.say("250 taken" if last else "250 ok")

    return server


@pytest.mark.parametrize("offers", [(), ("PIPELINING",), ("PIPELINING", "CHUNKING")])
@pytest.mark.parametrize("step", range(14))
def test_a_farewell_at_any_point_harms_nobody(offers: tuple[str, ...], step: int) -> None:
    desk = desk_of(range(4))
    error = send(desk, say_421_at(step, offers), plain_server)
    assert DOUBTFUL not in desk.kinds
    assert error is None or ACCEPTED not in desk.kinds
    if error is None:
        assert ACCEPTED in desk.kinds
    assert {outcome.fault for outcome in desk.outcomes.values()} <= {Fault.NONE, Fault.LINE}


def test_a_farewell_between_messages_is_no_trouble() -> None:
    desk = desk_of(range(2))

    async def pause() -> None:
        if len(desk.given) == 1:
            await asyncio.sleep(0.2)

    async def server(peer: Peer) -> None:
        await peer.greet()
        for command in ("MAIL", "RCPT"):
            await peer.line(command)
            peer.say("250 ok")
        await peer.line("DATA")
        peer.say("354 go")
        await peer.content()
        peer.say("250 taken", "421 4.4.2 idle")

    desk.on_next = pause
    assert send(desk, server, plain_server) is None
    assert desk.kinds == [ACCEPTED, ACCEPTED]


def test_a_server_that_never_answers_the_farewell() -> None:
    desk = MemoryDesk([])

    async def server(peer: Peer) -> None:
        await peer.greet()
        await peer.line("QUIT")
        await peer.deaf()

    assert send(desk, server) is None
