"""The block nodes of `document` written as text in our dialect, for a person to edit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from newsletter.document import (
    Block,
    Break,
    Cell,
    Code,
    CodeBlock,
    Emphasis,
    Figure,
    Heading,
    Inline,
    Link,
    Listing,
    ListItem,
    Paragraph,
    Picture,
    Quotation,
    Rule,
    Strike,
    Strong,
    Table,
    Text,
    Video,
)
from newsletter.gathering import escaping
from newsletter.writing.videos import video_site

WIDTH = 100
"""Columns of the text; only words that are longer go beyond."""

_KEPT = "\0"
"""Stands for a space at which the line must not be broken; clean text has no such character."""
_NO_LINE_START = re.compile(r"[-+>#=|:~—–―]|\d{1,9}[.)]|Sources?:")


def write(blocks: Sequence[Block]) -> str:
    """The blocks as Markdown, with a line feed at the end; "" for none."""
    text = _blocks(blocks, WIDTH)
    return f"{text}\n" if text else ""


def write_inlines(nodes: Sequence[Inline]) -> str:
    """The nodes as Markdown on one line."""
    return _inlines(nodes).replace("\\\n", " ").replace(_KEPT, " ")


def _blocks(blocks: Sequence[Block], width: int, *, tight: bool = False) -> str:
    parts: list[str] = []
    for index, block in enumerate(blocks):
        # two lists in a row would be read as one, were their marks the same
        other = bool(index % 2) and isinstance(block, Listing) and isinstance(blocks[index - 1], Listing)
        parts.append(_block(block, width, other_mark=other))
    return ("\n" if tight else "\n\n").join(part for part in parts if part)


def _block(block: Block, width: int, *, other_mark: bool = False) -> str:
    match block:
        case Paragraph():
            return _paragraph(block.children, width)
        case Heading():
            return f"{'#' * block.level} {_heading(block.children)}"
        case Quotation():
            return _quotation(block, width)
        case Listing():
            return _listing(block, width, other_mark)
        case CodeBlock():
            fence = escaping.fence(block.text)
            return f"{fence}{block.language}\n{block.text}{fence}"
        case Table():
            return _table(block)
        case Figure():
            return _figure(block)
        case Video():
            title = escaping.escape_start(write_inlines(block.title))
            return f"{block.href}\n{title}" if title else block.href
        case Rule():
            return "---"
        case _:
            raise AssertionError(f"nothing that is gathered becomes {block!r}")


def _paragraph(nodes: Sequence[Inline], width: int) -> str:
    first, *rest = [line for text in _inlines(nodes).split("\n") for line in _wrap(text, width)]
    if video_site(first.removesuffix("\\")):
        first = first.replace("://", "\\://", 1)  # a line of its own would make a card of it
    lines = map(escaping.escape_start, (first, *rest))
    return "\n".join(lines).replace(_KEPT, " ")


def _wrap(text: str, width: int) -> list[str]:
    """The lines of `text`, broken at single spaces before words that may begin a line."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        if line and len(line) + 1 + len(word) > width and word and not _NO_LINE_START.match(word):
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return [*lines, line]


def _heading(nodes: Sequence[Inline]) -> str:
    text = write_inlines(nodes)
    return f"{text[:-1]}\\#" if text.endswith("#") else text


def _quotation(block: Quotation, width: int) -> str:
    text = _blocks(block.blocks, width - 2)
    if block.attribution:
        text += f"\n\n— {write_inlines(block.attribution)}"
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def _listing(block: Listing, width: int, other_mark: bool) -> str:
    items = []
    for number, item in enumerate(block.items, start=block.start or 0):
        mark = (
            ("*" if other_mark else "-") if block.start is None else f"{number}{')' if other_mark else '.'}"
        )
        items.append(_item(item, f"{mark} ", width, block.tight))
    return ("\n" if block.tight else "\n\n").join(items)


def _item(item: ListItem, mark: str, width: int, tight: bool) -> str:
    indent = " " * len(mark)
    text = _blocks(item.blocks, width - len(mark), tight=tight)
    first, *rest = text.split("\n")
    return "\n".join([f"{mark}{first}", *(f"{indent}{line}" if line else "" for line in rest)])


def _table(block: Table) -> str:
    rules = {"left": ":--", "center": ":-:", "right": "--:"}
    marks = [rules.get(cell.align, "---") for cell in block.header]
    return "\n".join([_row(block.header), f"| {' | '.join(marks)} |", *(_row(row) for row in block.rows)])


def _row(cells: Iterable[Cell]) -> str:
    texts = (write_inlines(cell.children).replace("|", r"\|") for cell in cells)
    return f"| {' | '.join(texts)} |"


def _figure(block: Figure) -> str:
    caption = f' "{escaping.title(write_inlines(block.caption))}"' if block.caption else ""
    return f"![{_alt(block.picture)}]({escaping.address(block.picture.src)}{caption})"


def _alt(picture: Picture) -> str:
    return escaping.escape(picture.alt)


def _inlines(nodes: Sequence[Inline], before: str = " ", after: str = " ") -> str:
    """The nodes one after the other; `before` and `after` are the characters around them."""
    text = ""
    following = [_inline(node, " ", " ")[:1] for node in nodes[1:]]
    for node, next_one in zip(nodes, [*following, after], strict=False):
        text += _inline(node, text[-1:] or before, next_one or after)
    return text


def _inline(node: Inline, before: str, after: str) -> str:
    match node:
        case Text():
            return escaping.escape(node.text)
        case Emphasis():
            return _span(node.children, "*", before, after)
        case Strong():
            return _span(node.children, "**", before, after)
        case Strike():
            return _span(node.children, "~~", before, after)
        case Code():
            return escaping.code(node.text).replace(" ", _KEPT)
        case Break():
            return "\\\n"
        case Link():
            return f"[{_inlines(node.children, '[', ']')}]({escaping.address(node.href)})"
        case Picture():
            return f"![{_alt(node)}]({escaping.address(node.src)})".replace(" ", _KEPT)
        case _:
            raise AssertionError(f"nothing that is gathered becomes {node!r}")


def _span(nodes: Sequence[Inline], mark: str, before: str, after: str) -> str:
    """The nodes between two marks, or bare where marks would not be taken for such (CommonMark 6.2)."""
    inside = _inlines(nodes, mark[0], mark[0])
    edges = inside.strip("*") if mark[0] == "*" else inside  # one run of stars is judged as a whole
    opens = edges[:1].isalnum() or not before.isalnum()
    closes = edges[-1:].isalnum() or not after.isalnum()
    return f"{mark}{inside}{mark}" if opens and closes else _inlines(nodes, before, after)
