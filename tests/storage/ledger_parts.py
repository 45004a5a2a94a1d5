"""Parts of the ledger's and the loop's tests: a frozen campaign, a clock, a transport with a script."""

from __future__ import annotations

import asyncio
import os
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from newsletter.audience.tokens import Tokens
from newsletter.model import (
    Campaign,
    Claim,
    DeliveryState,
    Edition,
    Fault,
    Identity,
    Message,
    Outcome,
    OutcomeKind,
    Tally,
)
from newsletter.protocols import Desk
from newsletter.rendering.frozen import edition_from_json, edition_to_json
from newsletter.storage.campaigns import CampaignStore
from newsletter.storage.database import Database
from newsletter.storage.deliveries import DeliveryStore

ACCEPTED = Outcome(OutcomeKind.ACCEPTED, 250, "2.0.0", "ok")
GREYLISTED = Outcome(OutcomeKind.DEFERRED, 451, "4.7.1", "greylisted", fault=Fault.RECIPIENT)
UNKNOWN = Outcome(OutcomeKind.REFUSED, 550, "5.1.1", "no such user", fault=Fault.RECIPIENT)
BLOCKED = Outcome(OutcomeKind.DEFERRED, 550, "5.7.1", "you are blocked", fault=Fault.SENDER)
LINE_LOST = Outcome(OutcomeKind.DEFERRED, reply="connection lost", fault=Fault.LINE)
NO_ANSWER = Outcome(OutcomeKind.DOUBTFUL, reply="connection lost after the message")

IDENTITY = Identity(
    "Sore Points", "news@example.org", "bounces@example.org", "news.example.org", "News", "l@example.org"
)
TOKENS = Tokens(bytes(32))


class TestClock:
    """Real time, which `sleep` shortens: a second of the sending loop is a millisecond at most."""

    __test__ = False

    def __init__(self) -> None:
        self.offset = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        self.offset += timedelta(seconds=seconds)
        await asyncio.sleep(min(seconds / 1000, 0.02))


def add_readers(database: Database, count: int, *, start: int = 0, tier: str = "free") -> None:
    rows = [
        (os.urandom(8), f"r{n}@example.org", f"r{n}@example.org", tier, "active", 0, 0)
        for n in range(start, start + count)
    ]
    with database.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO subscribers (public_id, email, email_key, tier, status, joined_at, changed_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            rows,
        )


def set_status(database: Database, email: str, status: str) -> None:
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE subscribers SET status = ? WHERE email_key = ?", (status, email))


def edition(slug: str = "six-clots") -> Edition:
    bare = Edition(slug=slug, title="Six clots", identity=IDENTITY, renditions=(), digest="")
    return edition_from_json(edition_to_json(bare))


def campaign_of(store: CampaignStore, slug: str = "six-clots") -> Campaign:
    return store.create(edition(slug), "everyone")


def assemble(claim: Claim) -> Message:
    return Message(
        claim.subscriber.id, f"<{claim.subscriber.id}@x>", "b@example.org", claim.subscriber.email, b"hi\r\n"
    )


def counts(tally: Tally) -> dict[str, int]:
    return {state.label: count for state, count in tally.counts.items() if count}


@dataclass
class ScriptedTransport:
    """Takes messages for real and answers what `script` says; remembers how often each reader got one.

    `script(message, attempt)` gives an Outcome, or an exception that the lane then raises.
    """

    script: Callable[[Message, int], Outcome | Exception] = lambda _message, _attempt: ACCEPTED
    lanes: int = 3
    repeatable: bool = False
    name: str = "scripted"
    tries: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    arrived: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    async def check(self) -> None:
        """Always ready."""

    async def lane(self, desk: Desk) -> None:
        while (message := await desk.next()) is not None:
            self.tries[message.recipient] += 1
            said = self.script(message, self.tries[message.recipient])
            if said is LINE_LOST:
                desk.settle(message, said)
                continue
            if not await desk.hand(message):
                continue
            await asyncio.sleep(0)
            if isinstance(said, Exception):
                desk.settle(message, NO_ANSWER)
                raise said
            if said.kind is OutcomeKind.ACCEPTED:
                self.arrived[message.recipient] += 1
            desk.settle(message, said)


def deliveries(database: Database) -> DeliveryStore:
    return DeliveryStore(database, TestClock().now)


def state_of(database: Database, campaign: Campaign, email: str) -> DeliveryState | None:
    for state in DeliveryState:
        if any(row.email == email for row in deliveries(database).rows(campaign, state)):
            return state
    return None
