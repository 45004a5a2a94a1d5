"""Footnotes on their way through HTML, which has no word for them: marks in the text stand for them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from newsletter.gathering.dialect import to_dialect

_BEGIN, _END = "\ue0f1", "\ue0f2"
_MARK = re.compile(f"{_BEGIN}(\\d+){_END}")
_SUBSTACK_CALL = re.compile(
    r"<a\b[^<>]*\bclass=\"footnote-anchor\"[^<>]*\bhref=\"#footnote-([\w-]+)\"[^<>]*>[^<>]*</a>"
)
_SUBSTACK_NOTE = re.compile(
    r"<div\b[^<>]*\bclass=\"footnote\"[^<>]*>\s*<a\b[^<>]*\bid=\"footnote-([\w-]+)\"[^<>]*>[^<>]*</a>\s*"
    r"<div class=\"footnote-content\">(.*?)</div>\s*</div>",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Footnoted:
    """HTML in which marks stand for footnotes, and the HTML of the footnotes by their numbers."""

    html: str
    notes: Mapping[int, str]


def mark(number: int) -> str:
    """What stands in the text for the call of a footnote."""
    return f"{_BEGIN}{number}{_END}"


def without_marks(text: str) -> str:
    """`text` of others, in which the signs of our marks have no meaning."""
    return text.replace(_BEGIN, "").replace(_END, "")


def with_calls(markdown: str) -> str:
    """Text in our dialect with the marks turned into calls."""
    return _MARK.sub(r"[^\1]", markdown)


def called(markdown: str) -> list[int]:
    """The numbers of the footnotes that are called, in order, each once."""
    return list(dict.fromkeys(int(number) for number in _MARK.findall(markdown)))


def write_notes(numbers: Iterable[int], notes: Mapping[int, str], base: str) -> str:
    """The texts of these footnotes in our dialect."""
    return "".join(_note(number, to_dialect(notes.get(number, ""), base=base)) for number in numbers)


def _note(number: int, text: str) -> str:
    lines = (text.strip() or "…").split("\n")
    body = "\n".join([lines[0], *(f"    {line}" if line else "" for line in lines[1:])])
    return f"\n[^{number}]: {body}\n"


def from_substack(html: str) -> Footnoted:
    """Footnotes as Substack's editor writes them."""
    html = without_marks(html)
    numbers: dict[str, int] = {}
    notes: dict[int, str] = {}
    for match in _SUBSTACK_NOTE.finditer(html):
        number = numbers.setdefault(match[1], len(numbers) + 1)
        notes[number] = match[2]
    html = _SUBSTACK_NOTE.sub("", html)
    html = _SUBSTACK_CALL.sub(
        lambda match: mark(numbers[match[1]]) if match[1] in numbers else match[0], html
    )
    return Footnoted(html, notes)
