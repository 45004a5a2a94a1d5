"""YAML as strings, lists and mappings that know their lines.

Front matter needs no types of YAML's own: `title: 1984` and `title: No` are meant as they are written, and a
date is read by us, with our message. So scalars stay text, and what YAML could do beyond that is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import yaml

from newsletter.errors import Problem

_DEEPEST = 4
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml is 20 times as fast, where PyYAML has it
_NOTHING = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value; `text` is "" where nothing was written."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    items: tuple[Node, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys with their values, in the order of the file; a key written twice stands here twice."""

    pairs: tuple[tuple[Scalar, Node], ...]
    line: int


Node: TypeAlias = Scalar | Sequence | Mapping


class YamlProblem(Exception):  # noqa: N818 - carries a Problem
    """The text is not the YAML that we read."""

    def __init__(self, message: str, file: str, line: int, hint: str) -> None:
        super().__init__(message)
        self.problem = Problem(code="bad-front-matter", message=message, file=file, line=line, hint=hint)


def read_yaml(text: str, file: str, first_line: int) -> Node | None:
    """The only document in `text`, which begins on line `first_line` of `file`; None when it is empty.

    Raises YamlProblem.
    """
    reader = _Reader(file, first_line)
    try:
        return reader.document(yaml.parse(text, Loader=_LOADER))
    except yaml.MarkedYAMLError as error:
        message, hint = _explain(error)
        began_before = "quoted" in (error.context or "") or "simple key" in (error.context or "")
        opened = error.context_mark if began_before else error.problem_mark
        line = first_line + min(opened.line, text.count("\n")) if opened else first_line
        raise YamlProblem(message, file, line, hint) from error
    except yaml.YAMLError as error:
        raise YamlProblem(_NOT_A_PAIR, file, first_line, _PAIR_HINT) from error


_NOT_A_PAIR = "This line of the front matter is not of the form “key: value”."
_PAIR_HINT = (
    "Write one “key: value” on each line, and put a value in quotes when it holds quotes or signs itself."
)


def _explain(error: yaml.MarkedYAMLError) -> tuple[str, str]:
    """What is wrong and how to mend it, in our words: libyaml's and PyYAML's differ, and speak of tokens."""
    problem = error.problem or ""
    if "mapping values" in problem:
        return (
            "A value holds a colon, so that it looks like another key.",
            'Put it in quotes: title: "Pain: a story"',
        )
    if "cannot start any token" in problem:
        return (
            "A value begins with a sign that means something else here, or a line with a tab.",
            "Put the value in quotes; indent with spaces.",
        )
    if "end of stream" in problem and "quoted" in (error.context or ""):
        return "A quotation mark is opened and never closed.", "Close it at the end of the value."
    return _NOT_A_PAIR, _PAIR_HINT


class _Reader:
    """Builds nodes from libyaml's events, so that depth and aliases are ours to bound."""

    def __init__(self, file: str, first_line: int) -> None:
        self._file = file
        self._first_line = first_line

    def document(self, events: Iterator[yaml.Event]) -> Node | None:
        root: Node | None = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    raise self._problem(event, "The front matter ends at the second line of three hyphens.")
                root = self._node(next(events), events, 0)
        return None if isinstance(root, Scalar) and not root.text else root

    def _node(self, event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> Node:
        line = self._line(event)
        if isinstance(event, yaml.ScalarEvent):
            plain = event.style in (None, "")
            return Scalar("" if plain and event.value in _NOTHING else event.value, line)
        if isinstance(event, yaml.AliasEvent):
            raise self._problem(event, "Anchors and aliases (& and *) are not used in front matter.")
        if depth == _DEEPEST:
            raise self._problem(event, "The front matter is nested too deeply.")
        if isinstance(event, yaml.SequenceStartEvent):
            items = []
            while not isinstance(event := next(events), yaml.SequenceEndEvent):
                items.append(self._node(event, events, depth + 1))
            return Sequence(tuple(items), line)
        pairs = []
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            key = self._node(event, events, depth + 1)
            if not isinstance(key, Scalar):
                raise self._problem(event, "A key must be a single word.")
            pairs.append((key, self._node(next(events), events, depth + 1)))
        return Mapping(tuple(pairs), line)

    def _line(self, event: yaml.Event) -> int:
        return self._first_line + (event.start_mark.line if event.start_mark else 0)

    def _problem(self, event: yaml.Event, message: str) -> YamlProblem:
        return YamlProblem(message, self._file, self._line(event), "Write plain “key: value” lines.")
