"""Reading tokens.toml: colours, fonts and sizes of a theme, and a publication's own over them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

from newsletter.config.lines import key_lines
from newsletter.errors import ConfigurationError, Problem
from newsletter.rendering.tables import read_table

Tokens = Mapping[str, Mapping[str, str | int]]
"""Values by section and name, as in a theme's tokens.toml."""

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_COLOUR_SECTIONS = ("light", "dark")
_UNSAFE = re.compile(r"""[<>{};"\\\x00-\x1f]""")


def read_tokens(sources: Sequence[tuple[str, str]]) -> Tokens:
    """The tokens of the first of `sources`, which are (file, TOML text) pairs, with later ones over it.

    Raises ConfigurationError with all problems: tokens that the first does not have, or of another kind.
    """
    problems: list[Problem] = []
    tokens: dict[str, dict[str, str | int]] = {}
    for position, (file, text) in enumerate(sources):
        read = read_table(file, text, problems)
        lines = key_lines(text) if position and read else {}
        for section, values in read.items():
            if not isinstance(values, dict):
                problems.append(_unknown(section, tokens, file, lines.get((section,), 0)))
            elif position == 0:
                tokens[section] = dict(values)
            elif section not in tokens:
                problems.append(_unknown(section, tokens, file, lines[(section,)]))
            else:
                problems += _override(tokens[section], section, values, file, lines)
    if problems:
        raise ConfigurationError.of(problems)
    return MappingProxyType({section: MappingProxyType(values) for section, values in tokens.items()})


def _override(
    known: dict[str, str | int],
    section: str,
    values: Mapping[str, Any],
    file: str,
    lines: Mapping[tuple[str, ...], int],
) -> list[Problem]:
    problems = []
    for key, value in values.items():
        line = lines[(section, key)]
        if key not in known:
            problems.append(_unknown(key, known, file, line))
        elif fault := _fault(section, known[key], value):
            problems.append(Problem("bad-token", f"{section}.{key} {fault}", file, line))
        else:
            known[key] = value
    return problems


def _fault(section: str, default: str | int, value: object) -> str:
    """What is wrong with a token's value, "" when nothing is. It will stand in style sheets."""
    if section in _COLOUR_SECTIONS:
        if not (isinstance(value, str) and _COLOUR.fullmatch(value)):
            return f'must be a colour of six hexadecimal digits, such as "{default}".'
    elif type(value) is not type(default):
        kind = "a whole number" if isinstance(default, int) else "a text in quotes"
        return f"must be {kind}, such as {default!r}."
    elif isinstance(value, str) and _UNSAFE.search(value):
        return "holds a character that a style sheet cannot hold; use single quotes around font names."
    return ""


def _unknown(name: str, known: Mapping[str, object], file: str, line: int) -> Problem:
    near = get_close_matches(name, known, 1)
    hint = f'Did you mean "{near[0]}"?' if near else f"There are: {', '.join(known)}."
    return Problem("unknown-token", f'There is no token called "{name}".', file, line, hint)
