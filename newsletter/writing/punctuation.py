"""Smart punctuation: curly quotes, dashes and the ellipsis, decided from the characters on either side.

Each mark is judged alone instead of being paired off, so that an apostrophe or a forgotten quote never turns
the rest of a paragraph around.
"""

from __future__ import annotations

import re

_MARK = re.compile(r"-{2,}|\.{3,}|[\"']")
_OPENING = frozenset(" \t\n\u00a0\u202f([{<–—/“‘¡¿")
_ELISION = re.compile(r"'(?:\d\ds?|tis|twas|em|til|n)\b", re.IGNORECASE)
_WORD = "x"


class Typographer:
    """Smartens one paragraph, given to it piece by piece in reading order."""

    def __init__(self) -> None:
        self._before = " "
        self._open = 0

    def skip(self, text: str = _WORD) -> None:
        """Passes over something that stays as it is (code, a citation, an escaped character)."""
        self._before = text[-1:] or self._before

    def gap(self) -> None:
        """Passes over a line break."""
        self._before = " "

    def smarten(self, text: str, after: str = " ") -> str:
        """`text` with typographic punctuation; `after` is the character that follows it."""
        parts: list[str] = []
        end = 0
        before = self._before
        for match in _MARK.finditer(text):
            start = match.start()
            if start > end:
                parts.append(text[end:start])
                before = text[start - 1]
            end = match.end()
            following = text[end] if end < len(text) else after
            mark = self._mark(match[0], before, following, text, start)
            parts.append(mark)
            before = mark[-1]
        if not parts:
            self._before = text[-1:] or self._before
            return text
        parts.append(text[end:])
        self._before = text[-1] if end < len(text) else before
        return "".join(parts)

    def _mark(self, mark: str, before: str, following: str, text: str, start: int) -> str:
        if mark == '"':
            return self._double(before, following)
        if mark == "'":
            return _single(before, following, text, start)
        if mark[0] == ".":
            return "…" + mark[3:] if len(mark) < 5 else mark
        if len(mark) == 3:
            return "—"
        # “--” between words or with spaces on both sides; “--option” is not a dash
        is_dash = len(mark) == 2 and before.isspace() == following.isspace()
        return "–" if is_dash else mark

    def _double(self, before: str, following: str) -> str:
        if before in _OPENING and not following.isspace():
            self._open += 1
            return "“"
        if before.isdigit() and not self._open:
            return '"'  # inches
        self._open = max(0, self._open - 1)
        return "”"


def _single(before: str, following: str, text: str, start: int) -> str:
    if before.isdigit() and following.isdigit():
        return "'"  # feet and inches, 5'10
    if before in _OPENING and not following.isspace() and not _ELISION.match(text, start):
        return "‘"
    return "’"
