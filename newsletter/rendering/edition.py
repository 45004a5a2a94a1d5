"""An issue becomes an edition: rendered once for each tier, cut at its merge fields, weighed and frozen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from newsletter.document import Merge, Nugget
from newsletter.errors import ConfigurationError
from newsletter.model import UNSUBSCRIBE_URL, Edition, Identity, Issue, PictureFile, Rendition, Segments, Tier
from newsletter.rendering import words
from newsletter.rendering.budget import byte_budget, check_size
from newsletter.rendering.content import finish
from newsletter.rendering.frozen import edition_from_json, edition_to_json, freeze
from newsletter.rendering.holes import Holes, fingerprint
from newsletter.rendering.html import escape
from newsletter.rendering.html_mail import MailRenderer
from newsletter.rendering.mail import (
    CONTENT_STYLES,
    LAYOUT,
    TEXT,
    Facts,
    IssueFacts,
    MailLayout,
    Parts,
    Passage,
)
from newsletter.rendering.prose import cites_by_number, first_words, nugget_words
from newsletter.rendering.text import TextRenderer
from newsletter.rendering.theme import Theme
from newsletter.writing.citations import Bibliography
from newsletter.writing.cleaning import clean
from newsletter.writing.merge import segments

__all__ = ["Facts", "build_edition", "byte_budget", "edition_from_json", "edition_to_json"]

_PREHEADER_LENGTH = 110


def build_edition(
    issue: Issue,
    bibliography: Bibliography,
    pictures: Mapping[str, PictureFile],
    theme: Theme,
    facts: Facts,
    identity: Identity,
) -> Edition:
    """Compiles an issue for both tiers.

    Raises ConfigurationError when a template is broken and ContentError when the mail is too large.
    """
    compositor = _Compositor(issue, bibliography, pictures, theme, facts, identity)
    renditions = [compositor.rendition(tier) for tier in (Tier.FREE, Tier.MEMBER)]
    for rendition in renditions:
        check_size(rendition, identity, issue.file)
    return freeze(issue.slug, issue.title, identity, renditions)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A passage in both forms; `tiered` when readers of the other tier would see it differently."""

    nugget: Nugget
    html: Passage
    text: Passage
    cited: frozenset[str]
    tiered: bool


