"""The front matter of an issue: YAML between two lines of three hyphens, read into typed values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from typing import TypeVar
from urllib.parse import urlsplit

from newsletter.errors import Problem
from newsletter.model import FeedSource, IssueStatus
from newsletter.writing import yaml_tree
from newsletter.writing.cleaning import clean
from newsletter.writing.yaml_tree import Node, Scalar, YamlProblem, read_yaml

KEYS = (
    "title",
    "subject",
    "preheader",
    "date",
    "status",
    "tags",
    "audience",
    "canonical",
    "corrects",
    "sources",
)
"""Every key that front matter may have."""

_SOURCE_KEYS = ("guid", "url", "title", "feed", "date", "hash")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_SEGMENT = re.compile(r"segment:[\w-]+")
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_FENCE = re.compile(r"---[ \t]*")
_END = re.compile(r"(?:---|\.\.\.)[ \t]*")
_EXAMPLE = "Begin the file with a line ---, then “title: …” and the other keys, then again a line ---."

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The values of the front matter, with defaults for what was left out; `lines` as in `model.Issue`."""

    title: str = ""
    subject: str = ""
    preheader: str = ""
    date: date = date.min
    status: IssueStatus = IssueStatus.DRAFT
    tags: tuple[str, ...] = ()
    audience: str = "everyone"
    canonical: str = ""
    corrects: str = ""
    sources: tuple[FeedSource, ...] = ()
    lines: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Parts:
    """A file cut in two: `yaml` begins on line `yaml_line` (0 when there is none), `body` on `body_line`."""

    yaml: str
    yaml_line: int
    body: str
    body_line: int


def split(text: str, file: str) -> tuple[Parts, list[Problem]]:
    """Cuts the text of an issue into front matter and body; `text` comes from `cleaning.clean_source`."""
    lines = text.split("\n")
    start = next((number for number, line in enumerate(lines) if line.strip()), len(lines))
    if start == len(lines) or not _FENCE.fullmatch(lines[start]):
        problem = Problem("no-front-matter", "The issue has no front matter.", file, 1, _EXAMPLE)
        return Parts("", 0, text, 1), [problem]
    for end in range(start + 1, len(lines)):
        if _END.fullmatch(lines[end]):
            body = "\n".join(lines[end + 1 :])
            return Parts("\n".join(lines[start + 1 : end]), start + 2, body, end + 2), []
    problem = Problem(
        "no-front-matter",
        "The front matter is opened and never closed.",
        file,
        start + 1,
        "Put a line of three hyphens (---) between the front matter and the text.",
    )
    return Parts("", 0, "", len(lines) + 1), [problem]


def read_front_matter(parts: Parts, file: str, fallback: date | None) -> tuple[FrontMatter, list[Problem]]:
    """The typed values, and every problem found in them; `fallback` is the date where no other is written.

    Where a value is wrong, the default stands in, so that reading can go on and find the other problems.
    """
    try:
        root = read_yaml(parts.yaml, file, parts.yaml_line)
    except YamlProblem as error:
        return FrontMatter(), [error.problem]
    if root is None:
        root = yaml_tree.Mapping((), parts.yaml_line)
    if not isinstance(root, yaml_tree.Mapping):
        problem = Problem(
            "bad-front-matter", "The front matter is not a set of keys.", file, root.line, _EXAMPLE
        )
        return FrontMatter(), [problem]
    return _Reader(root, file, parts.yaml_line - 1).read(fallback)


