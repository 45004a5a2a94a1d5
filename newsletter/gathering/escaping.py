"""Words and addresses written so that our dialect reads them as they are and takes none for a mark."""

from __future__ import annotations

import re

_MARKS = re.compile(
    r"""
      [\\`*\[\]<]
    | (?<!\w)_ | _(?!\w)
    | &(?=\#|[A-Za-z]|$)
    | ~(?=~|$) | (?<=~)~ | ^~
    | \{(?=\{|$) | (?<=\{)\{ | ^\{
    | [!^](?=$)
    """,
    re.VERBOSE,
)
"""What may mean something inside a line; at the end of a run also what a mark behind it would make of it."""
_LINE_START = re.compile(
    r"(?P<before>\d{1,9}(?=[.)](?:\s|$))|Sources?(?=:))|(?=\#|>|[-+](?:\s|$)|[-=|:\s]+$|:::|[-=+])"
)
_IN_ADDRESS = re.compile(r"[\s<>()\\\"`|^{}\x00-\x1f\x7f]")
_ENTITY = re.compile(r"&(?=#?\w+;)")
_BACKTICKS = re.compile(r"`+")


def escape(text: str) -> str:
    """`text` with a backslash before everything that could be a mark inside a line."""
    return _MARKS.sub(lambda match: f"\\{match[0]}", text)


def escape_start(line: str) -> str:
    """A line of Markdown that cannot be taken for a heading, list, quotation, rule, table or credit."""
    match = _LINE_START.match(line)
    if match is None:
        return line
    before = match["before"] or ""
    return f"{before}\\{line[len(before) :]}"


def escape_all(text: str) -> str:
    """`text` with a backslash before every sign: ugly, and never misread."""
    return re.sub(r"(?=[!-/:-@\[-`{-~])", r"\\", text)


def address(text: str) -> str:
    """An address as it can stand between the round brackets of a link."""
    plain = _IN_ADDRESS.sub(lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), text)
    return _ENTITY.sub("&amp;", plain)


def code(text: str) -> str:
    """`text` as code inside a line."""
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    fence = "`" * (longest + 1)
    padding = " " if text.startswith(("`", " ")) or text.endswith(("`", " ")) else ""
    return f"{fence}{padding}{text}{padding}{fence}"


def fence(text: str) -> str:
    """The line that opens and closes a block of code that holds `text`."""
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    return "`" * max(3, longest + 1)


def title(markdown: str) -> str:
    """Markdown as the title of a figure, between quotation marks: read once as a title, then as Markdown."""
    escaped = re.sub(r'[\\"]', r"\\\g<0>", markdown)
    return _ENTITY.sub("&amp;", escaped)
