"""The sending protocol as a small model, searched state by state: no order of events doubles or loses.

Two senders work on two deliveries of one campaign. At any moment a sender may die, be believed dead while it
lives (its lease runs out while it is stopped), lose an answer, or go on. The model keeps to the rules that
`storage.ledger` and `storage.campaigns` implement. Three planted faults show that the search would find them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum

import pytest

PLANNED, CLAIMED, HANDED, ACCEPTED, DOUBTFUL = range(5)
READERS = 2
TAKES = 3
CRASHES = 2


class Fault(Enum):
    """A rule that is broken on purpose."""

    NONE = "none"
    MARK_AFTER_SENDING = "the handed mark is written after the last octet"
    NO_FENCE = "a sender does not look whether the delivery is still his before he hands it over"
    BLIND_RESEND = "what was handed is sent again after a crash"


@dataclass(frozen=True)
class Row:
    """A delivery in the ledger."""

    state: int = PLANNED
    attempt: int = 0


@dataclass(frozen=True)
class Sender:
    """A process: the epoch it holds (0: none), and the message it is carrying (-1: none) and how far."""

    epoch: int = 0
    carrying: int = -1
    attempt: int = 0
    step: str = ""  # claimed, handed, sent


@dataclass(frozen=True)
class World:
    """Everything: the ledger, the senders, and how often each reader's server has taken the message."""

    rows: tuple[Row, ...] = (Row(),) * READERS
    epoch: int = 0
    senders: tuple[Sender, ...] = (Sender(), Sender())
    arrived: tuple[int, ...] = (0,) * READERS
    takes: int = TAKES
    crashes: int = CRASHES


def put(items: tuple, index: int, item: object) -> tuple:  # type: ignore[type-arg]  # rows, senders and counts alike
    return (*items[:index], item, *items[index + 1 :])


def steps(world: World, fault: Fault) -> Iterator[World]:
    """Every world that may come next."""
    for who, sender in enumerate(world.senders):
        if world.takes:
            yield take(world, who, fault)
        if sender.epoch == 0:
            continue
        if world.crashes:
            dead = put(world.senders, who, Sender())
            yield replace(world, senders=dead, crashes=world.crashes - 1)
        if sender.step == "":
            yield from claims(world, who)
        elif sender.step == "claimed":
            yield from (sends(world, who) if fault is Fault.MARK_AFTER_SENDING else hands(world, who, fault))
        elif sender.step == "handed":
            yield from sends(world, who)
        elif fault is Fault.MARK_AFTER_SENDING:
            yield from hands(world, who, fault)
        else:
            yield from answers(world, who)
        if sender.step == "marked":
            yield from answers(world, who)


def take(world: World, who: int, fault: Fault) -> World:
    """Takes the campaign over and sets right what the former sender left."""
    after = {CLAIMED: PLANNED, HANDED: PLANNED if fault is Fault.BLIND_RESEND else DOUBTFUL}
    rows = tuple(replace(row, state=after.get(row.state, row.state)) for row in world.rows)
    senders = put(world.senders, who, Sender(epoch=world.epoch + 1))
    return replace(world, rows=rows, epoch=world.epoch + 1, senders=senders, takes=world.takes - 1)


def claims(world: World, who: int) -> Iterator[World]:
    """The mark that a delivery is this sender's: only for the holder of the epoch."""
    if world.senders[who].epoch != world.epoch:
        return
    for index, row in enumerate(world.rows):
        if row.state == PLANNED:
            rows = put(world.rows, index, Row(CLAIMED, row.attempt + 1))
            carrying = replace(world.senders[who], carrying=index, attempt=row.attempt + 1, step="claimed")
            yield replace(world, rows=rows, senders=put(world.senders, who, carrying))


def hands(world: World, who: int, fault: Fault) -> Iterator[World]:
    """The mark: only for the holder of the epoch, only from claimed, only for this attempt."""
    sender = world.senders[who]
    row = world.rows[sender.carrying]
    ours = sender.epoch == world.epoch and (row.state, row.attempt) == (CLAIMED, sender.attempt)
    if not ours and fault is not Fault.NO_FENCE:
        dropped = replace(sender, carrying=-1, attempt=0, step="")
        yield replace(world, senders=put(world.senders, who, dropped))
        return
    rows = put(world.rows, sender.carrying, replace(row, state=HANDED))
    marked = replace(sender, step="marked" if fault is Fault.MARK_AFTER_SENDING else "handed")
    yield replace(world, rows=rows, senders=put(world.senders, who, marked))


def sends(world: World, who: int) -> Iterator[World]:
    """The last octet leaves: the server takes the message, or the line breaks on the way."""
    sender = world.senders[who]
    sent = put(world.senders, who, replace(sender, step="sent"))
    yield replace(world, senders=sent)
    arrived = put(world.arrived, sender.carrying, world.arrived[sender.carrying] + 1)
    yield replace(world, senders=sent, arrived=arrived)


def answers(world: World, who: int) -> Iterator[World]:
    """The outcome is written, as evidence even after a taking-over; or the answer is lost: doubtful."""
    sender = world.senders[who]
    row = world.rows[sender.carrying]
    free = put(world.senders, who, replace(sender, carrying=-1, attempt=0, step=""))
    ours = row.attempt == sender.attempt and row.state in (CLAIMED, HANDED, DOUBTFUL)
    for verdict in (ACCEPTED, DOUBTFUL):
        if verdict == ACCEPTED and not world.arrived[sender.carrying]:
            continue  # nobody says yes to what did not arrive
        rows = put(world.rows, sender.carrying, replace(row, state=verdict)) if ours else world.rows
        yield replace(world, rows=rows, senders=free)


def search(fault: Fault) -> tuple[int, World | None, int]:
    """All worlds that can be reached: how many, the first bad one, and after how many steps it came."""
    seen = {World()}
    ahead = deque([(World(), 0)])
    while ahead:
        world, depth = ahead.popleft()
        if any(count > 1 for count in world.arrived) or lost(world):
            return len(seen), world, depth
        for following in steps(world, fault):
            if following not in seen:
                seen.add(following)
                ahead.append((following, depth + 1))
    return len(seen), None, 0


def lost(world: World) -> bool:
    """A row says accepted, and nothing arrived."""
    return any(
        row.state == ACCEPTED and not count for row, count in zip(world.rows, world.arrived, strict=True)
    )


def test_no_order_of_events_doubles_or_loses_a_message() -> None:
    worlds, bad, _ = search(Fault.NONE)
    assert bad is None
    assert worlds > 10_000
    print(f"\n{worlds:,} worlds searched, none of them bad")


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault is not Fault.NONE])
def test_the_search_finds_planted_faults(fault: Fault) -> None:
    _, bad, depth = search(fault)
    assert bad is not None, fault.value
    print(f"\n{fault.value}: found after {depth} steps")


def test_every_world_can_come_to_a_good_end() -> None:
    """From every world in which somebody may still take over, all rows can come to accepted or doubtful."""
    seen = {World()}
    ahead = deque([World()])
    back: dict[World, list[World]] = {}
    while ahead:
        world = ahead.popleft()
        for following in steps(world, Fault.NONE):
            back.setdefault(following, []).append(world)
            if following not in seen:
                seen.add(following)
                ahead.append(following)
    good = {world for world in seen if all(row.state in (ACCEPTED, DOUBTFUL) for row in world.rows)}
    ahead = deque(good)
    while ahead:
        for before in back.get(ahead.popleft(), ()):
            if before not in good:
                good.add(before)
                ahead.append(before)
    stuck = [world for world in seen - good if world.takes]
    assert not stuck, stuck[0]
