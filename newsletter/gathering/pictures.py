"""The pictures in gathered text: which there are, and putting others in their place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TypeAlias

from newsletter.document import (
    Block,
    Body,
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
    Strike,
    Strong,
    Text,
)
from newsletter.gathering.entries import is_public
from newsletter.writing.walk import plain, walk

Change: TypeAlias = Callable[[Picture], Picture | Link | None]
"""What a picture becomes: another one, a link in its place, or nothing but its words."""


_MAIL_FORMATS = (".png", ".jpg", ".jpeg", ".gif")


def settled(picture: Picture, local: str | None, title: str) -> Picture | Link | None:
    """What a picture in the text called `title` becomes in an issue: the file `local` beside it if there is
    one, else itself if it can be mailed from where it is, else a link to it. It never lacks a description."""
    alt = picture.alt or f"A picture in “{title}”"
    if local is not None:
        return replace(picture, src=local, alt=alt)
    if _can_be_mailed(picture.src):
        return replace(picture, alt=alt)
    return Link(picture.src, (Text(alt),)) if is_public(picture.src) else None


def _can_be_mailed(src: str) -> bool:
    """True for encrypted addresses of pictures in a format for mail, as far as the name tells."""
    name = src.lower().partition("?")[0].rpartition("/")[2]
    return src.startswith("https:") and is_public(src) and ("." not in name or name.endswith(_MAIL_FORMATS))


def pictures(blocks: Iterable[Block]) -> Iterator[Picture]:
    """The pictures in the blocks, in order."""
    for node, _ in walk(Body(tuple(blocks))):
        if isinstance(node, Picture):
            yield node


def with_pictures(blocks: Iterable[Block], change: Change) -> tuple[Block, ...]:
    """The blocks with every picture changed. A figure without its picture becomes a paragraph, or goes."""
    found = (_block(block, change) for block in blocks)
    return tuple(block for block in found if block is not None)


def _block(block: Block, change: Change) -> Block | None:
    match block:
        case Figure():
            return _figure(block, change)
        case Paragraph() | Heading():
            return replace(block, children=_inlines(block.children, change))
        case Quotation():
            return replace(block, blocks=with_pictures(block.blocks, change))
        case Listing():
            items = tuple(ListItem(with_pictures(item.blocks, change)) for item in block.items)
            return replace(block, items=tuple(item for item in items if item.blocks))
    return block


def _figure(figure: Figure, change: Change) -> Block | None:
    changed = change(figure.picture)
    if isinstance(changed, Picture):
        return replace(figure, picture=changed)
    if changed is None:
        return Paragraph(figure.caption) if figure.caption else None
    words = Text(plain(figure.caption) or plain(changed.children))
    return Paragraph((replace(changed, children=(words,)),))


def _inlines(nodes: Iterable[Inline], change: Change, *, linked: bool = False) -> tuple[Inline, ...]:
    found: list[Inline] = []
    for node in nodes:
        match node:
            case Picture():
                changed = change(node)
                plain_words = changed is None or (linked and isinstance(changed, Link))
                found.append(Text(node.alt) if plain_words or changed is None else changed)
            case Link():
                found.append(replace(node, children=_inlines(node.children, change, linked=True)))
            case Emphasis() | Strong() | Strike():
                found.append(replace(node, children=_inlines(node.children, change, linked=linked)))
            case _:
                found.append(node)
    return tuple(found)
