"""Lines of plain text: measured, wrapped, underlined, set in columns."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache

from newsletter.rendering.holes import BEGINS_STAND_IN, STAND_IN

WIDTH = 72
"""Columns of the plain text edition."""

_STAND_IN_WIDTH = 8
_EVEN = re.compile("[\x20-\x7e\u00a0-\u00ac\u00ae-\u02ff\u2010-\u2027\u2030-\u205e\u2070-\u209c]*")
_SPACELESS = re.compile(
    "[\u1100-\u11ff\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\U00020000-\U0003fffd]"
)
_PIECES = re.compile(
    f"{_SPACELESS.pattern}[、。，．：；！？」』）】〉》〕”’]*|(?:(?!{_SPACELESS.pattern}).)+"
)
_SPACES = re.compile(r"[ \t]+")


def width(text: str) -> int:
    """How many columns `text` takes: wide East Asian characters two, combining marks none, merge fields 8."""
    if text.isascii():
        return len(text)
    if BEGINS_STAND_IN in text:
        text, found = STAND_IN.subn("", text)
        return _columns(text) + found * _STAND_IN_WIDTH
    return _columns(text)


def _columns(text: str) -> int:
    if _EVEN.fullmatch(text):
        return len(text)
    return sum(map(_column, text))


def _column(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Cf", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def fill(text: str, columns: int = WIDTH, *, first: str = "", rest: str = "") -> list[str]:
    """Breaks `text` at spaces into lines of at most `columns`; a longer word (an address) keeps its own line.

    Line feeds in `text` stay line breaks. The first line begins with `first`, all others with `rest`.
    Scripts written without spaces are broken between characters.
    """
    if not first and not rest and _EVEN.fullmatch(text):
        return _break_even(text, columns, columns)  # as most paragraphs are
    lines: list[str] = []
    lead, room = first, columns - width(rest)
    for paragraph in text.split("\n"):
        broken = _break_even if _EVEN.fullmatch(paragraph) else _break
        for line in broken(paragraph, columns - width(lead), room):
            lines.append((lead + line).rstrip(" "))
            lead = rest
    return lines


def _break_even(text: str, first_room: int, room: int) -> list[str]:
    """Lines of a text in which every character takes one column, and is no merge field."""
    if "  " in text:
        text = _SPACES.sub(" ", text)
    text = text.strip(" ")
    if len(text) <= first_room:
        return [text]
    head = next(_line_of(first_room).finditer(text))
    return [head[1], *_line_of(room).findall(text, head.end())]


@cache
def _line_of(room: int) -> re.Pattern[str]:
    """A pattern for as many words as there is room for, or for one word that is longer."""
    return re.compile(rf"(.{{1,{max(room, 1)}}}|[^ ]+)(?: |$)")


def _break(text: str, first_room: int, room: int) -> list[str]:
    """Lines of any text, word by word."""
    lines: list[str] = []
    line, used = "", 0
    for word, gap in _words(text):
        size = width(word)
        if line and used + len(gap) + size > (room if lines else first_room):
            lines.append(line)
            line, used = word, size
        else:
            line += gap + word if line else word
            used += (len(gap) if used else 0) + size
    return [*lines, line]


def _words(text: str) -> list[tuple[str, str]]:
    """The pieces that lines may be broken between, each with the space before it, if any."""
    words = _SPACES.split(text.strip(" \t"))
    if not _SPACELESS.search(text):
        return [(word, " ") for word in words if word]
    pieces = []
    for word in words:
        gap = " "
        for piece in _PIECES.findall(word):
            pieces.append((piece, gap))
            gap = ""
    return pieces


def underline(text: str, stroke: str) -> list[str]:
    """A heading: its wrapped lines, and under them a line of `stroke` as long as the longest of them."""
    lines = fill(text)
    return [*lines, stroke * min(WIDTH, max(width(line) for line in lines))]


def table(rows: Sequence[Sequence[str]], aligns: Sequence[str], room: int) -> list[str]:
    """A table: the first of `rows` as header over a rule, columns two spaces apart; empty when it needs more
    than `room` columns. `aligns` are "", "left", "center" or "right"."""
    widths = [max(width(row[index]) for row in rows) for index in range(len(aligns))]
    if sum(widths) + 2 * (len(widths) - 1) > room:
        return []
    set_rows = [
        "  ".join(
            _pad(cell, size, align) for cell, size, align in zip(row, widths, aligns, strict=True)
        ).rstrip(" ")
        for row in rows
    ]
    return [set_rows[0], "  ".join("-" * size for size in widths), *set_rows[1:]]


def _pad(cell: str, size: int, align: str) -> str:
    spare = size - width(cell)
    before = spare if align == "right" else spare // 2 if align == "center" else 0
    return " " * before + cell + " " * (spare - before)
