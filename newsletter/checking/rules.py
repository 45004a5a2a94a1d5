"""All rules, whatever they are about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from newsletter.checking import (  # noqa: F401 - importing them registers their rules
    credit,
    detours,
    envelope,
    links,
    merging,
    pictures,
    structure,
    timing,
    wording,
)
from newsletter.checking.clients import CLIENT_RULES
from newsletter.checking.colours import THEME_RULES
from newsletter.checking.deadlinks import LINK_RULES
from newsletter.checking.library import LIBRARY_RULES
from newsletter.checking.rule import ISSUE_RULES, Rule, Rulebook
from newsletter.checking.settings import SETTINGS_RULES
from newsletter.checking.view import CheckContext, view
from newsletter.checking.weight import MAIL_RULES
from newsletter.errors import Problem
from newsletter.model import Issue

__all__ = ["BOOKS", "RULES", "CheckContext", "Rule", "check_issue"]

BOOKS: tuple[Rulebook[Any], ...] = (
    ISSUE_RULES,
    MAIL_RULES,
    CLIENT_RULES,
    LINK_RULES,
    LIBRARY_RULES,
    THEME_RULES,
    SETTINGS_RULES,
)
"""The rulebooks, in the order in which they are documented."""

RULES: Mapping[str, Rule[Any]] = {code: rule for book in BOOKS for code, rule in book.rules.items()}
"""Every rule by its code."""


def check_issue(issue: Issue, context: CheckContext) -> list[Problem]:
    """Everything that the rules about issues find in this one, by line."""
    return ISSUE_RULES.problems(view(issue, context), issue.file)
