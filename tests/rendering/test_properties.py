"""Whatever characters an author writes, wherever: all of them come out as text, none as markup."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.document import (
    Aside,
    Body,
    Cell,
    Code,
    CodeBlock,
    Emphasis,
    Figure,
    Heading,
    Link,
    Listing,
    ListItem,
    Merge,
    Note,
    NoteRef,
    Nugget,
    Objection,
    Paragraph,
    Picture,
    Quotation,
    Source,
    Strike,
    Strong,
    Table,
    Text,
)
from newsletter.model import Edition, Issue, Tier
from newsletter.rendering.web import render_web
from newsletter.writing.citations import Bibliography
from newsletter.writing.cleaning import clean
from tests.rendering.theming import PLAIN

NASTY = st.sampled_from(
    [
        "</td></table><script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "{{ 7*7 }}{% raw %}",
        "&amp;&#60;b&#62;",
        "<!-- ",
        " --> ]]>",
        "<![endif]-->",
        "slot00000000000000000000n0x",
        "\ufffe0\uffff",
        "</mj-text><mj-raw>",
        "\\\"'`",
        "\u200bzero\u200dwidth",
        "العربية עברית",
        "日本語。",
        "𝔘𝔫𝔦 👩‍👩‍👧",
        "\x00\x0b\x1f\x7f\x85\ufffe",
    ]
)
WORDS = st.one_of(NASTY, st.text(min_size=1, max_size=30))
POSITIONS = 23


def everywhere(words: list[str]) -> Body:
    """An issue's text with each of the words in another kind of place."""
    take = iter(words)

    def text() -> tuple[Text, ...]:
        return (Text(next(take)),)

    nugget = Nugget(
        title=text(),
        anchor="n",
        blocks=(
            Paragraph((*text(), Emphasis(text()), Strong(text()), Strike(text()), Code(next(take)))),
            Paragraph((Link("https://example.org/", text()),)),
            Heading(3, text()),
            Quotation((Paragraph(text()),), text()),
            Listing((ListItem((Paragraph(text()),)),)),
            Listing((ListItem((Paragraph(text()),)),), start=1, tight=False),
            CodeBlock(next(take).replace("\n", " ") + "\n"),
            Table((Cell(text()),), ((Cell(text()),),)),
            Figure(Picture("a.png", next(take)), text()),
            Source(text()),
            Objection(text(), (Paragraph(text()),)),
            Aside((Paragraph(text()),)),
            Paragraph((Text("x"), NoteRef(1), Merge("first_name", next(take)))),
        ),
        notes=(Note(1, (Paragraph(text()),)),),
    )
    return Body(nuggets=(nugget,))


class Reading(HTMLParser):
    """All that a reader of a page sees, alternative texts included, and the elements that it is made of."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text = ""
        self.tags: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.text += "".join(f"[{value}]" for name, value in attrs if name == "alt" and value)

    def handle_data(self, data: str) -> None:
        self.text += data


def bare(text: str) -> str:
    """What must be found again: spaces, line breaks and the marks of quotations and panels aside."""
    return "".join(clean(text).split()).replace(">", "").replace("|", "")


def html_of(edition: Edition) -> str:
    return "".join(each if isinstance(each, str) else "" for each in edition.rendition(Tier.FREE).html)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(WORDS, min_size=POSITIONS + 2, max_size=POSITIONS + 2))
def test_every_text_is_found_again(build: Callable[..., Edition], issue: Issue, words: list[str]) -> None:
    *words, title, preheader = words
    body = everywhere(words)
    written = replace(
        issue, body=body, title=title or "x", preheader=preheader.replace("{", "("), subject="s"
    )
    edition = build(written)
    free = edition.rendition(Tier.FREE)
    text = bare("".join(each if isinstance(each, str) else "" for each in free.text))
    page = Reading(html_of(edition))
    web = Reading(
        render_web(written, Bibliography(body, {}), {}, picture_href=str, words=PLAIN.words).nuggets[0].html
    )
    nugget_title, *rest, merged, note = words
    for each in (nugget_title, *rest, note):
        assert bare(each) in bare(page.text)
        assert bare(each) in text
    for each in (*rest, merged, note):
        assert bare(each) in bare(web.text)
    assert bare(title) in bare(page.text)
    assert bare(title) in text
    assert bare(preheader.replace("{", "(")) in bare(page.text)
    assert Merge("first_name", merged) in free.html
    assert Merge("first_name", merged) in free.text
    assert (
        page.tags
        == Reading(html_of(build(replace(written, title="x", body=everywhere(["x"] * POSITIONS))))).tags
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(WORDS, WORDS)
def test_code_blocks_keep_every_space(
    build: Callable[..., Edition], issue: Issue, one: str, two: str
) -> None:
    code = clean(f"\n\n  {one}\n\n\t{two}".replace("\t", "    ")) + "\n"
    edition = build(replace(issue, body=Body((CodeBlock(code),))))
    assert code in Reading(html_of(edition)).text


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=40))
def test_links_never_lead_into_scripts(build: Callable[..., Edition], issue: Issue, tail: str) -> None:
    links = tuple(
        Link(scheme + tail, (Text("x"),))
        for scheme in (
            "javascript:",
            " java\tscript:",
            "JAVASCRIPT:",
            "data:",
            "vbscript:",
            "\x01javascript:",
        )
    )
    body = Body((Paragraph(links),))
    web = render_web(
        replace(issue, body=body), Bibliography(body, {}), {}, picture_href=str, words=PLAIN.words
    )
    assert "<a " not in web.intro
    assert "script:" not in html_of(build(replace(issue, body=body)))
