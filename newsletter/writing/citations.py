"""The references that an issue cites: their numbers, short forms for the text and full forms for below it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from newsletter.document import Body, Citation, Cite, Inline, Link, Text
from newsletter.model import Reference
from newsletter.writing.formats import harvard, vancouver
from newsletter.writing.names import short_names
from newsletter.writing.punctuation import Typographer
from newsletter.writing.walk import citations

STYLES = ("author-year", "vancouver")
"""The citation styles; see `[citations] style` in newsletter.toml."""

NO_YEAR = "n.d."
_LONG_TITLE = 5


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of an issue's list of references.

    `number` counts from 1 in the order of first citation; `label` is how the text names it ("Warren 1978",
    "Lim et al. 2009a"); `full` is the whole reference. `members_only`: only members' parts cite it, so that
    the lists of other readers leave it out.
    """

    number: int
    reference: Reference
    label: str
    full: tuple[Inline, ...]
    members_only: bool = False


@dataclass(frozen=True, slots=True)
class _Label:
    names: str
    year: str

    def __str__(self) -> str:
        return f"{self.names} {self.year}"


class Bibliography:
    """The references that one issue cites, numbered in order of first citation.

    `style` is one of STYLES. Keys that `references` does not have are passed over in the list and shown as
    "?key" in the text; `checking` makes them errors.
    """

    def __init__(self, body: Body, references: Mapping[str, Reference], style: str = "author-year") -> None:
        if style not in STYLES:
            raise ValueError(f"no citation style {style!r}")
        self.numbered = style == "vancouver"
        """Whether the text cites "[1]", so that lists of references must show their numbers."""
        cited: dict[str, bool] = {}
        for citation, members_only in citations(body):
            for cite in citation.cites:
                cited[cite.key] = cited.get(cite.key, True) and members_only
        known = {key: references[key] for key in cited if key in references}
        self._labels = _labels(list(known.values()), lettered=not self.numbered)
        self._numbers = {key: number for number, key in enumerate(known, start=1)}
        self.entries: tuple[Entry, ...] = tuple(
            Entry(number, known[key], str(self._labels[key]), self._full(known[key]), cited[key])
            for key, number in self._numbers.items()
        )

    def _full(self, reference: Reference) -> tuple[Inline, ...]:
        if self.numbered:
            return vancouver(reference)
        return harvard(reference, self._labels[reference.key].year)

    def inlines(self, citation: Citation, href: Callable[[str], str]) -> tuple[Inline, ...]:
        """The citation as it stands in the text: "(Warren 1978, p. 12; Lim et al. 2009)", or "[1, 2]".

        `href` gives the address of a key's entry in the list of references.
        """
        brackets = "[]" if self.numbered else "()"
        # a comma would let the number after a page be read as another page
        between = ", " if self.numbered and not any(cite.locator for cite in citation.cites) else "; "
        parts = [self._cite(cite, href, short=True) for cite in citation.cites]
        return _join([(Text(brackets[0]), *parts[0]), *parts[1:]], between, brackets[1])

    def credit(self, citation: Citation, href: Callable[[str], str]) -> tuple[Inline, ...]:
        """The citation as in a `Source:` line, without brackets and to be read alone: "Warren 1978"."""
        return _join([self._cite(cite, href, short=False) for cite in citation.cites], "; ", "")

    def _cite(self, cite: Cite, href: Callable[[str], str], *, short: bool) -> tuple[Inline, ...]:
        label = self._labels.get(cite.key)
        locator = f", {cite.locator}" if cite.locator else ""
        if label is None:
            return (Text(f"?{cite.key}{locator}"),)
        number = self._numbers[cite.key]
        words = label.year if cite.suppress_author else str(label)
        if self.numbered and short:
            words = str(number)
        tail = f"{locator} [{number}]" if self.numbered and not short else locator
        link = Link(href(cite.key), (Text(words),))
        return (link, Text(tail)) if tail else (link,)


def _join(parts: Sequence[tuple[Inline, ...]], between: str, end: str) -> tuple[Inline, ...]:
    """The parts one after the other, neighbouring texts made one."""
    joined: list[Inline] = []
    for number, part in enumerate(parts):
        nodes = (Text(between), *part) if number else part
        for node in nodes:
            _add(joined, node)
    if end:
        _add(joined, Text(end))
    return tuple(joined)


def _add(nodes: list[Inline], node: Inline) -> None:
    if nodes and isinstance(node, Text) and isinstance(nodes[-1], Text):
        nodes[-1] = Text(nodes[-1].text + node.text)
    else:
        nodes.append(node)


def _labels(references: Sequence[Reference], *, lettered: bool) -> dict[str, _Label]:
    """Short names and year of each; `lettered`: with a letter at the year where two would be the same."""
    labels = {one.key: _Label(_who(one), one.year or NO_YEAR) for one in references}
    if not lettered:
        return labels
    groups: dict[_Label, list[str]] = {}
    for key, label in labels.items():
        groups.setdefault(label, []).append(key)
    for label, keys in groups.items():
        if len(keys) > 1:
            gap = "-" if label.year.endswith(".") else ""
            for index, key in enumerate(keys):
                labels[key] = _Label(label.names, f"{label.year}{gap}{_letter(index)}")
    return labels


def _letter(index: int) -> str:
    """0 is a, 25 z, 26 aa."""
    letters = ""
    index += 1
    while index:
        index, digit = divmod(index - 1, 26)
        letters = chr(ord("a") + digit) + letters
    return letters


def _who(reference: Reference) -> str:
    """Who wrote it; without authors the editors, without those the beginning of the title in quotes."""
    if names := short_names(reference.authors or reference.editors):
        return names
    title = Typographer().smarten(re.split(r"[:.?!] ", reference.title, maxsplit=1)[0]).strip()
    words = title.split()
    if len(words) > _LONG_TITLE:
        title = f"{' '.join(words[:_LONG_TITLE])} …"
    return f"“{title}”" if title else reference.key
