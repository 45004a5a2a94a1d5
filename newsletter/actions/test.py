"""Test messages: the mail of an issue really sent, to addresses that somebody names, and noted nowhere."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from newsletter.actions.build import READER
from newsletter.actions.check import require_no_errors
from newsletter.audience.addresses import parse_address
from newsletter.audience.tokens import NOBODY
from newsletter.delivery.message import MessageTemplate, message_id
from newsletter.errors import Problem, RefusedError, TransportError
from newsletter.model import Fault, Message, Outcome, OutcomeKind, Subscriber, Tier

if TYPE_CHECKING:
    from newsletter.model import Edition, Issue
    from newsletter.publication import Publication

MARK = "[TEST] "
"""Stands before the subject of every test message."""


@dataclass(frozen=True, slots=True)
class Tested:
    """What became of the test messages: for each address, in the order given, what the server said."""

    edition: Edition
    tier: Tier
    outcomes: tuple[tuple[str, Outcome], ...]
    warnings: tuple[Problem, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 all accepted · 4 some refused or doubtful · 75 some deferred, none refused."""
        kinds = {outcome.kind for _, outcome in self.outcomes}
        if kinds & {OutcomeKind.REFUSED, OutcomeKind.DOUBTFUL}:
            return 4
        return TransportError.exit_code if OutcomeKind.DEFERRED in kinds else 0


@dataclass(slots=True)
class _Tray:
    """A desk (see `protocols.Desk`) with a few messages on it, and no ledger behind it."""

    messages: list[Message]
    outcomes: dict[str, Outcome] = field(default_factory=dict)

    async def next(self) -> Message | None:
        return self.messages.pop(0) if self.messages else None

    async def hand(self, message: Message) -> bool:  # noqa: ARG002 - the protocol's
        return True

    def settle(self, message: Message, outcome: Outcome) -> None:
        self.outcomes[message.recipient] = outcome


def stand_in(publication: Publication, like: str = "", *, empty: bool = False) -> Subscriber:
    """Whose values fill the merge fields: those of the subscriber `like`, else an invented reader's.

    With `empty`, a reader of whom nothing is known, so that fallbacks show. In any case a link in the message
    carries the token of nobody. Raises RefusedError when `like` is not on the list.
    """
    if empty:
        return replace(READER, public_id=NOBODY, name="", first_name="", last_name="", fields={})
    if not like:
        return replace(READER, public_id=NOBODY)
    found = publication.subscribers.get(like)
    if found is None:
        raise RefusedError(
            f"{like} is not on the list.",
            hint="`newsletter subscribers list` shows who is.",
            code="unknown-subscriber",
        )
    return replace(found, public_id=NOBODY)


def send_test(
    publication: Publication,
    issue: Issue,
    recipients: Sequence[str],
    reader: Subscriber,
    tier: Tier | None = None,
) -> Tested:
    """Sends the issue's mail to each of `recipients` as `reader` would get it, as one of `tier` where given.

    But for the mark in the subject, the address, and what must differ between any two messages (the token,
    the Message-ID, the date), the octets are those that a send would hand over. Raises ContentError when the
    issue has errors or an address is none, TransportError when the way out is closed.
    """
    addresses = {address.key: address.email for address in map(parse_address, recipients)}
    warnings = require_no_errors(publication, issue)
    edition = publication.edition(issue)
    tier = tier or reader.tier
    messages = [
        _message(publication, edition, replace(reader, id=number, email=email, tier=tier))
        for number, email in enumerate(addresses.values())
    ]
    outcomes = asyncio.run(_send(publication, messages))
    return Tested(
        edition,
        tier,
        tuple(
            (email, outcomes[message.recipient])
            for email, message in zip(addresses.values(), messages, strict=True)
        ),
        tuple(warnings),
    )


def _message(publication: Publication, edition: Edition, reader: Subscriber) -> Message:
    identity = edition.identity
    rendition = edition.rendition(reader.tier)
    marked = replace(rendition, subject=(MARK, *rendition.subject))
    now = publication.clock.now()
    tokens = publication.tokens
    return MessageTemplate.compile(marked, identity, publication.signer).assemble(
        subscriber=reader,
        token=tokens.unsubscribe(NOBODY),
        message_id=message_id(
            publication.secret_key,
            0,
            f"{edition.digest} {reader.email} {now.isoformat()}".encode(),  # another one every time
            identity.from_address.rpartition("@")[2],
        ),
        date=now,
        bounce_token=tokens.bounce(NOBODY, 0) if publication.settings.delivery.verp else "",
    )


async def _send(publication: Publication, messages: Sequence[Message]) -> dict[str, Outcome]:
    transport = publication.transport()
    tray = _Tray(list(messages))
    await transport.check()
    try:
        await transport.lane(tray)
    except TransportError as error:
        if not tray.outcomes:
            raise
        unsent = Outcome(OutcomeKind.DEFERRED, reply=error.problems[0].message, fault=Fault.LINE)
        return {message.recipient: unsent for message in messages} | tray.outcomes
    return tray.outcomes
