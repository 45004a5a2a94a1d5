"""A mail's two bodies from its parts: the layout through Jinja2 and MJML, the text through Jinja2 alone.

A template of the layout sees stand-ins instead of an issue's words, so that the layout depends on nothing but
the shape of the issue: how many nuggets, which of them for members, whether there are sources. It is compiled
once for each shape, and then only filled in.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from newsletter.errors import ConfigurationError
from newsletter.model import Tier
from newsletter.rendering.html import escape
from newsletter.rendering.mjml import compile_mjml
from newsletter.rendering.slots import Layout, Slots
from newsletter.rendering.theme import Theme
from newsletter.rendering.words import direction

LAYOUT = "email/issue.mjml.j2"
TEXT = "email/issue.txt.j2"
CONTENT_STYLES = "email/content.css.j2"

_CONTENTS_FROM = 3
"""How many nuggets an issue has at least to open with a list of them."""

_FILLER = "&#847;&zwnj;&nbsp;" * 60
"""Invisible room after the preheader, so that inboxes do not go on with the first words of the mail."""

_OUTERMOST = re.compile(r'(<div [^>]*role="article"[^>]*>)')
_SHAPES_KEPT = 64
_HINT = "Show {{ nugget.content }}, or {{ nugget.picture }}, {{ nugget.caption }} and {{ nugget.rest }}."


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
    """A nugget as a template shows it: its title and content (HTML or plain text) and its page address.

    Instead of `content`, HTML templates may show its first `picture` (an img as wide as a card), that
    picture's `caption` and the `rest`.
    """

    title: str
    content: str
    url: str
    members_only: bool = False
    picture: str = ""
    caption: str = ""
    rest: str = ""


@dataclass(frozen=True, slots=True)
class Parts:
    """All that a mail shows of an issue to one tier, as HTML or as plain text.

    `issue` is HTML beside HTML, and `preheader` is not in the text. `members_note` is plain text that says
    what free readers miss, "" when nothing.
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


@dataclass(frozen=True, slots=True)
class _Shape:
    """All that a layout may depend on. Of a nugget: for members only, with a picture, with a caption."""

    tier: Tier
    preheader: bool
    url: bool
    intro: bool
    contents: int
    nuggets: tuple[tuple[bool, bool, bool], ...]
    references: bool
    members_note: bool

    @classmethod
    def of(cls, parts: Parts) -> _Shape:
        return cls(
            parts.tier,
            bool(parts.issue.preheader),
            bool(parts.issue.url),
            bool(parts.intro),
            len(parts.contents),
            tuple((each.members_only, bool(each.picture), bool(each.caption)) for each in parts.nuggets),
            bool(parts.references),
            bool(parts.members_note),
        )


@lru_cache(maxsize=16)
def mail_layout(theme: Theme, facts: Facts) -> MailLayout:
    """The mail's templates as they say it of one publication."""
    return MailLayout(theme, facts)