class _Reader:
    """Takes one value after the other out of the mapping and collects the problems."""

    def __init__(self, root: yaml_tree.Mapping, file: str, first_line: int) -> None:
        self._file = file
        self._first_line = first_line
        self.problems: list[Problem] = []
        self.lines: dict[str, int] = {}
        self._values = self._keys(root, KEYS, self.lines)

    def read(self, fallback: date | None) -> tuple[FrontMatter, list[Problem]]:
        title = self._title()
        values = FrontMatter(
            title=title,
            subject=self._text("subject") or title,
            preheader=self._text("preheader"),
            date=self._date(fallback),
            status=self._status(),
            tags=self._tags(),
            audience=self._audience(),
            canonical=self._canonical(),
            corrects=self._corrects(),
            sources=self._sources(),
            lines=self.lines,
        )
        return values, sorted(self.problems, key=lambda problem: problem.line)

    def _problem(self, code: str, message: str, line: int, hint: str) -> None:
        self.problems.append(Problem(code, message, self._file, line, hint))

    def _keys(
        self, mapping: yaml_tree.Mapping, known: Iterable[str], lines: dict[str, int]
    ) -> dict[str, Node]:
        values: dict[str, Node] = {}
        for key, value in mapping.pairs:
            if key.text not in known:
                close = get_close_matches(key.text.lower(), known, n=1)
                hint = f"Did you mean “{close[0]}”?" if close else f"The keys are {', '.join(known)}."
                self._problem("unknown-key", f"“{key.text}” is not a key that is used here.", key.line, hint)
            elif key.text in values:
                self._problem(
                    "doubled-key", f"“{key.text}” stands here a second time.", key.line, "Keep one."
                )
            else:
                values[key.text] = value
                lines[key.text] = key.line
        return values

    def _string(self, name: str, node: Node | None) -> Scalar | None:
        """The value as one line of clean text; None when it is absent, empty or (a problem) not a text."""
        if node is None:
            return None
        if not isinstance(node, Scalar):
            self._problem(
                "wrong-type", f"“{name}” must be a text.", node.line, f"Write {name}: …, all on one line."
            )
            return None
        text = " ".join(clean(" ".join(node.text.split())).split())
        return Scalar(text, node.line) if text else None

    def _text(self, name: str) -> str:
        value = self._string(name, self._values.get(name))
        return value.text if value else ""

    def _is_nested(self, name: str) -> bool:
        """True when there is a value that is no text, which has been reported."""
        return not isinstance(self._values.get(name), Scalar | None)

    def _title(self) -> str:
        title = self._text("title")
        if not title and not self._is_nested("title"):
            line = self.lines.get("title", self._first_line)
            self._problem("missing-title", "The issue has no title.", line, "Add a line “title: …”.")
        return title

    def _date(self, fallback: date | None) -> date:
        value = self._string("date", self._values.get("date"))
        if value is None:
            if fallback is None and not isinstance(
                self._values.get("date"), yaml_tree.Sequence | yaml_tree.Mapping
            ):
                hint = "Add a line such as “date: 2026-11-24”, or begin the file's name with the date."
                self._problem("missing-date", "The issue has no date.", self._first_line, hint)
            return fallback or date.min
        return self._day(value) or fallback or date.min

    def _day(self, value: Scalar) -> date | None:
        """The day that `value` names; None, and a problem, when it names none."""
        if _DATE.fullmatch(value.text):
            try:
                return date.fromisoformat(value.text)
            except ValueError:
                message = f"There is no {value.text} in the calendar."
        else:
            message = f"“{value.text}” is not a date."
        self._problem("bad-date", message, value.line, "Write year, month and day: 2026-11-24.")
        return None

    def _one_of(self, name: str, value: Scalar, choices: Mapping[str, _T], default: _T, hint: str) -> _T:
        if value.text in choices:
            return choices[value.text]
        close = get_close_matches(value.text.lower(), choices, n=1)
        hint = f"Did you mean “{close[0]}”?" if close else hint
        self._problem(f"bad-{name}", f"“{value.text}” is not {_article(name)}.", value.line, hint)
        return default

    def _status(self) -> IssueStatus:
        value = self._string("status", self._values.get("status"))
        if value is None:
            return IssueStatus.DRAFT
        choices = {status.value: status for status in IssueStatus}
        hint = f"It is one of {', '.join(choices)}."
        return self._one_of("status", value, choices, IssueStatus.DRAFT, hint)

    def _audience(self) -> str:
        value = self._string("audience", self._values.get("audience"))
        if value is None or _SEGMENT.fullmatch(value.text):
            return value.text if value else "everyone"
        choices = {"everyone": "everyone", "members": "members"}
        return self._one_of(
            "audience", value, choices, "everyone", "Write everyone, members or segment:NAME, without spaces."
        )

    def _tags(self) -> tuple[str, ...]:
        node = self._values.get("tags")
        if node is None or (isinstance(node, Scalar) and not node.text):
            return ()
        if not isinstance(node, yaml_tree.Sequence):
            self._problem("wrong-type", "“tags” must be a list.", node.line, "Write tags: [massage, safety].")
            return ()
        tags = (self._string("tags", item) for item in node.items)
        return tuple(dict.fromkeys(tag.text for tag in tags if tag))

    def _canonical(self) -> str:
        value = self._string("canonical", self._values.get("canonical"))
        if value is None:
            return ""
        if not _is_web_address(value.text):
            hint = "Write the whole address, beginning with https://."
            self._problem("bad-address", f"“{value.text}” is not a web address.", value.line, hint)
            return ""
        return value.text

    def _corrects(self) -> str:
        value = self._string("corrects", self._values.get("corrects"))
        if value is None:
            return ""
        if not _SLUG.fullmatch(value.text):
            hint = "Write the other issue's file name without date and ending: six-clots."
            self._problem("bad-slug", f"“{value.text}” is not the slug of an issue.", value.line, hint)
            return ""
        return value.text

    def _sources(self) -> tuple[FeedSource, ...]:
        node = self._values.get("sources")
        if node is None or (isinstance(node, Scalar) and not node.text):
            return ()
        example = "Write sources: [{guid: …, url: …, title: …}]."
        if not isinstance(node, yaml_tree.Sequence):
            self._problem("wrong-type", "“sources” must be a list.", node.line, example)
            return ()
        found: list[FeedSource] = []
        for item in node.items:
            if not isinstance(item, yaml_tree.Mapping):
                self._problem(
                    "wrong-type", "Each of the “sources” needs keys of its own.", item.line, example
                )
                continue
            pairs = self._keys(item, _SOURCE_KEYS, {})
            strings = {name: self._string(name, pairs.get(name)) for name in _SOURCE_KEYS}
            day = strings.pop("date")
            values = {name: value.text for name, value in strings.items() if value}
            if values:
                found.append(FeedSource(**values, date=self._day(day) if day else None))
        return tuple(found)


def _article(name: str) -> str:
    return {"status": "a status", "audience": "an audience"}[name]


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and " " not in text
    except ValueError:
        return False
