"""What a rule is, and the books that all rules stand in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from newsletter.checking.view import View
from newsletter.errors import Level, Problem

Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where a rule is broken: its line (0: the whole file), what is wrong, how to mend it.

    `file` is set where that is not in the file that is being checked.
    """

    line: int
    message: str
    hint: str = ""
    file: str = ""


Check: TypeAlias = Callable[[Thing], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Rule(Generic[Thing]):
    """A rule: its stable code, how bad it is to break it, and what it says, in one line."""

    code: str
    level: Level
    description: str
    check: Check[Thing]


class Rulebook(Generic[Thing]):
    """The rules about one kind of thing, in the order in which they are documented."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.rules: dict[str, Rule[Thing]] = {}

    def rule(self, code: str, level: Level, description: str) -> Callable[[Check[Thing]], Check[Thing]]:
        """Registers the decorated function as the rule `code`."""

        def register(check: Check[Thing]) -> Check[Thing]:
            if code in self.rules:
                raise ValueError(f"two rules are called {code}")
            self.rules[code] = Rule(code, level, description, check)
            return check

        return register

    def problems(self, thing: Thing, file: str) -> list[Problem]:
        """Everything that the rules find in `thing`, which stands in `file`, by line and each only once."""
        problems = {
            Problem(
                rule.code, finding.message, finding.file or file, finding.line, finding.hint, rule.level
            ): None
            for rule in self.rules.values()
            for finding in rule.check(thing)
        }
        return sorted(problems, key=lambda problem: (problem.file != file, problem.line, problem.code))


ISSUE_RULES: Rulebook[View] = Rulebook("In an issue")
rule = ISSUE_RULES.rule
