"""The inline tokens of one paragraph become the inline nodes of `document`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from markdown_it.common.normalize_url import normalizeLink
from markdown_it.token import Token

from newsletter.document import (
    Break,
    Citation,
    Code,
    Emphasis,
    Inline,
    Link,
    Merge,
    NoteRef,
    Picture,
    Strike,
    Strong,
    Text,
)
from newsletter.errors import Level
from newsletter.writing.cleaning import clean
from newsletter.writing.dialect import Blocks, is_plain
from newsletter.writing.marks import AT
from newsletter.writing.punctuation import Typographer
from newsletter.writing.report import Report

DEEPEST = 20
"""How deep emphasis may stand in emphasis."""

_DANGEROUS = re.compile(r"\s*(?:javascript|vbscript|file|data):", re.IGNORECASE)
_PLAIN_ADDRESS = re.compile(r"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:[/?][A-Za-z0-9/?&=+,._~()#-]*)?")
"""Addresses that need no normalising, which are nearly all; the general way is slow."""
_SPANS: dict[str, type[Emphasis | Strong | Strike]] = {
    "em_close": Emphasis,
    "strong_close": Strong,
    "s_close": Strike,
}
_OPENINGS = frozenset({"em_open", "strong_open", "s_open", "link_open"})


class InlineReader:
    """Turns the words of blocks into nodes; `note` numbers the footnotes that they call."""

    def __init__(self, blocks: Blocks, report: Report, note: Callable[[Token, int], int]) -> None:
        self._blocks = blocks
        self._report = report
        self._note = note

    def read(self, content: str, line: int, *, literal: bool = False) -> tuple[Inline, ...]:
        """The nodes for `content`, which begins on `line`.

        `literal`: quoted words, whose punctuation stays as it is.
        """
        if is_plain(content):
            return _plain(content, literal=literal)
        return self.read_tokens(self._blocks.words(content), content, line, literal=literal)

    def read_tokens(
        self, tokens: Sequence[Token], content: str, line: int, *, literal: bool = False
    ) -> tuple[Inline, ...]:
        """The same for tokens that are there already."""
        return _Paragraph(self._report, self._note, content, line, literal).read(tokens)

    def image(self, content: str) -> Token | None:
        """The `image` token, if `content` is a picture and nothing else."""
        if not content.startswith("!["):
            return None
        tokens = self._blocks.words(content)
        return tokens[0] if len(tokens) == 1 and tokens[0].type == "image" else None


def _plain(content: str, *, literal: bool) -> tuple[Inline, ...]:
    """Words without any marks: only line breaks and punctuation."""
    typographer = None if literal else Typographer()
    if "\n" not in content:
        return (Text(typographer.smarten(content) if typographer else content),) if content else ()
    nodes: list[Inline] = []
    lines = content.split("\n")
    for number, line in enumerate(lines):
        words = line.lstrip(" \t").rstrip(" ")
        nodes.append(Text(typographer.smarten(words) if typographer else words))
        if number + 1 < len(lines):
            nodes.append(Break(hard=line.endswith("  ")))
            if typographer:
                typographer.gap()
    return tuple(nodes)


class _Paragraph:
    """The state of reading one paragraph: the spans that are open, and the words not yet made a node."""

    def __init__(
        self, report: Report, note: Callable[[Token, int], int], content: str, line: int, literal: bool
    ) -> None:
        self._report = report
        self._note = note
        self._content = content
        self._line = line
        self._typographer = None if literal else Typographer()
        self._words: list[str] = []
        self._nodes: list[Inline] = []
        self._outer: list[tuple[list[Inline], Token]] = []
        self._dropped = 0

    def read(self, tokens: Sequence[Token]) -> tuple[Inline, ...]:
        last = len(tokens) - 1
        for index, token in enumerate(tokens):
            kind = token.type
            if kind == "text":
                if token.content:
                    ends = index == last or tokens[index + 1].type in ("softbreak", "hardbreak")
                    self._text(token.content, " " if ends else "x")
            elif kind in ("softbreak", "hardbreak"):
                self._add(Break(hard=kind == "hardbreak"))
                if self._typographer:
                    self._typographer.gap()
            elif kind in _OPENINGS:
                self._open(token)
            elif kind == "link_close" or kind in _SPANS:
                self._close(kind)
            elif kind == "text_special":
                self._literal(clean(token.content))
            elif (node := self._leaf(token)) is not None:
                self._add(node)
                if self._typographer:
                    self._typographer.skip()
        self._flush()
        return tuple(self._nodes)

    def _text(self, text: str, after: str) -> None:
        in_address = self._outer and self._outer[-1][1].info == "auto"
        if self._typographer is None or in_address:
            self._literal(text)
        else:
            self._words.append(self._typographer.smarten(text, after))

    def _literal(self, text: str) -> None:
        self._words.append(text)
        if self._typographer:
            self._typographer.skip(text)

    def _flush(self) -> None:
        if self._words:
            self._nodes.append(Text("".join(self._words)))
            self._words.clear()

    def _add(self, node: Inline) -> None:
        self._flush()
        self._nodes.append(node)

    def _open(self, token: Token) -> None:
        if len(self._outer) == DEEPEST:
            if not self._dropped:
                self._report(
                    "nested-too-deeply",
                    "Emphasis stands in emphasis more than twenty deep.",
                    self._line,
                    "Put a \\ before asterisks and underscores that are not meant as marks.",
                )
            self._dropped += 1
            return
        self._flush()
        self._outer.append((self._nodes, token))
        self._nodes = []

    def _close(self, kind: str) -> None:
        if self._dropped:
            self._dropped -= 1
            return
        self._flush()
        children = tuple(self._nodes)
        self._nodes, opening = self._outer.pop()
        self._nodes.append(_SPANS[kind](children) if kind in _SPANS else self._link(opening, children))

    def _at(self, token: Token) -> int:
        """The line of the token's mark."""
        if "\n" not in self._content:
            return self._line
        return self._line + self._content.count("\n", 0, token.meta.get(AT, 0))

    def _link(self, token: Token, children: tuple[Inline, ...]) -> Link:
        href = str(token.attrs["href"])
        line = self._at(token)
        if _DANGEROUS.match(href):
            scheme = href.strip().partition(":")[0].lower()
            hint = "Link to a page with https://, or to an address with mailto:."
            self._report("bad-link", f"A link may not begin with {scheme}:.", line, hint)
            href = ""
        return Link(normal_address(href), children, line)

    def _leaf(self, token: Token) -> Inline | None:
        match token.type:
            case "code_inline":
                return Code(token.content)
            case "image":
                return self._picture(token)
            case "citation":
                return self._citation(token)
            case "merge":
                return self._merge(token)
            case "note" | "noteref":
                line = self._at(token)
                return NoteRef(self._note(token, line), line)
            case "html_inline":
                self._report(*raw_html(token.content, self._at(token)))
                return None
            case kind:
                raise AssertionError(f"the dialect has no {kind}")

    def _picture(self, token: Token) -> Picture:
        line = self._at(token)
        if token.attrs.get("title"):
            self._report(
                "lost-caption",
                "A picture inside a sentence has no caption; its title is not shown.",
                line,
                "Give the picture a paragraph of its own to make it a figure.",
                Level.WARNING,
            )
        return picture(token, line)

    def _citation(self, token: Token) -> Citation | None:
        line = self._at(token)
        if token.meta["cites"]:
            return Citation(token.meta["cites"], line)
        written = " ".join(token.markup.split())
        hint = "Write [@key], [@key, p. 12] or [@one; @two]; put a \\ before [ if it is not a citation."
        self._report("bad-citation", f"{written} cannot be read as a citation.", line, hint)
        return None

    def _merge(self, token: Token) -> Merge | None:
        line = self._at(token)
        field: Merge | None = token.meta["field"]
        if field is not None:
            return replace(field, line=line)
        hint = 'Write {{ first_name or "there" }}; put a \\ before {{ if it is not a merge field.'
        self._report("bad-merge-field", "Two braces are opened here, but no merge field follows.", line, hint)
        return None


def normal_address(href: str) -> str:
    """`href` with everything encoded that an address cannot hold (RFC 3986), as browsers do it."""
    return href if _PLAIN_ADDRESS.fullmatch(href) else normalizeLink(clean(href))


def picture(token: Token, line: int) -> Picture:
    """The picture of an `image` token; its alternative text is the plain words between the brackets."""
    words = []
    for child in token.children or ():
        if child.type in ("softbreak", "hardbreak"):
            words.append(" ")
        elif child.type != "html_inline":
            words.append(child.content or child.markup if not child.nesting else "")
    return Picture(clean(str(token.attrs["src"])), clean("".join(words)), line)


def raw_html(markup: str, line: int) -> tuple[str, str, int, str]:
    """The problem that HTML stands in the text, as arguments for `Report`."""
    if markup.lstrip().startswith("<!--"):
        hint = "Take the comment out; notes to yourself fit into another file."
    else:
        hint = "Say it in Markdown; for a plain less-than sign write \\<."
    start = " ".join(markup.split())
    return "raw-html", f"HTML is not used in issues: {start[:40]}{'…' if len(start) > 40 else ''}", line, hint
