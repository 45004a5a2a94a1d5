"""Merge fields in a single line of text, such as the subject."""

from __future__ import annotations

from dataclasses import replace

from newsletter.document import Merge
from newsletter.model import Segments
from newsletter.writing.marks import MERGE, read_field


def segments(text: str, line: int = 0) -> Segments:
    """`text` cut at its merge fields: runs of text and `Merge`s in turn; what is no field stays text."""
    found: list[str | Merge] = []
    end = 0
    for match in MERGE.finditer(text):
        field = read_field(match[1])
        if field is None:
            continue
        if match.start() > end:
            found.append(text[end : match.start()])
        found.append(replace(field, line=line))
        end = match.end()
    if end < len(text):
        found.append(text[end:])
    return tuple(found)
