"""Goes through an issue's text in reading order, with what is good to know about each place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from newsletter.document import (
    Aside,
    Block,
    Body,
    Break,
    Citation,
    Code,
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
    Nugget,
    Objection,
    Only,
    Paragraph,
    Picture,
    Quotation,
    Source,
    Strike,
    Strong,
    Table,
    Text,
    Video,
)

Node: TypeAlias = Block | Inline
"""Everything that the walk comes by."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node stands: its nugget (None in the introduction), the nearest line known, and whether only
    members see it, it belongs to a quoted passage, or it is part of a footnote. `only` is "email" or "web"
    where it appears only there."""

    nugget: Nugget | None = None
    line: int = 0
    members_only: bool = False
    quoted: bool = False
    note: bool = False
    only: str = ""

    def at(self, line: int) -> Place:
        """The same place with the line of a node, if it knows its own."""
        # written out, because dataclasses.replace takes four times as long, and every block comes by here
        if not line or line == self.line:
            return self
        return Place(self.nugget, line, self.members_only, self.quoted, self.note, self.only)


def walk(body: Body) -> Iterator[tuple[Node, Place]]:
    """Every block and inline of the issue in reading order, parents before children, footnotes after the
    introduction or nugget that calls them. The titles of nuggets come as their inlines."""
    start = Place()
    yield from walk_nodes(body.intro, start)
    yield from _walk_notes(body.notes, start)
    for nugget in body.nuggets:
        place = Place(nugget, nugget.line, members_only=nugget.members_only)
        yield from walk_nodes(nugget.title, place)
        yield from walk_nodes(nugget.blocks, place)
        yield from _walk_notes(nugget.notes, place)


def _walk_notes(notes: Iterable[Note], place: Place) -> Iterator[tuple[Node, Place]]:
    for note in notes:
        yield from walk_nodes(note.blocks, replace(place, note=True))


def walk_nodes(nodes: Iterable[Node], place: Place) -> Iterator[tuple[Node, Place]]:
    """The nodes and everything in them, as `walk` has them, from `place` on."""
    todo = [(node, place) for node in reversed(tuple(nodes))]
    while todo:
        node, place = todo.pop()
        if type(node) is Text:
            yield node, place
            continue
        place = place.at(getattr(node, "line", 0))
        yield node, place
        inside = _CHILDREN.get(type(node))
        if inside is None:
            continue
        if isinstance(node, Quotation):
            todo += [(child, place) for child in reversed(node.attribution)]
            place = replace(place, quoted=True)
        elif isinstance(node, Members):
            place = replace(place, members_only=True)
        elif isinstance(node, Only):
            place = replace(place, only=node.place)
        todo += [(child, place) for child in reversed(inside(node))]


_CHILDREN: Mapping[type, Callable[[Any], tuple[Node, ...]]] = {
    **dict.fromkeys((Paragraph, Heading, Source, Emphasis, Strong, Strike, Link), lambda node: node.children),
    **dict.fromkeys((Quotation, Members, Aside, Only), lambda node: node.blocks),
    Objection: lambda node: (*node.title, *node.blocks),
    Listing: lambda node: tuple(block for item in node.items for block in item.blocks),
    Figure: lambda node: (node.picture, *node.caption),
    Video: lambda node: (*((node.picture,) if node.picture else ()), *node.title),
    Table: lambda node: tuple(
        inline for row in (node.header, *node.rows) for cell in row for inline in cell.children
    ),
}
"""What stands directly in a node, by its type; of a quotation what is quoted, without the attribution. Types
that are not here hold nothing."""


def citations(body: Body) -> Iterator[tuple[Citation, bool]]:
    """Every citation in reading order, with whether only members see it; `walk` for those in a hurry."""
    yield from _citations(_with_notes(body.intro, body.notes), members_only=False)
    for nugget in body.nuggets:
        nodes = (*nugget.title, *_with_notes(nugget.blocks, nugget.notes))
        yield from _citations(nodes, members_only=nugget.members_only)


def _with_notes(blocks: tuple[Block, ...], notes: tuple[Note, ...]) -> tuple[Block, ...]:
    return (*blocks, *(block for note in notes for block in note.blocks)) if notes else blocks


def _citations(nodes: Iterable[Node], *, members_only: bool) -> Iterator[tuple[Citation, bool]]:
    todo = list(reversed(tuple(nodes)))
    while todo:
        node = todo.pop()
        if isinstance(node, Citation):
            yield node, members_only
        elif isinstance(node, Members) and not members_only:
            yield from _citations(node.blocks, members_only=True)
        elif (inside := _CHILDREN.get(type(node))) is not None:
            if isinstance(node, Quotation):
                todo += reversed(node.attribution)
            todo += reversed(inside(node))


def plain(inlines: Iterable[Inline], mark: str = "") -> str:
    """The words of `inlines` alone: merge fields as their fallback, pictures as their alternative text.

    `mark` stands for each citation and each call of a footnote.
    """
    parts: list[str] = []
    todo = list(reversed(tuple(inlines)))
    while todo:
        node = todo.pop()
        match node:
            case Text() | Code():
                parts.append(node.text)
            case Break():
                parts.append(" ")
            case Picture():
                parts.append(node.alt)
            case Merge():
                parts.append(node.fallback or "")
            case Emphasis() | Strong() | Strike() | Link():
                todo += reversed(node.children)
            case Citation() | NoteRef():
                parts.append(mark)
    return "".join(parts)
