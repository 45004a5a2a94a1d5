"""Making a draft issue from what is new in the feeds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

from newsletter.actions.create import make_slug
from newsletter.actions.feeds import FeedReport, cache_of, choose_feeds, look_into_feeds, require_readable
from newsletter.errors import Level, NewsletterError, Problem, RefusedError
from newsletter.feeds.pictures import FetchedPicture, fetch_picture
from newsletter.files.new_issue import free_name, write_issue
from newsletter.gathering.decide import EntryStatus, Verdict
from newsletter.gathering.draft import Draft, Material, Wanted, build_draft, title_of
from newsletter.gathering.entries import Entry, address_key
from newsletter.publication import ISSUES

if TYPE_CHECKING:
    from newsletter.publication import Publication

_SLUG_OF_NOTHING = "new-on-the-site"
_SELECTABLE = frozenset(EntryStatus) - {EntryStatus.USED, EntryStatus.CHANGED, EntryStatus.VANISHED}


@dataclass(frozen=True, slots=True)
class Request:
    """What to make a draft of.

    `feeds`: only of these. `entries`: only these, each given by its GUID, its address or words of its title,
    and also if they are old, undated or filtered. `undated`: take what has no date as well. `corrections`:
    name what changed since an issue used it. `day` and `slug` of the issue are made if they are not given.
    """

    feeds: Sequence[str] = ()
    entries: Sequence[str] = ()
    since: date | None = None
    undated: bool = False
    corrections: bool = False
    title: str = ""
    day: date | None = None
    slug: str = ""
    most: int = 10
    words: int = 3000
    full: bool = True
    pictures: bool = False
    write: bool = True


@dataclass(frozen=True, slots=True)
class Composed:
    """A draft and where it was written; without a `draft` there was nothing new, and without a `file` it was
    only to be shown. `problems` are those of the feeds and of pictures that could not be had."""

    reports: Sequence[FeedReport]
    draft: Draft | None = None
    slug: str = ""
    file: str = ""
    pictures: int = 0
    problems: Sequence[Problem] = field(default_factory=tuple)


def compose(publication: Publication, request: Request) -> Composed:
    """Writes `issues/DATE-slug.md`, or a folder with the pictures beside the text; nothing if nothing is new.

    Raises what `look_into_feeds` raises, TransportError when no feed could be read, BusyError when another
    process is at it, RefusedError for entries that cannot be chosen or a slug that is taken.
    """
    choose_feeds(publication, request.feeds)  # before anything is touched
    with cache_of(publication).alone():
        reports = look_into_feeds(publication, names=request.feeds, since=request.since)
        require_readable(reports)
        problems = [problem for report in reports for problem in report.problems]
        material = _material(reports, request)
        if not (material.posts or material.updates or material.corrections):
            return Composed(reports, problems=problems)
        day = request.day or publication.today()
        wanted = Wanted(day, request.title, request.most, request.words, request.full)
        draft = build_draft(material, wanted)
        slug = request.slug or _free_slug(publication, make_slug(_name_of(draft, request)))
        _require_free(publication, slug)
        if not request.write:
            return Composed(reports, draft, slug, problems=problems)
        pictures, missed = _fetch_pictures(publication, draft) if request.pictures else ({}, [])
        if pictures:
            draft = build_draft(material, wanted, {src: one.name for src, one in pictures.items()})
        beside = {one.name: one.data for one in pictures.values()}
        file = write_issue(publication.folder / ISSUES, f"{day.isoformat()}-{slug}", draft.text, beside)
        return Composed(reports, draft, slug, file, len(pictures), [*problems, *missed])


def _material(reports: Sequence[FeedReport], request: Request) -> Material:
    verdicts = [
        (report.settings.kind, verdict)
        for report in reports
        if report.decision
        for verdict in report.decision.verdicts
    ]
    if request.entries:
        chosen = {id(_pick(words, [verdict for _, verdict in verdicts])) for words in request.entries}
        taken = [(kind, verdict) for kind, verdict in verdicts if id(verdict) in chosen]
    else:
        statuses = {EntryStatus.NEW} | ({EntryStatus.UNDATED} if request.undated else set())
        taken = [(kind, verdict) for kind, verdict in verdicts if verdict.status in statuses]
    changed = [verdict for _, verdict in verdicts if verdict.status is EntryStatus.CHANGED]
    return Material(
        posts=_newest_first(verdict.entry for kind, verdict in taken if kind == "posts"),
        updates=_newest_first(verdict.entry for kind, verdict in taken if kind == "updates"),
        corrections=[(one.entry, one.issue) for one in changed] if request.corrections else (),
    )


def _newest_first(entries: Iterable[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: -entry.date.timestamp() if entry.date else float("inf"))


def _pick(words: str, verdicts: Sequence[Verdict]) -> Verdict:
    """The one entry that `words` mean: a GUID, an address, or a part of the title."""
    found = [
        one
        for one in verdicts
        if words == one.entry.guid or address_key(words) == address_key(one.entry.url) != ""
    ]
    if not found:
        found = [one for one in verdicts if words.casefold() in title_of(one.entry).casefold()]
    usable = [one for one in found if one.status in _SELECTABLE]
    if len(usable) == 1:
        return usable[0]
    if usable:
        listed = "\n".join(f"{title_of(one.entry)}  {one.entry.url}" for one in usable[:10])
        raise RefusedError(f"{len(usable)} entries match “{words}”.", hint=listed, code="ambiguous")
    if found:
        one = found[0]
        hint = "Offer its new text with --corrections." if one.status is EntryStatus.CHANGED else ""
        raise RefusedError(
            f"“{title_of(one.entry)}” cannot be taken: {one.reason}.", hint=hint, code="not-new"
        )
    raise RefusedError(
        f"No entry has “{words}” in its title, or as its address or GUID.",
        hint="`newsletter feeds` lists them.",
        code="unknown-entry",
    )


def _name_of(draft: Draft, request: Request) -> str:
    return request.title or title_of(draft.used[0])


def _free_slug(publication: Publication, slug: str) -> str:
    taken = {file.slug for file in publication.issue_files}
    slug = slug or _SLUG_OF_NOTHING
    number = 1
    candidate = slug
    while candidate in taken:
        number += 1
        candidate = f"{slug}-{number}"
    return candidate


def _require_free(publication: Publication, slug: str) -> None:
    if make_slug(slug) != slug:
        raise RefusedError(
            f"“{slug}” cannot be a slug.", hint="Use small letters a-z, digits and hyphens.", code="slug"
        )
    for file in publication.issue_files:
        if file.slug == slug:
            raise RefusedError(
                f"The slug {slug} is taken.", file=file.file, hint="Choose another.", code="exists"
            )


def _fetch_pictures(
    publication: Publication, draft: Draft
) -> tuple[dict[str, FetchedPicture], list[Problem]]:
    """The pictures by their addresses, with names that differ, and what went wrong with others."""
    found: dict[str, FetchedPicture] = {}
    problems: list[Problem] = []
    names: set[str] = set()
    for src, feed in draft.pictures.items():
        try:
            picture = fetch_picture(src, allow_private=publication.settings.feeds[feed].allow_private)
        except NewsletterError as error:
            problems += (replace(problem, level=Level.WARNING) for problem in error.problems)
            continue
        name = free_name(picture.name, names)
        names.add(name)
        found[src] = FetchedPicture(name, picture.data)
    return found, problems
