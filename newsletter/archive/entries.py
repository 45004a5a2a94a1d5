"""What the archive knows of an issue before a page is made: who may read it, neighbours, corrections."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import groupby
from pathlib import PurePosixPath
from urllib.parse import quote, urljoin, urlsplit

from newsletter.errors import RefusedError
from newsletter.model import Issue, IssueStatus
from newsletter.rendering.web import WebBody, WebNugget
from newsletter.rendering.words import direction

WORDS_A_MINUTE = 220
"""How fast people read prose on a screen: the usual figure for adults is 200 to 250."""


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """What the archive says about the publication.

    `url` is where the site will stand and ends with `/`. `subscribe_url` is an https or mailto address, ""
    when nobody can subscribe by themselves.
    """

    title: str
    url: str
    language: str = "en"
    description: str = ""
    author: str = ""
    subscribe_url: str = ""

    @property
    def path(self) -> str:
        """The address without scheme and host, for pages that are served from anywhere."""
        return urlsplit(self.url).path or "/"

    @property
    def direction(self) -> str:
        """Which way the language is written, for the `dir` attribute."""
        return direction(self.language)

    @property
    def subscribe_by_mail(self) -> bool:
        """True when subscribing means writing a message."""
        return self.subscribe_url.startswith("mailto:")


@dataclass(frozen=True, slots=True)
class PageSource:
    """An issue and its text as free readers see it."""

    issue: Issue
    body: WebBody


class Access(StrEnum):
    """How much of an issue the public archive shows."""

    OPEN = "open"
    MEMBERS = "members"
    """Title and date, listed: readers may know what members got."""
    UNLISTED = "unlisted"
    """It went to a segment: its address works, because mail links to it, but it is listed nowhere."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One issue in the archive. `earlier` and `later` are its neighbours among the listed ones."""

    issue: Issue
    body: WebBody
    url: str
    access: Access
    earlier: Issue | None = None
    later: Issue | None = None
    corrects: Issue | None = None
    corrected_by: tuple[Issue, ...] = ()

    @property
    def is_open(self) -> bool:
        """True when everybody may read the text."""
        return self.access is Access.OPEN

    @property
    def is_listed(self) -> bool:
        """True when the front page, the feed and the site map name it."""
        return self.access is not Access.UNLISTED

    @property
    def summary(self) -> str:
        """One line about the issue; "" when its text is not public."""
        return (self.issue.preheader or self.body.summary) if self.is_open else ""

    @property
    def minutes(self) -> int:
        """How long reading takes, at least one minute."""
        return max(1, round(self.body.words / WORDS_A_MINUTE))

    @property
    def canonical(self) -> str:
        """The address that counts: the author's own post when the issue names one, else this page."""
        return self.issue.canonical or self.url

    @property
    def updated(self) -> date:
        """The day of the issue, or of the last one that corrects it."""
        return max([self.issue.date, *(issue.date for issue in self.corrected_by)])

    @property
    def picture(self) -> str:
        """The absolute address of the first picture, "" when there is none."""
        if not self.is_open or not self.body.pictures:
            return ""
        return urljoin(self.url, picture_href(self.body.pictures[0]))

    @property
    def thumbnail(self) -> str:
        """Where the first picture is, seen from the front page; "" when there is none."""
        if not self.is_open or not self.body.pictures:
            return ""
        src = self.body.pictures[0]
        return f"{self.issue.slug}/{picture_href(src)}" if picture_name(src) else src

    @property
    def nuggets(self) -> tuple[WebNugget, ...]:
        """The nuggets that everybody may read; none when the issue is not open."""
        return tuple(nugget for nugget in self.body.nuggets if self.is_open and not nugget.members_only)


def picture_name(src: str) -> str:
    """The file beside an issue's page that a picture becomes; "" for one that stays on another host."""
    return "" if "://" in src else PurePosixPath(src).name


def picture_href(src: str) -> str:
    """How an issue's page points to its picture."""
    return quote(picture_name(src)) or src


def make_entries(pages: Sequence[PageSource], facts: SiteFacts) -> list[Entry]:
    """The entries, newest first (issues of one day: by slug, backwards).

    Raises RefusedError when a draft is among `pages`: it was not meant for anybody yet.
    """
    for page in pages:
        if page.issue.status is IssueStatus.DRAFT:
            raise RefusedError(
                f"{page.issue.title}: a draft does not go into the archive.",
                file=page.issue.file,
                line=page.issue.lines.get("status", 0),
                code="draft",
                hint="Set `status: ready` when it may be read.",
            )
    ordered = sorted(pages, key=lambda page: (page.issue.date, page.issue.slug), reverse=True)
    listed = [page.issue for page in ordered if _access(page.issue) is not Access.UNLISTED]
    later = dict(zip((issue.slug for issue in listed[1:]), listed, strict=False))
    earlier = dict(zip((issue.slug for issue in listed), listed[1:], strict=False))
    by_slug = {issue.slug: issue for issue in listed}
    corrected_by: defaultdict[str, list[Issue]] = defaultdict(list)
    for issue in reversed(listed):
        corrected_by[issue.corrects].append(issue)
    return [
        Entry(
            issue=page.issue,
            body=page.body,
            url=f"{facts.url}{page.issue.slug}/",
            access=_access(page.issue),
            earlier=earlier.get(page.issue.slug),
            later=later.get(page.issue.slug),
            corrects=by_slug.get(page.issue.corrects),
            corrected_by=tuple(corrected_by[page.issue.slug]),
        )
        for page in ordered
    ]


def _access(issue: Issue) -> Access:
    if issue.audience == "everyone":
        return Access.OPEN
    return Access.MEMBERS if issue.audience == "members" else Access.UNLISTED


def years(entries: Sequence[Entry]) -> Iterator[tuple[int, list[Entry]]]:
    """The entries of each year, in the order given."""
    for year, group in groupby(entries, key=lambda entry: entry.issue.date.year):
        yield year, list(group)
