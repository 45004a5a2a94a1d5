"""One issue that uses every construct, from Markdown to mail, page and plain text, held against files.

The files were looked at by eye. After a wanted change, write them anew with

    GOLDEN=write .venv/bin/pytest tests/golden

and look at the difference before committing it. HTML is stored with a line break before each block.
"""

from __future__ import annotations

import os
import re
from datetime import date
from functools import cache
from pathlib import Path
from typing import get_args

import pytest

from newsletter.document import Block, Inline, Merge, Only
from newsletter.files.themes import open_theme
from newsletter.model import Edition, Identity, Issue, PictureFile, Reference, Segments, Tier
from newsletter.rendering.edition import Facts, build_edition
from newsletter.rendering.web import WebBody, render_web
from newsletter.writing.citations import STYLES, Bibliography
from newsletter.writing.frontmatter import KEYS
from newsletter.writing.issue import Source, parse_issue
from newsletter.writing.references import read_bibtex, read_csl_json
from newsletter.writing.walk import walk

HERE = Path(__file__).parent
THEME = open_theme("plain", HERE / "no-own-templates", "en")
PICTURES = {
    "clot.png": PictureFile("clot.png", 1104, 621, 48_211, "png"),
    "icons/flame.png": PictureFile("icons/flame.png", 24, 24, 912, "png"),
    "still.png": PictureFile("still.png", 640, 360, 20_000, "png"),
}
FACTS = Facts(
    title="Sore & Sane",
    url="https://letters.example.org/",
    language="en",
    postal_address="12 Example Street, Vancouver, BC V5K 0A1, Canada",
    author="Paula Nerve",
)
IDENTITY = Identity(
    from_name="Paula Nerve",
    from_address="paula@example.org",
    return_path="bounces@example.org",
    list_id="weekly.example.org",
    list_name="Sore & Sane",
    unsubscribe_mailbox="leave@example.org",
    unsubscribe_base="https://letters.example.org/unsubscribe/",
    archive_url="https://letters.example.org/",
    issue_url="https://letters.example.org/every-construct/",
)
_BLOCK = re.compile(r"(?<!\n)(<(?:table|tr|td|th|div|h[1-6]|p|ul|ol|li|style|meta|body|/head|!--\[)\b)")


@cache
def issue() -> Issue:
    text = (HERE / "issue.md").read_text(encoding="utf-8")
    read, problems = parse_issue(Source("issues/2026-11-24-every.md", "every", date(2026, 11, 24), text))
    assert problems == []
    assert read is not None
    return read


@cache
def references() -> dict[str, Reference]:
    found, problems = read_bibtex((HERE / "references.bib").read_text(encoding="utf-8"), "references.bib")
    more, others = read_csl_json((HERE / "references.json").read_text(encoding="utf-8"), "references.json")
    assert problems == others == []
    return {one.key: one for one in (*found, *more)}


@cache
def edition(style: str) -> Edition:
    bibliography = Bibliography(issue().body, references(), style)
    return build_edition(issue(), bibliography, PICTURES, THEME, FACTS, IDENTITY)


def web(style: str, tier: Tier) -> WebBody:
    bibliography = Bibliography(issue().body, references(), style)
    words = THEME.words
    return render_web(issue(), bibliography, PICTURES, picture_href=str, words=words, tier=tier)


def shown(segments: Segments) -> str:
    return "".join(
        f"{{{{ {each.name} or {each.fallback!r} }}}}" if isinstance(each, Merge) else each
        for each in segments
    )


def compare(name: str, text: str) -> None:
    path = HERE / name
    if os.environ.get("GOLDEN") == "write":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), f"{path} differs; see the docstring of this file"


@pytest.mark.parametrize("tier", list(Tier))
def test_mail(tier: Tier) -> None:
    html = shown(edition("author-year").rendition(tier).html)
    compare(f"{tier}.html", _BLOCK.sub(r"\n\1", html))


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("tier", list(Tier))
def test_text(tier: Tier, style: str) -> None:
    compare(f"{tier}-{style}.txt", shown(edition(style).rendition(tier).text))


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("tier", list(Tier))
def test_page(tier: Tier, style: str) -> None:
    body = web(style, tier)
    parts = [body.intro]
    parts += [f'<h2 id="{each.anchor}">{each.title_html}</h2>\n{each.html}' for each in body.nuggets]
    parts.append(f"<p>{body.members_note}</p>\n")
    parts += [f'<p id="ref-{each.key}">{each.number} {each.html}</p>\n' for each in body.references]
    compare(f"{tier}-{style}-web.html", "\n".join(parts))


def test_the_issue_uses_everything_that_a_tree_can_hold() -> None:
    nodes = {type(node) for node, _ in walk(issue().body)}
    assert nodes == {*get_args(Block), *get_args(Inline)}
    assert {node.place for node, _ in walk(issue().body) if isinstance(node, Only)} == {"email", "web"}
    assert any(nugget.members_only for nugget in issue().body.nuggets)
    assert any(nugget.notes for nugget in issue().body.nuggets)


def test_the_issue_uses_every_key_of_front_matter() -> None:
    assert set(issue().lines) == set(KEYS)


def test_every_kind_of_work_is_cited() -> None:
    kinds = {entry.reference.kind for entry in Bibliography(issue().body, references()).entries}
    assert kinds == {"article-journal", "article", "book", "chapter", "report", "thesis", "webpage"}
