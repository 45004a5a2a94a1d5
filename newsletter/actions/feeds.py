"""Looking into the feeds: what is new, and why everything else is left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING

from newsletter.config import FeedSettings
from newsletter.errors import (
    ConfigurationError,
    ContentError,
    Level,
    NewsletterError,
    Problem,
    RefusedError,
    TransportError,
)
from newsletter.feeds.fetch import MEGABYTE, Limits, fetch
from newsletter.feeds.read import Feed, read_feed
from newsletter.files.feed_cache import Copy, FeedCache
from newsletter.gathering.decide import Decision, FeedRules, decide
from newsletter.gathering.uses import read_uses

if TYPE_CHECKING:
    from newsletter.publication import Publication

CACHE = ".cache/feeds"
_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class FeedReport:
    """One feed: what it holds, and what is wrong with it.

    `feed` and `decision` are None when nothing could be read. `copy_of` is when the copy was made that had to
    stand in for the feed, None when the feed itself was read.
    """

    name: str
    settings: FeedSettings
    feed: Feed | None = None
    decision: Decision | None = None
    problems: tuple[Problem, ...] = ()
    copy_of: datetime | None = None


def look_into_feeds(
    publication: Publication, *, names: Sequence[str] = (), since: date | None = None
) -> list[FeedReport]:
    """Every feed of newsletter.toml, or those that are named, with the verdicts on their entries.

    A feed that cannot be read does not stop the others: its copy is used if there is one, and its report says
    why. Raises ConfigurationError when there are no feeds, RefusedError for unknown names, ContentError when
    an issue does not say clearly what it has used.
    """
    chosen = choose_feeds(publication, names)
    uses = read_uses(file.read() for file in publication.issue_files)
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        reports = list(pool.map(lambda one: _read(publication, *one), chosen.items()))
    readable = [report for report in reports if report.feed is not None]
    rules = [
        (_rules(report.name, report.settings), report.feed.entries) for report in readable if report.feed
    ]
    decisions = decide(rules, uses, now=publication.clock.now(), since=since)
    by_name = {decision.rules.name: decision for decision in decisions}
    return [replace(report, decision=by_name.get(report.name)) for report in reports]


def require_readable(reports: Sequence[FeedReport]) -> None:
    """Raises TransportError with everything that went wrong when not one of the feeds could be read."""
    if not any(report.feed for report in reports):
        raise TransportError.of([problem for report in reports for problem in report.problems])


def cache_of(publication: Publication) -> FeedCache:
    """Where the copies of the feeds are kept."""
    return FeedCache(publication.folder / CACHE)


def choose_feeds(publication: Publication, names: Sequence[str]) -> Mapping[str, FeedSettings]:
    """The feeds of newsletter.toml, or those that are named.

    Raises ConfigurationError when there are none, RefusedError for unknown names.
    """
    feeds = publication.settings.feeds
    if not feeds:
        raise ConfigurationError(
            "newsletter.toml names no feeds.",
            file=publication.settings.file,
            hint='Add a table [feeds.blog] with url = "https://…", or read a list of feeds:\n'
            "newsletter feeds --opml-import FILE",
            code="no-feeds",
        )
    for name in names:
        if name not in feeds:
            near = get_close_matches(name, feeds, 1)
            hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(feeds)}."
            raise RefusedError(f"There is no feed called {name}.", hint=hint, code="unknown-feed")
    return {name: settings for name, settings in feeds.items() if not names or name in names}


def _rules(name: str, settings: FeedSettings) -> FeedRules:
    return FeedRules(name, settings.kind, settings.window, settings.include, settings.exclude)


def _read(publication: Publication, name: str, settings: FeedSettings) -> FeedReport:
    """The feed as it is now or, failing that, as it was."""
    cache = cache_of(publication)
    kept = cache.load(settings.url)
    place = publication.settings.file, publication.settings.line(f"feeds.{name}.url", f"feeds.{name}")
    try:
        feed, problems = _fetch(cache, kept, name, settings, publication.clock.now())
    except (TransportError, ContentError) as error:
        return _from_copy(name, settings, kept, error, place)
    return FeedReport(name, settings, feed, problems=_located(problems, place))


def _fetch(
    cache: FeedCache, kept: Copy | None, name: str, settings: FeedSettings, now: datetime
) -> tuple[Feed, tuple[Problem, ...]]:
    limits = Limits(size=settings.size_limit * MEGABYTE, allow_private=settings.allow_private)
    etag, last_modified = (kept.etag, kept.last_modified) if kept else ("", "")
    found = fetch(settings.url, limits, etag=etag, last_modified=last_modified)
    moved = (_moved(name, found.moved_to),) if found.moved_to else ()
    if found.unchanged:
        if kept is None:
            raise TransportError(f"{settings.url} has not changed, but was never seen.", code="http-status")
        copy = replace(kept, fetched_at=now)
    else:
        copy = Copy(found.url, found.body, now, found.content_type, found.etag, found.last_modified)
    feed = read_feed(copy.body, name=name, url=copy.url, content_type=copy.content_type)
    broke_off = not found.complete or any(problem.code == "truncated-feed" for problem in feed.problems)
    if broke_off and kept is not None:
        raise TransportError(f"The feed {name} breaks off in the middle.", code="truncated-feed")
    if not broke_off:
        cache.save(settings.url, copy)
    return feed, (*moved, *feed.problems)


def _from_copy(
    name: str, settings: FeedSettings, kept: Copy | None, error: NewsletterError, place: tuple[str, int]
) -> FeedReport:
    if kept is not None and error.problems[0].code != "private-address":
        try:
            feed = read_feed(kept.body, name=name, url=kept.url, content_type=kept.content_type)
        except ContentError:
            pass  # written by an older version of this program; it is as if there were none
        else:
            problem = error.problems[0]
            hint = (
                f"The copy of {kept.fetched_at:%Y-%m-%d %H:%M} UTC was used instead. {problem.hint}".rstrip()
            )
            notice = replace(problem, hint=hint, level=Level.WARNING)
            return FeedReport(
                name, settings, feed, problems=_located([notice], place), copy_of=kept.fetched_at
            )
    return FeedReport(name, settings, problems=_located(error.problems, place))


def _moved(name: str, address: str) -> Problem:
    return Problem(
        "feed-moved",
        f"The feed {name} has moved for good.",
        hint=f"Write its new address: {address}",
        level=Level.WARNING,
    )


def _located(problems: Sequence[Problem], place: tuple[str, int]) -> tuple[Problem, ...]:
    file, line = place
    return tuple(replace(problem, file=file, line=line) for problem in problems)
