"""Every sample issue in every theme, looked at in Chromium: nothing is too wide, and axe finds nothing.

Runs only where Chromium is; the rules of axe-core also need AXE_CORE, the path of its axe.min.js:

    npm install --prefix FOLDER axe-core@4
    AXE_CORE=FOLDER/node_modules/axe-core/axe.min.js .venv/bin/pytest tests/rendering/test_in_chromium.py
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from newsletter.archive.site import PageSource, SiteFacts, build_site, picture_href
from newsletter.clock import SystemClock
from newsletter.model import UNSUBSCRIBE_URL, Edition, Issue, Segments, Tier
from newsletter.publication import Publication
from newsletter.rendering.edition import Facts
from newsletter.rendering.web import render_web
from newsletter.themes import THEMES
from newsletter.writing.citations import Bibliography
from tests.rendering.browser import CHROMIUM, look
from tests.rendering.theming import make

ROOT = Path(__file__).parents[2]
AXE = Path(os.environ.get("AXE_CORE") or "/nowhere")
SITE = "https://letters.example.org/"

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs Chromium")
Build = Callable[..., Edition]

WIDE = """(window, document, widths) => widths.filter((width) => {
  window.frameElement.style.width = width + "px";
  return document.documentElement.scrollWidth > window.innerWidth;
})"""
VIOLATIONS = """async (window, document, axe) => {
  const script = document.createElement("script");
  script.textContent = axe;
  document.head.append(script);
  const found = await window.axe.run(document, { resultTypes: ["violations"] });
  return found.violations.map((each) => each.id + ": " + each.nodes.map((node) => node.html).join(" "));
}"""


def filled(segments: Segments) -> str:
    return "".join(
        each
        if isinstance(each, str)
        else f"{SITE}unsubscribe/x"
        if each.name == UNSUBSCRIBE_URL
        else (each.fallback or "")
        for each in segments
    )


def publication(folder: Path, theme: str) -> Publication:
    """The sample publication in another theme; its own templates belong to the plain one."""
    shutil.copytree(ROOT / "issues", folder / "issues")
    if theme == "plain":
        shutil.copytree(ROOT / "templates", folder / "templates")
    settings = (ROOT / "newsletter.toml").read_text(encoding="utf-8")
    settings = settings.replace("[publication]\n", f'[publication]\ntheme = "{theme}"\n', 1)
    (folder / "newsletter.toml").write_text(settings, encoding="utf-8")
    return Publication.open(folder, environ={}, clock=SystemClock())


@cache
def samples(theme: str) -> dict[str, str]:
    """The mails and pages of the sample publication, by name, with their style sheets in them."""
    with TemporaryDirectory() as scratch:
        opened = publication(Path(scratch) / "sample", theme)
        found: dict[str, str] = {}
        pages = []
        for file in opened.issue_files:
            issue = opened.issue(file)
            mails = {tier: filled(opened.edition(issue).rendition(tier).html) for tier in Tier}
            found |= {f"{file.slug}, mail, {tier}": mail for tier, mail in mails.items()}
            pages.append(page_source(issue, opened.bibliography(issue), theme))
        facts = opened.facts
        title, language = facts.title, facts.language
        return found | site(
            pages, theme, SiteFacts(title, SITE, language, facts.description, facts.author, SITE)
        )


def page_source(issue: Issue, bibliography: Bibliography, theme: str, language: str = "en") -> PageSource:
    words = make(name=theme, language=language).words
    return PageSource(issue, render_web(issue, bibliography, {}, picture_href=picture_href, words=words))


def site(pages: list[PageSource], theme: str, facts: SiteFacts) -> dict[str, str]:
    files = dict(build_site(pages, make(name=theme, language=facts.language), facts))
    style = f"<style>{files['style.css'].decode()}</style>"
    return {
        name: re.sub(r'<link rel="stylesheet"[^>]*>', lambda _: style, data.decode())
        for name, data in files.items()
        if name.endswith(".html")
    }


@pytest.fixture
def documents(
    name: str, build: Build, issue: Issue, bibliography: Bibliography, facts: Facts
) -> dict[str, str]:
    """The samples, and the issue that uses every construct: in English, and from right to left."""
    found = dict(samples(name))
    for language in ("en", "he"):
        edition = build(theme=make(name=name, language=language), facts=replace(facts, language=language))
        found |= {f"specimen, {tier}, {language}": filled(edition.rendition(tier).html) for tier in Tier}
        about = SiteFacts(
            "Sore & Sane", SITE, language, "Pain science.", "Paula Nerve", "mailto:x@example.org"
        )
        pages = site([page_source(issue, bibliography, name, language)], name, about)
        found |= {f"specimen, {page}, {language}": text for page, text in pages.items()}
    return found


@pytest.mark.parametrize("name", THEMES)
def test_r4_nothing_is_wider_than_the_window(documents: dict[str, str]) -> None:
    """320 pixels are also what is left of 640 at a zoom of 200 %. No picture is to be had."""
    too_wide = look(list(documents.values()), WIDE, width=320, shared=[320, 360, 480, 600, 1000, 1200])
    assert {each: widths for each, widths in zip(documents, too_wide, strict=True) if widths} == {}


def test_the_look_is_sharp() -> None:
    bad = '<title>x</title><div style="width:500px"><img src="a.png">words</div>'
    assert look([bad, bad], WIDE, width=320, shared=[320, 600]) == [[320], [320]]
    if AXE.is_file():
        (found,) = look([bad], VIOLATIONS, width=320, shared=AXE.read_text(encoding="utf-8"))
        assert {fault.partition(":")[0] for fault in found} >= {"image-alt", "html-has-lang"}


@pytest.mark.skipif(not AXE.is_file(), reason="needs axe-core, see AXE_CORE in the docstring")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", THEMES)
def test_r3_axe_finds_nothing(documents: dict[str, str], scheme: str) -> None:
    axe = AXE.read_text(encoding="utf-8")
    found = look(list(documents.values()), VIOLATIONS, width=600, dark=scheme == "dark", shared=axe)
    assert {each: faults for each, faults in zip(documents, found, strict=True) if faults} == {}