class _Compositor:
    """Puts the renditions of one issue together; what both tiers see alike is rendered only once."""

    def __init__(
        self,
        issue: Issue,
        bibliography: Bibliography,
        pictures: Mapping[str, PictureFile],
        theme: Theme,
        facts: Facts,
        identity: Identity,
    ) -> None:
        self._issue = issue
        self._bibliography = bibliography
        self._pictures = pictures
        self._theme = theme
        self._facts = facts
        self._url = identity.issue_url
        self._digits = fingerprint(issue, bibliography.entries, facts, identity)
        self._holes = Holes(self._digits)
        leave = self._holes.stand_in(Merge(UNSUBSCRIBE_URL))
        self._layout = MailLayout(facts, theme, leave=leave, digits=self._digits)
        self._styles = theme.render(CONTENT_STYLES, publication=facts)
        self._shared: dict[str, _Piece] = {}
        self._works = self._references()

    def rendition(self, tier: Tier) -> Rendition:
        """All that readers of `tier` get."""
        body = self._issue.body
        seen = [nugget for nugget in body.nuggets if tier is Tier.MEMBER or not nugget.members_only]
        kept = [nugget for nugget in body.nuggets if tier is Tier.FREE and nugget.members_only]
        note = words.members_nuggets(len(kept), sum(map(nugget_words, kept)))
        intro, *nuggets = self._pieces([Nugget((), "", body.intro, body.notes), *seen], tier)
        cited = frozenset().union(intro.cited, *(piece.cited for piece in nuggets))
        works = [
            self._works[entry.reference.key]
            for entry in self._bibliography.entries
            if entry.reference.key in cited
        ]
        html = self._layout.html(
            Parts(
                tier,
                self._facts_of_issue(self._preheader(seen)),
                intro.html.content,
                tuple(piece.html for piece in nuggets),
                tuple(html for html, _ in works),
                note,
            )
        )
        text = self._layout.text(
            Parts(
                tier,
                self._facts_of_issue(""),
                intro.text.content,
                tuple(piece.text for piece in nuggets),
                tuple(text for _, text in works),
                note,
            )
        )
        return Rendition(tier, self._subject(), self._split(html, LAYOUT), self._split(text, TEXT))

    def _pieces(self, nuggets: Sequence[Nugget], tier: Tier) -> list[_Piece]:
        fresh = [
            self._render(nugget, tier)
            for nugget in nuggets
            if nugget.anchor not in self._shared or self._shared[nugget.anchor].tiered
        ]
        finished = finish([piece.html.content for piece in fresh], self._styles)
        for piece, content in zip(fresh, finished, strict=True):
            done = replace(piece, html=replace(piece.html, content=content))
            self._shared[piece.nugget.anchor] = done
        return [self._shared[nugget.anchor] for nugget in nuggets]

    def _render(self, nugget: Nugget, tier: Tier) -> _Piece:
        html = MailRenderer(self._bibliography, tier, self._url, self._pictures, self._theme, self._holes)
        text = TextRenderer(self._bibliography, tier, self._url, self._holes.stand_in)
        url = f"{self._url}#{nugget.anchor}"
        members = nugget.members_only
        return _Piece(
            nugget,
            Passage(
                html.title(nugget.title),
                html.passage(nugget.blocks, nugget.notes, nugget.anchor),
                url,
                members,
            ),
            Passage(text.title(nugget.title), text.passage(nugget.blocks, nugget.notes), url, members),
            frozenset(html.cited),
            html.tiered,
        )

    def _references(self) -> dict[str, tuple[str, str]]:
        """Every entry of the bibliography in both forms, by its key."""
        html = MailRenderer(
            self._bibliography, Tier.MEMBER, self._url, self._pictures, self._theme, self._holes
        )
        text = TextRenderer(self._bibliography, Tier.MEMBER, self._url, self._holes.stand_in)
        entries = self._bibliography.entries
        numbered = cites_by_number(self._bibliography)
        marks = [f"[{entry.number}] " if numbered else "" for entry in entries]
        paragraphs = [
            f'<p class="reference">{mark}{html.line(entry.full)}</p>\n'
            for entry, mark in zip(entries, marks, strict=True)
        ]
        finished = finish(paragraphs, self._styles)
        return {
            entry.reference.key: (content, mark + text.reference(entry.full))
            for entry, mark, content in zip(entries, marks, finished, strict=True)
        }

    def _facts_of_issue(self, preheader: str) -> IssueFacts:
        date = words.day(self._issue.date, self._facts.language)
        return IssueFacts(clean(self._issue.title), preheader, date, self._url)

    def _preheader(self, seen: Sequence[Nugget]) -> str:
        """The preheader as HTML; where the author wrote none, how the text begins."""
        written = self._issue.preheader or first_words(
            [self._issue.body.intro, *(nugget.blocks for nugget in seen)], _PREHEADER_LENGTH
        )
        return "".join(
            escape(each) if isinstance(each, str) else self._holes.stand_in(each)
            for each in segments(written)
        )

    def _subject(self) -> Segments:
        return tuple(
            clean(each) if isinstance(each, str) else Merge(each.name, each.fallback)
            for each in segments(self._issue.subject)
        )

    def _split(self, text: str, template: str) -> Segments:
        found = self._holes.split(text)
        if any(self._digits in each.lower() for each in found if isinstance(each, str)):
            raise ConfigurationError(
                "A template changes a merge field, a slot or unsubscribe_url on its way into the mail.",
                file=template,
                hint="Show it as it is, without filters.",
                code="slot",
            )
        return found
