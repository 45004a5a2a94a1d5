"""The rules that are not about issues, each with a case that breaks it and one that keeps it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

import pytest

from newsletter.checking.clients import CLIENT_RULES
from newsletter.checking.colours import THEME_RULES, Palette, contrast
from newsletter.checking.deadlinks import LINK_RULES, Answer, Visits
from newsletter.checking.library import LIBRARY_RULES, Library
from newsletter.checking.rule import ISSUE_RULES
from newsletter.checking.rules import BOOKS, RULES
from newsletter.checking.settings import SETTINGS_RULES
from newsletter.checking.weight import HEAVY_BLOCK, HEAVY_MAIL, MAIL_RULES, Mail
from newsletter.config import read_settings
from newsletter.errors import Problem
from newsletter.model import Issue, Tier
from newsletter.rendering.budget import HTML_LIMIT, Weight
from newsletter.writing.issue import Source, read_issue

ISSUE: Issue = read_issue(
    Source(
        "issues/a.md", "a", date(2026, 11, 24), "---\ntitle: T\n---\n## One & *two*\n\nx\n\n## Three\n\ny\n"
    )
)
TOKENS = """\
[light]
background = "#ffffff"
text = "{text}"
[dark]
background = "#000000"
muted = "{muted}"
"""


def mail(*weights: tuple[int, Sequence[tuple[str, int]]]) -> list[Problem]:
    tiers = (Tier.FREE, Tier.MEMBER)
    weighed = [
        Weight(tier, html, 100, tuple(blocks)) for tier, (html, blocks) in zip(tiers, weights, strict=False)
    ]
    return MAIL_RULES.problems(Mail(ISSUE, weighed), ISSUE.file)


def links(answer: Answer | None) -> list[Problem]:
    answers = {} if answer is None else {"https://a.org/": answer}
    return LINK_RULES.problems(Visits([("https://a.org/", 7), ("https://b.org/", 8)], answers), "issues/a.md")


def library(cited: set[str], count: int = 2) -> list[Problem]:
    places = {f"key{number}": ("issues/references.bib", number) for number in range(1, count + 1)}
    return LIBRARY_RULES.problems(Library(places, cited), "")


def theme(text: str = "#000000", muted: str = "#aaaaaa") -> list[Problem]:
    given = TOKENS.format(text="#222222", muted="#999999")
    own = f'# ours\n[dark]\nmuted = "{muted}"\n[light]\ntext = "{text}"\n'
    tokens = {
        "light": {"background": "#ffffff", "text": text},
        "dark": {"background": "#000000", "muted": muted},
    }
    sources = [("tokens.toml", given), ("templates/tokens.toml", own)]
    return THEME_RULES.problems(Palette(tokens, sources), "")


SETTINGS = """\
[publication]
title = "a"
url = "https://a.dev"
from = "a@{domain}"
{address}
[delivery]
transport = "smtp"
[delivery.smtp]
host = "smtp.a.dev"
[service]
{service}
"""


def settings(
    domain: str = "a.dev", address: str = 'postal_address = "x"', service: str = 'url = "https://b.dev"'
) -> list[Problem]:
    read = read_settings(SETTINGS.format(domain=domain, address=address, service=service))
    return SETTINGS_RULES.problems(read, read.file)


CASES: dict[str, tuple[Callable[[], list[Problem]], Callable[[], list[Problem]]]] = {
    "heavy-mail": (lambda: mail((HEAVY_MAIL + 1, [])), lambda: mail((HEAVY_MAIL, []))),
    "heavy-block": (
        lambda: mail((50_000, [("Three", HEAVY_BLOCK + 1)])),
        lambda: mail((50_000, [("Three", HEAVY_BLOCK)])),
    ),
    "dead-link": (lambda: links(Answer(404)), lambda: links(Answer(200))),
    "unreachable-link": (lambda: links(Answer(500)), lambda: links(None)),
    "unused-reference": (lambda: library({"key1"}), lambda: library({"key1", "key2", "key3"})),
    "low-contrast": (lambda: theme("#888888"), lambda: theme()),
    "no-postal-address": (lambda: settings(address=""), lambda: settings()),
    "no-one-click": (lambda: settings(service=""), lambda: settings()),
    "example-address": (lambda: settings(domain="example.org"), lambda: settings()),
}
"""By each code: what breaks the rule, and what keeps it."""


@pytest.mark.parametrize("code", CASES)
def test_a_rule_fires_where_it_is_broken_and_nowhere_else(code: str) -> None:
    breaks, keeps = CASES[code]
    (problem,) = breaks()
    assert (problem.code, problem.level) == (code, RULES[code].level)
    assert problem.message
    assert problem.hint
    assert keeps() == []


def test_every_rule_is_tested() -> None:
    elsewhere = (ISSUE_RULES, CLIENT_RULES)  # in test_rules.py and test_clients.py
    assert sorted(CASES) == sorted(code for book in BOOKS if book not in elsewhere for code in book.rules)
    assert len(RULES) == sum(len(book.rules) for book in BOOKS)


def test_a_heavy_mail_names_its_largest_blocks() -> None:
    blocks = [("Three", 30_000), ("One & two", 20_000), ("Sources", 9_000), ("x", 1)]
    free, member = mail((90_000, blocks), (95_000, blocks))
    assert (free.line, member.line) == (8, 8)
    assert (
        free.message
        == f"The mail for free readers has 90,000 bytes of HTML; Gmail cuts it off at {HTML_LIMIT:,}."
    )
    assert free.hint == "Largest blocks, in bytes: “Three” 30,000, “One & two” 20,000, “Sources” 9,000."
    assert member.message.startswith("The mail for member readers has 95,000")


def test_a_heavy_block_is_told_of_once_and_at_its_line() -> None:
    blocks = [("One & two", 50_000)]
    (problem,) = mail((60_000, blocks), (60_000, blocks))
    assert (problem.line, problem.message) == (
        4,
        f"“One & two” takes 50,000 of the {HTML_LIMIT:,} bytes that a mail may have.",
    )
    (sources,) = mail((60_000, [("Sources", 50_000)]))
    assert sources.line == 0


@pytest.mark.parametrize(
    ("answer", "code", "why"),
    [
        (Answer(410), "dead-link", "the page is gone for good (410)"),
        (Answer(fault="there is no such server", lost=True), "dead-link", "there is no such server"),
        (Answer(fault="the server hung up"), "unreachable-link", "the server hung up"),
        (Answer(400), "unreachable-link", "the server answers 400"),
    ],
)
def test_links_that_lead_nowhere(answer: Answer, code: str, why: str) -> None:
    (problem,) = links(answer)
    assert (problem.code, problem.line, problem.file) == (code, 7, "issues/a.md")
    assert problem.message.endswith(f": {why}.")


@pytest.mark.parametrize("status", [200, 204, 304, 401, 403, 429, 999])
def test_answers_that_prove_nothing_against_a_link(status: int) -> None:
    assert links(Answer(status)) == []


def test_a_whole_library_that_is_not_used_is_told_of_once() -> None:
    assert len(library(set(), 20)) == 20
    (problem,) = library({"key2"}, 22)
    assert (problem.file, problem.line) == ("issues/references.bib", 0)
    assert problem.message == "No issue cites 21 of the references: key1, key3, key4, …"
    assert "[checks]" in problem.hint


def test_colours_are_named_where_they_are_set_last() -> None:
    dark, light = theme("#888888", "#555555")
    assert (light.file, light.line, dark.line) == ("templates/tokens.toml", 5, 3)
    assert light.message == "light.text on light.background has a contrast of 3.5 to 1; 4.5 to 1 is readable."
    assert (light.hint, dark.hint) == (
        "Make text darker, or change what it stands on.",
        "Make muted lighter, or change what it stands on.",
    )
    (elsewhere,) = THEME_RULES.problems(
        Palette({"light": {"text": "#888888", "background": "#ffffff"}}, []), "tokens.toml"
    )
    assert (elsewhere.file, elsewhere.line) == ("tokens.toml", 0)


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21),
        ("#ffffff", "#ffffff", 1),
        ("#767676", "#ffffff", 4.54),
        ("#0000ff", "#ffffff", 8.59),
    ],
)
def test_contrast_as_wcag_counts_it(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == pytest.approx(ratio, abs=0.005)
    assert contrast(one, other) == contrast(other, one)
