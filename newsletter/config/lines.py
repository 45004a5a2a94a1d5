"""Finds on which line of a TOML text each key stands, which `tomllib` does not tell."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r'''
      (?P<space>   [ \t\r]+ | \#[^\n]* )
    | (?P<newline> \n )
    | (?P<text>    """ (?: \\. | [^\\] )*? """ "{0,2} | \'\'\' .*? \'\'\' '{0,2}
                 | "   (?: \\. | [^"\\\n] )* "   | '   [^'\n]* ' )
    | (?P<mark>    [][{}=,.] )
    | (?P<bare>    [^][{}=,.\s\#"']+ )
    ''',
    re.VERBOSE | re.DOTALL,
)

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    line: int


def key_lines(text: str) -> dict[Path, int]:
    """The line (from 1) of every table and key in `text`, by its full path; the first one where it repeats.

    `text` must be TOML that `tomllib` accepts. Keys in inline tables are found as well, keys in arrays not.
    """
    return _Scanner(list(_tokens(text))).document()


def _tokens(text: str) -> Iterator[_Token]:
    line = 1
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or ""
        if kind != "space":
            yield _Token(kind, match.group(), line)
        line += match.group().count("\n")


class _Scanner:
    """Walks the tokens of a valid document once, noting where keys begin."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = [*tokens, _Token("newline", "\n", tokens[-1].line if tokens else 1)]
        self._at = 0
        self._lines: dict[Path, int] = {}
        self._implied: dict[Path, int] = {}  # tables that a dotted key opened in passing

    def document(self) -> dict[Path, int]:
        table: Path = ()
        while self._at < len(self._tokens):
            token = self._tokens[self._at]
            if token.kind == "newline":
                self._at += 1
            elif token.text == "[":
                table = self._header()
            else:
                self._pair(table)
        return self._implied | self._lines

    def _header(self) -> Path:
        line = self._tokens[self._at].line
        while self._tokens[self._at].text == "[":  # one for a table, two for an array of tables
            self._at += 1
        path = self._key("]")
        self._note(path, line)
        while self._tokens[self._at].kind != "newline":
            self._at += 1
        return path

    def _pair(self, table: Path) -> None:
        line = self._tokens[self._at].line
        path = table + self._key("=")
        self._note(path, line)
        if self._tokens[self._at].text == "{":
            self._inline_table(path)
        else:
            self._value()

    def _key(self, end: str) -> Path:
        """The parts of a dotted key; moves behind the `end` that closes it."""
        parts = []
        while (token := self._tokens[self._at]).text != end:
            if token.kind == "text":
                parts.append(str(tomllib.loads(f"key = {token.text}")["key"]))
            elif token.kind == "bare":
                parts.append(token.text)
            self._at += 1
        self._at += 1
        return tuple(parts)

    def _inline_table(self, table: Path) -> None:
        self._at += 1
        while (token := self._tokens[self._at]).text != "}":
            if token.kind == "newline" or token.text == ",":
                self._at += 1
            else:
                self._pair(table)
        self._at += 1

    def _value(self) -> None:
        """Moves behind a value: to the end of its line, or to the comma or brace that ends it."""
        depth = 0
        while (token := self._tokens[self._at]).kind != "newline" or depth:
            if token.kind == "mark":
                if depth == 0 and token.text in ",}":
                    return
                depth += (token.text in "[{") - (token.text in "]}")
            self._at += 1

    def _note(self, path: Path, line: int) -> None:
        self._lines.setdefault(path, line)
        for length in range(1, len(path)):
            self._implied.setdefault(path[:length], line)
