"""The smtp transport against servers that behave, misbehave and talk nonsense, all on loopback."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from newsletter.errors import ConfigurationError, StorageError, TransportError
from newsletter.model import Fault, Message, OutcomeKind
from newsletter.transports.session import Patience
from newsletter.transports.sink_conduct import LONGEST_MESSAGE, Conduct
from newsletter.transports.smtp import SmtpTransport
from tests.transports.parts import (
    QUICK,
    MemoryDesk,
    Script,
    desk_of,
    dialogue,
    message,
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
HELLO = [("", b"220 hi\r\n"), ("EHLO", b"250-hi\r\n250 PIPELINING\r\n")]
ENVELOPE = [("MAIL", b"250 ok\r\n"), ("RCPT", b"250 ok\r\n"), ("DATA", b"354 go\r\n")]
BYE = [("QUIT", b"221 bye\r\n")]


def run(work: Callable[[], Awaitable[None]]) -> None:
    async def limited() -> None:
        async with asyncio.timeout(30):
            await work()

    asyncio.run(limited())


def lane_against(script: Script, desk: MemoryDesk, patience: Patience = QUICK) -> TransportError | None:
    """Runs one lane against a script; the TransportError that it ended with, if any."""
    ended: list[TransportError] = []

    async def work() -> None:
        async with scripted(script) as port:
            try:
                await SmtpTransport(settings_for(port, patience=patience)).lane(desk)
            except TransportError as error:
                ended.append(error)

    run(work)
    return ended[0] if ended else None


# --- servers that behave ---------------------------------------------------------------------------------


CONDUCTS = [
    Conduct(pipelining=False, chunking=False),
    Conduct(pipelining=True, chunking=False),
    Conduct(pipelining=False, chunking=True),
    Conduct(),
]
KNOWS = ["plain", "pipelining", "chunking", "both"]


@pytest.mark.parametrize("conduct", CONDUCTS, ids=KNOWS)
@pytest.mark.parametrize("lanes", [1, 4])
@pytest.mark.parametrize("in_flight", [1, 8])
def test_all_messages_arrive_as_they_are(conduct: Conduct, lanes: int, in_flight: int) -> None:
    async def work() -> None:
        async with sink(conduct) as (port, received):
            desk = desk_of(range(50))
            transport = SmtpTransport(settings_for(port, connections=lanes, in_flight=in_flight))
            assert (transport.lanes, transport.name, transport.repeatable) == (lanes, "smtp", False)
            await asyncio.gather(*(transport.lane(desk) for _ in range(lanes)))
            assert desk.kinds == [ACCEPTED] * 50
            assert desk.outcomes[0].provider_id
            assert {one.message_id: one.content for one in received} == {
                f"<{number}@example.org>": message(number).content for number in range(50)
            }
            assert {one.sender for one in received} == {"bounces@example.org"}
            assert sorted(one.recipients[0] for one in received) == sorted(
                f"reader{number}@example.org" for number in range(50)
            )

    run(work)


@pytest.mark.parametrize("conduct", CONDUCTS, ids=KNOWS)
@pytest.mark.parametrize(
    "content", [b".\r\n", b"..\r\n.x\r\n", b"a\r\n.\r\nb\r\n.\r\n", b"x" * 300_000 + b"\r\n"]
)
def test_full_stops_at_line_starts_survive(content: bytes, conduct: Conduct) -> None:
    async def work() -> None:
        async with sink(conduct) as (port, received):
            desk = MemoryDesk([message(n, content=content) for n in range(3)])
            await SmtpTransport(settings_for(port)).lane(desk)
            assert [one.content for one in received] == [content] * 3

    run(work)


@pytest.mark.parametrize("conduct", CONDUCTS, ids=KNOWS)
def test_a_refused_reader_does_not_disturb_the_next(conduct: Conduct) -> None:
    refuse = [
        (re.compile("gone"), "550 5.1.1 No such user"),
        (re.compile("full"), "452 4.2.2 Mailbox full"),
    ]

    async def work() -> None:
        async with sink(replace(conduct, refuse=refuse)) as (port, received):
            recipients = [
                "a@example.org",
                "gone@example.org",
                "gone2@example.org",
                "full@example.org",
                "b@example.org",
            ]
            desk = MemoryDesk([message(n, recipient=address) for n, address in enumerate(recipients)])
            await SmtpTransport(settings_for(port)).lane(desk)
            assert desk.kinds == [ACCEPTED, REFUSED, REFUSED, DEFERRED, ACCEPTED]
            assert desk.handed == ([0, 1, 2, 3, 4] if conduct == Conduct() else [0, 4])
            refused = desk.outcomes[1]
            assert (refused.code, refused.enhanced, refused.reply) == (550, "5.1.1", "No such user")
            assert refused.fault is Fault.RECIPIENT
            assert [one.recipients for one in received] == [("a@example.org",), ("b@example.org",)]

    run(work)


def test_check_goes_as_far_as_the_greeting_and_leaves() -> None:
    async def work() -> None:
        async with sink() as (port, received):
            await SmtpTransport(settings_for(port)).check()
            assert received == []

    run(work)


def test_a_connection_carries_only_so_many() -> None:
    greetings = 0

    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal greetings
        greetings += 1
        await dialogue(*HELLO, *[*ENVELOPE, (".", b"250 ok\r\n")] * 2, *BYE)(reader, writer)

    desk = desk_of(range(4))
    assert run_with_limit(count, desk, 2) is None
    assert desk.kinds == [ACCEPTED] * 4
    assert greetings == 2


def run_with_limit(script: Script, desk: MemoryDesk, limit: int) -> TransportError | None:
    async def work() -> None:
        async with scripted(script) as port:
            await SmtpTransport(settings_for(port, per_connection=limit)).lane(desk)

    try:
        run(work)
    except TransportError as error:
        return error
    return None


@pytest.mark.parametrize(
    ("name", "said"),
    [("news.example.org", b"news.example.org"), ("bücher.example", b"xn--bcher-kva.example")],
)
def test_it_introduces_itself_with_the_configured_name_only(name: str, said: bytes) -> None:
    seen: list[bytes] = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hi\r\n")
        seen.append(await reader.readline())
        writer.write(b"250 hi\r\n")
        await reader.readline()

    async def work() -> None:
        async with scripted(script) as port:
            await SmtpTransport(settings_for(port, ehlo_name=name)).lane(desk_of([]))

    run(work)
    assert seen == [b"EHLO " + said + b"\r\n"]


def test_an_announced_size_limit_is_kept() -> None:
    desk = MemoryDesk([message(1, content=b"x\r\n" * (LONGEST_MESSAGE // 3 + 1)), message(2)])

    async def work() -> None:
        async with sink() as (port, received):
            await SmtpTransport(settings_for(port)).lane(desk)
            assert len(received) == 1

    run(work)
    assert desk.kinds == [DEFERRED, ACCEPTED]
    assert desk.outcomes[1].fault is Fault.SENDER
    assert "50,000,000" in desk.outcomes[1].reply


def test_an_address_that_cannot_be_said_is_refused_unsaid() -> None:
    desk = MemoryDesk([message(1, recipient="a@b.org>\r\nRCPT TO:<c@d.org"), message(2, recipient="é@b.org")])
    assert lane_against(dialogue(*HELLO, *BYE), desk) is None
    assert desk.kinds == [REFUSED, REFUSED]
    assert desk.handed == []


# --- the desk declines, fails, is cancelled --------------------------------------------------------------


def test_a_declined_message_never_leaves() -> None:
    async def work() -> None:
        async with sink() as (port, received):
            desk = MemoryDesk([message(n) for n in range(4)], declined=frozenset({1, 2}))
            await SmtpTransport(settings_for(port)).lane(desk)
            assert sorted(desk.outcomes) == [0, 3]
            assert [one.message_id for one in received] == ["<0@example.org>", "<3@example.org>"]

    run(work)


def test_a_ledger_that_fails_at_the_hand_over_stops_the_lane() -> None:
    async def fail(_: Message) -> None:
        raise StorageError("the disk is full")

    async def work() -> None:
        async with sink() as (port, received):
            desk = desk_of([1])
            desk.on_hand = fail
            with pytest.raises(StorageError):
                await SmtpTransport(settings_for(port)).lane(desk)
            assert desk.outcomes[1].fault is Fault.LINE
            assert received == []

    run(work)


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (dialogue(*HELLO, *ENVELOPE, (".", b""), then_wait=True), DOUBTFUL),
        (dialogue(*HELLO, ("MAIL", b""), then_wait=True), DEFERRED),
    ],
)
def test_cancelled_with_a_message_on_the_line(script: Script, kind: OutcomeKind) -> None:
    async def work() -> None:
        async with scripted(script) as port:
            desk = desk_of([1])
            lane = asyncio.create_task(SmtpTransport(settings_for(port)).lane(desk))
            while not desk.given:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.1)
            lane.cancel()
            with pytest.raises(asyncio.CancelledError):
                await lane
            assert desk.kinds == [kind]

    run(work)


def test_cancelled_while_waiting_for_a_message() -> None:
    async def forever() -> None:
        await asyncio.sleep(60)

    async def work() -> None:
        async with sink() as (port, _):
            desk = desk_of([1])
            desk.on_next = forever
            lane = asyncio.create_task(SmtpTransport(settings_for(port)).lane(desk))
            await asyncio.sleep(0.1)
            lane.cancel()
            with pytest.raises(asyncio.CancelledError):
                await lane
            assert desk.outcomes == {}

    run(work)


# --- lines that break ------------------------------------------------------------------------------------


def test_cut_after_the_last_dot_is_doubtful_and_the_lane_goes_on() -> None:
    async def work() -> None:
        async with sink(Conduct(drop_after_dot=3, chunking=False)) as (port, received):
            desk = desk_of(range(8))
            await SmtpTransport(settings_for(port)).lane(desk)
            assert desk.kinds == [ACCEPTED, ACCEPTED, DOUBTFUL] * 2 + [ACCEPTED, ACCEPTED]
            assert len(received) == 8

    run(work)


def test_a_server_that_closes_after_some_messages_gets_them_all() -> None:
    async def work() -> None:
        async with sink(Conduct(close_after=3, chunking=False)) as (port, received):
            desk = desk_of(range(10))
            await SmtpTransport(settings_for(port)).lane(desk)
            assert desk.kinds == [ACCEPTED] * 10
            assert len(received) == 10

    run(work)


@pytest.mark.parametrize("farewell", [b"", b"421 4.4.2 idle too long\r\n"])
def test_hung_up_while_there_was_nothing_to_send(farewell: bytes) -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await dialogue(*HELLO, *ENVELOPE, (".", b"250 ok\r\n" + farewell))(reader, writer)

    desk = desk_of([1, 2])

    async def pause() -> None:
        if len(desk.messages) == 1:
            await asyncio.sleep(0.2)  # time for the server to go away

    desk.on_next = pause
    lane_against(script, desk)
    assert desk.kinds == [ACCEPTED, ACCEPTED]


@pytest.mark.parametrize(
    "turns",
    [
        [],
        [("MAIL", b"")],
        ENVELOPE[:2],
        [("MAIL", b"250 ok\r\n421 4.3.2 shutting down\r\n")],
        [("MAIL", b"bonjour\r\n")],
        [*ENVELOPE[:2], ("DATA", b"250 go on\r\n")],
        [("MAIL", b"354 go\r\n")],
    ],
)
def test_lost_before_the_last_dot_at_the_first_message(turns: list[tuple[str, bytes]]) -> None:
    desk = desk_of([1, 2])
    error = lane_against(dialogue(*HELLO, *turns), desk)
    assert error is not None
    assert error.problems[0].code == "line-lost"
    assert desk.kinds == [DEFERRED]
    assert desk.outcomes[1].fault is Fault.LINE
    assert desk.handed == []


@pytest.mark.parametrize("answer", [b"", b"bonjour\r\n", b"354 go\r\n", b"250-ok\r\n251 ok\r\n"])
def test_lost_after_the_last_dot(answer: bytes) -> None:
    desk = desk_of([1, 2])
    error = lane_against(dialogue(*HELLO, *ENVELOPE, (".", answer)), desk)
    assert error is not None
    assert desk.kinds == [DOUBTFUL]
    assert desk.outcomes[1].fault is Fault.NONE
    assert desk.outcomes[1].reply


def test_no_answer_in_time() -> None:
    patience = replace(QUICK, answer=0.2, verdict=0.2)
    desk = desk_of([1])
    error = lane_against(dialogue(*HELLO, *ENVELOPE, (".", b""), then_wait=True), desk, patience)
    assert desk.kinds == [DOUBTFUL]
    assert "no answer from 127.0.0.1:" in desk.outcomes[1].reply
    assert error is not None
    desk = desk_of([1])
    lane_against(dialogue(*HELLO, ("MAIL", b""), then_wait=True), desk, patience)
    assert desk.kinds == [DEFERRED]


@pytest.mark.parametrize(
    ("answer", "kind"), [(b"421 4.3.2 closing\r\n", DEFERRED), (b"554 5.7.1 spam\r\n", DEFERRED)]
)
def test_turned_down_at_the_end(answer: bytes, kind: OutcomeKind) -> None:
    desk = desk_of([1])
    lane_against(dialogue(*HELLO, *ENVELOPE, (".", answer), *BYE), desk)
    assert desk.kinds == [kind]
    assert desk.handed == [1]


def test_content_wanted_for_nobody_is_not_given() -> None:
    desk = desk_of([1])
    turns = [("MAIL", b"250 ok\r\n"), ("RCPT", b"550 5.1.1 no\r\n"), ("DATA", b"354 go\r\n")]
    lane_against(dialogue(*HELLO, *turns, then_wait=True), desk)
    assert desk.kinds == [REFUSED]


def test_a_flood_of_replies_ends_the_line() -> None:
    desk = desk_of([1])
    error = lane_against(dialogue(("", b"220 hi\r\n" * 10_000), then_wait=True), desk)
    assert error is not None
    assert desk.given == []


# --- doors that stay shut --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("turns", "words"),
    [
        ([("", b"554 no service\r\n")], "greets with: 554 no service"),
        ([("", b"421 4.3.2 later\r\n")], "greets with: 421 4.3.2 later"),
        ([("", b"SSH-2.0-OpenSSH\r\n")], "does not speak SMTP"),
        ([("", b"220 hi\r\n"), ("EHLO", b"502 what\r\n")], "answers EHLO with: 502 what"),
        ([], "closed the connection"),
    ],
)
def test_turned_away(turns: list[tuple[str, bytes]], words: str) -> None:
    desk = desk_of([1])
    error = lane_against(dialogue(*turns), desk)
    assert error is not None
    assert words in str(error)
    assert desk.given == []


def test_a_greeting_that_does_not_come_hints_at_tls() -> None:
    error = lane_against(dialogue(then_wait=True), desk_of([1]), replace(QUICK, greeting=0.2))
    assert error is not None
    assert "no answer" in str(error)
    assert 'security = "tls"' in error.problems[0].hint


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_nobody_listens(host: str) -> None:
    async def work() -> None:
        async with sink() as (port, _):
            pass
        with pytest.raises(TransportError, match="nobody listens at") as caught:
            await SmtpTransport(settings_for(port, host=host)).check()
        assert caught.value.problems[0].code == "nobody-listens"

    run(work)


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a..b"])
def test_no_such_host(host: str) -> None:
    async def work() -> None:
        with pytest.raises(TransportError) as caught:
            await SmtpTransport(settings_for(25, host=host, security="tls")).check()
        assert caught.value.problems[0].code in ("no-host", "no-answer")

    run(work)


def test_no_way_there() -> None:
    async def work() -> None:
        with pytest.raises(TransportError, match="cannot be reached"):
            await SmtpTransport(settings_for(25, host="255.255.255.255", security="tls")).check()

    run(work)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"host": "mail.example.org"}, "plaintext"),
        ({"host": "192.0.2.1"}, "plaintext"),
        ({"security": "ssl"}, "bad-security"),
        ({"ehlo_name": "my machine"}, "bad-ehlo-name"),
        ({"ehlo_name": ""}, "bad-ehlo-name"),
        ({"ehlo_name": "ü..de"}, "bad-ehlo-name"),
    ],
)
def test_settings_that_must_not_be_used(changes: dict[str, str], code: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        SmtpTransport(settings_for(25, **changes))
    assert caught.value.problems[0].code == code


def test_loopback_in_all_its_names_needs_no_encryption() -> None:
    for host in ("localhost", "LOCALHOST.", "127.0.0.1", "127.8.8.8", "::1"):
        SmtpTransport(settings_for(25, host=host))
