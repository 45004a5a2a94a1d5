"""Every transport against the conformance suite: the same mail out as in, no promise broken."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from email.utils import parseaddr
from pathlib import Path
from typing import Any

import pytest

from newsletter.model import Message
from newsletter.transports.api import ApiSettings, Waits
from newsletter.transports.letter import Letter, read_letter
from newsletter.transports.memory import MemoryTransport
from newsletter.transports.outbox import OutboxTransport
from newsletter.transports.postmark import PostmarkTransport
from newsletter.transports.resend import ResendTransport
from newsletter.transports.sendmail import SendmailSettings, SendmailTransport
from newsletter.transports.smtp import SmtpTransport
from tests.transports.conformance import CHECKS, Way, run
from tests.transports.fakes.postmark import FakePostmark
from tests.transports.fakes.provider import TOKEN, serving
from tests.transports.fakes.resend import FakeResend
from tests.transports.parts import settings_for, sink

SCRIPT = Path(__file__).parent / "fakes" / "sendmail.py"
QUICK = Waits(first=0.01, hold=1.0, linger=0.05)


def letter_of(content: bytes, recipient: str) -> Letter:
    return read_letter(Message(0, "<x@example.org>", "", recipient, content.replace(b"\r\n", b"\n")))


@asynccontextmanager
async def memory(folder: Path) -> AsyncIterator[Way]:
    transport = MemoryTransport(lanes=2)
    yield Way(transport, lambda: {m.recipient: read_letter(m) for m in transport.received})


@asynccontextmanager
async def outbox(folder: Path) -> AsyncIterator[Way]:
    def arrived() -> dict[str, Letter]:
        new = folder / "outbox" / "new"
        contents = [path.read_bytes() for path in new.iterdir()] if new.exists() else []
        letters = [letter_of(content, "") for content in contents]
        return {parseaddr(letter.recipient)[1]: letter for letter in letters}

    yield Way(OutboxTransport(folder / "outbox"), arrived)


@asynccontextmanager
async def smtp(folder: Path) -> AsyncIterator[Way]:
    async with sink() as (port, received):
        yield Way(
            SmtpTransport(settings_for(port, connections=2)),
            lambda: {one.recipients[0]: letter_of(one.content, one.recipients[0]) for one in received},
        )


@asynccontextmanager
async def sendmail(folder: Path) -> AsyncIterator[Way]:
    kept = folder / "kept"
    kept.mkdir()
    words = (sys.executable, "-SE", str(SCRIPT), str(kept), "-i", "-f", "{sender}", "--", "{recipient}")

    def arrived() -> dict[str, Letter]:
        return {path.name: letter_of(path.read_bytes(), path.name) for path in kept.iterdir()}

    yield Way(SendmailTransport(SendmailSettings(words, processes=2)), arrived)


@asynccontextmanager
async def postmark(folder: Path) -> AsyncIterator[Way]:
    provider = FakePostmark()

    def arrived() -> dict[str, Letter]:
        return {letter.recipient_address: letter.letter for letter in map(_Postmarked, provider.taken)}

    with serving(provider) as endpoint:
        yield Way(PostmarkTransport(ApiSettings(TOKEN, endpoint, waits=QUICK)), arrived)
    assert provider.complaints == []


class _Postmarked:
    def __init__(self, item: dict[str, Any]) -> None:
        headers = {field["Name"]: field["Value"] for field in item["Headers"]}
        assert item["MessageStream"] == "broadcast"
        assert headers["X-PM-KeepID"] == "true"
        self.recipient_address = parseaddr(item["To"])[1]
        self.letter = Letter(
            message_id=headers["Message-ID"],
            delivery=item["Metadata"]["delivery"],
            sender=item["From"],
            recipient=item["To"],
            reply_to=item["ReplyTo"],
            subject=item["Subject"],
            text=item["TextBody"],
            html=item["HtmlBody"],
            headers=tuple(headers.items()),
        )


@asynccontextmanager
async def resend(folder: Path) -> AsyncIterator[Way]:
    provider = FakeResend()

    def arrived() -> dict[str, Letter]:
        return {
            parseaddr(item["to"][0])[1]: Letter(
                message_id="",
                delivery=item["headers"]["X-Entity-Ref-ID"],
                sender=item["from"],
                recipient=item["to"][0],
                reply_to=item["reply_to"],
                subject=item["subject"],
                text=item["text"],
                html=item["html"],
                headers=tuple(item["headers"].items()),
            )
            for item in provider.taken
        }

    with serving(provider) as endpoint:
        yield Way(ResendTransport(ApiSettings(TOKEN, endpoint, waits=QUICK), folder / "book.db"), arrived)
    assert provider.complaints == []


Open = Callable[[Path], AbstractAsyncContextManager[Way]]
WAYS: list[Open] = [memory, outbox, smtp, sendmail, postmark, resend]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_conformance(way: Open, check: Callable[[Way], Awaitable[None]], tmp_path: Path) -> None:
    async def work() -> None:
        async with way(tmp_path) as opened:
            await check(opened)

    run(work())
