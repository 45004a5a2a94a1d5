"""The block tokens of an issue become the block nodes of `document`."""

from __future__ import annotations

import re

from markdown_it.token import Token

from newsletter.document import (
    Aside,
    Block,
    Cell,
    CodeBlock,
    Figure,
    Heading,
    Inline,
    Listing,
    ListItem,
    Members,
    Note,
    Objection,
    Only,
    Paragraph,
    Quotation,
    Rule,
    Source,
    Table,
)
from newsletter.writing.cleaning import clean
from newsletter.writing.containers import Opening, judge
from newsletter.writing.dialect import MAX_NESTING, Blocks
from newsletter.writing.inlines import InlineReader, picture, raw_html
from newsletter.writing.notes import Calls, Notes
from newsletter.writing.report import Report
from newsletter.writing.videos import read_video

_DASH = re.compile(r"\s*(?:—|―|--+)\s*")
_SOURCE = re.compile(r"Sources?:\s*")
_NESTING = frozenset({"blockquote_open", "container_open", "footnote_reference_open"})


class BlockReader:
    """Walks the tokens once, from the front; `position` is the next one to read."""

    def __init__(self, blocks: Blocks, first_line: int, report: Report) -> None:
        self.tokens = blocks.tokens
        self.position = 0
        self.report = report
        self.calls = Calls()
        self.notes = Notes(blocks.tokens, first_line, report)
        self._first_line = first_line
        self._inlines = InlineReader(
            blocks, report, lambda token, line: self.notes.number(self.calls, token, line)
        )
        self._quoted = False
        self._cut: dict[int, str] = {}
        self._around: list[str] = []

    def line(self, token: Token) -> int:
        """The line of the file on which the block begins."""
        return (token.map[0] if token.map else 0) + self._first_line

    def inline(self, token: Token, *, literal: bool = False) -> tuple[Inline, ...]:
        """The nodes of an `inline` token."""
        return self._inlines.read(token.content, self.line(token), literal=literal)

    def block(self) -> Block | None:
        """Reads the next block; None when it shows nothing (the text of a footnote, or a problem)."""
        token = self.tokens[self.position]
        if token.type in _NESTING and token.level + 1 >= MAX_NESTING:
            self._too_deep(token)
        match token.type:
            case "paragraph_open":
                return self._paragraph(token)
            case "heading_open":
                return self._heading(token)
            case "blockquote_open":
                return self._quotation(token)
            case "bullet_list_open" | "ordered_list_open":
                return self._listing(token)
            case "container_open":
                return self._container(token)
            case "table_open":
                return self._table(token)
            case "footnote_reference_open":
                self._skip("footnote_reference_close")
                return None
        self.position += 1
        match token.type:
            case "fence" | "code_block":
                text = (
                    token.content
                    if token.content.endswith("\n") or not token.content
                    else token.content + "\n"
                )
                language = clean(token.info).split(maxsplit=1)[:1]
                return CodeBlock(text, "".join(language), self.line(token))
            case "hr":
                return Rule(self.line(token))
            case "html_block":
                self.report(*raw_html(token.content, self.line(token)))
                return None
            case kind:
                raise AssertionError(f"the dialect has no {kind}")

    def note_blocks(self) -> tuple[Note, ...]:
        """The footnotes that have been called since `calls` was new; a footnote may call others."""
        found: list[Note] = []
        here = self.position
        while len(found) < len(self.calls.called):
            number = len(found) + 1
            called, line = self.calls.called[number - 1], self.calls.lines[number - 1]
            if isinstance(called, Token):
                children = self._inlines.read_tokens(called.children or (), called.content, line)
                found.append(Note(number, (Paragraph(children, line),)))
                continue
            definition = self.notes.definition(called)
            blocks: tuple[Block, ...] = ()
            if definition is not None:
                self.position = definition.start
                self._around.append("note")
                blocks = self._until(definition.end)
                self._around.pop()
            found.append(Note(number, blocks))
        self.position = here
        return tuple(found)

    def _until(self, end: int) -> tuple[Block, ...]:
        blocks = []
        while self.position < end:
            block = self.block()
            if block is not None:
                blocks.append(block)
        return tuple(blocks)

    def _inside(self, name: str, closing: str) -> tuple[Block, ...]:
        """The blocks between the opening token, already passed, and the closing one, passed as well."""
        level = self.tokens[self.position - 1].level
        self._around.append(name)
        end = self._closing(closing, level)
        blocks = self._until(end)
        self._around.pop()
        self.position = end + 1
        return blocks

    def _closing(self, closing: str, level: int) -> int:
        position = self.position
        while self.tokens[position].type != closing or self.tokens[position].level != level:
            position += 1
        return position

    def _skip(self, closing: str) -> None:
        self.position = self._closing(closing, self.tokens[self.position].level) + 1

    def _too_deep(self, token: Token) -> None:
        message = "Quotations, lists or containers stand in each other too deeply here."
        self.report("nested-too-deeply", message, self.line(token), "Nest less deeply, at most ten or so.")

    # --- paragraphs --------------------------------------------------------------------------------------

    def _paragraph(self, token: Token) -> Block | None:
        inline = self.tokens[self.position + 1]
        self.position += 3
        line = self.line(token)
        content = self._cut.get(id(inline), inline.content)
        if (image := self._inlines.image(content)) is not None:
            return self._figure(image, line)
        if not self._quoted and "list" not in self._around:
            if credit := _SOURCE.match(content):
                return self._source(content[credit.end() :], line + content.count("\n", 0, credit.end()))
            if "note" not in self._around and (
                video := read_video(content, line, self._inlines, self.report)
            ):
                return video
        nodes = self._inlines.read(content, line, literal=self._quoted)
        return Paragraph(nodes, line) if nodes else None

    def _figure(self, token: Token, line: int) -> Figure:
        title = " ".join(clean(str(token.attrs.get("title", ""))).split())
        return Figure(picture(token, line), self._inlines.read(title, line), line)

    def _source(self, content: str, line: int) -> Source:
        nodes = self._inlines.read(content, line)
        if not nodes:
            hint = "Write Source: [@key], or the source in words."
            self.report("empty-source", "Nothing follows the word Source.", line, hint)
        return Source(nodes, line)

    def _heading(self, token: Token) -> Block:
        inline = self.tokens[self.position + 1]
        self.position += 3
        level = int(token.tag[1])
        line = self.line(token)
        if level == 1:
            self.report(
                "title-in-text",
                "A heading with one # stands in the text; the title belongs in the front matter.",
                line,
                "Begin a nugget with ##, a heading inside a nugget with ###.",
            )
        elif level == 2 and self._around and "" not in self._around:
            message = f"A nugget cannot begin inside {_called(self._around[-1])}."
            self.report("nugget-inside", message, line, "Use ### for a heading inside a nugget.")
        return Heading(max(level, 3), self.inline(inline), line)

    # --- blocks that hold blocks -------------------------------------------------------------------------

    def _quotation(self, token: Token) -> Quotation:
        self.position += 1
        attribution = self._attribution(token)
        outer, self._quoted = self._quoted, True
        blocks = self._inside("quotation", "blockquote_close")
        self._quoted = outer
        return Quotation(blocks, attribution, self.line(token))

    def _attribution(self, token: Token) -> tuple[Inline, ...]:
        """The last line of the quotation, if it begins with a dash; the paragraph that it ends loses it."""
        end = self._closing("blockquote_close", token.level)
        if self.tokens[end - 1].type != "paragraph_close":
            return ()
        inline = self.tokens[end - 2]
        words, _, last = inline.content.rpartition("\n")
        dash = _DASH.match(last)
        if dash is None or (not words and end - 3 == self.position):
            return ()  # a dash that begins the only line leaves nothing to attribute
        self._cut[id(inline)] = words.rstrip()
        line = self.line(inline) + inline.content.count("\n")
        return self._inlines.read(last[dash.end() :], line)

    def _listing(self, token: Token) -> Listing:
        ordered = token.type == "ordered_list_open"
        self.position += 1
        end = self._closing("ordered_list_close" if ordered else "bullet_list_close", token.level)
        loose = any(
            inner.type == "paragraph_open" and inner.level == token.level + 2 and not inner.hidden
            for inner in self.tokens[self.position : end]
        )
        items = []
        while self.position < end:
            item = self.tokens[self.position]
            if item.level + 1 >= MAX_NESTING:
                self._too_deep(item)
            self.position += 1
            items.append(ListItem(self._inside("list", "list_item_close"), self.line(item)))
        self.position = end + 1
        start = int(token.attrs.get("start", 1)) if ordered else None
        return Listing(tuple(items), start, not loose, self.line(token))

    def _table(self, token: Token) -> Table:
        end = self._closing("table_close", token.level)
        rows: list[tuple[Cell, ...]] = []
        cells: list[Cell] = []
        align = ""
        for inner in self.tokens[self.position + 1 : end]:
            if inner.type in ("th_open", "td_open"):
                align = str(inner.attrs.get("style", "")).removeprefix("text-align:")
            elif inner.type == "inline":
                cells.append(Cell(self.inline(inner, literal=self._quoted), align))
            elif inner.type == "tr_close":
                rows.append(tuple(cells))
                cells = []
        self.position = end + 1
        return Table(rows[0], tuple(rows[1:]), self.line(token))

    def _container(self, token: Token) -> Block | None:
        opening: Opening = token.meta["opening"]
        line = self.line(token)
        known = judge(opening, line, self.report)
        self.position += 1
        title: tuple[Inline, ...] = ()
        if opening.name == "objection":
            title = self.inline(self.tokens[self.position])
            self.position += 1
        level = token.level
        self._around.append(opening.name if known else "")
        end = self._closing("container_close", level)
        blocks = self._until(end)
        self._around.pop()
        self.position = end + 1
        match opening.name:
            case "members":
                return Members(blocks, line)
            case "objection":
                return Objection(title, blocks, line)
            case "aside":
                return Aside(blocks, line)
            case "email" | "web":
                return Only(opening.name, blocks, line)
        return None


def _called(name: str) -> str:
    return {"quotation": "a quotation", "list": "a list", "note": "a footnote"}.get(name, f":::{name}")
