"""Elements become the block nodes of `document`: paragraphs, lists, quotations, figures and the rest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from newsletter.document import (
    Block,
    Break,
    CodeBlock,
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
    Strong,
    Text,
    Video,
)
from newsletter.gathering.entries import host_of
from newsletter.gathering.inlines import InlineReader, linked
from newsletter.gathering.markup import BLOCKS, Content, Element, text_of
from newsletter.gathering.spacing import flat, paragraphs, tidy
from newsletter.gathering.tables import TableReader
from newsletter.writing.videos import video_site
from newsletter.writing.walk import plain

_DEEPEST = 5
"""How many quotations and lists may stand in each other; deeper ones are set at the same depth."""

_INSIDE = 3
"""The highest level of headings in quotations and lists, where no nugget can begin."""

_HEADING = re.compile(r"h[1-6]")
_LANGUAGE = re.compile(r"(?:^|\s)(?:language|lang|highlight-source)-([\w+#-]+)")
_BOILERPLATE = re.compile(r"The post .+ (?:appeared first|first appeared) on .+\.")
_EMBED = re.compile(r"https?://(?:www\.)?youtube(?:-nocookie)?\.com/embed/([\w-]+)")


@dataclass(frozen=True, slots=True)
class _Where:
    """How deep in quotations and lists an element stands."""

    depth: int = 0

    def deeper(self) -> _Where:
        return _Where(self.depth + 1)


_TOP = _Where()


class BlockReader:
    """Reads a tree of elements; the highest heading in it becomes one of level `top`."""

    def __init__(self, base: str, *, picture_base: str, top: int) -> None:
        self._inlines = InlineReader(base, picture_base)
        self._tables = TableReader(self._inlines)
        self._top = top
        self._ranks: dict[str, int] = {}

    def read(self, root: Element) -> tuple[Block, ...]:
        """The blocks in `root`."""
        self._ranks = {tag: rank for rank, tag in enumerate(sorted(_headings(root)))}
        blocks = self._blocks(root.children, _TOP)
        while blocks and isinstance(blocks[-1], Rule):
            blocks.pop()
        if (
            blocks
            and isinstance(blocks[-1], Paragraph)
            and _BOILERPLATE.fullmatch(plain(blocks[-1].children))
        ):
            blocks.pop()
        return tuple(blocks)

    def _blocks(self, contents: Iterable[Content], where: _Where) -> list[Block]:
        found: list[Block] = []
        line: list[Content] = []
        for content in contents:
            if isinstance(content, Element) and (content.has_blocks or content.tag in BLOCKS):
                found += self._line(line, where)
                line = []
                found += self._element(content, where)
            else:
                line.append(content)
        return found + self._line(line, where)

    def _line(self, contents: Sequence[Content], where: _Where) -> list[Block]:
        found: list[Block] = []
        for nodes in paragraphs(self._inlines.read(contents)):
            pictures = [node for node in nodes if isinstance(node, Picture)]
            if pictures and all(isinstance(node, Picture | Break) or _is_space(node) for node in nodes):
                found += (Figure(picture) for picture in pictures)
            else:
                found.append(self._video(plain(nodes), (), where) or Paragraph(nodes))
        return found

    def _video(self, address: str, title: tuple[Inline, ...], where: _Where) -> Video | None:
        """The card for a video; None for other addresses, and where the dialect has no place for one."""
        site = "" if where.depth or " " in address else video_site(address)
        return Video(address, site, title) if site else None

    def _element(self, element: Element, where: _Where) -> list[Block]:
        match element.tag:
            case "hr":
                return [Rule()] if not where.depth else []
            case "pre":
                return self._code(element)
            case "blockquote":
                return self._quotation(element, where)
            case "ul" | "ol":
                return self._listing(element, where)
            case "dl":
                return self._definitions(element, where)
            case "figure":
                return self._figure(element, where)
            case "table":
                return self._table(element, where)
            case "iframe" | "video" | "audio":
                return self._player(element, where)
            case "a":
                return self._linked(element, where)
            case "summary" | "caption":
                return [Paragraph((Strong(words),)) for words in self._flat(element)]
            case tag if _HEADING.fullmatch(tag):
                level = max(self._top + self._ranks[tag], _INSIDE if where.depth else 0)
                return [Heading(min(level, 6), words) for words in self._flat(element)]
        return self._blocks(element.children, where)

    def _flat(self, element: Element) -> list[tuple[Inline, ...]]:
        """The words of an element on one line; nothing when it has none."""
        words = flat(self._inlines.read(element.children))
        return [words] if words else []

    def _code(self, element: Element) -> list[Block]:
        text = text_of(element).removeprefix("\n").rstrip()
        if not text:
            return []
        classes = [element.attributes.get("class", "")]
        classes += (
            child.attributes.get("class", "") for child in element.children if isinstance(child, Element)
        )
        language = next((found[1] for found in map(_LANGUAGE.search, classes) if found), "")
        return [CodeBlock(f"{text}\n", language)]

    def _quotation(self, element: Element, where: _Where) -> list[Block]:
        if where.depth >= _DEEPEST:
            return self._blocks(element.children, where)
        last = next((child for child in reversed(element.children) if not _is_blank(child)), "")
        attribution: tuple[Inline, ...] = ()
        children: list[Content] = list(element.children)
        if isinstance(last, Element) and last.tag in ("cite", "footer"):
            attribution = _without_dash(flat(self._inlines.read(last.children)))
            children = [child for child in children if child is not last]
        blocks = tuple(self._blocks(children, where.deeper()))
        if not blocks:
            return [Paragraph(attribution)] if attribution else []
        return [Quotation(blocks, attribution)]

    def _listing(self, element: Element, where: _Where) -> list[Block]:
        if where.depth >= _DEEPEST:
            return self._blocks(element.children, where)
        items: list[ListItem] = []
        for child in element.children:
            if isinstance(child, Element) and child.tag == "li":
                blocks = self._blocks(child.children, where.deeper())
            else:  # words or a list that stand in a list without being an entry
                blocks = self._blocks([child], where.deeper())
                if items and blocks and isinstance(blocks[0], Listing):
                    items[-1] = ListItem(items[-1].blocks + tuple(blocks))
                    continue
            if blocks:
                items.append(ListItem(tuple(blocks)))
        start = element.attributes.get("start", "")
        number = int(start) if re.fullmatch(r"\d{1,8}", start) else 1
        tight = all(_is_tight(item) for item in items)
        return [Listing(tuple(items), number if element.tag == "ol" else None, tight)] if items else []

    def _definitions(self, element: Element, where: _Where) -> list[Block]:
        found: list[Block] = []
        for child in element.children:
            if isinstance(child, Element) and child.tag == "dt":
                found += (Paragraph((Strong(words),)) for words in self._flat(child))
            else:
                found += self._blocks([child], where)
        return found

    def _figure(self, element: Element, where: _Where) -> list[Block]:
        captions = [
            child for child in element.children if isinstance(child, Element) and child.tag == "figcaption"
        ]
        blocks = self._blocks([child for child in element.children if child not in captions], where)
        words = [words for child in captions for words in self._flat(child)]
        if words and blocks and isinstance(blocks[-1], Figure):
            blocks[-1] = replace(blocks[-1], caption=words.pop(0))
        return [*blocks, *map(Paragraph, words)]

    def _table(self, element: Element, where: _Where) -> list[Block]:
        captions, table = self._tables.read(element)
        found: list[Block] = [Paragraph((Strong(words),)) for words in captions]
        if table is None:  # a grid that only holds things in place
            return found + self._blocks(_cells(element), where)
        return [*found, table]

    def _player(self, element: Element, where: _Where) -> list[Block]:
        sources = [element, *(child for child in element.children if isinstance(child, Element))]
        found = (self._inlines.address(one.attributes.get("src", "")) for one in sources)
        address = next((one for one in found if one), "")
        if not address:
            return []
        if embedded := _EMBED.match(address):
            address = f"https://www.youtube.com/watch?v={embedded[1]}"
        title = " ".join(element.attributes.get("title", "").split())
        words = (Text(title),) if title else ()
        if video := self._video(address, words, where):
            return [video]
        kind = {"audio": "Listen", "video": "Watch"}.get(element.tag, "See")
        where_to = Text(f"{kind} on {host_of(address).removeprefix('www.')}")
        return [Paragraph((Link(address, words or (where_to,)),))]

    def _linked(self, element: Element, where: _Where) -> list[Block]:
        """A link around whole blocks: the first words of it lead there."""
        blocks = self._blocks(element.children, where)
        address = self._inlines.address(element.attributes.get("href", ""))
        for index, block in enumerate(blocks):
            if address and isinstance(block, Paragraph | Heading):
                blocks[index] = replace(block, children=linked(block.children, address))
                break
        return blocks


def _headings(root: Element) -> set[str]:
    found: set[str] = set()
    todo = [root]
    while todo:
        element = todo.pop()
        if _HEADING.fullmatch(element.tag):
            found.add(element.tag)
        todo += (child for child in element.children if isinstance(child, Element))
    return found


def _cells(element: Element) -> list[Content]:
    found: list[Content] = []
    for child in element.children:
        if isinstance(child, Element) and child.tag in ("tbody", "thead", "tfoot", "tr"):
            found += _cells(child)
        elif not (isinstance(child, Element) and child.tag == "caption"):
            found.append(child)
    return found


def _is_tight(item: ListItem) -> bool:
    first, *rest = item.blocks
    return isinstance(first, Paragraph | Listing) and all(isinstance(block, Listing) for block in rest)


def _is_blank(content: Content) -> bool:
    return isinstance(content, str) and not content.strip()


def _is_space(node: Inline) -> bool:
    return isinstance(node, Text) and not node.text.strip()


def _without_dash(nodes: tuple[Inline, ...]) -> tuple[Inline, ...]:
    match nodes:
        case (Text(text), *rest):
            return tidy((Text(text.lstrip("—–- ")), *rest))
    return nodes
