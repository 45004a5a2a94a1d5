"""Plain text of document nodes: a real edition in 72 columns, with quotations, captions and link notes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import assert_never

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
from newsletter.rendering.html import address
from newsletter.rendering.lines import WIDTH, fill, table, underline
from newsletter.rendering.prose import count_words
from newsletter.rendering.words import Words
from newsletter.writing.citations import Bibliography
from newsletter.writing.cleaning import clean

_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_QUOTE = "> "
_PANEL = "| "
_INDENT = "  "


class TextRenderer:
    """Renders passages as plain text for one tier, in the mail.

    Links are numbered within a passage and listed at its end; `merge` says what stands for a merge field.
    Afterwards `tiered` says whether anything depended on the tier.
    """

    def __init__(
        self,
        bibliography: Bibliography,
        tier: Tier,
        issue_url: str,
        merge: Callable[[Merge], str],
        words: Words,
    ) -> None:
        self.tiered = False
        self._bibliography = bibliography
        self._numbered = bibliography.numbered
        self._tier = tier
        self._base = issue_url
        self._merge = merge
        self._words = words
        self._links: dict[str, int] = {}
        self._noted: set[int] = set()

    def passage(self, blocks: Sequence[Block], notes: Sequence[Note] = ()) -> str:
        """Blocks, the footnotes that they refer to and the addresses that they link to."""
        self._links, self._noted = {}, set()
        parts = self._blocks(blocks, WIDTH)
        shown: dict[int, list[str]] = {}
        while due := [note for note in notes if note.number in self._noted and note.number not in shown]:
            for note in due:
                shown[note.number] = self._note(note)
        ends = _listed([lines for _, lines in sorted(shown.items())])
        links = [f"[{self._mark(number)}] {href}" for href, number in self._links.items()]
        return "\n\n".join("\n".join(lines) for lines in [*parts, ends, links] if lines)

    def title(self, inlines: Sequence[Inline]) -> str:
        """A heading's words, on one line, without links."""
        return " ".join(self._inlines(inlines, links=False).split())

    def reference(self, inlines: Sequence[Inline]) -> str:
        """An entry of the bibliography on one line, with the addresses of its links written out."""
        return " ".join(self._inlines(inlines, spelled=True).split())

    # --- blocks: each is a list of lines

    def _blocks(self, blocks: Sequence[Block], columns: int) -> list[list[str]]:
        return [lines for block in blocks for lines in self._block(block, columns)]

    def _block(self, block: Block, columns: int) -> list[list[str]]:
        """The paragraphs, each a list of lines, that a block consists of."""
        match block:
            case Paragraph(children):
                return [fill(self._inlines(children), columns)]
            case Quotation(blocks, attribution):
                parts = self._blocks(blocks, columns - len(_QUOTE))
                if attribution:
                    credit = self._inlines(attribution, credit=True)
                    parts.append(fill(credit, columns - len(_QUOTE), first="— ", rest=_INDENT))
                return [_ruled(parts, _QUOTE)]
            case Heading(level, children):
                lines = fill(self._inlines(children), columns)
                return [underline(" ".join(lines), "~")] if level == 3 and columns == WIDTH else [lines]
            case Source(children):
                lead = f"{self._words['source']}: "
                return [fill(self._inlines(children, credit=True), columns, first=lead, rest=_INDENT)]
            case Figure(picture, caption):
                return self._figure(picture, caption, columns)
            case Listing():
                return self._listing(block, columns)
            case Aside(blocks):
                return [_ruled(self._blocks(blocks, columns - len(_PANEL)), _PANEL)]
            case Objection(title, blocks):
                return [_ruled(self._headed("objection", title, blocks, columns - len(_PANEL)), _PANEL)]
            case Members(blocks):
                self.tiered = True
                if self._tier is Tier.MEMBER:
                    parts = self._headed("for_members", (), blocks, columns - len(_PANEL))
                    return [_ruled(parts, _PANEL)]
                return [fill(f"({self._words.members_passage(count_words(blocks))})", columns)]
            case Only(place, blocks):
                return self._blocks(blocks, columns) if place == "email" else []
            case CodeBlock(text):
                return [
                    ["    " + line if line else "" for line in clean(text).removesuffix("\n").split("\n")]
                ]
            case Table():
                return [self._table(block, columns)]
            case Video():
                return [_ruled([self._video(block, columns - len(_PANEL))], _PANEL)]
            case Rule():
                return [["* * *".center(columns).rstrip()]]
            case _:
                assert_never(block)

    def _headed(
        self, phrase: str, title: Sequence[Inline], blocks: Sequence[Block], columns: int
    ) -> list[list[str]]:
        kicker = self._words[phrase]
        head = f"{kicker}: {self._inlines(title)}" if title else kicker
        return [fill(head, columns), *self._blocks(blocks, columns)]

    def _figure(self, picture: Picture, caption: Sequence[Inline], columns: int) -> list[list[str]]:
        lines = []
        if picture.alt:
            lines = fill(f"[{self._words['picture']}: {clean(picture.alt)}]", columns)
        if caption:
            lines += fill(self._inlines(caption), columns, first=_INDENT, rest=_INDENT)
        return [lines] if lines else []

    def _video(self, video: Video, columns: int) -> list[str]:
        title = self.title(video.title)
        says = f"{title} ({video.site})" if title else self._words["watch_on"](site=video.site)
        lines = fill(f"{self._words['video']}: {clean(says)}", columns, rest=_INDENT)
        return [*lines, address(video.href, self._base)]

    def _listing(self, listing: Listing, columns: int) -> list[list[str]]:
        first = listing.start
        last = (first or 0) + len(listing.items) - 1
        items = []
        for index, item in enumerate(listing.items):
            mark = "- " if first is None else f"{first + index}.".ljust(len(str(last)) + 1) + " "
            parts = self._blocks(item.blocks, columns - len(mark))
            lines = [line for part in parts for line in part] if listing.tight else _joined(parts)
            items.append(_led(lines, mark))
        return [_listed(items)]

    def _table(self, node: Table, columns: int) -> list[str]:
        """The table in columns or, when it is too wide for that, row by row with the heads as labels."""
        rows = [
            [" ".join(self._inlines(cell.children).split()) for cell in row]
            for row in (node.header, *node.rows)
        ]
        aligned = table(rows, [cell.align for cell in node.header], columns)
        if aligned:
            return aligned
        header = rows[0]
        records = []
        for row in rows[1:]:
            record = []
            for index, (head, cell) in enumerate(zip(header, row, strict=True)):
                lead = "- " if index == 0 else _INDENT
                record += fill(f"{head}: {cell}" if head else cell, columns, first=lead, rest="    ")
            records.append(record)
        return _joined(records)

    def _note(self, note: Note) -> list[str]:
        mark = f"{note.number}".translate(_RAISED) + " "
        return _led(_joined(self._blocks(note.blocks, WIDTH - len(mark))), mark)

    # --- inlines

    def _inlines(
        self, inlines: Sequence[Inline], *, links: bool = True, credit: bool = False, spelled: bool = False
    ) -> str:
        parts: list[str] = []
        words: list[str] = []  # most inlines are these and the ends of lines: they are cleaned together
        before: type = Text
        for inline in inlines:
            kind = type(inline)
            if isinstance(inline, Text):
                words.append(inline.text)
            elif isinstance(inline, Break) and not inline.hard:
                words.append(" ")
            else:
                if words:
                    parts.append(_plain("".join(words)))
                    words.clear()
                if kind is before is NoteRef and links:
                    parts.append(",")  # or notes 1 and 2 would read as note 12
                parts.append(self._inline(inline, links, credit, spelled))
            before = kind
        if words:
            parts.append(_plain("".join(words)))
        return "".join(parts)

    def _inline(self, inline: Inline, links: bool, credit: bool, spelled: bool) -> str:
        match inline:
            case Emphasis(children):
                return f"_{self._inlines(children, links=links, credit=credit, spelled=spelled)}_"
            case Link(href, children):
                content = self._inlines(children, links=False, credit=credit)
                to = address(href, self._base) if links else ""
                return self._linked(content, to, spelled)
            case Break():
                return "\n"
            case Text(text):
                return _plain(text)  # pragma: no cover - `_inlines` has seen to it
            case Strong(children):
                return f"*{self._inlines(children, links=links, credit=credit, spelled=spelled)}*"
            case Citation():
                cite = self._bibliography.credit if credit else self._bibliography.inlines
                return self._inlines(cite(inline, str), links=False)
            case NoteRef(number):
                if not links:
                    return ""
                self._noted.add(number)
                return str(number).translate(_RAISED)
            case Merge():
                return self._merge(inline)
            case Code(text):
                return f"`{clean(text)}`"
            case Strike(children):
                return f"~{self._inlines(children, links=links, credit=credit, spelled=spelled)}~"
            case Picture(alt=alt):
                return f"[{clean(alt)}]" if alt else ""
            case _:
                assert_never(inline)

    def _linked(self, content: str, to: str, spelled: bool) -> str:
        """Words of a link with its address: the address alone where the words are part of it, else written
        out behind them or, in running text, as the mark of a line at the end of the passage."""
        bare = to.removeprefix("mailto:")
        if not to or content == bare:
            return content
        if content and content in (to.partition("://")[2].removesuffix("/"), to.removesuffix("/")):
            return to
        if spelled and content.removeprefix("doi:") in to:
            return to
        if spelled or to.startswith("mailto:"):
            return f"{content} <{bare}>"
        number = self._links.setdefault(to, len(self._links) + 1)
        return f"{content} [{self._mark(number)}]"

    def _mark(self, number: int) -> str:
        """What stands for link `number`: letters where citations are numbers in brackets already."""
        if not self._numbered:
            return str(number)
        before, last = divmod(number - 1, 26)
        return (self._mark(before) if before else "") + chr(ord("a") + last)


def _plain(text: str) -> str:
    return clean(text).replace("\n", " ")


def _joined(parts: Sequence[Sequence[str]]) -> list[str]:
    """The lines of several paragraphs with an empty line between any two."""
    lines: list[str] = []
    for part in parts:
        if lines:
            lines.append("")
        lines += part
    return lines


def _listed(items: Sequence[Sequence[str]]) -> list[str]:
    """The lines of several items, close together unless one of them has an empty line in it."""
    return _joined(items) if any("" in item for item in items) else [line for item in items for line in item]


def _ruled(parts: Sequence[Sequence[str]], rule: str) -> list[str]:
    return [(rule + line).rstrip(" ") for line in _joined(parts)]


def _led(lines: Sequence[str], mark: str) -> list[str]:
    """Lines with `mark` before the first and as much space before the others."""
    space = " " * len(mark)
    return [((mark if index == 0 else space) + line).rstrip(" ") for index, line in enumerate(lines or [""])]
