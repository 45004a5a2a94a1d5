"""From an issue's Markdown to the site, with the real rooms in between."""

from __future__ import annotations

from datetime import date

from newsletter.archive.site import PageSource, picture_href, picture_name
from newsletter.model import PictureFile
from newsletter.rendering.web import render_web
from newsletter.writing.citations import Bibliography
from newsletter.writing.issue import Source, read_issue
from newsletter.writing.references import read_bibtex
from tests.archive.site_parts import Page, broken_links, plain_theme, site

SECRET = "kept4711"
REFERENCES = """
@article{warren1978, author = {Warren, J.}, title = {Pulmonary embolus}, journal = {Lancet}, year = {1978},
  doi = {10.1016/x}}
@article{kept4711, author = {Kept4711, A.}, title = {Kept4711}, journal = {Kept4711}, year = {2020}}
"""
ISSUE = """---
title: "Six *cases* & <others>"
status: ready
preheader: In short.
tags: [massage]
---
Hello {{ first_name or "there" }}, see [@warren1978].[^1]

[^1]: A note.

![A clot](pictures/clot%20a.png "Drawn by us.")

## One

> Words of his.
> — Warren, 1978

Source: [@warren1978]

:::members
kept4711 here, [@kept4711].

![kept4711](kept4711.png)
:::

:::objection Not so
But it is.
:::

:::email
Only kept4711 in mail.
:::

:::members
## kept4711 title

kept4711 words.
:::

## Sources

| a | b |
|---|--:|
| 1 | 2 |
"""


def test_the_whole_way() -> None:
    references, problems = read_bibtex(REFERENCES, "issues/references.bib")
    assert not problems
    issue = read_issue(Source("issues/2026-11-24-six.md", "six", date(2026, 11, 24), ISSUE))
    bibliography = Bibliography(issue.body, {one.key: one for one in references})
    pictures = {
        src: PictureFile(src, 1104, 560, 999, "png")
        for src in ("pictures/clot a.png", "pictures/clot%20a.png")
    }
    body = render_web(issue, bibliography, pictures, picture_href=picture_href, words=plain_theme().words)
    files = site(PageSource(issue, body))
    assert not [name for name, data in files.items() if SECRET.encode() in data.lower()]
    one = Page(files["six/index.html"])
    assert one.faults == []
    assert "Hello there" in one.text
    assert "Members also get one more nugget" in one.text
    assert {"one", "sources", "ref-warren1978"} <= one.ids
    assert (
        broken_links(files, pictures=frozenset({f"six/{picture_name(src)}" for src in body.pictures})) == []
    )


def test_where_pictures_are() -> None:
    assert picture_name("pictures/a clot.png") == "a clot.png"
    assert picture_href("pictures/a clot.png") == "a%20clot.png"
    assert picture_name("https://example.org/a.png") == ""
    assert picture_href("https://example.org/a.png") == "https://example.org/a.png"
