"""Tables of data; grids that only hold things in place are told apart from them."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.document import Cell, Inline, Table
from newsletter.gathering.inlines import InlineReader
from newsletter.gathering.markup import Element
from newsletter.gathering.spacing import flat

_WIDEST = 20
_ROWS = frozenset({"thead", "tbody", "tfoot"})
_NOT_IN_CELLS = frozenset({"table", "blockquote", "pre", "ul", "ol", "figure", "iframe", "video", "audio"})
_ALIGNMENTS = frozenset({"left", "center", "right"})


class TableReader:
    """Reads a `table` element."""

    def __init__(self, inlines: InlineReader) -> None:
        self._inlines = inlines

    def read(self, element: Element) -> tuple[list[tuple[Inline, ...]], Table | None]:
        """The captions, and the table; None when it is none: a single column, or cells that hold blocks."""
        captions = [
            words
            for child in element.children
            if isinstance(child, Element) and child.tag == "caption"
            if (words := flat(self._inlines.read(child.children)))
        ]
        rows = [
            row for row in (self._row(row) for row in _rows(element)) if any(cell.children for cell in row)
        ]
        width = max((len(row) for row in rows), default=0)
        if not 2 <= width <= _WIDEST or any(_has_blocks(row) for row in _rows(element)):
            return captions, None
        filled = [row + (Cell(()),) * (width - len(row)) for row in rows]
        return captions, Table(filled[0], tuple(filled[1:]))

    def _row(self, row: Element) -> tuple[Cell, ...]:
        cells: list[Cell] = []
        for cell in row.children:
            if isinstance(cell, Element) and cell.tag in ("td", "th"):
                align = cell.attributes.get("align", "").lower()
                words = flat(self._inlines.read(cell.children))
                cells.append(Cell(words, align if align in _ALIGNMENTS else ""))
                span = cell.attributes.get("colspan", "")
                extra = min(int(span), _WIDEST) - 1 if span.isascii() and span.isdigit() else 0
                cells += [Cell(())] * extra
        return tuple(cells)


def _rows(element: Element) -> Iterator[Element]:
    for child in element.children:
        if isinstance(child, Element) and child.tag == "tr":
            yield child
        elif isinstance(child, Element) and child.tag in _ROWS:
            yield from _rows(child)


def _has_blocks(element: Element) -> bool:
    return any(
        child.tag in _NOT_IN_CELLS or _has_blocks(child)
        for child in element.children
        if isinstance(child, Element)
    )
