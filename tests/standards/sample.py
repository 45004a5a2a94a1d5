"""The sample publication, compiled and assembled, for the tests of the standards."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cached_property
from html.parser import HTMLParser

from newsletter.audience.tokens import Tokens
from newsletter.delivery.dkim import Signer
from newsletter.delivery.message import MessageTemplate, message_id
from newsletter.model import Edition, Message, Subscriber, Tier

STRICT = policy.default.clone(raise_on_defect=True)
TOKENS = Tokens(bytes(range(32)))
SENT = datetime(2025, 11, 24, 8, 30, tzinfo=UTC)
"""In the past, since receivers turn down signatures from the future."""


def reader(
    number: int = 1, name: str = "Ada Lovelace", tier: Tier = Tier.MEMBER, email: str = "", **fields: str
) -> Subscriber:
    address = email or f"reader{number}@example.org"
    first, _, last = name.partition(" ")
    return Subscriber(
        id=number,
        public_id=number.to_bytes(8, "big"),
        email=address,
        email_key=address,
        name=name,
        first_name=first,
        last_name=last,
        tier=tier,
        fields=fields,
    )


def assemble(
    edition: Edition, subscriber: Subscriber, *, verp: bool = False, signer: Signer | None = None
) -> Message:
    template = MessageTemplate.compile(edition.rendition(subscriber.tier), edition.identity, signer)
    return template.assemble(
        subscriber=subscriber,
        token=TOKENS.unsubscribe(subscriber.public_id),
        message_id=message_id(b"k" * 32, 7, subscriber.public_id, "sorepoints.example.org"),
        date=SENT,
        bounce_token=TOKENS.bounce(subscriber.public_id, 7) if verp else "",
    )


@dataclass(frozen=True)
class Mail:
    """One issue's message to one reader, and what Python's parser reads in it."""

    edition: Edition
    subscriber: Subscriber
    message: Message

    @cached_property
    def parsed(self) -> EmailMessage:
        parsed = message_from_bytes(self.message.content, policy=STRICT)
        for part in parsed.walk():
            assert part.defects == []
        return parsed

    @property
    def header(self) -> bytes:
        return self.message.content.partition(b"\r\n\r\n")[0]

    def body(self, kind: str) -> str:
        part = self.parsed.get_body((kind,))
        assert part is not None
        return str(part.get_content())

    @cached_property
    def page(self) -> Page:
        page = Page()
        page.feed(self.body("html"))
        page.close()
        return page

    def fields(self, name: str) -> list[bytes]:
        """The raw fields of this name, folded as they are."""
        pattern = rb"(?mi)^" + re.escape(name.encode()) + rb":[^\r\n]*(?:\r\n[ \t][^\r\n]*)*"
        return re.findall(pattern, self.header)


class Page(HTMLParser):
    """What the tests ask about the HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.title = ""
        self.links: list[tuple[str, str]] = []
        self._in: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.tags.append((tag, values))
        if tag not in ("img", "br", "meta", "link", "hr"):
            self._in.append(tag)
        if tag == "a":
            self.links.append((values.get("href", ""), ""))

    def handle_endtag(self, tag: str) -> None:
        while self._in and self._in.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "title" in self._in:
            self.title += data
        elif not {"style", "head"} & set(self._in):
            self.words += re.findall(r"[^\W\d_]{4,}", data)
            if "a" in self._in and self.links:
                href, words = self.links[-1]
                self.links[-1] = (href, words + data)

    def named(self, tag: str) -> Iterator[dict[str, str]]:
        return (values for name, values in self.tags if name == tag)
