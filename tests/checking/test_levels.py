from __future__ import annotations

import re
from pathlib import Path

import pytest

from newsletter.checking.levels import READING, apply_levels, read_levels
from newsletter.checking.rules import RULES
from newsletter.errors import ConfigurationError, Level, Problem

DIALECT = Path(__file__).parents[2] / "docs" / "reference" / "dialect.md"


def test_what_was_decided_takes_the_place_of_the_rules_own_level() -> None:
    wishes = {"missing-alt": "warn", "unused-footnote": "off", "past-date": "error"}
    levels = read_levels(wishes, "newsletter.toml", lambda code: 7)
    problems = [Problem(code, "x") for code in ("missing-alt", "unused-footnote", "raw-html")]
    problems.append(Problem("past-date", "x", level=Level.WARNING))
    assert [(one.code, one.level) for one in apply_levels(problems, levels)] == [
        ("missing-alt", Level.WARNING),
        ("raw-html", Level.ERROR),
        ("past-date", Level.ERROR),
    ]
    assert apply_levels(problems, {}) == problems


def test_unknown_codes_are_all_told_of_with_their_lines() -> None:
    lines = {"missing-alts": 3, "zebra": 4}
    wishes = {"missing-alts": "off", "zebra": "off", "past-date": "off"}
    with pytest.raises(ConfigurationError) as caught:
        read_levels(wishes, "newsletter.toml", lines.__getitem__)
    assert [(one.line, one.hint) for one in caught.value.problems] == [
        (3, "Did you mean missing-alt?"),
        (4, "docs/reference/rules.md lists them all."),
    ]


def test_errors_of_reading_cannot_be_set() -> None:
    with pytest.raises(ConfigurationError):
        read_levels({"raw-html": "off"}, "newsletter.toml", lambda code: 1)


def test_the_warnings_of_reading_are_those_of_the_documentation() -> None:
    warnings = re.findall(r"^\| `([a-z-]+)` \| warning \|", DIALECT.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(warnings) == READING
    assert not READING & RULES.keys()
