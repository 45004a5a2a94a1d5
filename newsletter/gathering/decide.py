"""Says of every entry in the feeds whether it is new, and if not, why it is left out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from newsletter.gathering.entries import Entry, host_of
from newsletter.gathering.matching import Links, Memory
from newsletter.gathering.uses import Use, source_of

PLACEHOLDER = date(1970, 1, 2)
"""Dates up to here are the zero of a computer's clock, in whatever time zone, and no date at all."""

AHEAD = timedelta(days=1)
"""How far a date may lie in the future before it is disbelieved; clocks and time zones differ."""


class EntryStatus(StrEnum):
    """What becomes of an entry. Only NEW ones are taken by themselves, UNDATED ones when asked for, CHANGED
    ones are offered as corrections."""

    NEW = "new"
    CHANGED = "changed"
    UNDATED = "undated"
    USED = "used"
    OLD = "too old"
    FILTERED = "filtered"
    DUPLICATE = "duplicate"
    VANISHED = "vanished"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The status of one entry and the reason for it. `issue` is the slug of the issue that used it, or "".

    For a VANISHED entry, `entry` is what the issue knows of it; `gone` is True when the feed still holds
    older ones, so that somebody took it out, and False when it may simply have left at the end.
    """

    entry: Entry
    status: EntryStatus
    reason: str
    issue: str = ""
    gone: bool = False


@dataclass(frozen=True, slots=True)
class FeedRules:
    """What to take from a feed: `include` and `exclude` are searched for in titles and tags."""

    name: str
    kind: str = "posts"
    window: timedelta = timedelta(days=14)
    include: re.Pattern[str] | None = None
    exclude: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdicts on one feed's entries, newest first, undated ones and vanished ones behind them.

    Nothing older than `since` is taken; `first` is True when no issue has used this feed before.
    """

    rules: FeedRules
    since: date
    first: bool
    verdicts: tuple[Verdict, ...]


def decide(
    feeds: Sequence[tuple[FeedRules, Sequence[Entry]]],
    uses: Sequence[Use],
    *,
    now: datetime,
    since: date | None = None,
) -> list[Decision]:
    """The verdicts on the entries of `feeds`, in the order given; an entry in two feeds counts in the first.

    `uses` are the entries that issues have used, oldest issue first. Without `since`, each feed is read back
    to the newest entry that was used of it, and at least as far as its window.
    """
    memory, seen = Memory(uses), Memory()
    found: set[int] = set()
    decisions = []
    for rules, entries in feeds:
        own = _uses_of(rules.name, entries, uses)
        back_to = since or _back_to(rules, own, now)
        links = Links(entries)
        verdicts: list[Verdict] = []
        for entry in entries:
            used = memory.find(entry, links)
            found |= {id(use) for use in used}
            earlier = [] if used else seen.find(entry, links)
            seen.add(Use(source_of(entry), "", date.min))
            if used:
                verdicts.append(_used(entry, used))
            elif earlier:
                verdicts.append(Verdict(entry, EntryStatus.DUPLICATE, _where(entry, earlier[0])))
            else:
                verdicts.append(_judged(entry, rules, back_to, now))
        decisions.append(Decision(rules, back_to, not own, tuple(sorted(verdicts, key=_order))))
    return _with_vanished(decisions, feeds, uses, found)


def _order(verdict: Verdict) -> float:
    moment = verdict.entry.date
    return -moment.timestamp() if moment else float("inf")


def _uses_of(name: str, entries: Sequence[Entry], uses: Iterable[Use]) -> list[Use]:
    """The uses of this feed's entries; those that name no feed belong to it when they link to its site."""
    hosts = {host_of(entry.url) for entry in entries if entry.url}
    return [
        use
        for use in uses
        if use.source.feed == name or (not use.source.feed and host_of(use.source.url) in hosts)
    ]


def _back_to(rules: FeedRules, own: Iterable[Use], now: datetime) -> date:
    """The first day that is looked at: what appeared since the newest entry used must not be lost, however
    long the last issue is ago."""
    days = [use.source.date or use.day - rules.window for use in own]
    window = (now - rules.window).date()
    return min(window, max(days)) if days else window


def _used(entry: Entry, uses: Sequence[Use]) -> Verdict:
    hashes = {use.source.hash for use in uses if use.source.hash}
    issue = uses[-1].issue
    if hashes and entry.content_hash not in hashes:
        return Verdict(entry, EntryStatus.CHANGED, f"changed since it was used in {issue}", issue)
    other = all(use.source.guid and use.source.guid != entry.guid for use in uses)
    return Verdict(
        entry, EntryStatus.USED, f"used in {issue}{', under another GUID' if other else ''}", issue
    )


def _where(entry: Entry, earlier: Use) -> str:
    source = earlier.source
    if source.feed != entry.feed:
        return f"also in the feed {source.feed}"
    return "listed twice" if source.title == entry.title else f"has the GUID or link of “{source.title}”"


def _judged(entry: Entry, rules: FeedRules, back_to: date, now: datetime) -> Verdict:
    if reason := _filtered(entry, rules):
        return Verdict(entry, EntryStatus.FILTERED, reason)
    if entry.date is None:
        return Verdict(entry, EntryStatus.UNDATED, "has no date")
    day = entry.date.date()
    if day <= PLACEHOLDER:
        return Verdict(entry, EntryStatus.UNDATED, f"its date, {day}, is a placeholder")
    if entry.date > now + AHEAD:
        return Verdict(entry, EntryStatus.UNDATED, f"its date, {day}, is still to come")
    if day < back_to:
        return Verdict(entry, EntryStatus.OLD, f"published {day}, before {back_to}")
    return Verdict(entry, EntryStatus.NEW, f"published {day}")


def _filtered(entry: Entry, rules: FeedRules) -> str:
    if not (entry.html or entry.summary or entry.url):
        return "has neither text nor link"
    words = (entry.title, *entry.tags)
    if rules.include and not any(rules.include.search(text) for text in words):
        return "neither title nor tags match what is to be included"
    if rules.exclude:
        for text in words:
            if rules.exclude.search(text):
                return f"“{text}” matches what is to be excluded"
    return ""


def _with_vanished(
    decisions: Sequence[Decision],
    feeds: Sequence[tuple[FeedRules, Sequence[Entry]]],
    uses: Sequence[Use],
    found: set[int],
) -> list[Decision]:
    """The decisions, each with the entries that were used and are no longer in the feed."""
    completed = []
    for decision, (rules, entries) in zip(decisions, feeds, strict=True):
        missing = [use for use in _uses_of(rules.name, entries, uses) if id(use) not in found]
        found |= {id(use) for use in missing}
        by_name = {use.source.guid or use.source.url or use.source.title: use for use in missing}
        vanished = tuple(_vanished(entries, use) for use in by_name.values())
        completed.append(replace(decision, verdicts=decision.verdicts + vanished))
    return completed


def _vanished(entries: Sequence[Entry], use: Use) -> Verdict:
    source = use.source
    days = (entry.date.date() for entry in entries if entry.date)
    oldest = min((day for day in days if day > PLACEHOLDER), default=date.max)
    gone = source.date is not None and source.date > oldest
    ending = "taken out of the feed" if gone else "no longer in the feed"
    entry = Entry(feed=source.feed, guid=source.guid, url=source.url, title=source.title)
    return Verdict(entry, EntryStatus.VANISHED, f"used in {use.issue}, {ending}", use.issue, gone)
