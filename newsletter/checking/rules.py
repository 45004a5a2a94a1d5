"""All rules about issues, and the one function that applies them."""

from __future__ import annotations

from collections.abc import Mapping

from newsletter.checking import (  # noqa: F401 - importing them registers their rules
    credit,
    envelope,
    links,
    merging,
    pictures,
    structure,
    wording,
)
from newsletter.checking.rule import REGISTER, Rule
from newsletter.checking.view import CheckContext, view
from newsletter.errors import Problem
from newsletter.model import Issue

__all__ = ["RULES", "CheckContext", "Rule", "check_issue"]

RULES: Mapping[str, Rule] = REGISTER
"""Every rule by its code."""


def check_issue(issue: Issue, context: CheckContext) -> list[Problem]:
    """Everything that the rules find in the issue, by line."""
    seen = view(issue, context)
    problems = [
        Problem(rule.code, finding.message, issue.file, finding.line, finding.hint, rule.level)
        for rule in RULES.values()
        for finding in rule.check(seen)
    ]
    return sorted(dict.fromkeys(problems), key=lambda problem: (problem.line, problem.code))
