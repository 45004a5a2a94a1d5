"""Commands ahead of their answers: what is on the wire when, what is marked when, and who is in doubt."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from newsletter.errors import StorageError, TransportError
from newsletter.model import Fault, Message, OutcomeKind
from newsletter.transports.sink_conduct import Conduct
from newsletter.transports.smtp import SmtpTransport
from tests.transports.conftest import Certificates
from tests.transports.parts import (
    QUICK,
    MemoryDesk,
    Peer,
    desk_of,
    message,
    peers,
    plain_server,
    scripted,
    settings_for,
    sink,
)

ACCEPTED, DEFERRED, REFUSED, DOUBTFUL = (
    OutcomeKind.ACCEPTED,
    OutcomeKind.DEFERRED,
    OutcomeKind.REFUSED,
    OutcomeKind.DOUBTFUL,
)
BOTH = ("PIPELINING", "CHUNKING")


def send(
    desk: MemoryDesk, *scripts: Callable[[Peer], Awaitable[None]], **settings: object
) -> TransportError | None:
    """Runs one lane against servers that follow these scripts; the error that it ended with, if any."""

    async def work() -> TransportError | None:
        async with asyncio.timeout(30), scripted(peers(*scripts)) as port:
            try:
                await SmtpTransport(settings_for(port, **settings)).lane(desk)
            except TransportError as error:
                return error
        return None

    return asyncio.run(work())


# --- PIPELINING ------------------------------------------------------------------------------------------


def test_the_next_envelope_rides_behind_the_dot() -> None:
    desk = desk_of(range(4))

    async def server(peer: Peer) -> None:
        await peer.greet("PIPELINING")
        await peer.lines("MAIL", "RCPT", "DATA")
        peer.say("250 ok", "250 ok", "354 go")
        await peer.content()
        peer.say("250 taken")  # the first message goes alone
        await peer.lines("MAIL", "RCPT", "DATA")
        peer.say("250 ok", "250 ok", "354 go")
        for _ in range(2):
            await peer.content()
            await peer.lines("MAIL", "RCPT", "DATA")  # before there is any answer
            peer.say("250 taken", "250 ok", "250 ok", "354 go")
        await peer.content()
        peer.say("250 taken")
        await peer.line("QUIT")
        peer.say("221 bye")

    assert send(desk, server) is None
    assert desk.kinds == [ACCEPTED] * 4


def test_no_finished_message_waits_for_the_desk_to_find_another() -> None:
    desk = desk_of(range(3))
    taken = asyncio.Event()

    async def slow_desk() -> None:
        if len(desk.given) == 2:
            await taken.wait()  # it comes only after the server has got all of the second message

    async def server(peer: Peer) -> None:
        await peer.greet("PIPELINING")
        for number in range(3):
            await peer.lines("MAIL", "RCPT", "DATA")
            peer.say("250 ok", "250 ok", "354 go")
            await peer.content()
            if number == 1:
                taken.set()
            peer.say("250 taken")
        await peer.line("QUIT")

    desk.on_next = slow_desk
    assert send(desk, server) is None
    assert desk.kinds == [ACCEPTED] * 3


@pytest.mark.parametrize(
    ("verdict", "kind"),
    [("452 4.2.2 full", DEFERRED), ("554 5.6.0 broken", DEFERRED), ("550 5.1.1 unknown", REFUSED)],
)
def test_a_verdict_does_not_touch_the_message_behind_it(verdict: str, kind: OutcomeKind) -> None:
    desk = desk_of(range(3))

    async def server(peer: Peer) -> None:
        await peer.greet("PIPELINING")
        await peer.lines("MAIL", "RCPT", "DATA")
        peer.say("250 ok", "250 ok", "354 go")
        await peer.content()
        peer.say("250 taken")
        await peer.lines("MAIL", "RCPT", "DATA")
        peer.say("250 ok", "250 ok", "354 go")
        await peer.content()
        await peer.lines("MAIL", "RCPT", "DATA")
        peer.say(verdict, "250 ok", "250 ok", "354 go")
        await peer.content()
        peer.say("250 taken")
        await peer.line("QUIT")

    assert send(desk, server) is None
    assert desk.kinds == [ACCEPTED, kind, ACCEPTED]


def test_one_message_at_most_is_handed_and_unanswered() -> None:
    desk = desk_of(range(10))
    open_at_once = []

    async def look(_: Message) -> None:
        open_at_once.append(len(desk.handed) - len(desk.outcomes))

    desk.on_hand = look

    async def work() -> None:
        async with sink(Conduct(chunking=False)) as (port, _):
            await SmtpTransport(settings_for(port)).lane(desk)

    asyncio.run(work())
    assert desk.kinds == [ACCEPTED] * 10
    assert set(open_at_once) == {0}


def test_a_message_that_is_not_wanted_half_way_is_refused_with_those_words() -> None:
    big = message(1, content=b"x" * 998 + b"\r\n" + (b"y" * 998 + b"\r\n") * 20_000)
    desk = MemoryDesk([big, message(2)])

    async def server(peer: Peer) -> None:
        await peer.greet("PIPELINING")
        await peer.lines("MAIL", "RCPT", "DATA")
        peer.say("250 ok", "250 ok", "354 go")
        await peer.reader.readexactly(1000)
        peer.say("552 5.2.2 mailbox full")
        await asyncio.sleep(0.2)  # and goes without reading any more

    async def second(peer: Peer) -> None:
        await plain_server(peer)

    assert send(desk, server, second) is None
    assert desk.kinds == [REFUSED, ACCEPTED]
    assert desk.outcomes[1].enhanced == "5.2.2"
    assert desk.handed == [2]


def test_a_line_lost_before_the_last_octet_could_leave_is_no_doubt() -> None:
    big = message(1, content=(b"y" * 998 + b"\r\n") * 20_000)
    desk = MemoryDesk([big])

    async def server(peer: Peer) -> None:
        await peer.greet("PIPELINING")
        await peer.lines("MAIL", "RCPT", "DATA")
        peer.say("250 ok", "250 ok", "354 go")
        await peer.reader.readexactly(1000)

    assert send(desk, server) is not None
    assert desk.kinds == [DEFERRED]
    assert desk.handed == []


# --- CHUNKING --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("window", [2, 8])
def test_whole_messages_in_a_row_up_to_the_window(window: int) -> None:
    desk = desk_of(range(2 * window + 1))
    marked = []

    async def look(_: Message) -> None:
        marked.append(len(desk.handed) + 1 - len(desk.outcomes))

    desk.on_hand = look

    async def server(peer: Peer) -> None:
        await peer.greet(*BOTH)
        await peer.prove()
        for number in range(2 * window):
            if number < window:
                await peer.whole()
            else:  # one more only for each answer
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(peer.reader.read(1), 0.05)
                peer.say("250 reset", "250 ok", "250 ok", "250 taken")
                await peer.whole()
        for _ in range(window):
            peer.say("250 reset", "250 ok", "250 ok", "250 taken")
        await peer.line("QUIT")

    assert send(desk, server, in_flight=window) is None
    assert desk.kinds == [ACCEPTED] * (2 * window + 1)
    assert max(marked) == window


def test_answers_find_their_messages() -> None:
    desk = desk_of(range(5))

    async def server(peer: Peer) -> None:
        await peer.greet(*BOTH)
        await peer.prove()
        for _ in range(4):
            await peer.whole()
        peer.say("250 reset", "250 ok", "550 5.1.1 unknown", "503 nobody")
        peer.say("250 reset", "250 ok", "250 ok", "250 2.0.0 queued as ABCDEF")
        peer.say("250 reset", "250 ok", "250 ok", "452 4.2.2 full")
        peer.say("250 reset", "250 ok", "250 ok", "250 ok")
        await peer.line("QUIT")

    assert send(desk, server) is None
    assert desk.kinds == [ACCEPTED, REFUSED, ACCEPTED, DEFERRED, ACCEPTED]
    assert desk.outcomes[1].enhanced == "5.1.1"
    assert desk.outcomes[2].provider_id == "ABCDEF"
    assert desk.outcomes[3].enhanced == "4.2.2"


def test_only_what_was_sent_is_in_doubt_and_then_never_two_again() -> None:
    desk = desk_of(range(12))
    at_once = []

    async def first(peer: Peer) -> None:
        await peer.greet(*BOTH)
        await peer.prove()
        for _ in range(8):
            await peer.whole()
        peer.say("250 reset", "250 ok", "250 ok", "250 taken")
        await asyncio.sleep(0.05)

    async def second(peer: Peer) -> None:
        await peer.greet(*BOTH)
        while (await peer.line()).startswith("MAIL"):
            await peer.line("RCPT")
            peer.say("250 ok", "250 ok")
            await peer.chunk()
            at_once.append(len(desk.handed) - len(desk.outcomes))
            peer.say("250 taken")

    assert send(desk, first, second) is None
    assert desk.kinds.count(DOUBTFUL) in (7, 8)  # the ninth may have been on its way
    assert desk.kinds.count(ACCEPTED) == 12 - desk.kinds.count(DOUBTFUL)
    assert set(at_once) == {1}


def test_after_a_farewell_nothing_is_in_doubt() -> None:
    desk = desk_of(range(9))

    async def first(peer: Peer) -> None:
        await peer.greet(*BOTH)
        await peer.prove()
        for _ in range(8):
            await peer.whole()
        peer.say("250 reset", "250 ok", "250 ok", "250 taken", "421 4.3.2 shutting down")

    assert send(desk, first, plain_server) is None
    assert desk.kinds == [ACCEPTED] * 2 + [DEFERRED] * 7
    assert {desk.outcomes[number].fault for number in range(2, 9)} == {Fault.LINE}


@pytest.mark.parametrize("where", [0, 1, 2, 3])
def test_a_farewell_at_any_answer_to_a_whole_message(where: int) -> None:
    desk = desk_of(range(4))

    async def first(peer: Peer) -> None:
        await peer.greet(*BOTH)
        await peer.prove()
        await peer.whole()
        await peer.whole()
        peer.say(*["250 ok"] * where, "421 4.3.2 shutting down")
        await asyncio.sleep(0.05)

    assert send(desk, first, plain_server) is None
    assert desk.kinds == [ACCEPTED, DEFERRED, DEFERRED, DEFERRED]


def test_what_was_said_before_the_line_was_cut_still_counts() -> None:
    desk = desk_of(range(9))

    async def server(peer: Peer) -> None:
        await peer.greet(*BOTH)
        await peer.prove()
        for _ in range(4):
            await peer.whole()
        # The answers, and a reset right behind them, while we are still sending.
        for _ in range(4):
            peer.say("250 reset", "250 ok", "250 ok", "250 taken")
        await peer.writer.drain()
        raw = peer.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.writer.transport.abort()

    send(desk, server, plain_server)
    assert desk.kinds[:5] == [ACCEPTED] * 5


def test_a_paused_desk_sends_nothing_more_and_needs_no_new_line() -> None:
    desk = desk_of(range(6))
    desk.declined = frozenset({3, 4})

    async def server(peer: Peer) -> None:
        await peer.greet(*BOTH)
        await peer.prove()
        for _ in range(3):
            await peer.whole()
            peer.say("250 reset", "250 ok", "250 ok", "250 taken")
        await peer.line("QUIT")

    assert send(desk, server) is None
    assert desk.handed == [0, 1, 2, 5]


def test_a_ledger_that_fails_in_the_middle_of_a_window() -> None:
    desk = desk_of(range(6))

    async def fail(one: Message) -> None:
        if one.key == 3:
            raise StorageError("the disk is full")

    desk.on_hand = fail

    async def work() -> None:
        async with sink() as (port, received):
            with pytest.raises(StorageError):
                await SmtpTransport(settings_for(port)).lane(desk)
            assert len(received) <= 3

    asyncio.run(work())
    assert desk.outcomes[0].kind is ACCEPTED
    assert desk.outcomes[3].fault is Fault.LINE
    assert set(desk.outcomes) == set(desk.given)


def test_cancelled_with_a_window_on_the_line() -> None:
    desk = desk_of(range(12))

    async def server(peer: Peer) -> None:
        await peer.greet(*BOTH)
        await peer.prove()
        await peer.deaf()

    async def work() -> None:
        async with asyncio.timeout(30), scripted(peers(server)) as port:
            lane = asyncio.create_task(SmtpTransport(settings_for(port)).lane(desk))
            while len(desk.handed) < 9:
                await asyncio.sleep(0.01)
            lane.cancel()
            with pytest.raises(asyncio.CancelledError):
                await lane

    asyncio.run(work())
    assert desk.kinds == [ACCEPTED] + [DOUBTFUL] * 8 + [DEFERRED] * (len(desk.given) - 9)


@pytest.mark.parametrize("chunking", [True, False])
def test_over_an_encrypted_line(chunking: bool, certificates: Certificates) -> None:
    content = b"Message-ID: <big@example.org>\r\n\r\n" + (b"y" * 98 + b"\r\n") * 10_000

    async def work() -> None:
        async with sink(Conduct(tls=certificates.context, chunking=chunking)) as (port, received):
            desk = MemoryDesk([message(number, content=content) for number in range(20)])
            settings = settings_for(port, host="localhost", security="tls", ca_file=certificates.authority)
            await SmtpTransport(settings).lane(desk)
            assert desk.kinds == [ACCEPTED] * 20
            assert {one.content for one in received} == {content}

    asyncio.run(work())


# --- servers that promise too much -----------------------------------------------------------------------


def test_a_server_that_only_says_that_it_takes_commands_in_groups() -> None:
    desk = desk_of(range(4))

    async def liar(peer: Peer) -> None:
        await plain_server(peer, "PIPELINING")

    assert send(desk, liar) is None
    assert desk.kinds == [ACCEPTED] * 4


def test_a_server_that_loses_the_rest_of_a_group() -> None:
    desk = desk_of(range(3))
    connections = 0

    async def forgetful(peer: Peer) -> None:
        nonlocal connections
        connections += 1
        await peer.greet("PIPELINING")
        await peer.line("MAIL")
        await asyncio.sleep(0.05)
        lost = bool(peer.reader._buffer)  # type: ignore[attr-defined]  # asyncio has no other way to look
        peer.say("250 ok")
        if lost:
            await peer.deaf()
        await peer.line("RCPT")
        peer.say("250 ok")
        await peer.line("DATA")
        peer.say("354 go")
        await peer.content()
        peer.say("250 taken")

    patience = replace(QUICK, answer=0.3)
    send(desk, forgetful, patience=patience, per_connection=1)
    assert desk.kinds == [ACCEPTED] * 3
    assert connections == 4


def test_all_lanes_learn_it_and_none_blames_the_sender() -> None:
    desk = desk_of(range(40))

    async def liar(peer: Peer) -> None:
        await plain_server(peer, "PIPELINING", "SIZE 100000")

    async def work() -> None:
        async with asyncio.timeout(30), scripted(peers(liar)) as port:
            transport = SmtpTransport(settings_for(port, connections=4))
            await asyncio.gather(*(transport.lane(desk) for _ in range(4)))

    asyncio.run(work())
    assert desk.kinds == [ACCEPTED] * 40


def test_a_server_that_does_not_know_bdat_gets_data() -> None:
    desk = desk_of(range(5))

    async def liar(peer: Peer) -> None:
        await peer.greet(*BOTH)
        while (said := await peer.line()) != "QUIT":
            match said.split()[0]:
                case "MAIL" | "RCPT" | "RSET":
                    peer.say("250 ok")
                case "DATA":
                    peer.say("354 go")
                    await peer.content()
                    peer.say("250 taken")
                case _:
                    peer.say("500 5.5.1 what?")

    assert send(desk, liar) is None
    assert desk.kinds == [ACCEPTED] * 5
    assert desk.handed == [0, 1, 2, 3, 4]


def test_a_server_that_takes_the_content_of_a_refused_message_for_commands() -> None:
    desk = desk_of(range(16))
    accepted = []

    async def server(peer: Peer) -> None:
        await peer.greet(*BOTH)
        parts: list[bytes] = []
        refused = False
        while (said := await peer.line()) != "QUIT":
            match said.split()[0] if said else "":
                case "BDAT" if not refused:
                    _, size, *last = said.split()
                    parts.append(await peer.reader.readexactly(int(size)))
                    peer.say("250 ok")
                    if last:
                        accepted.append(b"".join(parts))
                        parts.clear()
                case "RCPT":
                    refused = "reader4@" in said
                    peer.say("550 5.1.1 unknown" if refused else "250 ok")
                case "MAIL" | "RSET":
                    peer.say("250 ok")
                case "DATA":
                    peer.say("354 go")
                    accepted.append(await peer.content())
                    peer.say("250 ok")
                case "BDAT":
                    peer.say("503 nobody")
                case _:
                    peer.say("500 what?")

    assert send(desk, server) is None
    assert desk.outcomes[4].kind is REFUSED
    kinds = [outcome.kind for outcome in desk.outcomes.values()]
    assert kinds.count(DOUBTFUL) <= 8
    assert kinds.count(ACCEPTED) >= 16 - 1 - 8
    for number, outcome in desk.outcomes.items():
        here = sum(f"<{number}@".encode() in content for content in accepted)
        assert here <= 1
        assert outcome.kind is not ACCEPTED or here == 1
        assert outcome.kind is not DEFERRED or here == 0


def test_a_last_chunk_that_is_not_understood_is_tried_with_data_later() -> None:
    desk = desk_of(range(3))

    async def liar(peer: Peer) -> None:
        await peer.greet(*BOTH)
        await peer.lines("MAIL", "RCPT")
        await peer.chunk()
        peer.say("250 ok", "250 ok", "250 ok")
        await peer.chunk()
        peer.say("504 5.5.4 LAST is not implemented")
        await peer.deaf()

    assert send(desk, liar, plain_server) is None
    assert desk.kinds == [DEFERRED, ACCEPTED, ACCEPTED]
    assert desk.outcomes[0].fault is Fault.LINE


@pytest.mark.parametrize("code", ["501", "504", "555"])
def test_a_parameter_that_is_offered_and_not_understood(code: str) -> None:
    desk = desk_of(range(2))

    async def liar(peer: Peer) -> None:
        await peer.greet("SIZE 1000000")
        while (said := await peer.line()) != "QUIT":
            if "SIZE=" in said:
                peer.say(f"{code} 5.5.4 no parameters please")
                continue
            peer.say("354 go" if said == "DATA" else "250 ok")
            if said == "DATA":
                await peer.content()
                peer.say("250 ok")

    assert send(desk, liar) is None
    assert desk.kinds == [ACCEPTED] * 2


def test_what_is_refused_in_plain_words_too_is_the_sender_s_matter() -> None:
    desk = desk_of([1])

    async def server(peer: Peer) -> None:
        await peer.greet("PIPELINING")
        while await peer.line() != "QUIT":
            peer.say("503 5.5.1 log in first")

    assert send(desk, server) is None
    assert (desk.outcomes[1].kind, desk.outcomes[1].fault) == (DEFERRED, Fault.SENDER)
    assert desk.handed == []


# --- limits and pauses -----------------------------------------------------------------------------------


def test_an_idle_connection_is_left_and_a_new_one_made_when_there_is_something_to_say() -> None:
    desk = desk_of(range(2))
    ends = []

    async def pause() -> None:
        if len(desk.given) == 1:
            await asyncio.sleep(0.4)

    async def server(peer: Peer) -> None:
        await peer.greet()
        while (said := await peer.line()) != "QUIT":
            peer.say("354 go" if said == "DATA" else "250 ok")
            if said == "DATA":
                await peer.content()
                peer.say("250 ok")
        ends.append(len(desk.given))
        peer.say("221 bye")

    desk.on_next = pause
    assert send(desk, server, idle=0.1) is None
    assert desk.kinds == [ACCEPTED] * 2
    assert ends == [1, 2]


@pytest.mark.parametrize("conduct", [Conduct(close_after=3), Conduct(close_after=3, chunking=False)])
def test_a_limit_of_the_server_is_learnt(conduct: Conduct) -> None:
    async def work() -> None:
        async with sink(conduct) as (port, received):
            desk = desk_of(range(60))
            await SmtpTransport(settings_for(port)).lane(desk)
            late = [number for number, outcome in desk.outcomes.items() if outcome.kind is not ACCEPTED]
            assert not [number for number in late if number > 20]
            assert {desk.outcomes[number].kind for number in late} <= {DEFERRED}
            assert len(received) == 60 - len(late)

    asyncio.run(work())


# --- desks that decline, fail or make mistakes -----------------------------------------------------------


@pytest.mark.parametrize(
    ("conduct", "in_flight"),
    [(Conduct(chunking=False), 8), (Conduct(), 1), (Conduct(pipelining=False), 8)],
    ids=["data", "one at a time", "chunks without groups"],
)
def test_a_desk_that_declines(conduct: Conduct, in_flight: int) -> None:
    async def work() -> None:
        async with sink(conduct) as (port, received):
            desk = desk_of(range(5))
            desk.declined = frozenset({0, 2, 3})
            await SmtpTransport(settings_for(port, in_flight=in_flight)).lane(desk)
            assert desk.handed == [1, 4]
            assert [one.message_id for one in received] == ["<1@example.org>", "<4@example.org>"]

    asyncio.run(work())


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("given", [0, 3])
def test_a_desk_that_fails_to_find_a_message(at_once: bool, given: int) -> None:
    desk = desk_of(range(6))

    async def fail() -> None:
        if len(desk.given) == given:
            if not at_once:
                await asyncio.sleep(0.01)
            raise StorageError("the disk is full")

    desk.on_next = fail

    async def work() -> None:
        async with sink() as (port, _):
            with pytest.raises(StorageError):
                await SmtpTransport(settings_for(port)).lane(desk)

    asyncio.run(work())
    assert set(desk.outcomes) == set(range(given))


def test_a_mistake_in_the_desk_is_not_passed_over() -> None:
    class Mistaken(MemoryDesk):
        def settle(self, message: Message, outcome: object) -> None:
            raise ZeroDivisionError

    async def work() -> None:
        async with sink() as (port, _):
            with pytest.raises(ZeroDivisionError):
                await SmtpTransport(settings_for(port)).lane(Mistaken([message(1)]))

    asyncio.run(work())
