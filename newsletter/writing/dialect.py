"""The Markdown of issues, as markdown-it-py tokens: CommonMark with tables, strikethrough, footnotes, and our
own containers, citations and merge fields. Raw HTML is recognised, so that it can be refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_inline import autolink, html_inline, image, link
from markdown_it.token import Token
from mdit_py_plugins.footnote.index import footnote_def

from newsletter.writing.containers import container_rule
from newsletter.writing.marks import citation_rule, merge_rule, note_rule, noteref_rule, placed
from newsletter.writing.prose import prose_rule

MAX_NESTING = 32
"""How deep blocks may stand in each other, lists counting twice; markdown-it drops what is deeper."""

_MARKS = re.compile(r"[!&*<\[\\\]^_`{~]")
_STOPS = re.compile(r"[\n!&*<\[\\\]^_`{~]")
"""Where a run of plain words may end. Fewer characters than markdown-it's own set, which stops at every
hyphen and colon of the prose for extensions that we do not have."""


class _Parser(MarkdownIt):
    """Keeps addresses as written: `tree` tells pictures, which are file names, from links."""

    def normalizeLink(self, url: str) -> str:  # noqa: N802 - markdown-it's name
        return url

    def validateLink(self, url: str) -> bool:  # noqa: ARG002, N802 - markdown-it's name; refused by `tree`, aloud
        return True


@dataclass(frozen=True, slots=True)
class Blocks:
    """The block tokens of a text; each knows its lines, counted from 0. `definitions`: what markdown-it keeps
    from the blocks for the words in them, such as the addresses of links."""

    tokens: list[Token]
    definitions: dict[str, Any]

    def words(self, content: str) -> list[Token]:
        """The inline tokens of `content`, the words of one block."""
        parser = _parser()
        return parser.inline.parse(content, parser, self.definitions, [])


def parse(text: str) -> Blocks:
    """Finds the blocks of an issue's text; their words are left to `Blocks.words`, for few need it."""
    definitions: dict[str, Any] = {}
    return Blocks(_parser().parse(text, definitions), definitions)


def is_plain(content: str) -> bool:
    """True when `content` holds no marks at all but line breaks."""
    return _MARKS.search(content) is None


@cache
def _parser() -> MarkdownIt:
    parser = _Parser("commonmark", {"maxNesting": MAX_NESTING})
    parser.enable(["table", "strikethrough"])
    # words are parsed on demand; escaped characters must stay apart, for they are not smartened
    parser.core.ruler.disable(["inline", "text_join"])
    blocks, inlines = parser.block.ruler, parser.inline.ruler
    blocks.before("table", "prose", prose_rule)
    blocks.before(
        "fence", "container", container_rule, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )
    blocks.before("reference", "footnote_def", footnote_def, {"alt": ["paragraph", "reference"]})
    inlines.at("link", placed(link, "["))
    inlines.at("image", placed(image, "!"))
    inlines.at("autolink", placed(autolink, "<"))
    inlines.at("html_inline", placed(html_inline, "<"))
    inlines.before("link", "citation", citation_rule)
    inlines.after("image", "note", placed(note_rule, "^"))
    inlines.after("image", "noteref", placed(noteref_rule, "["))
    inlines.push("merge", merge_rule)
    parser.inline.terminator_re = _STOPS
    return parser
