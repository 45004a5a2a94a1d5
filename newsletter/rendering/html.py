"""HTML of document nodes: what mail and web have in common. `html_mail` and `html_web` fill in the rest.

Every character of the author is escaped here; nothing he writes is markup. Class names are the theme's to
style: quote, quoted, attribution, figure, caption, video, still, watch, source, aside, objection, kicker,
members, kept-back, data, code, break, noteref, notes, note.
"""

from __future__ import annotations

import html
import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import assert_never
from urllib.parse import urljoin

from newsletter.document import (
    Aside,
    Block,
    Break,
    Citation,
    Code,
    CodeBlock,
    Emphasis,
    Figure,
    Heading,
    Inline,
    Link,
    Listing,
    ListItem,
    Members,
    Merge,
    Note,
    NoteRef,
    Objection,
    Only,
    Paragraph,
    Picture,
    Quotation,
    Rule,
    Source,
    Strike,
    Strong,
    Table,
    Text,
    Video,
)
from newsletter.model import Tier
from newsletter.rendering.prose import count_words
from newsletter.rendering.words import Words
from newsletter.writing.citations import Bibliography
from newsletter.writing.cleaning import clean

_SCHEME = re.compile(r"\s*([a-zA-Z][a-zA-Z0-9+.-]*):")
_SCHEMES = frozenset({"http", "https", "mailto", "tel"})
_SPECIAL = re.compile("[^ \n!#$%(-;=?-~\u00a0-\u2027\u202f-\u2065\u206a-\ud7ff]")
"""Characters that may need escaping or cleaning: what has none of them stands as it is."""
_SPACE = re.compile(r"[\x00-\x20]+")


def escape(text: str) -> str:
    """`text` as HTML, safe between tags and in quoted attributes, without characters that HTML forbids."""
    return html.escape(clean(text), quote=True) if _SPECIAL.search(text) else text


def address(href: str, base: str) -> str:
    """Where a link leads, made absolute against `base`; "" when its scheme is none a newsletter links to."""
    href = _SPACE.sub("", href)
    if scheme := _SCHEME.match(href):
        return href if scheme[1].lower() in _SCHEMES else ""
    try:
        return urljoin(base, href)
    except ValueError:
        return ""


