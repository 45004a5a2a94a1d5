"""An issue becomes an edition: rendered once for each tier, cut at its merge fields, weighed and frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from newsletter.document import Merge
from newsletter.errors import ConfigurationError
from newsletter.model import UNSUBSCRIBE_URL, Edition, Identity, Issue, PictureFile, Rendition, Segments, Tier
from newsletter.rendering.budget import byte_budget, check_size
from newsletter.rendering.frozen import edition_from_json, edition_to_json, freeze
from newsletter.rendering.holes import Holes
from newsletter.rendering.html import escape
from newsletter.rendering.mail import LAYOUT, TEXT, Facts, IssueFacts, Parts, mail_layout
from newsletter.rendering.pieces import Form, Pieces
from newsletter.rendering.prose import first_words, nugget_words
from newsletter.rendering.theme import Theme
from newsletter.writing.citations import Bibliography
from newsletter.writing.cleaning import clean
from newsletter.writing.merge import segments

__all__ = ["Compositor", "Facts", "build_edition", "byte_budget", "edition_from_json", "edition_to_json"]

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
    compositor = Compositor(issue, bibliography, pictures, theme, facts, identity)
    renditions = [
        Rendition(tier, compositor.subject(), compositor.html(tier), compositor.text(tier)) for tier in Tier
    ]
    for rendition in renditions:
        check_size(rendition, identity, issue.file)
    return freeze(issue.slug, issue.title, identity, renditions)


class Compositor:
    """Puts the parts of one issue's mail together. Everything raises ConfigurationError when a template is
    broken."""

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
        self._words = theme.words
        self._url = identity.issue_url
        self._holes = Holes()
        self._leave = self._holes.stand_in(Merge(UNSUBSCRIBE_URL))
        self._layout = mail_layout(theme, facts)
        self._pieces = Pieces(
            issue, bibliography, pictures, theme, self._url, self._holes, self._layout.content_styles
        )

    def html(self, tier: Tier) -> Segments:
        """The HTML that readers of `tier` get."""
        title = escape(clean(self._issue.title))
        parts = self._parts(tier, self._pieces.html(tier), title, self._preheader(tier))
        return self._split(self._layout.html(parts, self._leave), LAYOUT)

    def text(self, tier: Tier) -> Segments:
        """The plain text that readers of `tier` get."""
        parts = self._parts(tier, self._pieces.text(tier), clean(self._issue.title), "")
        return self._split(self._layout.text(parts, self._leave), TEXT)

    def subject(self) -> Segments:
        """The subject, the same for all."""
        return tuple(
            clean(each) if isinstance(each, str) else replace(each, line=0)
            for each in segments(self._issue.subject)
        )

    def _parts(self, tier: Tier, form: Form, title: str, preheader: str) -> Parts:
        kept = [nugget for nugget in self._issue.body.nuggets if tier is Tier.FREE and nugget.members_only]
        note = self._words.members_nuggets(len(kept), sum(map(nugget_words, kept)))
        facts = IssueFacts(title, preheader, self._words.day(self._issue.date), self._url)
        return Parts(tier, facts, form.intro, form.nuggets, form.references, note)

    def _preheader(self, tier: Tier) -> str:
        """The preheader as HTML; where the author wrote none, how the text begins."""
        body = self._issue.body
        seen = (nugget for nugget in body.nuggets if tier is Tier.MEMBER or not nugget.members_only)
        written = self._issue.preheader or first_words(
            [body.intro, *(nugget.blocks for nugget in seen)], _PREHEADER_LENGTH
        )
        return "".join(
            escape(each) if isinstance(each, str) else self._holes.stand_in(each)
            for each in segments(written)
        )

    def _split(self, text: str, template: str) -> Segments:
        try:
            return self._holes.split(text)
        except ValueError as error:
            raise ConfigurationError(
                "A template changes a merge field or unsubscribe_url on its way into the mail.",
                file=template,
                hint="Show it as it is, without filters.",
                code="slot",
            ) from error
