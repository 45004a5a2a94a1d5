"""The issue that uses every construct, damaged in hundreds of ways: read, checked, rendered, never a crash.

Longer runs: FUZZ=20000 .venv/bin/pytest tests/golden/test_fuzz.py
"""

from __future__ import annotations

import os
import random
from datetime import date

import pytest

from newsletter.checking.rules import CheckContext, check_issue
from newsletter.document import Text
from newsletter.errors import Level
from newsletter.rendering.edition import build_edition
from newsletter.rendering.web import render_web
from newsletter.writing.citations import STYLES, Bibliography
from newsletter.writing.issue import Source, parse_issue
from newsletter.writing.references import BibtexFile, read_csl_json
from newsletter.writing.walk import walk
from tests.golden.test_golden import FACTS, HERE, IDENTITY, PICTURES, THEME, references

RUNS = int(os.environ.get("FUZZ", "300"))
SIGNS = [
    *"[](){}<>*_`~^!@#:;|\\\"'&-.= \n\t",
    "\0",
    "\x85",
    "\u202e",
    "\u2028",
    "\ud800",
    "é",
    "漢",
    "\n\n",
    ":::",
    "> ",
    "    ",
]


def damaged(text: str, dice: random.Random) -> str:
    """The text with a few characters or lines taken out, doubled, swapped or put in."""
    for _ in range(dice.randint(1, 8)):
        at = dice.randrange(len(text))
        end = min(len(text), at + dice.choice((1, 1, 2, 5, 40)))
        match dice.randrange(5):
            case 0:
                text = text[:at] + text[end:]
            case 1:
                text = text[:end] + text[at:]
            case 2:
                text = text[:at] + dice.choice(SIGNS) * dice.choice((1, 1, 3, 60)) + text[at:]
            case 3:
                lines = text.split("\n")
                lines.insert(dice.randrange(len(lines)), lines.pop(dice.randrange(len(lines))))
                text = "\n".join(lines)
            case _:
                lines = text.split("\n")
                del lines[dice.randrange(len(lines))]
                text = "\n".join(lines) or "x"
    return text


@pytest.mark.parametrize("seed", range(10))
def test_a_damaged_issue(seed: int) -> None:
    dice = random.Random(seed)
    whole = (HERE / "issue.md").read_text(encoding="utf-8")
    context = CheckContext(references=references(), pictures=PICTURES)
    for _ in range(RUNS // 10):
        text = damaged(whole, dice)
        issue, problems = parse_issue(Source("issues/x.md", "x", date(2026, 11, 24), text))
        last = text.count("\n") + text.count("\r") + 1
        assert all(one.file == "issues/x.md" and 0 < one.line <= last for one in problems), text
        assert (issue is None) == any(one.level is Level.ERROR for one in problems)
        if issue is None:
            continue
        assert all(0 <= one.line <= last and one.message for one in check_issue(issue, context))
        bibliography = Bibliography(issue.body, references(), dice.choice(STYLES))
        page = render_web(issue, bibliography, PICTURES, picture_href=str, words=THEME.words)
        edition = build_edition(issue, bibliography, PICTURES, THEME, FACTS, IDENTITY)
        shown = [
            part for one in edition.renditions for part in (*one.html, *one.text) if isinstance(part, str)
        ]
        shown += [page.intro, *(nugget.html for nugget in page.nuggets)]
        assert not any(sign in part for sign in "\0\x85\u202e\ud800" for part in shown)
        assert all("\0" not in node.text for node, _ in walk(issue.body) if isinstance(node, Text))


@pytest.mark.parametrize("seed", range(5))
def test_damaged_references(seed: int) -> None:
    dice = random.Random(seed)
    bibtex, csl = ((HERE / f"references.{kind}").read_text(encoding="utf-8") for kind in ("bib", "json"))
    for _ in range(RUNS // 10):
        text = damaged(bibtex, dice)
        opened = BibtexFile(text, "references.bib")
        found, problems = opened.read()
        assert {one.key for one in found} <= opened.lines.keys()
        lines = text.count("\n") + 1
        assert all(0 < one.line <= lines for one in (*problems, *opened.survey()))
        assert found or problems
        text = damaged(csl, dice)
        works, problems = read_csl_json(text, "references.json")
        placed = [*(one.line for one in works), *(one.line for one in problems)]
        assert all(0 < line <= text.count("\n") + 1 for line in placed)
