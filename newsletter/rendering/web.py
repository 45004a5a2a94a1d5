"""The body of an issue's page in the archive, and what indexes and feeds say about it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from newsletter.document import Nugget
from newsletter.model import Issue, PictureFile, Tier
from newsletter.rendering.html_web import WebRenderer
from newsletter.rendering.prose import first_words, nugget_words, prose
from newsletter.rendering.words import Words
from newsletter.writing.citations import Bibliography

_SUMMARY_LENGTH = 200
_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True)
class WebNugget:
    """A nugget: `title_html` has no links in it, `html` holds its footnotes at the end."""

    anchor: str
    title_html: str
    title_text: str
    html: str
    members_only: bool


@dataclass(frozen=True, slots=True)
class WebReference:
    """A work that the page cites; on the page it has the id `ref-<key>`."""

    key: str
    number: int
    html: str


@dataclass(frozen=True, slots=True)
class WebBody:
    """What an issue's page shows to one tier.

    `summary` is plain text of at most 200 characters, `words` counts what is shown, `pictures` are the
    sources of the pictures on the page. `members_note` tells free readers how much they do not see; it is ""
    when nothing is kept back. `numbered`: the text cites "[1]", so the references must show their numbers.
    """

    intro: str
    nuggets: tuple[WebNugget, ...]
    references: tuple[WebReference, ...]
    summary: str
    words: int
    pictures: tuple[str, ...]
    members_note: str = ""
    numbered: bool = False


def render_web(
    issue: Issue,
    bibliography: Bibliography,
    pictures: Mapping[str, PictureFile],
    *,
    picture_href: Callable[[str], str],
    words: Words,
    tier: Tier = Tier.FREE,
) -> WebBody:
    """Renders the body of an issue's page; `picture_href` says where a picture's source is published,
    `words` are the theme's.

    Merge fields show their fallbacks: nothing on the page belongs to one reader.
    """
    body = issue.body
    seen = [nugget for nugget in body.nuggets if tier is Tier.MEMBER or not nugget.members_only]
    kept = [nugget for nugget in body.nuggets if tier is Tier.FREE and nugget.members_only]
    renderer = WebRenderer(bibliography, tier, pictures, picture_href, words)
    intro = renderer.passage(body.intro, body.notes)
    nuggets = tuple(_nugget(renderer, nugget) for nugget in seen)
    references = tuple(
        WebReference(entry.reference.key, entry.number, renderer.line(entry.full))
        for entry in bibliography.entries
        if entry.reference.key in renderer.cited
    )
    shown = " ".join([intro, *(f"{nugget.title_html} {nugget.html}" for nugget in nuggets)])
    return WebBody(
        intro=intro,
        nuggets=nuggets,
        references=references,
        summary=first_words([body.intro, *(nugget.blocks for nugget in seen)], _SUMMARY_LENGTH),
        words=len(_TAG.sub(" ", shown).split()),
        pictures=tuple(renderer.shown),
        numbered=bibliography.numbered,
        members_note=words.members_nuggets(len(kept), sum(map(nugget_words, kept))),
    )


def _nugget(renderer: WebRenderer, nugget: Nugget) -> WebNugget:
    renderer.about = prose(nugget.title)
    return WebNugget(
        anchor=nugget.anchor,
        title_html=renderer.title(nugget.title),
        title_text=renderer.about,
        html=renderer.passage(nugget.blocks, nugget.notes, nugget.anchor),
        members_only=nugget.members_only,
    )
