"""The body of an issue's page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from newsletter.document import Body, Citation, Cite, Paragraph, Picture, Text
from newsletter.model import Issue, PictureFile, Reference, Tier
from newsletter.rendering.web import WebBody, render_web
from newsletter.writing.citations import Bibliography
from tests.rendering.theming import WORDS


@pytest.fixture
def free(issue: Issue, bibliography: Bibliography, pictures: Mapping[str, PictureFile]) -> WebBody:
    return render_web(issue, bibliography, pictures, picture_href=lambda src: src, words=WORDS)


@pytest.fixture
def member(issue: Issue, bibliography: Bibliography, pictures: Mapping[str, PictureFile]) -> WebBody:
    return render_web(
        issue, bibliography, pictures, picture_href=lambda src: src, words=WORDS, tier=Tier.MEMBER
    )


def test_free_readers_see_no_members_part(free: WebBody) -> None:
    assert [nugget.anchor for nugget in free.nuggets] == [
        "an-elderly-woman",
        "what-to-look-for",
        "nothing-to-do",
    ]
    everything = repr(free)
    for secret in ("secret", "footnote", "closing", "For members alone"):
        assert secret not in everything
    assert free.members_note == "Members also get one more nugget in this issue, about 20 words."


def test_members_see_all(free: WebBody, member: WebBody) -> None:
    assert member.nuggets[-1].members_only
    assert member.members_note == ""
    assert [reference.key for reference in member.references] == ["warren1978", "lim2009", "secret2020"]
    assert [reference.number for reference in free.references] == [1, 2]
    assert member.words > free.words > 300


def test_nothing_personal_reaches_the_page(free: WebBody) -> None:
    assert "Dear reader, a massage therapist" in free.intro
    assert "unsubscribe" not in repr(free)
    assert "\ufffe" not in repr(free)


def test_titles_and_summary(free: WebBody) -> None:
    assert free.nuggets[0].title_html == "An elderly woman and her <em>well-meaning</em> husband"
    assert free.nuggets[0].title_text == "An elderly woman and her well-meaning husband"
    assert free.summary.startswith("Dear reader, a massage therapist asks: can I really dislodge a clot?")
    assert len(free.summary) <= 200


def test_pictures(free: WebBody) -> None:
    assert free.pictures == ("clot.png", "icon.png", "https://pictures.example.org/remote.jpg")


@pytest.mark.parametrize(
    ("text", "summary"),
    [
        ("x" * 200, "x" * 200),
        ("x" * 201, "x" * 199 + "…"),
        ("word, " * 50, "word, " * 32 + "word…"),
    ],
)
def test_long_summaries_are_cut(issue: Issue, text: str, summary: str) -> None:
    body = Body((Paragraph((Picture("a.png", ""),)), Paragraph((Text(text),))))
    found = render_web(replace(issue, body=body), Bibliography(body, {}), {}, picture_href=str, words=WORDS)
    assert found.summary == summary


def test_numbered_citations_are_told(issue: Issue, references: Mapping[str, Reference]) -> None:
    body = Body((Paragraph((Citation((Cite("warren1978"),)),)),))
    for style, numbered in (("vancouver", True), ("author-year", False)):
        bibliography = Bibliography(body, references, style)
        assert render_web(issue, bibliography, {}, picture_href=str, words=WORDS).numbered is numbered
    assert not render_web(issue, Bibliography(Body(), {}), {}, picture_href=str, words=WORDS).numbered
