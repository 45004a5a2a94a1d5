"""What holds for every transport, as checks that a new one joins by being named in `test_conformance.py`.

A `Way` is a transport with a far end that can be looked at: what has arrived there, taken apart.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from newsletter.delivery.message import MessageTemplate, message_id
from newsletter.document import Merge
from newsletter.errors import StorageError
from newsletter.model import Fault, Identity, Message, OutcomeKind, Rendition, Subscriber, Tier
from newsletter.protocols import Transport
from newsletter.transports.letter import Letter, read_letter
from tests.transports.parts import MemoryDesk

IDENTITY = Identity(
    from_name="Sore Points, “weekly”",
    from_address="news@example.org",
    return_path="bounces@example.org",
    list_id="weekly.example.org",
    list_name="Wunde Punkte · Übersicht",
    unsubscribe_mailbox="news@example.org",
    reply_to="answers@example.org",
    unsubscribe_base="https://letters.example.org/unsubscribe/",
    archive_url="https://example.org/",
    issue_url="https://example.org/six/",
)
TEMPLATE = MessageTemplate.compile(
    Rendition(
        Tier.FREE,
        ("Six clots, ", Merge("first_name", "you"), " – and “more”"),
        (
            "<p>Dear ",
            Merge("first_name", "you"),
            ",<br>naïve</p>\n<a href='",
            Merge("unsubscribe_url"),
            "'>x</a>\n",
        ),
        (
            "Dear ",
            Merge("first_name", "you"),
            ",\n\n.a line with a dot\n. \nFrom the start\n",
            "é" * 90,
            "\n",
        ),
    ),
    IDENTITY,
)


def real_message(number: int, name: str = "") -> Message:
    """A message as the sending loop makes it."""
    reader = Subscriber(
        id=number,
        public_id=number.to_bytes(8, "big"),
        email=f"reader{number}@example.org",
        email_key=f"reader{number}@example.org",
        name=name,
        first_name=name.partition(" ")[0],
    )
    return TEMPLATE.assemble(
        subscriber=reader,
        token=f"token{number:027}",
        message_id=message_id(b"k" * 32, 1, reader.public_id, "example.org"),
        date=datetime(2026, 11, 24, 8, number % 60, tzinfo=UTC),
    )


NAMES = ["", "Ann Example", 'Søren "Sø" Kierkegaard, jr.', "李雷", "O'Neill"]


@dataclass
class Way:
    """A transport and its far end; `arrived` gives what is there, by the address it went to."""

    transport: Transport
    arrived: Callable[[], dict[str, Letter]]


def run(work: Awaitable[None]) -> None:
    async def limited() -> None:
        async with asyncio.timeout(30):
            await work

    asyncio.run(limited())


async def lanes(way: Way, desk: MemoryDesk) -> None:
    await asyncio.gather(*(way.transport.lane(desk) for _ in range(way.transport.lanes)))


async def the_same_mail_arrives(way: Way) -> None:
    messages = [real_message(number, NAMES[number % len(NAMES)]) for number in range(1, 13)]
    desk = MemoryDesk(list(messages))
    await way.transport.check()
    await lanes(way, desk)
    assert desk.kinds == [OutcomeKind.ACCEPTED] * 12
    arrived = way.arrived()
    assert len(arrived) == 12
    for message in messages:
        expected, got = read_letter(message), arrived[message.recipient]
        assert (got.subject, got.sender, got.recipient, got.reply_to) == (
            expected.subject,
            expected.sender,
            expected.recipient,
            expected.reply_to,
        )
        assert got.text.rstrip("\n") == expected.text.rstrip("\n")
        assert got.html.rstrip("\n") == expected.html.rstrip("\n")
        headers = dict(got.headers)
        for name in ("List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Archive", "Archived-At"):
            assert headers[name] == dict(expected.headers)[name], name
        assert headers["List-Unsubscribe"].startswith("<https://letters.example.org/unsubscribe/token")
        assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


async def nothing_arrives_before_it_is_handed(way: Way) -> None:
    desk = MemoryDesk([real_message(number) for number in range(1, 6)])

    async def look(message: Message) -> None:
        await asyncio.sleep(0.02)
        assert message.recipient not in way.arrived()

    desk.on_hand = look
    await lanes(way, desk)
    assert desk.kinds == [OutcomeKind.ACCEPTED] * 5


async def declined_messages_do_not_leave(way: Way) -> None:
    desk = MemoryDesk([real_message(number) for number in range(1, 7)], declined=frozenset({2, 3, 6}))
    await lanes(way, desk)
    assert sorted(desk.outcomes) == [1, 4, 5]
    assert sorted(way.arrived()) == [f"reader{number}@example.org" for number in (1, 4, 5)]


async def a_ledger_that_fails_stops_everything(way: Way) -> None:
    desk = MemoryDesk([real_message(number) for number in range(1, 4)])

    async def fail(_: Message) -> None:
        raise StorageError("gone")

    desk.on_hand = fail
    try:
        await way.transport.lane(desk)
    except StorageError:
        assert {outcome.fault for outcome in desk.outcomes.values()} <= {Fault.LINE}
        assert sorted(desk.outcomes) == sorted(desk.given)
        assert way.arrived() == {}
        return
    raise AssertionError("the lane went on")


async def a_lane_cancelled_while_handing_settles_all(way: Way) -> None:
    desk = MemoryDesk([real_message(number) for number in range(1, 4)])
    waiting = asyncio.Event()

    async def wait(_: Message) -> None:
        waiting.set()
        await asyncio.sleep(0.2)

    desk.on_hand = wait
    lane = asyncio.ensure_future(way.transport.lane(desk))
    await waiting.wait()
    lane.cancel()
    await asyncio.wait([lane])
    assert lane.cancelled()
    assert sorted(desk.outcomes) == sorted(desk.given)
    assert {outcome.kind for outcome in desk.outcomes.values()} <= {OutcomeKind.DEFERRED}
    assert way.arrived() == {}


async def a_lane_cancelled_while_it_waits_loses_nothing(way: Way) -> None:
    desk = MemoryDesk([])

    async def never() -> None:
        await asyncio.sleep(60)

    desk.on_next = never
    lane = asyncio.ensure_future(way.transport.lane(desk))
    await asyncio.sleep(0.2)
    lane.cancel()
    await asyncio.wait([lane])
    assert lane.cancelled()
    assert desk.outcomes == {}


CHECKS = [
    the_same_mail_arrives,
    nothing_arrives_before_it_is_handed,
    declined_messages_do_not_leave,
    a_ledger_that_fails_stops_everything,
    a_lane_cancelled_while_handing_settles_all,
    a_lane_cancelled_while_it_waits_loses_nothing,
]
