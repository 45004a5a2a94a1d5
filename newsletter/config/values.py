"""What settings hold besides plain text and numbers: rates, mailboxes, references to secrets."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` messages in any window of `seconds` seconds."""

    count: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A name and a bare address, as in a From line; `name` may be empty."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a secret is kept, never the secret: `scheme` is "env" or "file", `name` what to look up."""

    scheme: str
    name: str

    def __str__(self) -> str:
        return f"{self.scheme}:{self.name}"
