"""The connection itself: what it notices, what it passes on, how it ends."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
import time
from collections.abc import Awaitable, Callable

import pytest

from newsletter.errors import TransportError
from newsletter.transports.dialogue import Reply
from newsletter.transports.line import Line, Loss
from tests.transports.parts import Peer, peers, scripted


class Ear:
    """A listener that remembers; `due` is its patience."""

    def __init__(self, due: float = 0) -> None:
        self.heard_so_far: list[int] = []
        self.changes = 0
        self.due = due
        self.fault: Exception | None = None

    def heard(self, reply: Reply) -> None:
        self.heard_so_far.append(reply.code)
        if self.fault is not None:
            raise self.fault

    def changed(self) -> None:
        self.changes += 1

    def patience(self) -> float:
        return self.due


def with_line(script: Callable[[Peer], Awaitable[None]], use: Callable[[Line], Awaitable[None]]) -> None:
    async def work() -> None:
        async with asyncio.timeout(20), scripted(peers(script)) as port:
            loop = asyncio.get_running_loop()
            _, line = await loop.create_connection(lambda: Line("there"), "127.0.0.1", port)
            try:
                await use(line)
            finally:
                line.abort()

    asyncio.run(work())


def test_answers_before_an_error_still_count() -> None:
    async def server(peer: Peer) -> None:
        peer.writer.write(b"250 one\r\n250 two\r\nbonjour\r\n250 three\r\n")
        await peer.deaf()

    async def use(line: Line) -> None:
        ear = Ear()
        line.listen(ear)
        while not line.lost:
            await asyncio.sleep(0.01)
        assert ear.heard_so_far == [250, 250]
        assert line.loss is Loss.NONSENSE
        assert "bonjour" in line.lost

    with_line(server, use)


def test_silence_is_measured_from_the_last_sign_of_life() -> None:
    async def server(peer: Peer) -> None:
        for _ in range(4):
            await asyncio.sleep(0.1)
            peer.say("250 still here")
        await peer.deaf()

    async def use(line: Line) -> None:
        ear = Ear(due=0.25)
        line.listen(ear)
        line.send(b"NOOP\r\n")
        begun = time.monotonic()
        while not line.lost:
            await asyncio.sleep(0.01)
        assert time.monotonic() - begun >= 0.6
        assert ear.heard_so_far == [250] * 4
        assert line.loss is Loss.SILENCE
        assert line.lost == "no answer from there within 0.25 s"

    with_line(server, use)


def test_nothing_is_measured_while_nothing_is_due() -> None:
    async def server(peer: Peer) -> None:
        await peer.deaf()

    async def use(line: Line) -> None:
        ear = Ear(due=0.1)
        line.listen(ear)
        line.send(b"NOOP\r\n")
        ear.due = 0
        line.send(b"NOOP\r\n")
        await asyncio.sleep(0.2)
        assert not line.lost

    with_line(server, use)


def test_a_fault_of_the_listener_is_kept_for_whoever_uses_the_line() -> None:
    async def server(peer: Peer) -> None:
        peer.say("250 one", "250 two")
        await peer.deaf()

    async def use(line: Line) -> None:
        ear = Ear()
        ear.fault = KeyError("a mistake")
        line.listen(ear)
        while not line.lost:
            await asyncio.sleep(0.01)
        assert line.failure is ear.fault
        assert ear.heard_so_far == [250]

    with_line(server, use)


def waits(line: Line) -> bool:
    return line.unsent


def test_it_tells_when_everything_has_left() -> None:
    go = asyncio.Event()

    async def server(peer: Peer) -> None:
        await go.wait()
        await peer.deaf()

    async def use(line: Line) -> None:
        ear = Ear()
        line.listen(ear)
        line.send(b"x" * 20_000_000)
        assert waits(line)
        line.send(b"more", b"and more")
        go.set()
        while waits(line):
            await asyncio.sleep(0.01)
        assert ear.changes == 1

    with_line(server, use)


def test_pieces_arrive_as_one() -> None:
    got = bytearray()

    async def server(peer: Peer) -> None:
        while data := await peer.reader.read(100_000):
            got.extend(data)

    async def use(line: Line) -> None:
        big = bytes(range(256)) * 40_000
        line.send(b"head", big)
        line.send(b"tail", big)
        while len(got) < 2 * len(big) + 8:
            await asyncio.sleep(0.01)
        assert bytes(got) == b"head" + big + b"tail" + big

    with_line(server, use)


def test_nothing_is_sent_on_a_lost_line() -> None:
    async def server(peer: Peer) -> None:
        await peer.deaf()

    async def use(line: Line) -> None:
        line.abort()
        line.send(b"a", b"b")
        assert line.loss is Loss.DROPPED
        with pytest.raises(TransportError, match="was dropped"):
            await line.reply(1)

    with_line(server, use)


def test_last_words_are_heard_even_when_the_line_was_cut_in_the_middle_of_ours() -> None:
    """The answers are on this machine already, and so is the cut, when we try to write."""
    listening = socket.create_server(("127.0.0.1", 0))
    cut = threading.Event()

    def serve() -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(100)
            connection.sendall(b"250 one\r\n250 two\r\n")
            time.sleep(0.05)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        cut.set()

    async def work() -> None:
        loop = asyncio.get_running_loop()
        port = listening.getsockname()[1]
        _, line = await loop.create_connection(lambda: Line("there"), "127.0.0.1", port)
        ear = Ear()
        line.listen(ear)
        line.send(b"hello\r\n")
        cut.wait(5)  # without a turn of the loop, so that nothing has been read
        line.send(b"x" * 1000)
        while not line.lost:
            await asyncio.sleep(0.01)
        assert ear.heard_so_far == [250, 250]
        assert line.loss is Loss.CLOSED

    server = threading.Thread(target=serve)
    server.start()
    with listening:
        asyncio.run(work())
    server.join()
