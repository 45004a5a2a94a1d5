"""What the rules look at: the issue, what is known around it, and everything in its text sorted by kind."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date

from newsletter.document import (
    Citation,
    Figure,
    Heading,
    Link,
    Members,
    Merge,
    Paragraph,
    Picture,
    Quotation,
    Source,
    Text,
    Video,
)
from newsletter.model import STANDARD_FIELDS, UNSUBSCRIBE_URL, Issue, PictureFile, Reference
from newsletter.writing.merge import segments
from newsletter.writing.walk import Place, plain, walk, walk_nodes

MARK = "\ufffc"
"""Stands in passages for a citation or the call of a footnote (Unicode's object replacement character)."""


@dataclass(frozen=True, slots=True)
class CheckContext:
    """What the rules must know beside the issue.

    `references`: those that the issue may cite, by key. `keys`: all keys of the reference files, for
    suggestions; empty when `references` has them all. `retracted`: the DOIs of retracted works, in lower
    case. `pictures`: what lies beside the issue, by its name as the text writes it, None where nothing lies.
    `fields`: the merge fields of the publication. `others`: the slugs of the other issues. `today`: the day
    it is, where the issue may still be waiting to be sent. `sent_on`: the day it was. `named`: somebody asked
    about this very issue.
    """

    references: Mapping[str, Reference] = field(default_factory=dict)
    keys: Collection[str] = ()
    retracted: Collection[str] = ()
    pictures: Mapping[str, PictureFile | None] = field(default_factory=dict)
    fields: Collection[str] = STANDARD_FIELDS
    others: Collection[str] = ()
    today: date | None = None
    sent_on: date | None = None
    named: bool = False

    @property
    def known_keys(self) -> Collection[str]:
        """The keys to suggest where one is unknown."""
        return self.keys or self.references.keys()

    @property
    def known_fields(self) -> Collection[str]:
        """The merge fields that an issue may use."""
        return (*self.fields, UNSUBSCRIBE_URL)


@dataclass(frozen=True, slots=True)
class Passage:
    """The plain words of a paragraph, a heading or a credit, with MARK for what is no word."""

    words: str
    place: Place
    is_credit: bool = False


@dataclass(slots=True)
class View:
    """An issue taken apart once for all rules; the lists are in reading order, each thing with its place."""

    issue: Issue
    context: CheckContext
    links: list[tuple[Link, Place]] = field(default_factory=list)
    pictures: list[tuple[Picture, Place]] = field(default_factory=list)
    citations: list[tuple[Citation, Place]] = field(default_factory=list)
    quotations: list[tuple[Quotation, Place]] = field(default_factory=list)
    figures: list[tuple[Figure, Place]] = field(default_factory=list)
    headings: list[tuple[Heading, Place]] = field(default_factory=list)
    members: list[Place] = field(default_factory=list)
    """Where members' parts inside nuggets begin."""
    merges: list[Merge] = field(default_factory=list)
    texts: list[tuple[str, Place]] = field(default_factory=list)
    unlinked: list[tuple[str, Place]] = field(default_factory=list)
    """Texts outside links and quotations that hold an address."""
    passages: list[Passage] = field(default_factory=list)
    credited: set[str] = field(default_factory=set)
    """The anchors of the nuggets that have a `Source:` line; "" for the introduction."""
    words: dict[str, int] = field(default_factory=dict)
    """How many words each nugget has, by its anchor, without its title and footnotes."""

    def line(self, key: str) -> int:
        """The line of a front matter key; that of the title where the key is left out."""
        lines = self.issue.lines
        return lines.get(key) or lines.get("title", 1)

    def passage(self, node: Heading | Source | Paragraph, place: Place) -> None:
        """Notes a run of words."""
        words = plain(node.children, MARK)
        self.passages.append(Passage(words, place, is_credit=isinstance(node, Source)))
        anchor = place.nugget.anchor if place.nugget else ""
        if not place.note:
            self.words[anchor] = self.words.get(anchor, 0) + len(words.split())
        if isinstance(node, Source):
            self.credited.add(anchor)
        elif isinstance(node, Heading):
            self.headings.append((node, place))


def view(issue: Issue, context: CheckContext) -> View:
    """Takes the issue apart."""
    found = View(issue, context)
    for name in ("subject", "preheader"):
        line = found.line(name)
        found.merges += [one for one in segments(getattr(issue, name), line) if isinstance(one, Merge)]
    linked: set[int] = set()
    for node, place in walk(issue.body):
        match node:
            case Text():
                found.texts.append((node.text, place))
                if "://" in node.text and id(node) not in linked and not place.quoted:
                    found.unlinked.append((node.text, place))
            case Link():
                found.links.append((node, place))
                linked.update(id(inner) for inner, _ in walk_nodes(node.children, place))
            case Video():
                found.links.append((Link(node.href, node.title or (Text(node.site),), node.line), place))
            case Figure():
                found.figures.append((node, place))
            case Picture():
                found.pictures.append((node, place))
            case Citation():
                found.citations.append((node, place))
            case Quotation():
                found.quotations.append((node, place))
            case Members():
                found.members.append(place)
            case Merge():
                found.merges.append(node)
            case Heading() | Source() | Paragraph():
                found.passage(node, place)
            case _:
                pass
    return found
