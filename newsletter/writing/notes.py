"""Footnotes: where their texts stand in the token stream, and which number each has in its nugget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from markdown_it.token import Token

from newsletter.document import Inline, NoteRef
from newsletter.errors import Level
from newsletter.writing.report import Report
from newsletter.writing.walk import Place, walk_nodes


@dataclass(frozen=True, slots=True)
class Definition:
    """The text of a footnote: the tokens from `start` up to `end`."""

    start: int
    end: int
    line: int


@dataclass(slots=True)
class Calls:
    """The footnotes that one nugget calls, in order: labels, or the tokens of notes written in place."""

    called: list[str | Token] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    lines: list[int] = field(default_factory=list)


class Notes:
    """The footnotes of one issue."""

    def __init__(self, tokens: Sequence[Token], first_line: int, report: Report) -> None:
        self._report = report
        self._definitions: dict[str, Definition] = {}
        self._used: set[str] = set()
        opened: list[int] = []
        for index, token in enumerate(tokens):
            if token.type == "footnote_reference_open":
                opened.append(index)
            elif token.type == "footnote_reference_close":
                self._define(tokens, opened.pop(), index, first_line)

    def _define(self, tokens: Sequence[Token], start: int, end: int, first_line: int) -> None:
        opening = tokens[start]
        line = (opening.map[0] if opening.map else 0) + first_line
        label = opening.meta["label"]
        if label in self._definitions:
            hint = "Give one of the two another name."
            self._report("doubled-footnote", f"The footnote [^{label}] is written twice.", line, hint)
        self._definitions.setdefault(label, Definition(start + 1, end, line))

    def number(self, calls: Calls, token: Token, line: int) -> int:
        """The number of the note that `token` calls, within its nugget; the first call of a note counts."""
        if token.type == "note":
            calls.called.append(token)
            calls.lines.append(line)
            return len(calls.called)
        label = str(token.meta["label"])
        if label in calls.numbers:
            return calls.numbers[label]
        if label not in self._definitions:
            self._unknown(label, line)
        calls.called.append(label)
        calls.lines.append(line)
        return calls.numbers.setdefault(label, len(calls.called))

    def _unknown(self, label: str, line: int) -> None:
        close = get_close_matches(label, self._definitions, n=1)
        hint = f"Did you mean [^{close[0]}]?" if close else f"Write its text in a paragraph “[^{label}]: …”."
        self._report("unknown-footnote", f"There is no footnote [^{label}].", line, hint)

    def definition(self, label: str) -> Definition | None:
        """Where the text of the footnote stands; None when it was called and never written."""
        self._used.add(label)
        return self._definitions.get(label)

    def report_unused(self) -> None:
        """Warns of every footnote that no text calls, for nobody would see it."""
        for label, definition in self._definitions.items():
            if label not in self._used:
                message = f"Nothing calls the footnote [^{label}], so that it is not shown."
                hint = f"Put [^{label}] where it belongs, or delete it."
                self._report("unused-footnote", message, definition.line, hint, Level.WARNING)


def judge_title(title: Sequence[Inline], line: int, report: Report) -> None:
    """Warns of a footnote that is called in a title: titles are links themselves, and show no marks."""
    if any(isinstance(node, NoteRef) for node, _ in walk_nodes(title, Place())):
        message = "A footnote cannot be called in a title; nobody would see it."
        report("note-in-title", message, line, "Call it in the text below.", Level.WARNING)
