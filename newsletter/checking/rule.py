"""What a rule is, and the register that all of them stand in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from newsletter.checking.view import View
from newsletter.errors import Level


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where a rule is broken: its line (0: the whole file), what is wrong, how to mend it."""

    line: int
    message: str
    hint: str = ""


Check = Callable[[View], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule about issues: its stable code, how bad it is to break it, and what it says, in one line."""

    code: str
    level: Level
    description: str
    check: Check


REGISTER: dict[str, Rule] = {}
"""All rules by their code, in the order in which they are documented."""


def rule(code: str, level: Level, description: str) -> Callable[[Check], Check]:
    """Registers the decorated function as the rule `code`."""

    def register(check: Check) -> Check:
        if code in REGISTER:
            raise ValueError(f"two rules are called {code}")
        REGISTER[code] = Rule(code, level, description, check)
        return check

    return register
