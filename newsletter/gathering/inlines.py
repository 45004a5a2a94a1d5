"""Elements inside a line become the inline nodes of `document`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from urllib.parse import urljoin, urlsplit

from newsletter.document import Break, Code, Emphasis, Inline, Link, Picture, Strike, Strong, Text
from newsletter.gathering.entries import clean_address, is_public
from newsletter.gathering.markup import Content, Element, text_of
from newsletter.gathering.spacing import flat, tidy

_EMPHASIS = frozenset({"em", "i", "cite", "var"})
_STRONG = frozenset({"strong", "b"})
_STRIKE = frozenset({"del", "s", "strike"})
_CODE = frozenset({"code", "kbd", "samp", "tt"})
_RAISED = str.maketrans("0123456789+-−=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿ")
_LOWERED = str.maketrans("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎")
_LAZY_SOURCES = ("data-src", "data-lazy-src", "data-original", "src")
_MAILBOX = re.compile(r"mailto:[^\s@?]+@[^\s@?]+\.[^\s@?]+(?:\?|$)", re.IGNORECASE)
_PICTURE_FILE = re.compile(r"\.(?:png|jpe?g|gif|webp|avif|svg)$", re.IGNORECASE)
_NAME_AS_ALT = re.compile(
    r"(?:img|image|dsc|dscn|screenshot|picture|photo)?[-_ \d]*(?:\.\w{3,4})?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Around:
    """What an inline element stands in, so that a mark is not set twice."""

    marks: frozenset[type] = field(default_factory=frozenset)

    def inside(self, mark: type) -> Around:
        """The same, inside one more mark."""
        return Around(self.marks | {mark})


NOTHING = Around()


class InlineReader:
    """Reads the contents of lines; relative addresses start from `base`, those of pictures from
    `picture_base`."""

    def __init__(self, base: str, picture_base: str) -> None:
        self._base = base
        self._picture_base = picture_base

    def read(self, contents: Iterable[Content], around: Around = NOTHING) -> list[Inline]:
        """The nodes for `contents`, their spaces not yet put in order."""
        found: list[Inline] = []
        for content in contents:
            if isinstance(content, str):
                found.append(Text(content))
            else:
                found += self._element(content, around)
        return found

    def _element(self, element: Element, around: Around) -> list[Inline]:
        match element.tag:
            case "br":
                return [Break(hard=True)]
            case "img":
                picture = self.picture(element)
                return [picture] if picture else []
            case "a":
                return self._link(element, around)
            case "q":
                return [Text("“"), *self.read(element.children, around), Text("”")]
            case "sup" | "sub":
                return self._shifted(element, around)
            case tag if tag in _CODE:
                words = " ".join(text_of(element).split())
                return [Code(words)] if words else []
            case tag if tag in _EMPHASIS:
                return self._marked(element, around, Emphasis)
            case tag if tag in _STRONG:
                return self._marked(element, around, Strong)
            case tag if tag in _STRIKE:
                return self._marked(element, around, Strike)
        inner = self.read(element.children, around)
        # a block where only a line can be is set apart by spaces
        return [Text(" "), *inner, Text(" ")] if element.has_blocks or element.tag in _APART else inner

    def _marked(
        self, element: Element, around: Around, mark: type[Emphasis] | type[Strong] | type[Strike]
    ) -> list[Inline]:
        if mark in around.marks:
            return self.read(element.children, around)
        return [mark(tuple(self.read(element.children, around.inside(mark))))]

    def _shifted(self, element: Element, around: Around) -> list[Inline]:
        """10<sup>6</sup> must not become 106."""
        words = text_of(element).strip()
        table = _RAISED if element.tag == "sup" else _LOWERED
        inner = self.read(element.children, around)
        return _translated(inner, table) if all(ord(letter) in table for letter in words) else inner

    def _link(self, element: Element, around: Around) -> list[Inline]:
        href = self.address(element.attributes.get("href", ""))
        inner = self.read(element.children, around.inside(Link))
        if not href or Link in around.marks:
            return inner
        held = tidy(inner)
        if len(held) == 1 and isinstance(held[0], Picture) and _PICTURE_FILE.search(urlsplit(href).path):
            return inner  # the way to the same picture, only larger
        return [Link(href, tuple(inner))]

    def address(self, address: str) -> str:
        """An address that a reader can follow from anywhere; "" when there is none."""
        text = address.strip()
        if "{{" in text:
            return ""  # what a template left behind
        if text.lower().startswith("mailto:"):
            return "".join(text.split()) if _MAILBOX.match(text) else ""
        if text.lower().startswith("tel:"):
            return "".join(text.split())
        whole = clean_address(text, self._base)
        return whole if is_public(whole) else ""

    def picture(self, element: Element) -> Picture | None:
        """The picture of an `img`; None for those that only count readers, or lead nowhere."""
        given = element.attributes
        if given.get("width") in ("0", "1") or given.get("height") in ("0", "1"):
            return None
        sources = (given[name].strip() for name in _LAZY_SOURCES if given.get(name, "").strip())
        written = next((text for text in sources if not text.startswith("data:")), "")
        try:
            source = urljoin(self._picture_base, written)
            usable = bool(written) and urlsplit(source).scheme in ("http", "https", "")
        except ValueError:
            usable = False
        alt = " ".join(given.get("alt", "").split())
        return Picture(source, "" if _NAME_AS_ALT.fullmatch(alt) else alt) if usable else None


_APART = frozenset(
    {"p", "div", "li", "dd", "dt", "td", "th", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote"}
)


def _translated(nodes: Iterable[Inline], table: dict[int, int]) -> list[Inline]:
    """The nodes with the words of texts and links changed letter by letter."""
    found: list[Inline] = []
    for node in nodes:
        match node:
            case Text():
                found.append(Text(node.text.translate(table)))
            case Link():
                found.append(replace(node, children=tuple(_translated(node.children, table))))
            case _:
                found.append(node)
    return found


def linked(nodes: tuple[Inline, ...], href: str) -> tuple[Inline, ...]:
    """`nodes` as one link to `href`; links that stand in them become plain words."""
    return (Link(href, tuple(_unlinked(flat(nodes)))),)


def _unlinked(nodes: Iterable[Inline]) -> list[Inline]:
    found: list[Inline] = []
    for node in nodes:
        if isinstance(node, Link):
            found += _unlinked(node.children)
        elif isinstance(node, Emphasis | Strong | Strike):
            found.append(replace(node, children=tuple(_unlinked(node.children))))
        else:
            found.append(node)
    return found
