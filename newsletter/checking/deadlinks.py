"""Rules about where links lead, once somebody has gone and looked (`newsletter check --links`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from newsletter.checking.rule import Finding, Rulebook
from newsletter.errors import Level

_GONE = {404: "there is no such page", 410: "the page is gone for good"}
_UNDECIDED = frozenset({401, 402, 403, 405, 406, 407, 429, 451, 999})
"""What sites answer to programs, or to strangers, while the page is there for readers."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of going to an address: the HTTP status in the end; or 0, and why there was none.

    `lost`: nobody will ever get there, such as to a server that does not exist.
    """

    status: int = 0
    fault: str = ""
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Visits:
    """The links of an issue, each with its line, and the answers to those that were visited."""

    links: Sequence[tuple[str, int]]
    answers: Mapping[str, Answer]

    def answered(self) -> Iterator[tuple[str, int, Answer]]:
        """Each link that was visited, with its line and the answer."""
        return ((href, line, self.answers[href]) for href, line in self.links if href in self.answers)


LINK_RULES: Rulebook[Visits] = Rulebook("Where links lead (only with `--links`)")


@LINK_RULES.rule("dead-link", Level.ERROR, "A link leads to a page that is there.")
def dead_link(visits: Visits) -> Iterator[Finding]:
    """Once it is mailed, nobody can mend it."""
    for href, line, answer in visits.answered():
        if answer.lost or answer.status in _GONE:
            why = answer.fault or f"{_GONE[answer.status]} ({answer.status})"
            hint = "Look for the page's new address, or for a copy of it on https://web.archive.org."
            yield Finding(line, f"The link to {href} is dead: {why}.", hint)


@LINK_RULES.rule("unreachable-link", Level.WARNING, "The server that a link leads to answers.")
def unreachable_link(visits: Visits) -> Iterator[Finding]:
    """It may be a bad day of that server, or the end of it."""
    for href, line, answer in visits.answered():
        if answer.lost or answer.status in _GONE or answer.status in _UNDECIDED:
            continue
        if answer.fault or answer.status >= 400:
            why = answer.fault or f"the server answers {answer.status}"
            yield Finding(
                line, f"The link to {href} cannot be followed: {why}.", "Try again later, or look yourself."
            )
