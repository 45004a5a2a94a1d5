"""What issues have used, read from their own front matter: the only memory there is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from newsletter.errors import ContentError, Level, Problem
from newsletter.gathering.entries import Entry
from newsletter.model import FeedSource
from newsletter.writing.cleaning import clean_source
from newsletter.writing.frontmatter import read_front_matter, split
from newsletter.writing.issue import Source


@dataclass(frozen=True, slots=True)
class Use:
    """An entry that stands in an issue: what the issue says of it, the issue's slug and date."""

    source: FeedSource
    issue: str
    day: date


def read_uses(sources: Iterable[Source]) -> list[Use]:
    """The entries that these issues have used; their texts are not looked at.

    Raises ContentError when the front matter of an issue is broken: what it used could otherwise be put into
    a second one.
    """
    uses: list[Use] = []
    problems: list[Problem] = []
    for source in sources:
        text, _ = clean_source(source.text, source.file)
        parts, found = split(text, source.file)
        if parts.yaml_line:
            values, found = read_front_matter(parts, source.file, source.date)
            uses += (Use(used, source.slug, values.date) for used in values.sources)
        problems += (problem for problem in found if problem.level is Level.ERROR)
    if problems:
        raise ContentError.of(problems)
    return uses


def source_of(entry: Entry) -> FeedSource:
    """What an issue that uses `entry` says of it in its front matter."""
    return FeedSource(
        guid=entry.guid,
        url=entry.url,
        title=entry.title,
        feed=entry.feed,
        date=entry.date.date() if entry.date else None,
        hash=entry.content_hash,
    )
