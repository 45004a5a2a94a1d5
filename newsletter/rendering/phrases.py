"""Reading words.toml: the phrases of themes in several languages, and a publication's own over them."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from string import Formatter

from newsletter.config.lines import key_lines
from newsletter.errors import ConfigurationError, Problem
from newsletter.rendering.tables import read_table
from newsletter.rendering.words import Phrase, Words

_BASE = "en"


def read_words(language: str, sources: Sequence[tuple[str, str]]) -> Words:
    """The phrases for `language`: its own, then those of the language without country, then English.

    `sources` are (file, TOML text) pairs, a table for each language. The English of the first says which
    phrases there are and what they hold in braces; later sources replace single phrases or add languages.
    Raises ConfigurationError with all problems.
    """
    problems: list[Problem] = []
    found: dict[str, dict[str, Phrase]] = {_BASE: {}}
    for position, (file, text) in enumerate(sources):
        lines = None
        for section, values in read_table(file, text, problems).items():
            phrases = found.setdefault(section.lower(), {})
            for name, value in values.items() if isinstance(values, dict) else [("", None)]:
                known = found[_BASE].get(name)
                if fault := _fault(value, known, first=position == 0 and section == _BASE):
                    lines = lines or key_lines(text)
                    line = lines[(section, name)] if name else lines[(section,)]
                    what = f"{section}.{name}" if name else section
                    near = "" if known else _near(name, found[_BASE])
                    problems.append(Problem("bad-phrase", f"{what} {fault}", file, line, near))
                else:
                    phrases[name] = Phrase(value)
    if problems:
        raise ConfigurationError.of(problems)
    tag = language.lower()
    merged = found[_BASE] | found.get(tag.partition("-")[0], {}) | found.get(tag, {})
    return Words(language, merged)


def _fault(value: object, known: str | None, *, first: bool) -> str:
    """What is wrong with a phrase, "" when nothing is; `known` is the English that it stands for."""
    if not isinstance(value, str):
        return "must be a text in quotes, in the table of a language."
    try:
        names = _names(value)
    except ValueError:
        return "has a brace that is not closed, or is no name."
    if first:
        return ""
    if known is None:
        return "is no phrase that a theme uses."
    if names != _names(known):
        wanted = ", ".join(f"{{{name}}}" for name in sorted(_names(known))) or "nothing in braces"
        return f"must hold {wanted}, as in English: “{known}”"
    return ""


def _names(phrase: str) -> set[str]:
    """The names in braces of a phrase. Raises ValueError when they are no plain names."""
    fields = [field for _, field, form, conversion in Formatter().parse(phrase) if field is not None]
    if not all(field.isidentifier() for field in fields):
        raise ValueError(phrase)
    return set(fields)


def _near(name: str, known: dict[str, Phrase]) -> str:
    near = get_close_matches(name, known, 1)
    return f'Did you mean "{near[0]}"?' if near else ""
