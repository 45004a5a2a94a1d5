"""The bare words of nodes, without any marks: for titles in lists, summaries and counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from newsletter.document import Block, Code, CodeBlock, Inline, Nugget, Paragraph, Text
from newsletter.writing.cleaning import clean
from newsletter.writing.walk import Place, plain, walk_nodes


def prose(inlines: Iterable[Inline]) -> str:
    """The words of `inlines` on one line; merge fields show their fallback, citations nothing."""
    return " ".join(clean(plain(inlines)).split())


def first_words(passages: Iterable[Sequence[Block]], length: int) -> str:
    """The first paragraph in any of the passages, cut between words to at most `length` characters."""
    for blocks in passages:
        for block in blocks:
            if isinstance(block, Paragraph) and (text := prose(block.children)):
                return text if len(text) <= length else _cut(text, length)
    return ""


def _cut(text: str, length: int) -> str:
    kept = text[: length - 1]
    return (kept.rpartition(" ")[0] or kept).rstrip(" ,;:–—") + "…"


def nugget_words(nugget: Nugget) -> int:
    """How many words a nugget has, its title and footnotes included."""
    notes = sum(count_words(note.blocks) for note in nugget.notes)
    return len(prose(nugget.title).split()) + count_words(nugget.blocks) + notes


def count_words(blocks: Sequence[Block]) -> int:
    """How many words a reader of everything finds in `blocks`, captions and members' parts included."""
    nodes = (node for node, _ in walk_nodes(blocks, Place()))
    return sum(len(node.text.split()) for node in nodes if isinstance(node, Text | Code | CodeBlock))
