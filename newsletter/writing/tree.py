"""The text of an issue becomes a `document.Body`: an introduction, then one nugget for each `##` heading."""

from __future__ import annotations

from dataclasses import dataclass, field

from markdown_it.token import Token

from newsletter.document import Block, Body, Inline, Members, Note, Nugget
from newsletter.errors import Level, Problem
from newsletter.writing.anchors import anchor
from newsletter.writing.blocks import BlockReader
from newsletter.writing.containers import Opening, judge
from newsletter.writing.dialect import parse
from newsletter.writing.notes import Calls, judge_title
from newsletter.writing.walk import plain


@dataclass(slots=True)
class _Section:
    """What becomes a nugget, or (first, without a title) the introduction."""

    title: tuple[Inline, ...] = ()
    line: int = 0
    members_only: bool = False
    blocks: list[Block] = field(default_factory=list)
    calls: Calls = field(default_factory=Calls)
    notes: tuple[Note, ...] = ()


def read_body(text: str, file: str, first_line: int = 1) -> tuple[Body, list[Problem]]:
    """The body of an issue, and everything that is wrong with it, warnings included.

    `text` is clean (see `cleaning`) and begins on line `first_line` of `file`. Where there are errors the
    body lacks what could not be read.
    """
    problems: list[Problem] = []

    def report(code: str, message: str, line: int, hint: str, level: Level = Level.ERROR) -> None:
        problems.append(Problem(code, message, file, line, hint, level))

    body = _Assembly(BlockReader(parse(text), first_line, report)).body()
    problems = list(dict.fromkeys(problems))  # a footnote called from two nuggets is read twice
    return body, sorted(problems, key=lambda problem: problem.line)


class _Assembly:
    """Distributes the blocks at the top of the text among introduction and nuggets."""

    def __init__(self, reader: BlockReader) -> None:
        self._reader = reader
        self._sections = [_Section()]
        self._strayed = False

    def body(self) -> Body:
        reader = self._reader
        reader.calls = self._sections[0].calls
        while reader.position < len(reader.tokens):
            token = reader.tokens[reader.position]
            if _begins_nugget(token):
                self._begin(token, members_only=False)
            elif (end := self._members_end(token)) is not None:
                self._members(token, end)
            else:
                self._block()
        for section in self._sections:
            reader.calls = section.calls
            section.notes = reader.note_blocks()
        reader.notes.report_unused()
        intro, *rest = self._sections
        taken: set[str] = set()
        return Body(tuple(intro.blocks), intro.notes, tuple(_nugget(section, taken) for section in rest))

    def _begin(self, token: Token, *, members_only: bool) -> None:
        reader = self._reader
        section = _Section(line=reader.line(token), members_only=members_only)
        reader.calls = section.calls
        section.title = reader.inline(reader.tokens[reader.position + 1])
        reader.position += 3
        if not section.title:
            hint = "Write a title after the ##: the archive and the mail link to it."
            reader.report("untitled-nugget", "This nugget has no title.", section.line, hint)
        judge_title(section.title, section.line, reader.report)
        self._sections.append(section)

    def _block(self) -> None:
        line = self._reader.line(self._reader.tokens[self._reader.position])
        block = self._reader.block()
        if block is None:
            return
        section = self._sections[-1]
        if section.members_only and not isinstance(block, Members) and not self._strayed:
            self._strayed = True
            self._reader.report(
                "text-after-members",
                "This text stands after the members' part and belongs to no nugget.",
                line,
                "Begin a nugget with ## before it, or move it into or before the members' part.",
            )
        section.blocks.append(block)

    def _members_end(self, token: Token) -> int | None:
        """Where the `:::members` that begins with `token` ends, if nuggets begin in it."""
        if token.type != "container_open" or token.meta["opening"].name != "members":
            return None
        has_nuggets = False
        for index in range(self._reader.position + 1, len(self._reader.tokens)):
            inner = self._reader.tokens[index]
            if inner.type == "container_close" and inner.level == token.level:
                return index if has_nuggets else None
            has_nuggets = has_nuggets or (inner.level == token.level + 1 and _begins_nugget(inner))
        return None  # pragma: no cover - the parser closes what it opens

    def _members(self, token: Token, end: int) -> None:
        reader = self._reader
        opening: Opening = token.meta["opening"]
        line = reader.line(token)
        judge(opening, line, reader.report)
        reader.position += 1
        before: list[Block] = []
        blocks = before
        while reader.position < end:
            inner = reader.tokens[reader.position]
            if _begins_nugget(inner):
                if before and blocks is before:
                    self._sections[-1].blocks.append(Members(tuple(before), line))
                self._begin(inner, members_only=True)
                blocks = self._sections[-1].blocks
            elif (block := reader.block()) is not None:
                blocks.append(block)
        reader.position = end + 1


def _begins_nugget(token: Token) -> bool:
    return token.type == "heading_open" and token.tag == "h2"


def _nugget(section: _Section, taken: set[str]) -> Nugget:
    name = anchor(plain(section.title), taken)
    taken.add(name)
    return Nugget(
        section.title, name, tuple(section.blocks), section.notes, section.members_only, section.line
    )
