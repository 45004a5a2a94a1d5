"""The tables of the ways out besides outbox and smtp: a command on this machine, and providers' APIs."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

from newsletter.config import kinds
from newsletter.config.describing import key
from newsletter.config.kinds import Kind, UnfitError
from newsletter.config.values import Secret

SENDER, RECIPIENT = "{sender}", "{recipient}"
"""Where a command gets the addresses of the envelope."""

SENDMAIL = ("/usr/sbin/sendmail", "-i", "-f", SENDER, "--", RECIPIENT)


def _command(value: object) -> tuple[str, ...]:
    """A command line in words, as a shell would read it; none is ever started."""
    text = kinds.WORDS.read(value)
    try:
        words = tuple(shlex.split(text))
    except ValueError as error:
        raise UnfitError(f"is not a command: {text}", "Every quotation mark needs its partner.") from error
    if not any(RECIPIENT in word for word in words[1:]):
        raise UnfitError(
            f"does not say where the reader's address goes: {text}",
            f'Write "{" ".join(SENDMAIL)}".',
        )
    for found in re.findall(r"\{.*?\}", text):
        if found not in (SENDER, RECIPIENT):
            raise UnfitError(f"holds {found}, which means nothing here", f"Known: {SENDER} and {RECIPIENT}.")
    return words


def _endpoint(value: object) -> str:
    """Where an API answers: https, or http on this machine."""
    text = str(kinds.WORDS.read(value)).rstrip("/")
    try:
        parts = urlsplit(text)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    if not host or parts.query or parts.fragment or parts.username or " " in text:
        raise UnfitError(f"is not the address of an API: {text}", "Leave it out to use the provider's own.")
    if parts.scheme != "https" and not (parts.scheme == "http" and _here(host)):
        raise UnfitError(
            f"must begin with https://: {text}",
            "Your token and your readers' addresses would travel in the open; http:// is for this machine.",
        )
    return text


def _here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


COMMAND = Kind("a command with `{sender}` and `{recipient}`", _command)
ENDPOINT = Kind("an https address", _endpoint)


@dataclass(frozen=True, slots=True, kw_only=True)
class SendmailSettings:
    """A program on this machine that takes messages, run once for each of them."""

    command: tuple[str, ...] = field(
        default=SENDMAIL,
        metadata=key(
            COMMAND,
            "The program and its arguments; no shell is used. It gets the message as its input.",
            otherwise='`"/usr/sbin/sendmail -i -f {sender} -- {recipient}"`',
        ),
    )
    timeout: int = field(
        default=120, metadata=key(kinds.whole(1, 3600), "Seconds that it may take for one message.")
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PostmarkSettings:
    """Postmark, over its Email API in batches of up to 500."""

    token: Secret | None = field(
        default=None,
        metadata=key(
            kinds.SECRET, "The server's API token.", otherwise='none; needed with `transport = "postmark"`'
        ),
    )
    stream: str = field(
        default="broadcast",
        metadata=key(kinds.SELECTOR, "The message stream: newsletters belong in a broadcast stream."),
    )
    endpoint: str = field(
        default="https://api.postmarkapp.com", metadata=key(ENDPOINT, "Where the API answers.")
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ResendSettings:
    """Resend, over its API in batches of up to 100, each with an idempotency key."""

    token: Secret | None = field(
        default=None,
        metadata=key(kinds.SECRET, "The API key.", otherwise='none; needed with `transport = "resend"`'),
    )
    endpoint: str = field(default="https://api.resend.com", metadata=key(ENDPOINT, "Where the API answers."))
