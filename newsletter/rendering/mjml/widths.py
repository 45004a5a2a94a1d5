"""What only shows when tags are seen together: how wide columns become, and classes that disagree."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from fractions import Fraction

from newsletter.errors import Problem
from newsletter.rendering.mjml.outline import Tag
from newsletter.rendering.mjml.source import Source

_BODY_WIDTH = 600
_PADDING = {"mj-section": "20px 0px", "mj-wrapper": "20px 0px"}
_PIXELS = re.compile(r"(\d+(?:\.\d+)?)px")
_EVEN_HINT = "Give each column its width in px, or leave a width between the paddings that divides evenly."


def width_problems(source: Source, tags: Sequence[Tag]) -> Iterator[Problem]:
    """Classes that are not there or contradict each other, and columns that are no whole pixels wide."""
    defaults = _Defaults(tags)
    problems = [problem for tag in tags for problem in defaults.problems(source, tag)]
    yield from problems
    if problems:
        return
    for tag in tags:
        if tag.name == "mj-body":
            width = _pixels(defaults.value(tag, "width") or f"{_BODY_WIDTH}px")
            for child in tag.children:
                yield from _in_row(source, defaults, child, width)


def _in_row(source: Source, defaults: _Defaults, tag: Tag, width: Fraction) -> Iterator[Problem]:
    """What is wrong inside a section or wrapper that is so wide."""
    if tag.name not in _PADDING:
        return
    inner = width - defaults.sides(tag)
    if tag.name == "mj-wrapper":
        for child in tag.children:
            yield from _in_row(source, defaults, child, inner)
    else:
        yield from _columns(source, defaults, tag, inner)


def _columns(source: Source, defaults: _Defaults, row: Tag, width: Fraction) -> Iterator[Problem]:
    columns = [child for child in row.children if child.name in ("mj-column", "mj-group")]
    for column in columns:
        given = defaults.value(column, "width")
        if given is None:
            own = width / len(columns)
        elif given.endswith("%"):
            own = width * Fraction(given.removesuffix("%")) / 100
        else:
            own = _pixels(given)
        if own.denominator != 1:
            shown = f"{float(own):.2f}".rstrip("0")
            message = f"This <{column.name}> becomes {shown} pixels wide, of {float(width):g}."
            yield source.problem(column.at, message, _EVEN_HINT)
        elif column.name == "mj-group":
            yield from _columns(source, defaults, column, own)


class _Defaults:
    """What <mj-attributes> says: defaults for all components, for single ones, and classes."""

    def __init__(self, tags: Sequence[Tag]) -> None:
        self._of: dict[str, Mapping[str, str]] = {}
        self._classes: dict[str, Mapping[str, str]] = {}
        for tag in tags:
            if tag.parent and tag.parent.name == "mj-attributes":
                values = {name: attribute.value for name, attribute in tag.attributes.items()}
                if tag.name == "mj-class":
                    self._classes[values.pop("name", "")] = values
                else:
                    self._of[tag.name] = values

    def value(self, tag: Tag, attribute: str) -> str | None:
        """What an attribute of the tag amounts to; None when nobody says."""
        given = tag.get(attribute)
        if given is not None:
            return given
        classes = (self._classes[name] for name in (tag.get("mj-class") or "").split())
        for values in (*classes, self._of.get(tag.name, {}), self._of.get("mj-all", {})):
            if attribute in values:
                return values[attribute]
        return None

    def sides(self, tag: Tag) -> Fraction:
        """The pixels that padding and border take from a tag's width, left and right together."""
        padding = _four(self.value(tag, "padding") or _PADDING[tag.name])
        taken = Fraction(0)
        for side, length in (("left", padding[3]), ("right", padding[1])):
            taken += _pixels(self.value(tag, f"padding-{side}") or length)
            border = self.value(tag, f"border-{side}") or self.value(tag, "border") or ""
            taken += _pixels(border.split()[0] if border else "")
        return taken

    def problems(self, source: Source, tag: Tag) -> Iterator[Problem]:
        """Classes of a tag that there are not, or that set one attribute to different values."""
        named = tag.attributes.get("mj-class")
        if named is None:
            return
        seen: dict[str, str] = {}
        for name in named.value.split():
            if name not in self._classes:
                near = get_close_matches(name, self._classes, 1)
                hint = f'Did you mean "{near[0]}"?' if near else "Define it: <mj-class name=… /> in the head."
                yield source.problem(named.at, f"There is no mj-class called {name}.", hint)
                continue
            for attribute, value in self._classes[name].items():
                if seen.setdefault(attribute, value) != value:
                    message = f'The classes "{named.value}" set {attribute} to different values.'
                    hint = f"Compilers disagree which one wins: write {attribute} on the tag itself."
                    if attribute not in tag.attributes:
                        yield source.problem(named.at, message, hint)


def _four(padding: str) -> tuple[str, str, str, str]:
    """A padding's top, right, bottom and left, as CSS deals out one to four lengths."""
    words = padding.split()
    top = words[0]
    right = words[1] if len(words) > 1 else top
    return top, right, words[2] if len(words) > 2 else top, words[3] if len(words) > 3 else right


def _pixels(length: str) -> Fraction:
    """A length in pixels; none for what is not told in pixels, such as the word "none"."""
    found = _PIXELS.fullmatch(length)
    return Fraction(found[1]) if found else Fraction(0)
