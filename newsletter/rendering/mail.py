"""A mail's two bodies from its parts: the layout through Jinja2 and MJML, the text through Jinja2 alone."""

from __future__ import annotations

from dataclasses import dataclass, replace

from newsletter.errors import ConfigurationError
from newsletter.model import Tier
from newsletter.rendering.mjml import compile_mjml
from newsletter.rendering.slots import Slots
from newsletter.rendering.theme import Theme
from newsletter.rendering.words import direction

LAYOUT = "email/issue.mjml.j2"
TEXT = "email/issue.txt.j2"
CONTENT_STYLES = "email/content.css.j2"

_CONTENTS_FROM = 3
"""How many nuggets an issue has at least to open with a list of them."""

_FILLER = "&#847;&zwnj;&nbsp;" * 60
"""Invisible room after the preheader, so that inboxes do not go on with the first words of the mail."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What templates say about the publication: plain text.

    `url` is the address of the archive and ends with a slash; `unsubscribe_available` is False when leaving
    takes a mail because there is no web service.
    """

    title: str
    url: str
    language: str
    postal_address: str
    description: str = ""
    author: str = ""
    unsubscribe_available: bool = True

    @property
    def direction(self) -> str:
        """ "ltr" or "rtl", for `dir`."""
        return direction(self.language)


@dataclass(frozen=True, slots=True)
class IssueFacts:
    """What templates say about the issue; `date` is written out, `url` its page in the archive."""

    title: str
    preheader: str
    date: str
    url: str


@dataclass(frozen=True, slots=True)
class Passage:
    """A nugget as a template shows it: its title and content (HTML or plain text) and its page address."""

    title: str
    content: str
    url: str
    members_only: bool = False


@dataclass(frozen=True, slots=True)
class Parts:
    """All that a mail shows of an issue to one tier, as HTML or as plain text.

    `preheader` is HTML in either case, because only HTML has one. `members_note` says what free readers
    miss, "" when nothing.
    """

    tier: Tier
    issue: IssueFacts
    intro: str
    nuggets: tuple[Passage, ...]
    references: tuple[str, ...]
    members_note: str = ""

    @property
    def contents(self) -> tuple[Passage, ...]:
        """The nuggets to list above the text: none where there are only one or two."""
        return self.nuggets if len(self.nuggets) >= _CONTENTS_FROM else ()


class MailLayout:
    """The mail's templates, ready to be filled in for each tier; merge fields stay stand-ins.

    `leave` is the stand-in of the link for leaving, `digits` make the names of slots that no content can
    imitate. Both methods raise ConfigurationError when a template is broken or does not show what it must.
    """

    def __init__(self, facts: Facts, theme: Theme, *, leave: str, digits: str) -> None:
        self._facts = facts
        self._theme = theme
        self._leave = leave
        self._digits = digits

    def html(self, parts: Parts) -> str:
        """The HTML body of a mail, from parts in HTML."""
        slots = Slots(self._digits)
        filler = parts.issue.preheader and parts.issue.preheader + _FILLER
        issue = replace(
            parts.issue,
            title=slots.words("issue.title", parts.issue.title),
            preheader=slots.content("issue.preheader", filler, required=False),
        )
        nuggets = tuple(
            replace(
                nugget,
                title=slots.content("nugget.title", nugget.title),
                content=slots.content("nugget.content", nugget.content),
            )
            for nugget in parts.nuggets
        )
        contents = tuple(
            replace(
                nugget,
                title=slots.content("the title in the contents", nugget.title, required=False),
                content="",
            )
            for nugget in parts.contents
        )
        layout = self._fill_in(
            LAYOUT,
            parts,
            issue=issue,
            intro=slots.content("intro", parts.intro),
            contents=contents,
            nuggets=nuggets,
            references=slots.content("references", "".join(parts.references)),
        )
        compiled = compile_mjml(layout, file=LAYOUT, locate=self._theme.locate)
        return slots.fill(layout, compiled, LAYOUT)

    def text(self, parts: Parts) -> str:
        """The plain text body of a mail, from parts in plain text."""
        return self._fill_in(
            TEXT,
            parts,
            issue=parts.issue,
            intro=parts.intro,
            contents=parts.contents,
            nuggets=parts.nuggets,
            references=parts.references,
        )

    def _fill_in(self, template: str, parts: Parts, **values: object) -> str:
        filled = self._theme.render(
            template,
            publication=self._facts,
            tier=parts.tier.value,
            members_note=parts.members_note,
            unsubscribe_url=self._leave,
            **values,
        )
        if self._leave not in filled:
            raise ConfigurationError(
                "The templates never show unsubscribe_url, the reader's link for leaving.",
                file=template,
                hint="Every mail needs it; see the theme's own footer.",
                code="slot",
            )
        return filled
