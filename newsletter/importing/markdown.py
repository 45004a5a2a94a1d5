"""The Markdown of other programs becomes HTML, from which our dialect is made; footnotes are kept."""

from __future__ import annotations

from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin

from newsletter.importing.notes import Footnoted, mark, without_marks


def render_markdown(text: str) -> Footnoted:
    """The HTML of `text`, CommonMark with tables, strikethrough, footnotes, definition lists and raw HTML."""
    parser = _parser()
    tokens = parser.parse(without_marks(text), {})
    body, notes = _apart(tokens)
    rendered = {
        number: parser.renderer.render(inside, parser.options, {}) for number, inside in notes.items()
    }
    return Footnoted(parser.renderer.render(body, parser.options, {}), rendered)


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    return parser.use(footnote_plugin).use(deflist_plugin)


def _apart(tokens: list[Token]) -> tuple[list[Token], dict[int, list[Token]]]:
    """The text without its footnotes, and the footnotes by number; calls in the text become marks."""
    body: list[Token] = []
    notes: dict[int, list[Token]] = {}
    into = body
    for token in tokens:
        match token.type:
            case "footnote_block_open" | "footnote_anchor":
                continue
            case "footnote_open":
                into = notes.setdefault(int(token.meta["id"]) + 1, [])
            case "footnote_close" | "footnote_block_close":
                into = body
            case _:
                if token.children:
                    token.children = [
                        _marked(child) for child in token.children if child.type != "footnote_anchor"
                    ]
                into.append(token)
    return body, notes


def _marked(token: Token) -> Token:
    if token.type != "footnote_ref":
        return token
    return Token("text", "", 0, content=mark(int(token.meta["id"]) + 1))
