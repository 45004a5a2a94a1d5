"""Strangers' HTML, sanitised, as a small tree of elements that is never too deep to walk."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TypeAlias

import nh3

from newsletter.writing.cleaning import clean

BLOCKS = frozenset(
    {
        *(
            "address",
            "article",
            "aside",
            "blockquote",
            "caption",
            "center",
            "dd",
            "details",
            "div",
            "dl",
            "dt",
        ),
        *("figcaption", "figure", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main"),
        *("ol", "p", "pre", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul"),
        *("audio", "iframe", "video"),
    }
)
"""Elements that begin a line of their own."""

_INLINES = frozenset(
    {
        *("a", "abbr", "b", "br", "cite", "code", "del", "em", "i", "img", "ins", "kbd", "mark", "q", "s"),
        *("samp", "small", "source", "span", "strike", "strong", "sub", "sup", "tt", "u", "var"),
    }
)
_DROPPED = frozenset(
    {
        *("script", "style", "noscript", "template", "svg", "math", "object", "form", "button", "select"),
        *("textarea", "nav", "title", "rp"),
    }
)
_ATTRIBUTES = {
    "*": {"class"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height", "data-src", "data-lazy-src", "data-original"},
    "ol": {"start"},
    "td": {"colspan", "align"},
    "th": {"colspan", "align"},
    "iframe": {"src", "title"},
    "video": {"src", "title"},
    "audio": {"src", "title"},
    "source": {"src"},
}
_CHROME = re.compile(
    r"(?:^|\s)(?:sharedaddy|feedflare|jp-relatedposts|wp-block-buttons?|button-wrapper|post-ufi\S*"
    r"|subscri(?:be|ption)-widget\S*|screen-reader-text|visually-hidden|footnote-backref|headerlink)(?:\s|$)"
)
"""Classes of what blog programs hang on to a text: buttons, counters, invitations to subscribe."""
_SCHEMES = {"http", "https", "mailto", "tel"}
_VOID = frozenset({"br", "hr", "img", "source"})

DEEPEST = 60
"""How deep elements may stand in each other; deeper ones lose their marks and keep their words."""

_DEEPEST_SOURCE = 100
_MOST_ATTRIBUTES = 200
_ANY_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)([^<>]*)>")
CLOSE_THEMSELVES = frozenset(
    {
        *("area", "base", "br", "col", "dd", "dt", "embed", "hr", "img", "input", "li", "link", "meta"),
        *("option", "p", "param", "source", "tbody", "td", "tfoot", "th", "thead", "tr", "track", "wbr"),
    }
)
"""Elements that stand open in good HTML, so that they say nothing about depth."""


@dataclass(slots=True, eq=False)
class Element:
    """An element with its attributes and what stands in it. `has_blocks`: some of that begins a new line."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Element | str] = field(default_factory=list)
    has_blocks: bool = False


Content: TypeAlias = "Element | str"


def read_markup(html: str) -> Element:
    """The elements of `html` below a nameless root; scripts, styles, forms and the like are gone.

    HTML that nests so deeply, or so oddly, that it can only be meant to do harm is read as bare words.
    """
    if _is_hostile(html):
        html = _ANY_TAG.sub(" ", html)
    sanitised = nh3.clean(
        html,
        tags=set(BLOCKS | _INLINES),
        clean_content_tags=set(_DROPPED),
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel=None,
    )
    builder = _Builder()
    builder.feed(sanitised)
    builder.close()
    return builder.finished()


def text_of(content: Content) -> str:
    """The words in `content`, spaces as they come."""
    parts: list[str] = []
    todo = [content]
    while todo:
        node = todo.pop()
        if isinstance(node, str):
            parts.append(node)
        elif node.tag == "br":
            parts.append("\n")
        else:
            todo += reversed(node.children)
    return "".join(parts)


def _is_hostile(html: str) -> bool:
    """Sanitising takes time with the square of depth and of the attributes of a tag, so both are bounded."""
    depth = 0
    for closing, tag, rest in _ANY_TAG.findall(html):
        if rest.count("=") > _MOST_ATTRIBUTES or len(rest.split()) > _MOST_ATTRIBUTES * 5:
            return True
        if tag.lower() in CLOSE_THEMSELVES or rest.endswith("/"):
            continue
        depth = max(0, depth - 1) if closing else depth + 1
        if depth > _DEEPEST_SOURCE:
            return True
    return False


class _Builder(HTMLParser):
    """Builds the tree from what the sanitiser has written, where every tag is closed and nothing is amiss."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._root = Element("")
        self._open: list[Element] = [self._root]
        self._beyond = 0
        self._dropping = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._dropping or _CHROME.search(
            next((value or "" for name, value in attrs if name == "class"), "")
        ):
            self._dropping += tag not in _VOID
            return
        if self._beyond or (len(self._open) > DEEPEST and tag not in _VOID):
            self._beyond += tag not in _VOID
            return
        element = Element(tag, {name: clean(value or "") for name, value in attrs})
        self._open[-1].children.append(element)
        if tag not in _VOID:
            self._open.append(element)
        elif tag in BLOCKS:
            self._open[-1].has_blocks = True

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        if self._dropping:
            self._dropping -= 1
        elif self._beyond:
            self._beyond -= 1
        elif len(self._open) > 1:
            self._close()

    def handle_data(self, data: str) -> None:
        if not self._dropping:
            self._open[-1].children.append(clean(data))

    def finished(self) -> Element:
        while len(self._open) > 1:
            self._close()
        return self._root

    def _close(self) -> None:
        element = self._open.pop()
        self._open[-1].has_blocks |= element.has_blocks or element.tag in BLOCKS
