"""CSL-JSON files (as Zotero and others write them) become references."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from newsletter.errors import Level, Problem
from newsletter.model import Name, Reference
from newsletter.writing.bibtex_entry import bare_doi, doi_in
from newsletter.writing.cleaning import clean

_SPACE = re.compile(r"\s*")
_NEXT = re.compile(r"\}\s*,\s*(?=\{)")
_MARKUP = re.compile(r"</?(?:i|b|sup|sub|sc|span)(?:\s[^<>]*)?>")
_YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)")
_HINT = "The file must be a list of entries, as a reference manager exports it: [{…}, {…}]."


def read_csl_json(text: str, file: str) -> tuple[list[Reference], list[Problem]]:
    """The references in a CSL-JSON file, in its order, and what is wrong with it.

    An entry that cannot be read becomes a warning with its line, and so does an id that stands in the file a
    second time (the first entry counts); a file that is no list of entries is an error.
    """
    problems: list[Problem] = []
    found: dict[str, Reference] = {}
    for value, line in _entries(text, file, problems):
        key = value.get("id") if isinstance(value, dict) else None
        if not isinstance(key, str | int) or not (key := clean(str(key)).strip()):
            problems.append(
                Problem("broken-reference", "A reference has no id.", file, line, _HINT, Level.WARNING)
            )
        elif key in found:
            message = f"The id {key} was used before, in line {found[key].line}; that entry counts."
            problems.append(
                Problem("doubled-reference", message, file, line, "Rename or delete one.", Level.WARNING)
            )
        else:
            found[key] = _reference(key, value, file, line)
    return list(found.values()), problems


def _entries(text: str, file: str, problems: list[Problem]) -> Iterator[tuple[Any, int]]:
    """The entries of the list with their lines; after a broken one, goes on where the next seems to begin."""

    counted, line = 0, 1

    def line_of(position: int) -> int:
        nonlocal counted, line  # positions only grow; counting from the front each time would be quadratic
        line += text.count("\n", counted, position)
        counted = max(counted, position)
        return line

    def skip(position: int) -> int:
        blank = _SPACE.match(text, position)
        return blank.end() if blank else position

    decoder = json.JSONDecoder()
    position = skip(0)
    if not text.startswith("[", position):
        problems.append(Problem("broken-reference", "This is not CSL-JSON.", file, line_of(position), _HINT))
        return
    position = skip(position + 1)
    while position < len(text) and text[position] != "]":
        try:
            value, end = decoder.raw_decode(text, position)
        except (ValueError, RecursionError) as error:
            at = error.pos if isinstance(error, json.JSONDecodeError) else position
            why = error.msg.lower() if isinstance(error, json.JSONDecodeError) else "it is nested too deeply"
            message = f"A reference cannot be read: {why}."
            hint = "Export the file anew, or mend the entry."
            problems.append(Problem("broken-reference", message, file, line_of(at), hint, Level.WARNING))
            following = _NEXT.search(text, at)
            if following is None:
                return
            position = following.end()
            continue
        yield value, line_of(position)
        position = skip(end)
        if text.startswith(",", position):
            position = skip(position + 1)
    if position >= len(text):
        message = "The list of references is not closed."
        problems.append(
            Problem("broken-reference", message, file, line_of(len(text)), "End the file with ].")
        )


def _reference(key: str, value: Mapping[str, Any], file: str, line: int) -> Reference:
    def field(name: str) -> str:
        return _plain(value.get(name))

    return Reference(
        key=key,
        kind=field("type") or "document",
        title=field("title"),
        authors=_names(value.get("author")),
        editors=_names(value.get("editor")),
        year=_year(value.get("issued")),
        container=field("container-title"),
        volume=field("volume"),
        number=field("issue") or field("number"),
        pages=field("page").replace("-", "–"),
        edition=field("edition"),
        publisher=field("publisher"),
        place=field("publisher-place"),
        doi=bare_doi(field("DOI")) or doi_in(field("URL")),
        pmid=field("PMID"),
        url=field("URL"),
        accessed=_day(value.get("accessed")),
        file=file,
        line=line,
    )


def _plain(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return clean(" ".join(_MARKUP.sub("", str(value)).split()))


def _names(value: object) -> tuple[Name, ...]:
    found = []
    for one in value if isinstance(value, list) else ():
        if not isinstance(one, dict):
            continue
        particles = (_plain(one.get(name)) for name in ("dropping-particle", "non-dropping-particle"))
        name = Name(
            family=_plain(one.get("family")),
            given=_plain(one.get("given")),
            particle=" ".join(part for part in particles if part),
            suffix=_plain(one.get("suffix")),
            literal=_plain(one.get("literal")),
        )
        if name.family or name.literal or name.given:
            found.append(name)
    return tuple(found)


def _parts(value: object) -> list[str]:
    parts = value.get("date-parts") if isinstance(value, dict) else None
    first = parts[0] if isinstance(parts, list) and parts else None
    return [_plain(part) for part in first] if isinstance(first, list) else []


def _year(value: object) -> str:
    if parts := _parts(value):
        return parts[0]
    words = _plain(value.get("raw") or value.get("literal")) if isinstance(value, dict) else ""
    year = _YEAR.search(words)
    return year[0] if year else words


def _day(value: object) -> str:
    if parts := _parts(value):
        return "-".join(part.zfill(2) for part in parts)
    return _plain(value.get("raw") or value.get("literal")) if isinstance(value, dict) else ""
