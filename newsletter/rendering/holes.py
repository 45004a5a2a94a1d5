"""Stand-ins: ASCII names that hold a place for a merge field or a slot while an edition is put together.

Templates, MJML, the sanitiser and the line breaker all leave letters and digits alone, and the names contain
a hash of everything that goes into the edition, so that nothing an author writes can imitate one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from newsletter.document import Merge
from newsletter.model import Segments


def fingerprint(*contents: object) -> str:
    """20 hexadecimal digits of the SHA-256 of `contents` (frozen data, by their representation)."""
    text = "\0".join(map(repr, contents))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:20]


class Holes:
    """The merge fields of one edition and the stand-ins that hold their places."""

    def __init__(self, digits: str) -> None:
        self._digits = digits
        self._merges: dict[Merge, str] = {}

    def stand_in(self, merge: Merge) -> str:
        """The name that holds the place of `merge`; the same for the same field and fallback."""
        field = Merge(merge.name, merge.fallback)
        return self._merges.setdefault(field, f"hole{self._digits}n{len(self._merges)}x")

    def split(self, text: str) -> Segments:
        """`text` as segments: a merge field wherever one of its stand-ins is."""
        return tuple(self._segments(text))

    def _segments(self, text: str) -> Iterator[str | Merge]:
        fields = list(self._merges)
        pieces = re.split(rf"hole{self._digits}n(\d+)x", text)
        for position, piece in enumerate(pieces):
            if position % 2:
                yield fields[int(piece)]
            elif piece:
                yield piece
