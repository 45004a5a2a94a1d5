"""HTML of document nodes: what mail and web have in common. `html_mail` and `html_web` fill in the rest.

Every character of the author is escaped here; nothing he writes is markup. Class names are the theme's to
style: quote, quoted, attribution, figure, caption, source, aside, objection, kicker, members, kept-back,
data, code, break, noteref, notes, note.
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
)
from newsletter.model import Tier
from newsletter.rendering import words
from newsletter.rendering.prose import count_words
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

    Afterwards `cited` holds the keys of the references that readers of this tier see cited, in order, and
    `tiered` says whether anything depended on the tier.
    """

    place: str
    """As in `:::email` and `:::web`."""

    alignment: str
    """The attribute that aligns a table's cell, with {} for where to."""

    def __init__(self, bibliography: Bibliography, tier: Tier, base: str) -> None:
        self.cited: dict[str, None] = {}
        self.tiered = False
        self._bibliography = bibliography
        self._tier = tier
        self._base = base
        self._anchor = ""
        self._noted: set[int] = set()

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
                return f'<p class="source">{words.SOURCE}: {self._inlines(children, credit=True)}</p>\n'
            case Heading(level, children):
                return f"<h{level}>{self._inlines(children)}</h{level}>\n"
            case Listing():
                return self._listing(block)
            case Aside(blocks):
                return self._panel("aside", "", (), blocks)
            case Objection(title, blocks):
                return self._panel("objection", words.OBJECTION, title, blocks)
            case Members(blocks):
                self.tiered = True
                if self._tier is Tier.MEMBER:
                    return self._panel("members", words.MEMBERS, (), blocks)
                return f'<p class="kept-back">{words.members_passage(count_words(blocks))}</p>\n'
            case Only(place, blocks):
                return self.blocks(blocks) if place == self.place else ""
            case CodeBlock():
                return self._code_block(block)
            case Table():
                return self._table(block)
            case Rule():
                return self._rule()
            case _:
                assert_never(block)

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
        parts = [self._inline(inline, links, credit) for inline in inlines]
        for index in range(len(parts) - 1, 0, -1):
            if links and isinstance(inlines[index], NoteRef) and isinstance(inlines[index - 1], NoteRef):
                parts.insert(index, "<sup>,</sup>")  # or notes 1 and 2 would read as note 12
        return "".join(parts)

    def _inline(self, inline: Inline, links: bool, credit: bool) -> str:
        if isinstance(inline, Text):  # most are, and this is quicker than a match
            return escape(inline.text)
        match inline:
            case Emphasis(children):
                return f"<em>{self._inlines(children, links=links, credit=credit)}</em>"
            case Link(href, children):
                content = self._inlines(children, links=False, credit=credit)
                to = address(href, self._base) if links else ""
                return f'<a href="{escape(to)}">{content}</a>' if to else content
            case Break(hard):
                return "<br>\n" if hard else "\n"
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

    def _reference(self, key: str) -> str:
        return f"{self._base}#ref-{key}"

    # --- what mail and web do differently

    @abstractmethod
    def _quotation(self, quotation: Quotation) -> str: ...

    @abstractmethod
    def _figure(self, figure: Figure) -> str: ...

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