@dataclass(eq=False)
class MailLayout:
    """The mail's templates, ready to be filled in. `leave` stands for the reader's link for leaving.

    `html` and `text` raise ConfigurationError when a template is broken or does not show what it must.
    """

    theme: Theme
    facts: Facts
    _compiled: dict[_Shape, Layout] = field(default_factory=dict)

    @cached_property
    def content_styles(self) -> str:
        """The style sheet for the author's text, to be written into its elements."""
        return self.theme.render(CONTENT_STYLES, publication=self.facts)

    def html(self, parts: Parts, leave: str) -> str:
        """The HTML body of a mail, from parts in HTML."""
        shape = _Shape.of(parts)
        layout = self._compiled.get(shape)
        if layout is None:
            if len(self._compiled) >= _SHAPES_KEPT:
                self._compiled.clear()
            layout = self._compiled[shape] = self._compile(shape)
        return layout.fill(dict(_contents(parts, leave)))

    def text(self, parts: Parts, leave: str) -> str:
        """The plain text body of a mail, from parts in plain text."""
        return self._fill_in(
            TEXT,
            leave,
            tier=parts.tier.value,
            issue=parts.issue,
            intro=parts.intro,
            contents=parts.contents,
            nuggets=parts.nuggets,
            references=parts.references,
            members_note=parts.members_note,
        )

    def _compile(self, shape: _Shape) -> Layout:
        slots = Slots(self._digits)
        mjml = self._fill_in(
            LAYOUT,
            slots.words("unsubscribe_url"),
            tier=shape.tier.value,
            issue=IssueFacts(
                title=slots.words("issue.title"),
                preheader=slots.content("issue.preheader", given=shape.preheader, required=False),
                date=slots.words("issue.date"),
                url=slots.words("issue.url", given=shape.url),
            ),
            intro=slots.content("intro", given=shape.intro),
            contents=tuple(
                Passage(
                    title=slots.content(f"the title in the contents#{number}", required=False),
                    content="",
                    url=slots.words(f"nugget.url#{number}"),
                    members_only=shape.nuggets[number][0],
                )
                for number in range(shape.contents)
            ),
            nuggets=tuple(
                Passage(
                    title=slots.content(f"nugget.title#{number}"),
                    content=slots.content(f"nugget.content#{number}", required=False),
                    url=slots.words(f"nugget.url#{number}"),
                    members_only=members_only,
                    picture=slots.content(f"nugget.picture#{number}", given=picture, required=False),
                    caption=slots.content(f"nugget.caption#{number}", given=caption, required=False),
                    rest=slots.content(f"nugget.rest#{number}", required=False),
                )
                for number, (members_only, picture, caption) in enumerate(shape.nuggets)
            ),
            references=slots.content("references", given=shape.references),
            members_note=slots.words("members_note", given=shape.members_note),
        )
        compiled = _with_landmark(compile_mjml(mjml, file=LAYOUT, locate=self.theme.locate))
        layout = slots.cut(mjml, compiled, LAYOUT)
        for number, (_, picture, caption) in enumerate(shape.nuggets):
            _check_nugget(layout, number, picture=picture, caption=caption)
        return layout

    @cached_property
    def _digits(self) -> str:
        """Digits that no template writes, unless it was made to: of everything else that a layout holds."""
        return hashlib.sha256(repr(self.facts).encode("utf-8", "surrogatepass")).hexdigest()[:20]

    def _fill_in(self, template: str, leave: str, **values: object) -> str:
        filled = self.theme.render(template, publication=self.facts, unsubscribe_url=leave, **values)
        if leave not in filled:
            raise ConfigurationError(
                "The templates never show unsubscribe_url, the reader's link for leaving.",
                file=template,
                hint="Every mail needs it; see the theme's own footer.",
                code="slot",
            )
        return filled


def _with_landmark(html: str) -> str:
    """The mail in a main landmark, which MJML does not make, for people who go from landmark to landmark."""
    html = _OUTERMOST.sub(r'<div role="main">\1', html, count=1)
    return "</div></body>".join(html.rsplit("</body>", 1))


def _contents(parts: Parts, leave: str) -> Iterator[tuple[str, str]]:
    """What stands in the slots of a layout, by their keys."""
    issue = parts.issue
    yield "unsubscribe_url", leave
    yield "issue.title", issue.title
    yield "issue.preheader", issue.preheader + _FILLER
    yield "issue.date", escape(issue.date)
    yield "issue.url", escape(issue.url)
    yield "intro", parts.intro
    yield "references", "".join(parts.references)
    yield "members_note", escape(parts.members_note)
    for number, nugget in enumerate(parts.nuggets):
        yield f"nugget.url#{number}", escape(nugget.url)
        yield f"the title in the contents#{number}", nugget.title
        yield f"nugget.title#{number}", nugget.title
        yield f"nugget.content#{number}", nugget.content
        yield f"nugget.picture#{number}", nugget.picture
        yield f"nugget.caption#{number}", nugget.caption
        yield f"nugget.rest#{number}", nugget.rest


def _check_nugget(layout: Layout, number: int, *, picture: bool, caption: bool) -> None:
    """Every word of a nugget is shown, and none twice."""
    whole, rest = (layout.shows(f"nugget.{name}#{number}") for name in ("content", "rest"))
    fault = ""
    if not whole and not rest:
        fault = "The mail's templates never show nugget.content."
    elif whole and (rest or layout.shows(f"nugget.picture#{number}")):
        fault = "The mail's templates show nugget.content, and parts of it again."
    elif rest:
        parts = [name for name, given in (("picture", picture), ("caption", caption)) if given]
        missing = [f"nugget.{name}" for name in parts if not layout.shows(f"nugget.{name}#{number}")]
        if missing:
            fault = f"The mail's templates show nugget.rest, but never {missing[0]}."
    if fault:
        raise ConfigurationError(fault, file=LAYOUT, hint=_HINT, code="slot")