class HtmlRenderer(ABC):
    """Renders passages (the intro, a nugget, a reference) for one place and one tier.

    Since `begin`, `cited` holds the keys of the references that readers of this tier see cited, in order,
    and `tiered` says whether anything depended on the tier.
    """

    place: str
    """As in `:::email` and `:::web`."""

    alignment: str
    """The attribute that aligns a table's cell, with {} for where to."""

    def __init__(self, bibliography: Bibliography, tier: Tier, base: str, words: Words) -> None:
        self.cited: dict[str, None] = {}
        self.tiered = False
        self._bibliography = bibliography
        self._tier = tier
        self._base = base
        self._words = words
        self._anchor = ""
        self._noted: set[int] = set()

    def begin(self) -> None:
        """Forgets what was rendered before."""
        self.cited.clear()
        self.tiered = False

    def passage(self, blocks: Sequence[Block], notes: Sequence[Note] = (), anchor: str = "") -> str:
        """Blocks and the footnotes that they refer to; footnotes of what this tier does not see stay out."""
        self._anchor, self._noted = anchor, set()
        content = self.blocks(blocks)
        shown: dict[int, str] = {}
        while due := [note for note in notes if note.number in self._noted and note.number not in shown]:
            for note in due:
                shown[note.number] = self.blocks(note.blocks)
        return content + (self._notes(sorted(shown.items())) if shown else "")

    def title(self, inlines: Sequence[Inline]) -> str:
        """A heading's words with their emphasis but without links, because titles are links themselves."""
        return self._inlines(inlines, links=False)

    def line(self, inlines: Sequence[Inline]) -> str:
        """Words with everything in them, links included."""
        return self._inlines(inlines)

    def blocks(self, blocks: Sequence[Block]) -> str:
        """The blocks one after another."""
        return "".join(map(self._block, blocks))

    # --- blocks

    def _block(self, block: Block) -> str:
        match block:
            case Paragraph(children):
                return f"<p>{self._inlines(children)}</p>\n"
            case Quotation():
                return self._quotation(block)
            case Figure():
                return self._figure(block)
            case Source(children):
                credit = self._inlines(children, credit=True)
                return f'<p class="source">{self._say("source")}: {credit}</p>\n'
            case Heading(level, children):
                return f"<h{level}>{self._inlines(children)}</h{level}>\n"
            case Listing():
                return self._listing(block)
            case Aside(blocks):
                return self._panel("aside", "", (), blocks)
            case Objection(title, blocks):
                return self._panel("objection", self._say("objection"), title, blocks)
            case Members(blocks):
                self.tiered = True
                if self._tier is Tier.MEMBER:
                    return self._panel("members", self._say("for_members"), (), blocks)
                note = self._words.members_passage(count_words(blocks))
                return f'<p class="kept-back">{escape(note)}</p>\n'
            case Only(place, blocks):
                return self.blocks(blocks) if place == self.place else ""
            case CodeBlock():
                return self._code_block(block)
            case Table():
                return self._table(block)
            case Video():
                return self._video(block)
            case Rule():
                return self._rule()
            case _:
                assert_never(block)

    def _video_words(self, video: Video) -> str:
        """The words of a card: what it is, the title as a link, and where that leads."""
        title = self.title(video.title)
        where = video.site if title else video.href.partition("://")[2]
        watch = self._watch(video, title or escape(self._words["watch_on"](site=video.site)))
        return (
            f'<p class="kicker">{self._say("video")}</p>\n'
            f'<p class="watch">{watch}</p>\n<p class="caption">{escape(where)}</p>\n'
        )

    def _watch(self, video: Video, content: str) -> str:
        return f'<a href="{escape(address(video.href, self._base))}">{content}</a>'

    def _listing(self, listing: Listing) -> str:
        if listing.start is None:
            opening, closing = "<ul>", "</ul>"
        else:
            opening = "<ol>" if listing.start == 1 else f'<ol start="{listing.start}">'
            closing = "</ol>"
        items = "".join(f"<li>{self._item(item, listing.tight)}</li>\n" for item in listing.items)
        return f"{opening}\n{items}{closing}\n"

    def _item(self, item: ListItem, tight: bool) -> str:
        if not tight:
            return self.blocks(item.blocks)
        return "".join(
            self._inlines(block.children) if isinstance(block, Paragraph) else "\n" + self._block(block)
            for block in item.blocks
        )

    def _rows(self, table: Table) -> str:
        """The inside of a table: a head with scopes, and the body."""
        align = [f" {self.alignment.format(cell.align)}" if cell.align else "" for cell in table.header]
        head = "".join(
            f'<th scope="col"{where}>{self._inlines(cell.children)}</th>'
            for cell, where in zip(table.header, align, strict=True)
        )
        body = "".join(
            "<tr>"
            + "".join(
                f"<td{where}>{self._inlines(cell.children)}</td>"
                for cell, where in zip(row, align, strict=True)
            )
            + "</tr>\n"
            for row in table.rows
        )
        return f"<thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody>"

    def _attribution(self, quotation: Quotation) -> str:
        if not quotation.attribution:
            return ""
        return f'<p class="attribution">— {self._inlines(quotation.attribution, credit=True)}</p>\n'

    # --- inlines

    def _inlines(self, inlines: Sequence[Inline], *, links: bool = True, credit: bool = False) -> str:
        parts: list[str] = []
        words: list[str] = []  # most inlines are these and the ends of lines: they are escaped together
        before: type = Text
        for inline in inlines:
            kind = type(inline)
            if isinstance(inline, Text):
                words.append(inline.text)
            elif isinstance(inline, Break) and not inline.hard:
                words.append("\n")
            else:
                if words:
                    parts.append(escape("".join(words)))
                    words.clear()
                if kind is before is NoteRef and links:
                    parts.append("<sup>,</sup>")  # or notes 1 and 2 would read as note 12
                parts.append(self._inline(inline, links, credit))
            before = kind
        if words:
            parts.append(escape("".join(words)))
        return "".join(parts)

    def _inline(self, inline: Inline, links: bool, credit: bool) -> str:
        match inline:
            case Emphasis(children):
                return f"<em>{self._inlines(children, links=links, credit=credit)}</em>"
            case Link(href, children):
                content = self._inlines(children, links=False, credit=credit)
                to = address(href, self._base) if links else ""
                return f'<a href="{escape(to)}">{content}</a>' if to else content
            case Break():
                return "<br>\n"
            case Text(text):
                return escape(text)  # pragma: no cover - `_inlines` has seen to it
            case Strong(children):
                return f"<strong>{self._inlines(children, links=links, credit=credit)}</strong>"
            case Citation():
                self.cited.update((cite.key, None) for cite in inline.cites)
                cite = self._bibliography.credit if credit else self._bibliography.inlines
                return self._inlines(cite(inline, self._reference), links=links)
            case NoteRef(number):
                if not links:
                    return ""
                first = number not in self._noted
                self._noted.add(number)
                return self._note_ref(number, first)
            case Merge():
                return self._merge(inline)
            case Code(text):
                return f"<code>{escape(text)}</code>"
            case Strike(children):
                return f"<s>{self._inlines(children, links=links, credit=credit)}</s>"
            case Picture():
                return self._picture(inline)
            case _:
                assert_never(inline)

    def _say(self, name: str) -> str:
        """A phrase of the theme as HTML."""
        return escape(self._words[name])

    def _reference(self, key: str) -> str:
        return f"{self._base}#ref-{key}"

    # --- what mail and web do differently

    @abstractmethod
    def _quotation(self, quotation: Quotation) -> str: ...

    @abstractmethod
    def _figure(self, figure: Figure) -> str: ...

    @abstractmethod
    def _video(self, video: Video) -> str: ...

    @abstractmethod
    def _panel(self, kind: str, kicker: str, title: Sequence[Inline], blocks: Sequence[Block]) -> str: ...

    @abstractmethod
    def _code_block(self, code: CodeBlock) -> str: ...

    @abstractmethod
    def _table(self, table: Table) -> str: ...

    @abstractmethod
    def _rule(self) -> str: ...

    @abstractmethod
    def _picture(self, picture: Picture) -> str: ...

    @abstractmethod
    def _merge(self, merge: Merge) -> str: ...

    @abstractmethod
    def _note_ref(self, number: int, first: bool) -> str: ...

    @abstractmethod
    def _notes(self, notes: Sequence[tuple[int, str]]) -> str: ...
