"""Findings as SARIF 2.1.0, the format in which code hosts take them (OASIS standard of 27 March 2020)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from newsletter.checking.rules import RULES
from newsletter.errors import Problem

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def to_sarif(
    problems: Sequence[Problem], version: str, place: Callable[[str], str] = str
) -> Mapping[str, Any]:
    """The problems as a SARIF log, ready for JSON.

    `version` is that of this program; `place` gives the path of a file from where the log is read, which for
    code hosts is the top of the repository.
    """
    codes = list(dict.fromkeys([*RULES, *(problem.code for problem in problems)]))
    driver = {"name": "newsletter", "version": version, "rules": [_rule(code) for code in codes]}
    results = [_result(problem, codes.index(problem.code), place) for problem in problems]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(code: str) -> Mapping[str, Any]:
    rule = RULES.get(code)
    if rule is None:
        return {"id": code}
    return {
        "id": code,
        "shortDescription": {"text": rule.description},
        "defaultConfiguration": {"level": str(rule.level)},
    }


def _result(problem: Problem, index: int, place: Callable[[str], str]) -> Mapping[str, Any]:
    location: dict[str, Any] = {"artifactLocation": {"uri": quote(place(problem.file).replace("\\", "/"))}}
    if problem.line:
        location["region"] = {"startLine": problem.line}
    return {
        "ruleId": problem.code,
        "ruleIndex": index,
        "level": str(problem.level),
        "message": {"text": f"{problem.message}\n{problem.hint}" if problem.hint else problem.message},
        "locations": [{"physicalLocation": location}] if problem.file else [],
    }
