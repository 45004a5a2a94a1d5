"""The beginning of a text, cut where a reader would not mind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from newsletter.document import Block, Body, Code, CodeBlock, Figure, Heading, Paragraph, Rule, Text, Video
from newsletter.writing.walk import plain, walk

_ENDING = re.compile(
    r"\s*(?:\[(?:…|\.\.\.)\]|(?:\[?(?:…|\.\.\.)\]?\s*)?"
    r"(?:Continue reading|Read more|Read the rest)\b.{0,200})$",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.!?…])[”’\")]*\s")


def count_words(blocks: Iterable[Block]) -> int:
    """How many words the blocks have, code included."""
    nodes = (node for node, _ in walk(Body(tuple(blocks))))
    return sum(len(node.text.split()) for node in nodes if isinstance(node, Text | Code | CodeBlock))


def shorten(blocks: Sequence[Block], words: int) -> tuple[Block, ...]:
    """The first blocks that make up about `words` words, without headings and figures; a paragraph that is
    too long itself is cut behind a sentence. “Read more” and the like at the end are left out."""
    found: list[Block] = []
    left = words
    for block in blocks:
        if isinstance(block, Figure | Video | Heading | Rule):
            continue
        count = count_words([block])
        if count > left and (found or not isinstance(block, Paragraph)):
            break
        fitting = _cut(block, left) if isinstance(block, Paragraph) else block
        if fitting is not None:
            found.append(fitting)
        left -= count
        if left <= 0:
            break
    return tuple(found)


def _cut(block: Paragraph, words: int) -> Paragraph | None:
    text = plain(block.children)
    ended = _ENDING.sub("", text)
    if ended == text and len(text.split()) <= words:
        return block
    short = cut_text(ended, words) if len(ended.split()) > words else f"{ended.rstrip(' .…')} …"
    return Paragraph((Text(short),)) if ended else None


def cut_text(text: str, words: int) -> str:
    """At most `words` words of `text`: whole sentences if at least half of that remains, else with a “…”."""
    all_words = text.split()
    if len(all_words) <= words:
        return " ".join(all_words)
    start = " ".join(all_words[:words])
    ends = [match.start() for match in _SENTENCE.finditer(f"{start} ")]
    if ends and len(start[: ends[-1]].split()) * 2 >= words:
        return start[: ends[-1]]
    return f"{start.rstrip(' ,;:–—.…')} …"


def cut_line(text: str, most: int) -> str:
    """`text` in at most `most` characters, cut at a word."""
    if len(text) <= most:
        return text
    start = text[: most - 1]
    return f"{start.rpartition(' ')[0] or start}…"
