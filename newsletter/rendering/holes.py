"""Stand-ins that hold the place of a merge field while an edition is put together.

A stand-in is a number between two noncharacters, code points that Unicode keeps for use inside programs.
`writing.cleaning.clean` takes those out of everything that an author writes, so nothing can imitate one;
templates, the sanitiser and the line breaker leave them alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from newsletter.document import Merge
from newsletter.model import Segments

_FIRST, _LAST = "\ufffe", "\uffff"
STAND_IN = re.compile(f"{_FIRST}(\\d+){_LAST}")
"""What a merge field looks like until the edition is split into segments."""

BEGINS_STAND_IN = _FIRST
"""The character that every stand-in begins with, and nothing else."""


class Holes:
    """The merge fields of one edition and the stand-ins that hold their places."""

    def __init__(self) -> None:
        self._merges: dict[Merge, str] = {}

    def stand_in(self, merge: Merge) -> str:
        """What holds the place of `merge`; the same for the same field and fallback."""
        field = replace(merge, line=0)
        return self._merges.setdefault(field, f"{_FIRST}{len(self._merges)}{_LAST}")

    def split(self, text: str) -> Segments:
        """`text` as segments: a merge field wherever one of its stand-ins is.

        Raises ValueError when something has been cut out of the middle of a stand-in.
        """
        return tuple(self._segments(text))

    def _segments(self, text: str) -> Iterator[str | Merge]:
        fields = list(self._merges)
        literal, *pieces = text.split(_FIRST)
        if text.count(_LAST) != len(pieces):
            raise ValueError("a stand-in was taken apart")
        if literal:
            yield literal
        for piece in pieces:
            number, _, literal = piece.partition(_LAST)
            yield fields[int(number)]
            if literal:
                yield literal
