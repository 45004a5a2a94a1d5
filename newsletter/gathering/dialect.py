"""Strangers' HTML becomes text in our dialect: sanitised, never raw HTML, and every word of it kept."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from newsletter.document import (
    Block,
    Body,
    Code,
    CodeBlock,
    Figure,
    Heading,
    Link,
    Listing,
    ListItem,
    Paragraph,
    Picture,
    Quotation,
    Table,
    Text,
    Video,
)
from newsletter.errors import Level
from newsletter.gathering import escaping
from newsletter.gathering.blocks import BlockReader
from newsletter.gathering.markdown import write
from newsletter.gathering.markup import read_markup
from newsletter.gathering.spacing import without_marks
from newsletter.writing.tree import read_body
from newsletter.writing.walk import Node, walk

NUGGET = 3
"""The level of the highest heading inside a nugget."""

_SMARTENED = re.compile(r"[\s\u200e\u200f\"'“”‘’‚„–—\-….]+")


def read_html(
    html: str, *, base: str = "", picture_base: str | None = None, top: int = NUGGET
) -> tuple[Block, ...]:
    """The blocks in `html`, which may be anything. Relative links start from `base`, relative pictures from
    `picture_base` (the same, unless given); the highest heading gets the level `top`."""
    reader = BlockReader(base, picture_base=base if picture_base is None else picture_base, top=top)
    return reader.read(read_markup(html))


def write_dialect(blocks: Sequence[Block]) -> str:
    """The blocks as Markdown that an issue's reader understands as just these words.

    Each block is read back after writing. Where emphasis stands so that Markdown cannot express it, the marks
    are left out; what is still misread is written with every sign escaped.
    """
    text = write(blocks)
    if _says(text, blocks):
        return text
    return "\n".join(_safe(block) for block in blocks)


def to_dialect(html: str, *, base: str = "", top: int = NUGGET) -> str:
    """`html` as Markdown; the two steps above in one."""
    return write_dialect(read_html(html, base=base, top=top))


def _safe(block: Block) -> str:
    for attempt in (block, _plain(block)):
        text = write([attempt])
        if _says(text, [attempt]):
            return text
    said = (node.text for node, _ in walk(Body((block,))) if isinstance(node, Text | Code | CodeBlock))
    words = " ".join(" ".join(said).split())
    return f"{escaping.escape_all(words)}\n" if words else ""


def _plain(block: Block) -> Block:
    """The block without any emphasis."""
    match block:
        case Paragraph() | Heading():
            return replace(block, children=without_marks(block.children))
        case Quotation():
            return replace(
                block, blocks=tuple(map(_plain, block.blocks)), attribution=without_marks(block.attribution)
            )
        case Listing():
            items = tuple(ListItem(tuple(map(_plain, item.blocks))) for item in block.items)
            return replace(block, items=items)
        case Table():
            rows = (
                tuple(replace(cell, children=without_marks(cell.children)) for cell in row)
                for row in block.rows
            )
            header = tuple(replace(cell, children=without_marks(cell.children)) for cell in block.header)
            return replace(block, header=header, rows=tuple(rows))
        case Figure():
            return replace(block, caption=without_marks(block.caption))
    return block


def _says(text: str, blocks: Sequence[Block]) -> bool:
    """True when `text` is read as the words, links and pictures of `blocks`, smart punctuation aside."""
    body, problems = read_body(text, "")
    if any(problem.level is Level.ERROR for problem in problems):
        return False
    return _signs(body) == _signs(Body(tuple(blocks)))


def _signs(body: Body) -> str:
    return _SMARTENED.sub("", "".join(_said(node) for node, _ in walk(body)))


def _said(node: Node) -> str:
    match node:
        case Text() | Code() | CodeBlock():
            return node.text
        case Picture():
            return f"\0{node.alt}"
        case Link() | Video():
            return "\1"
    return ""
