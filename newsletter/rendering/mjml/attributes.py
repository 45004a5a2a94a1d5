"""The attributes of MJML's tags: whether a component has them, and the engine understands their values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from newsletter.errors import Problem
from newsletter.rendering.mjml.outline import Tag
from newsletter.rendering.mjml.source import Source
from newsletter.rendering.mjml.table import NO_EFFECT, attribute_types, colour_names

_HEX = re.compile(r"#[0-9a-fA-F]{6}")
_SHORT_HEX = re.compile(r"#[0-9a-fA-F]{3,4}")
_STYLED = ("style", "bgcolor", "color")
_STYLE_HEX = re.compile(r"#[0-9a-fA-F]{3,4}(?![\w-])")
_NUMBER = r"\d+(?:\.\d+)?"
_KIND = re.compile(r"(?P<name>\w+)(?:\((?P<choices>[^)]*)\))?(?:\{(?P<counts>[^}]*)\})?")
_PICTURES = ("mj-image", "mj-social-element")


def attribute_problems(source: Source, tags: Sequence[Tag]) -> Iterator[Problem]:
    """Everything that is wrong with the attributes of these tags."""
    for tag in tags:
        yield from _of_component(source, tag) if tag.is_component else _of_html(source, tag)


def _of_component(source: Source, tag: Tag) -> Iterator[Problem]:
    types = attribute_types(tag.name)
    in_defaults = tag.parent is not None and tag.parent.name == "mj-attributes"
    for name, attribute in tag.attributes.items():
        if tag.name == "mj-style":
            yield source.problem(attribute.at, f"<mj-style> takes no {name} here.", _STYLE_HINT)
        elif name not in types:
            near = get_close_matches(name, types, 1)
            hint = f'Did you mean "{near[0]}"?' if near else f"There are: {', '.join(sorted(types))}."
            yield source.problem(attribute.at, f"<{tag.name}> has no attribute {name}.", hint)
        elif name in NO_EFFECT.get(tag.name, ()):
            yield source.problem(attribute.at, f"{name} of <{tag.name}> has no effect here.", "Leave it out.")
        elif fault := _fault(name, types[name], attribute.value):
            message = f'{name}="{attribute.value}" of <{tag.name}> {fault[0]}.'
            yield source.problem(attribute.at, message, fault[1])
    if tag.name in _PICTURES and not in_defaults and "alt" not in tag.attributes:
        hint = 'Say what it shows: alt="…", or alt="" when words beside it say so already.'
        yield source.problem(tag.at, f"<{tag.name}> has no alt.", hint)


_STYLE_HINT = (
    "Styles stay in the head, and some mail programs drop them; those for the author's text are written into "
    "its elements when they stand in email/content.css.j2."
)


def _of_html(source: Source, tag: Tag) -> Iterator[Problem]:
    for name in _STYLED:
        attribute = tag.attributes.get(name)
        if attribute and (found := _STYLE_HEX.search(attribute.value)):
            yield source.problem(attribute.at, f"{found[0]} is too short.", _colour_hint(found[0]))


def _fault(name: str, kind: str, value: str) -> tuple[str, str] | None:
    """What is wrong with a value, and how to mend it; None when nothing is. `kind` is as in MJML's tables."""
    parts = _KIND.fullmatch(kind)
    assert parts is not None  # noqa: S101 - the tables hold nothing else
    choices = (parts["choices"] or "").split(",")
    match parts["name"]:
        case "color":
            return _colour_fault(value)
        case "enum":
            if value not in choices:
                near = get_close_matches(value, choices, 1)
                return "is none of its values", _suggest(near, choices)
        case "boolean":
            if value not in ("true", "false"):
                return "is neither true nor false", 'Write "true" or "false".'
        case "integer":
            if not re.fullmatch(r"\d+", value):
                return "is no whole number", "Write digits alone."
        case "unit" | "unitWithNegative":
            sign = "-?" if parts["name"] == "unitWithNegative" else ""
            most = int((parts["counts"] or "1").split(",")[-1])
            return _length_fault(name, value, choices, sign, most)
    return None


def _suggest(near: Sequence[str], choices: Sequence[str]) -> str:
    listed = ", ".join(f'"{choice}"' for choice in choices if choice)
    return f'Did you mean "{near[0]}"?' if near and near[0] else f"It takes {listed}."


def _colour_fault(value: str) -> tuple[str, str] | None:
    if _HEX.fullmatch(value) or value in colour_names():
        return None
    if _SHORT_HEX.fullmatch(value):
        return "is too short", _colour_hint(value)
    near = get_close_matches(value.lower(), colour_names(), 1)
    return (
        "is no colour that every mail program knows",
        f'Did you mean "{near[0]}"?' if near else "Write it with six hexadecimal digits, such as #8a3324.",
    )


def _colour_hint(short: str) -> str:
    doubled = "".join(2 * digit for digit in short[1:4])
    return f"Older Outlooks know only six digits: #{doubled}."


def _length_fault(
    name: str, value: str, units: Sequence[str], sign: str, most: int
) -> tuple[str, str] | None:
    if "padding" in name:  # or the widths of what stands inside are wrong
        units = ("px",)
    words = value.split()
    named = [unit for unit in units if unit and unit != "auto"]
    pattern = re.compile(rf"{sign}{_NUMBER}({'|'.join(map(re.escape, named))})")
    for word in words:
        if pattern.fullmatch(word) or (word == "auto" and "auto" in units):
            continue
        if "" in units and re.fullmatch(_NUMBER, word):
            continue
        listed = " or ".join(named)
        if word == "0":
            return "has a bare 0, with which the compiler gets widths wrong", f"Write 0{named[0]}."
        if re.fullmatch(rf"{sign}{_NUMBER}", word):
            return f"lacks its unit ({listed})", f"Write {word}{named[0]}."
        return f"is no length in {listed}", f"Write a number with its unit, such as 20{named[0]}."
    if not 1 <= len(words) <= most:
        wanted = "one length" if most == 1 else f"one to {most} lengths"
        return f"has {len(words)} lengths", f"It takes {wanted}."
    return None
