"""Several servers, and how many connections there are to them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from newsletter.errors import CredentialsError, TransportError
from newsletter.model import OutcomeKind
from newsletter.transports.gate import Gate
from newsletter.transports.session import SmtpSettings
from newsletter.transports.sink import Sink
from newsletter.transports.sink_conduct import Conduct
from newsletter.transports.sink_keeping import Received
from newsletter.transports.smtp import SmtpTransport
from tests.transports.parts import Peer, desk_of, peers, scripted, settings_for, sink
from tests.transports.test_smtp import run


async def free_port() -> int:
    async with sink() as (port, _):
        return port


def several(ports: list[int], *changes: dict[str, Any], **common: Any) -> list[SmtpSettings]:
    return [settings_for(port, **common, **change) for port, change in zip(ports, changes, strict=True)]


async def use(settings: list[SmtpSettings], count: int) -> tuple[list[OutcomeKind], Counter[str]]:
    """Sends so many messages over all lanes; the outcomes and the errors of lanes."""
    desk = desk_of(range(count))
    transport = SmtpTransport(*settings)
    ends = await asyncio.gather(
        *(transport.lane(desk) for _ in range(transport.lanes)), return_exceptions=True
    )
    return desk.kinds, Counter(type(end).__name__ for end in ends if end is not None)


@pytest.mark.parametrize(("weights", "expected"), [((1, 1), [4, 4]), ((3, 1), [6, 2]), ((1, 0), [8, 0])])
def test_connections_are_shared_out_by_weight(weights: tuple[int, int], expected: list[int]) -> None:
    greeted = [0, 0]

    def server(which: int) -> Callable[[Peer], Awaitable[None]]:
        async def play(peer: Peer) -> None:
            greeted[which] += 1
            await peer.greet("PIPELINING")
            while (said := await peer.line()) != "QUIT":
                peer.say("354 go" if said == "DATA" else "250 ok")
                if said == "DATA":
                    await peer.content()
                    await asyncio.sleep(0.05)
                    peer.say("250 ok")

        return play

    async def work() -> None:
        async with scripted(peers(server(0))) as first, scripted(peers(server(1))) as second:
            changes = [{"weight": weight} for weight in weights]
            kinds, errors = await use(several([first, second], *changes, connections=8), 40)
            assert kinds == [OutcomeKind.ACCEPTED] * 40
            assert not errors

    run(work)
    assert greeted == expected


def test_a_spare_helps_out_when_the_others_do_not_open() -> None:
    async def work() -> None:
        async with sink() as (port, received):
            closed = await free_port()
            settings = several([closed, port], {}, {"weight": 0}, connections=4)
            kinds, errors = await use(settings, 40)
            assert kinds == [OutcomeKind.ACCEPTED] * 40
            assert not errors
            assert len(received) == 40
            await SmtpTransport(*settings).check()

    run(work)


def test_a_server_that_goes_away_is_replaced_by_another() -> None:
    async def work() -> None:
        gone: list[Received] = []
        stopping: list[asyncio.Task[None]] = []

        def keep(one: Received) -> None:
            gone.append(one)
            if len(gone) == 5:
                stopping.append(asyncio.create_task(server.stop()))

        server = Sink(keep, Conduct(chunking=False))
        port = await server.start()
        async with sink() as (other, received):
            desk = desk_of(range(30))
            await SmtpTransport(*several([port, other], {"weight": 100}, {})).lane(desk)
            await stopping[0]
            arrived = {one.message_id for one in (*gone, *received)}
            doubtful = desk.kinds.count(OutcomeKind.DOUBTFUL)
            assert len(arrived) == len(gone) + len(received)
            assert 30 - len(arrived) <= doubtful <= 1
            assert desk.kinds.count(OutcomeKind.ACCEPTED) == 30 - doubtful

    run(work)


def test_none_opens() -> None:
    async def work() -> None:
        ports = [await free_port(), await free_port()]
        kinds, errors = await use(several(ports, {}, {}, connections=2), 3)
        assert kinds == []
        assert errors == {"TransportError": 2}
        with pytest.raises(TransportError, match="nobody listens"):
            await SmtpTransport(*several(ports, {}, {})).check()

    run(work)


def test_a_server_that_does_not_let_us_in() -> None:
    conduct = Conduct(login=("ada", "secret"))

    async def work() -> None:
        async with sink(conduct) as (strict, _), sink() as (open_to_all, received):
            login = {"username": "ada", "password": "wrong"}
            settings = several([strict, open_to_all], login, {}, connections=2)
            with pytest.raises(CredentialsError):
                await SmtpTransport(*settings).check()
            kinds, errors = await use(settings, 10)
            assert kinds == [OutcomeKind.ACCEPTED] * 10
            assert not errors
            assert len(received) == 10
            kinds, errors = await use(settings[:1], 10)
            assert kinds == []
            assert errors == {"CredentialsError": 1} or errors == {"CredentialsError": 2}

    run(work)


# --- no more connections than there is work --------------------------------------------------------------


def greeted_by(lanes: int, count: int, *, pace: float = 0.0, slow: float = 0.0) -> int:
    """How many connections are made for so many messages, given out every `pace` seconds."""
    connections = 0

    async def server(peer: Peer) -> None:
        nonlocal connections
        connections += 1
        await peer.greet("PIPELINING")
        while (said := await peer.line()) != "QUIT":
            peer.say("354 go" if said == "DATA" else "250 ok")
            if said == "DATA":
                await peer.content()
                await asyncio.sleep(slow)
                peer.say("250 ok")
        peer.say("221 bye")

    async def work() -> None:
        turn = asyncio.Lock()

        async def wait() -> None:
            async with turn:
                await asyncio.sleep(pace)

        async with scripted(peers(server)) as port:
            desk = desk_of(range(count))
            if pace:
                desk.on_next = wait
            transport = SmtpTransport(settings_for(port, connections=lanes))
            await asyncio.gather(*(transport.lane(desk) for _ in range(lanes)))
            assert desk.kinds == [OutcomeKind.ACCEPTED] * count

    run(work)
    return connections


def test_one_connection_is_enough_for_a_trickle() -> None:
    assert greeted_by(8, 20, pace=0.02) <= 2


def test_all_are_used_when_there_is_much_to_do() -> None:
    assert greeted_by(8, 60, slow=0.02) == 8


def test_those_who_find_nothing_to_do_go_home() -> None:
    assert greeted_by(8, 0) == 1
    assert greeted_by(8, 1) in (1, 2)


def test_lanes_outside_can_be_cancelled() -> None:
    async def work() -> None:
        gate = Gate()
        assert await gate.enter()
        outside = [asyncio.create_task(gate.enter()) for _ in range(2)]
        await asyncio.sleep(0)
        outside[0].cancel()
        await asyncio.sleep(0)
        gate.answered()  # lets one more in
        assert await outside[1]
        gate.leave(asking=True)
        gate.leave(asking=False)
        assert await gate.enter()

    run(work)


def test_a_lane_that_is_cancelled_on_the_doorstep_counts_as_outside() -> None:
    async def work() -> None:
        gate = Gate()
        await gate.enter()
        outside = asyncio.create_task(gate.enter())
        await asyncio.sleep(0)
        gate.answered()
        outside.cancel()
        with pytest.raises(asyncio.CancelledError):
            await outside
        gate.leave(asking=False)
        assert await gate.enter()
        gate.leave(asking=True, done=True)

    run(work)


def test_when_the_only_one_fails_the_others_try_for_themselves() -> None:
    async def work() -> None:
        gate = Gate()
        await gate.enter()
        others = [asyncio.create_task(gate.enter()) for _ in range(2)]
        await asyncio.sleep(0)
        gate.leave(asking=True)
        assert await asyncio.gather(*others) == [True, True]

    run(work)
