"""Puts the spaces of inline text in order, the way a browser would show them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from newsletter.document import Break, Code, Emphasis, Inline, Link, Picture, Strike, Strong, Text

_SPACE = re.compile(r"[ \t\n\r\f]+")
_Span = Emphasis | Strong | Strike | Link


def tidy(nodes: Iterable[Inline]) -> tuple[Inline, ...]:
    """`nodes` with runs of spaces made one, none at the ends and none just inside a span; spans that hold
    nothing are left out, and runs of text joined."""
    found, _ = _tidy(nodes, True)
    while found and _is_blank(found[-1]):
        found.pop()
    while found and _is_blank(found[0]):
        del found[0]
    if found and isinstance(found[-1], Text):
        found[-1] = Text(found[-1].text.rstrip(" "))
    return tuple(found)


def _tidy(nodes: Iterable[Inline], after_space: bool) -> tuple[list[Inline], bool]:
    """The nodes in order; `after_space` says whether a space would be one too many."""
    found: list[Inline] = []
    for node in nodes:
        match node:
            case Text():
                text = _SPACE.sub(" ", node.text)
                text = text.removeprefix(" ") if after_space else text
                if text:
                    _add(found, Text(text))
                    after_space = text.endswith(" ")
            case Break():
                if found and isinstance(found[-1], Text):
                    found[-1] = Text(found[-1].text.rstrip(" "))
                found.append(Break(hard=True))
                after_space = True
            case Emphasis() | Strong() | Strike() | Link():
                children, after_space = _tidy(node.children, after_space)
                _add_span(found, node, children)
            case _:
                found.append(node)
                after_space = False
    return found, after_space


def _add_span(found: list[Inline], span: _Span, children: list[Inline]) -> None:
    """Adds a span with the spaces and breaks at its ends put outside of it."""
    before: list[Inline] = []
    after: list[Inline] = []
    while children and (outside := _outside(children[0], first=True)):
        before.append(outside[0])
        children[:1] = outside[1:]
    while children and (outside := _outside(children[-1], first=False)):
        after.insert(0, outside[0])
        children[-1:] = outside[1:]
    for node in before:
        _add(found, node)
    if children:
        found.append(replace(span, children=tuple(children)))
    for node in after:
        _add(found, node)


def _outside(node: Inline, *, first: bool) -> Sequence[Inline]:
    """What of the first or last node in a span belongs outside, and what is left of it; empty if nothing."""
    if isinstance(node, Break):
        return [node]
    if not isinstance(node, Text):
        return []
    if node.text == " ":
        return [node]
    if first and node.text.startswith(" "):
        return [Text(" "), Text(node.text[1:])]
    if not first and node.text.endswith(" "):
        return [Text(" "), Text(node.text[:-1])]
    return []


def _add(found: list[Inline], node: Inline) -> None:
    if isinstance(node, Text) and found and isinstance(found[-1], Text):
        found[-1] = Text(found[-1].text + node.text)
    else:
        found.append(node)


def _is_blank(node: Inline) -> bool:
    return isinstance(node, Break) or (isinstance(node, Text) and not node.text.strip(" "))


def paragraphs(nodes: Sequence[Inline]) -> list[tuple[Inline, ...]]:
    """The paragraphs in a run of inlines: two breaks in a row, as old pages have them, separate two."""
    runs: list[list[Inline]] = [[]]
    ordered = tidy(nodes)
    for node, following in zip(ordered, (*ordered[1:], None), strict=False):
        if isinstance(node, Break) and isinstance(following, Break):
            runs.append([])
        else:
            runs[-1].append(node)
    return [tidied for run in runs if (tidied := tidy(run))]


def flat(nodes: Iterable[Inline]) -> tuple[Inline, ...]:
    """The same on a single line: breaks become spaces, pictures their alternative text."""
    return tidy(_flat(nodes))


def _flat(nodes: Iterable[Inline]) -> Iterable[Inline]:
    for node in nodes:
        match node:
            case Break():
                yield Text(" ")
            case Picture():
                yield Text(node.alt)
            case Emphasis() | Strong() | Strike() | Link():
                yield replace(node, children=tuple(_flat(node.children)))
            case _:
                yield node


def without_marks(nodes: Iterable[Inline]) -> tuple[Inline, ...]:
    """The same words without emphasis, code or strokes; links stay."""
    found: list[Inline] = []
    for node in nodes:
        match node:
            case Emphasis() | Strong() | Strike():
                found += without_marks(node.children)
            case Link():
                found.append(replace(node, children=without_marks(node.children)))
            case Code():
                found.append(Text(node.text))
            case _:
                found.append(node)
    return tidy(found)
