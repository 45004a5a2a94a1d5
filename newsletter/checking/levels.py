"""How bad each finding is taken: the `[checks]` of newsletter.toml over what the rules say themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import TypeAlias

from newsletter.checking.rules import RULES
from newsletter.errors import ConfigurationError, Level, Problem

READING = frozenset(
    {
        "bad-doi",
        "broken-reference",
        "doubled-reference",
        "invisible-character",
        "lost-caption",
        "note-in-title",
        "odd-reference",
        "unused-footnote",
    }
)
"""The warnings that come up while files are read; they can be set like rules."""

Levels: TypeAlias = Mapping[str, Level | None]
"""What somebody decided for single codes; None: not to be told."""

_WORDS = {"off": None, "warn": Level.WARNING, "error": Level.ERROR}


def read_levels(wishes: Mapping[str, str], file: str, line: Callable[[str], int]) -> Levels:
    """What `wishes` ask for: a code with "off", "warn" or "error"; `line` tells where in `file` it stands.

    Raises ConfigurationError with every code that is none.
    """
    problems = []
    for code in wishes:
        if code not in RULES and code not in READING:
            near = get_close_matches(code, [*RULES, *READING], 1)
            hint = f"Did you mean {near[0]}?" if near else "docs/reference/rules.md lists them all."
            message = f"There is no rule {code} that could be set."
            problems.append(Problem("unknown-rule", message, file, line(code), hint))
    if problems:
        raise ConfigurationError.of(problems)
    return {code: _WORDS[wish] for code, wish in wishes.items()}


def apply_levels(problems: Iterable[Problem], levels: Levels) -> list[Problem]:
    """The problems at the levels decided for them, without those that are off."""
    if not levels:
        return list(problems)
    found = []
    for problem in problems:
        level = levels.get(problem.code, problem.level)
        if level is not None:
            found.append(problem if level is problem.level else replace(problem, level=level))
    return found
