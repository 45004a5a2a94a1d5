"""Entries and uses for the tests of this room."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from newsletter.gathering.decide import Decision, EntryStatus, FeedRules, Verdict, decide
from newsletter.gathering.entries import Entry, make_entry
from newsletter.gathering.uses import Use, source_of

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def entry(name: str = "knees", *, feed: str = "blog", days: float | None = 1, **values: Any) -> Entry:
    """An entry that appeared `days` ago."""
    given: dict[str, Any] = {
        "guid": f"https://blog.example.org/?p={name}",
        "url": f"https://blog.example.org/{name}/",
        "title": name.capitalize(),
        "html": f"<p>All about {name}.</p>",
        "published": None if days is None else NOW - timedelta(days=days),
    }
    return make_entry(feed, **(given | values))


def used(one: Entry, issue: str = "first", day: date = date(2026, 11, 20), **changes: Any) -> Use:
    """The use of an entry in an issue."""
    from dataclasses import replace

    return Use(replace(source_of(one), **changes), issue, day)


def decided(entries: list[Entry], uses: list[Use] | None = None, **options: Any) -> Decision:
    """The decision on one feed."""
    since = options.pop("since", None)
    rules = FeedRules("blog", **options)
    (decision,) = decide([(rules, entries)], uses or [], now=NOW, since=since)
    return decision


def statuses(decision: Decision) -> list[tuple[str, EntryStatus]]:
    return [(verdict.entry.title, verdict.status) for verdict in decision.verdicts]


def only(decision: Decision) -> Verdict:
    (verdict,) = decision.verdicts
    return verdict
