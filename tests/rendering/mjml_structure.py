"""The structure of a compiled layout: its tags, styles and conditional comments, one to a line, in one order.

Two compilers write the same mail differently: other spaces, other orders of attributes and styles, quotation
marks. This is what is left when all that is put aside.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

_NOTHING = ("class", "style")
"""Attributes that say nothing when they are empty."""

_CSS = re.compile(r"([^{}]*)(?:\{([^{}]*)\}|\{|\})")
_CONDITION = re.compile(r"<!--\[if ([^\]]*)\]>(?:<!-->)?|(?:<!--)?<!\[endif\](?:--)?>")


def structure(html: str) -> list[str]:
    """The lines of a compiled layout's structure."""
    lines: list[str] = []
    end = 0
    for match in _CONDITION.finditer(html):
        lines += _Lines(html[end : match.start()]).lines
        lines.append(f"[if {' '.join(match[1].split())}]" if match[1] else "[endif]")
        end = match.end()
    return _joined([*lines, *_Lines(html[end:]).lines])


def _joined(lines: list[str]) -> list[str]:
    """Without conditions that close only to open again: one compiler does so between tags, the other not."""
    joined: list[str] = []
    opened = ""
    for line in lines:
        if line.startswith("[if"):
            if joined and joined[-1] == "[endif]" and opened == line:
                joined.pop()
                continue
            opened = line
        joined.append(line)
    return joined


class _Lines(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        self.feed(html)
        self.close()

    def handle_decl(self, decl: str) -> None:
        self.lines.append(f"<!{decl.lower()}>")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = [(name, _value(name, value)) for name, value in sorted(attrs)]
        shown = "".join(f' {name}="{value}"' for name, value in values if value or name not in _NOTHING)
        self.lines.append(f"<{tag}{shown}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self.lines.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if self.lasttag == "style" and self.lines[-1].startswith("<style"):
            self.lines += _rules(data)
        elif words := " ".join(data.split()):
            self.lines.append(words)


def _rules(sheet: str) -> list[str]:
    """The rules of a style sheet, one to a line and sorted; what stands in a media query, with its query."""
    found: list[str] = []
    query = ""
    for match in _CSS.finditer(sheet):
        selector, body = " ".join(match[1].split()), match[2]
        if selector.startswith("@media") and body is None:
            query = selector + " "
        elif body is not None:
            found.append(f"{query}{selector} {{{_declarations(body)}}}")
        else:
            query = ""
    return sorted(found)


def _declarations(text: str) -> str:
    rules = (re.sub(r"\s*:\s*", ":", rule.strip(), count=1) for rule in text.split(";"))
    return ";".join(sorted(rule for rule in rules if rule))


def _value(name: str, value: str | None) -> str:
    value = " ".join((value or "").split())
    if name == "style":
        return _declarations(value)
    if name == "class":
        return " ".join(sorted(value.split()))
    return value
