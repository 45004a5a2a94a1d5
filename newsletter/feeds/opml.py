"""Lists of feeds as OPML 2.0, the way feed readers exchange them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from newsletter.errors import ContentError
from newsletter.gathering.entries import clean_address
from newsletter.writing.cleaning import clean

_DEEPEST = 100


@dataclass(frozen=True, slots=True)
class Outline:
    """One feed of a list: what it is called there, and its address."""

    title: str
    url: str


def write_opml(title: str, outlines: Iterable[Outline]) -> str:
    """A list called `title`."""
    lines = [
        f'    <outline type="rss" text={_quoted(one.title)} xmlUrl={_quoted(one.url)}/>' for one in outlines
    ]
    head = ['<?xml version="1.0" encoding="UTF-8"?>', '<opml version="2.0">', "  <head>"]
    head += [f"    <title>{_quoted(title)[1:-1]}</title>", "  </head>", "  <body>"]
    return "\n".join([*head, *lines, "  </body>", "</opml>", ""])


def read_opml(data: bytes, file: str) -> list[Outline]:
    """The feeds in a list, however they are grouped, each address once.

    Raises ContentError when `data` is not OPML, or defines entities: no honest list does.
    """
    reader = _Reader(file)
    parser = expat.ParserCreate()
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.EntityDeclHandler = reader.entity
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise ContentError(
            f"This is not a list of feeds: {expat.errors.messages[error.code]}.",
            file=file,
            line=error.lineno,
            hint="Export the list again, as OPML.",
            code="not-opml",
        ) from error
    if not reader.is_opml:
        raise ContentError("This XML is not OPML.", file=file, line=1, code="not-opml")
    return list({one.url: one for one in reversed(reader.found)}.values())[::-1]


class _Reader:
    """Collects the outlines that lead to feeds."""

    def __init__(self, file: str) -> None:
        self.found: list[Outline] = []
        self.is_opml = False
        self._file = file
        self._depth = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth == 1:
            self.is_opml = tag.lower() == "opml"
        if tag.lower() != "outline" or self._depth > _DEEPEST:
            return
        values = {name.lower(): value for name, value in attributes.items()}
        if url := clean_address(values.get("xmlurl", "")):
            words = " ".join(clean(values.get("title") or values.get("text") or "").split())
            self.found.append(Outline(words, url))

    def end(self, _tag: str) -> None:
        self._depth -= 1

    def entity(self, *_declaration: object) -> None:
        raise ContentError(
            "This list defines entities of its own, which can do harm; nothing was read.",
            file=self._file,
            hint="Export the list again, or take the <!DOCTYPE …> out of it.",
            code="not-opml",
        )


def _quoted(text: str) -> str:
    return quoteattr(clean(text), {'"': "&quot;"})
