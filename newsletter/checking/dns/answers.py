"""What a look-up in the DNS gives, and what the judges ask for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from ipaddress import IPv4Address, IPv6Address
from typing import Literal, Protocol, TypeAlias

from newsletter.checking.diagnosis import Symptom, warn

Address: TypeAlias = IPv4Address | IPv6Address

Kind: TypeAlias = Literal["TXT", "MX", "A", "AAAA", "PTR"]


class Status(Enum):
    """How a look-up came out."""

    FOUND = auto()
    EMPTY = auto()
    """The name exists, and has no record of this kind."""
    ABSENT = auto()
    """There is no such name."""
    FAILED = auto()
    """Nobody could say: no answer, or an error."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The records of one kind at one name; `why` tells why it failed.

    Names among `values` are in lower case without a final dot. MX hosts are in the order of preference, and
    the host of a "null MX" (RFC 7505) is "". The strings of a TXT record are joined.
    """

    status: Status
    values: tuple[str, ...] = ()
    why: str = ""

    @property
    def void(self) -> bool:
        """True when the answer is certain, and there is nothing in it."""
        return self.status in (Status.EMPTY, Status.ABSENT)


class LookUp(Protocol):
    """Looks records up; never raises."""

    def __call__(self, name: str, kind: Kind, /) -> Answer:
        """The records of this kind at `name` (ASCII, without a final dot), through aliases if need be."""
        ...


def unknown(name: str, answer: Answer) -> Symptom:
    """The symptom for what could not be looked up."""
    return warn(f"{name} could not be looked up: {answer.why}.", "Try again; if it stays, look at your DNS.")


def tags(text: str) -> dict[str, str]:
    """A list of tags as DKIM and DMARC records have it: `a=1; b=2`; names in lower case, the first counts."""
    found: dict[str, str] = {}
    for part in text.split(";"):
        name, equals, value = part.partition("=")
        if equals:
            found.setdefault(name.strip().lower(), value.strip())
    return found
