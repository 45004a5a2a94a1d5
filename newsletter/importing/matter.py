"""The front matter of other programs: YAML, TOML or JSON, with their various names for the same things."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import yaml

from newsletter.writing.cleaning import clean

_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # scalars stay text; libyaml is faster where it is
_FENCES = {
    "---": re.compile(r"^---[ \t]*$", re.MULTILINE),
    "+++": re.compile(r"^\+\+\+[ \t]*$", re.MULTILINE),
}
_DATE = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})")
_OFF = frozenset({"false", "no", "off", "0", "n"})
_ON = frozenset({"true", "yes", "on", "1", "y"})


class MatterError(Exception):
    """The front matter cannot be read; says why."""


@dataclass(frozen=True, slots=True)
class Matter:
    """The keys, lower case, and the text behind them, which begins on line `line`. `found`: are there any?"""

    values: Mapping[str, Any]
    text: str
    line: int
    found: bool

    def words(self, *names: str) -> str:
        """The first of these keys that holds a text, on one line."""
        values = (self.values.get(name) for name in names)
        texts = (
            str(one) for one in values if isinstance(one, str | int | float) and not isinstance(one, bool)
        )
        return next((line for text in texts if (line := " ".join(clean(text).split()))), "")

    def day(self, *names: str) -> date | None:
        """The first of these keys that holds a date, as it was written, whatever the time zone."""
        for name in names:
            value = self.values.get(name)
            if isinstance(value, datetime):
                return value.date()
            if isinstance(value, date):
                return value
            if found := read_day(str(value or "")):
                return found
        return None

    def is_on(self, name: str) -> bool | None:
        """A switch; None when it is not set."""
        word = str(self.values.get(name, "")).strip().lower()
        return True if word in _ON else False if word in _OFF else None

    def labels(self, *names: str) -> tuple[str, ...]:
        """What all these keys list, each once; in a text, labels are parted by commas or else by spaces."""
        found = (label for name in names for label in _labels(self.values.get(name)))
        return tuple(dict.fromkeys(label for label in found if label))


def read_matter(text: str) -> Matter:
    """Cuts front matter off a text with LF line ends; a text without any is all text. Raises MatterError."""
    start = text.lstrip("\n")
    skipped = len(text) - len(start)
    if start.startswith("{") and not start.startswith("{{") and not start.startswith("{%"):
        return _json(text, skipped)
    mark = start[:3]
    pattern = _FENCES.get(mark)
    opening = pattern.match(start) if pattern else None
    if pattern is None or opening is None:
        return Matter({}, text, 1, False)
    closing = pattern.search(start, opening.end())
    if closing is None:
        raise MatterError(f"its front matter is opened with {mark} and never closed")
    values = _values(start[opening.end() : closing.start()], mark)
    rest = start[closing.end() :].removeprefix("\n")
    line = text[: skipped + closing.end()].count("\n") + 2
    return Matter({str(key).lower(): value for key, value in values.items()}, rest, line, True)


def _json(text: str, skipped: int) -> Matter:
    try:
        values, end = json.JSONDecoder().raw_decode(text, skipped)
    except (ValueError, RecursionError):
        return Matter({}, text, 1, False)
    rest = text[end:].removeprefix("\n")
    return Matter(
        {str(key).lower(): value for key, value in values.items()}, rest, text[:end].count("\n") + 2, True
    )


def _values(text: str, mark: str) -> Mapping[str, Any]:
    try:
        values = tomllib.loads(text) if mark == "+++" else yaml.load(text, Loader=_LOADER)  # noqa: S506 - texts only
    except tomllib.TOMLDecodeError as error:
        raise MatterError(f"its front matter is not valid TOML: {error}") from error
    except (yaml.YAMLError, RecursionError) as error:
        mark_of = getattr(error, "problem_mark", None)
        where = f" (line {mark_of.line + 2})" if mark_of else ""
        raise MatterError(f"its front matter is not valid YAML{where}") from error
    if values is None:
        return {}
    if not isinstance(values, Mapping):
        raise MatterError("its front matter is not a set of keys")
    return values


def read_day(text: str) -> date | None:
    """The day that a text begins with; None when it begins with none."""
    match = _DATE.match(text.strip())
    try:
        return date(*map(int, match.groups())) if match else None
    except ValueError:
        return None


def _labels(value: object) -> Iterable[str]:
    if isinstance(value, str):
        parts = value.split(",") if "," in value else value.split()
    elif isinstance(value, list | tuple):
        parts = [str(one) for one in value if isinstance(one, str | int | float)]
    else:
        parts = []
    return (" ".join(clean(part).split()) for part in parts)
