import re
from datetime import UTC, date, datetime, timedelta

import pytest

from newsletter.gathering.decide import EntryStatus, FeedRules, decide
from newsletter.gathering.entries import Entry
from tests.gathering.making import NOW, decided, entry, only, statuses, used

NEW, USED, CHANGED = EntryStatus.NEW, EntryStatus.USED, EntryStatus.CHANGED
OLD, UNDATED, VANISHED = EntryStatus.OLD, EntryStatus.UNDATED, EntryStatus.VANISHED


def test_a_first_look_takes_what_is_within_the_window_and_names_it() -> None:
    decision = decided([entry("fresh", days=3), entry("stale", days=15)])
    assert statuses(decision) == [("Fresh", NEW), ("Stale", OLD)]
    assert (decision.first, decision.since) == (True, date(2026, 11, 10))
    assert decision.verdicts[1].reason == "published 2026-11-09, before 2026-11-10"


def test_the_window_and_since_are_the_publishers() -> None:
    entries = [entry("fresh", days=3), entry("stale", days=15)]
    assert statuses(decided(entries, window=timedelta(days=2))) == [("Fresh", OLD), ("Stale", OLD)]
    assert statuses(decided(entries, since=date(2026, 1, 1))) == [("Fresh", NEW), ("Stale", NEW)]


def test_nothing_is_lost_when_issues_were_far_apart() -> None:
    before, after = entry("before", days=41), entry("after", days=39)
    decision = decided([after, before], [used(entry("x", days=40), day=date(2026, 10, 16))])
    assert statuses(decision)[:2] == [("After", NEW), ("Before", OLD)]
    assert not decision.first


def test_a_use_without_a_date_counts_from_its_issue() -> None:
    use = used(entry("x", days=40), day=date(2026, 10, 16), date=None)
    assert decided([entry("after", days=50)], [use]).since == date(2026, 10, 2)


def test_entries_are_in_order_newest_first_whatever_the_order_of_the_feed() -> None:
    decision = decided([entry("b", days=2), entry("none", days=None), entry("a", days=1), entry("c", days=3)])
    assert [title for title, _ in statuses(decision)] == ["A", "B", "C", "None"]


@pytest.mark.parametrize(
    ("published", "reason"),
    [
        (None, "has no date"),
        (datetime(1970, 1, 1, tzinfo=UTC), "its date, 1970-01-01, is a placeholder"),
        (datetime(2099, 12, 31, tzinfo=UTC), "its date, 2099-12-31, is still to come"),
    ],
)
def test_an_entry_without_a_date_to_be_believed_is_asked_about(
    published: datetime | None, reason: str
) -> None:
    verdict = only(decided([entry(published=published)]))
    assert (verdict.status, verdict.reason) == (UNDATED, reason)


def test_a_clock_may_be_a_little_ahead() -> None:
    assert only(decided([entry(days=-0.5)])).status is NEW


def test_the_date_of_change_stands_in_for_the_date_of_publication() -> None:
    assert only(decided([entry(days=None, updated=NOW)])).status is NEW


def test_what_was_used_is_used() -> None:
    one = entry()
    verdict = only(decided([one], [used(one, "six-clots")]))
    assert (verdict.status, verdict.reason, verdict.issue) == (USED, "used in six-clots", "six-clots")


def test_a_new_guid_for_the_same_link_is_the_same_entry() -> None:
    verdict = only(decided([entry(guid="new")], [used(entry(), "six-clots")]))
    assert (verdict.status, verdict.reason) == (USED, "used in six-clots, under another GUID")


def test_a_new_link_for_the_same_guid_is_the_same_entry() -> None:
    assert only(decided([entry(url="https://blog.example.org/new/")], [used(entry())])).status is USED


def test_a_site_that_moved_has_the_same_entries() -> None:
    moved = entry(guid="https://new.example/1", url="https://new.example/knees")
    assert only(decided([moved], [used(entry())])).status is USED
    again = entry(guid="https://new.example/2", url="https://new.example/again", days=8)
    decision = decided([again], [used(entry())])
    assert statuses(decision)[0] == ("Knees", NEW), "the same words on another day"


def test_links_are_the_same_in_spite_of_scheme_slash_and_tracking() -> None:
    one = entry(guid="", url="http://BLOG.example.org/knees?utm_source=rss")
    assert only(decided([one], [used(entry(guid=""))])).status is USED


def test_changed_words_are_offered_as_a_correction_and_only_once() -> None:
    old, new = entry(), entry(html="<p>All about knees, put right.</p>")
    verdict = only(decided([new], [used(old)]))
    assert (verdict.status, verdict.reason) == (CHANGED, "changed since it was used in first")
    assert only(decided([new], [used(old), used(new, "second")])).status is USED


def test_another_theme_of_the_site_is_no_change() -> None:
    restyled = entry(html="<div class='x'><p>All  about <b>knees</b>.</p></div>")
    assert only(decided([restyled], [used(entry())])).status is USED


def test_without_a_hash_nothing_is_known_of_changes() -> None:
    assert only(decided([entry(html="<p>x</p>")], [used(entry(), hash="")])).status is USED


def test_without_guid_and_link_the_title_and_the_date_tell() -> None:
    one = entry(guid="", url="")
    assert only(decided([one], [used(one)])).status is USED
    assert only(decided([entry(guid="", url="", html="<p>new words</p>")], [used(one)])).status is CHANGED
    assert statuses(decided([entry(guid="", url="", days=2)], [used(one)]))[0] == ("Knees", NEW)
    assert statuses(decided([entry(guid="", url="", days=None)], [used(one)]))[0] == ("Knees", UNDATED)
    assert only(decided([one], [used(one, hash="")])).status is USED


def test_one_guid_for_two_is_said_to_be_one_entry() -> None:
    decision = decided([entry("a", guid="same"), entry("b", guid="same", days=2)])
    assert statuses(decision) == [("A", NEW), ("B", EntryStatus.DUPLICATE)]
    assert decision.verdicts[1].reason == "has the GUID or link of “A”"


def test_one_link_for_all_names_none_of_them() -> None:
    link = "https://blog.example.org/news"
    same = [entry("a", url=link), entry("b", url=link)]
    assert statuses(decided(same)) == [("A", NEW), ("B", NEW)]
    renamed = [entry("a", url=link, guid="new"), entry("b", url=link)]
    assert statuses(decided(renamed, [used(same[0])])) == [("A", USED), ("B", NEW)], "by title"
    assert statuses(decided(renamed, [used(entry("x", url=link))])) == [
        ("A", NEW),
        ("B", NEW),
        ("X", VANISHED),
    ]


def test_the_address_of_the_site_names_no_entry() -> None:
    home = "https://blog.example.org/"
    first, second = entry("a", url=home), entry("b", url=home)
    assert statuses(decided([second], [used(first)]))[0] == ("B", NEW)
    assert only(decided([entry("a", url=home, guid="other")], [used(first)])).status is USED


def test_a_bare_number_means_something_only_in_its_own_feed() -> None:
    use = used(entry("x", guid="1", feed="other", url="https://other.example.org/x"))
    assert statuses(decided([entry("a", guid="1")], [use])) == [("A", NEW)]
    use = used(entry("x", guid="1", feed="", url=""))
    assert statuses(decided([entry("a", guid="1")], [use])) == [("A", CHANGED)], "written by hand"


def test_an_entry_listed_twice_counts_once() -> None:
    decision = decided([entry(), entry()])
    assert [verdict.status for verdict in decision.verdicts] == [NEW, EntryStatus.DUPLICATE]
    assert decision.verdicts[1].reason == "listed twice"


def test_an_entry_in_two_feeds_counts_in_the_first() -> None:
    feeds: list[tuple[FeedRules, list[Entry]]] = [
        (FeedRules("blog"), [entry()]),
        (FeedRules("all"), [entry(feed="all"), entry("backs", feed="all")]),
    ]
    first, second = decide(feeds, [], now=NOW)
    assert only(first).status is NEW
    assert [(one.status, one.reason) for one in second.verdicts] == [
        (EntryStatus.DUPLICATE, "also in the feed blog"),
        (NEW, "published 2026-11-23"),
    ]


def test_rules_look_at_title_and_tags() -> None:
    entries = [entry("knees", tags=["Health"]), entry("sponsored"), entry("backs", tags=["ad"])]
    include = re.compile("health|sponsored", re.IGNORECASE)
    decision = decided(entries, include=include, exclude=re.compile("sponsor", re.IGNORECASE))
    assert statuses(decision) == [
        ("Knees", NEW),
        ("Sponsored", EntryStatus.FILTERED),
        ("Backs", EntryStatus.FILTERED),
    ]
    assert decision.verdicts[1].reason == "“Sponsored” matches what is to be excluded"
    assert "included" in decision.verdicts[2].reason


def test_an_entry_with_neither_text_nor_link_is_of_no_use() -> None:
    verdict = only(decided([entry(html="", url="")]))
    assert (verdict.status, verdict.reason) == (EntryStatus.FILTERED, "has neither text nor link")


def test_what_was_used_and_is_gone_has_vanished() -> None:
    decision = decided([entry("old", days=10)], [used(entry("gone"), "six-clots")])
    verdict = decision.verdicts[-1]
    assert (verdict.entry.title, verdict.status, verdict.gone) == ("Gone", VANISHED, True)
    assert verdict.reason == "used in six-clots, taken out of the feed"


def test_what_left_at_the_end_of_the_feed_is_told_apart() -> None:
    decision = decided(
        [entry("new", days=1)], [used(entry("gone", days=9)), used(entry("b", days=9), date=None)]
    )
    assert [(one.gone, one.reason) for one in decision.verdicts[1:]] == [
        (False, "used in first, no longer in the feed"),
        (False, "used in first, no longer in the feed"),
    ]


def test_vanished_entries_belong_to_the_feed_of_their_site() -> None:
    elsewhere = used(entry("x", feed="", url="https://elsewhere.example.org/x"))
    here = used(entry("y", feed=""))
    twice = used(entry("y", feed=""), "second")
    feeds: list[tuple[FeedRules, list[Entry]]] = [
        (FeedRules("a"), [entry("k", feed="a")]),
        (FeedRules("b"), []),
    ]
    first, second = decide(feeds, [elsewhere, here, twice], now=NOW)
    assert [one.entry.title for one in first.verdicts] == ["K", "Y"]
    assert first.verdicts[1].issue == "second"
    assert second.verdicts == ()


def test_a_feed_that_changes_between_runs() -> None:
    monday = [entry("a", days=8), entry("b", days=7)]
    first = decided(monday)
    assert statuses(first) == [("B", NEW), ("A", NEW)]
    uses = [used(verdict.entry, "monday") for verdict in first.verdicts]
    tuesday = [
        entry("c", days=0),
        entry("b", days=7, guid="urn:other"),
        entry("z", days=30),
        entry("a", days=8, html="<p>edited</p>"),
    ]
    assert statuses(decided(tuesday, uses)) == [("C", NEW), ("B", USED), ("A", CHANGED), ("Z", OLD)]
    assert statuses(decided(tuesday[2:3], uses)) == [("Z", OLD), ("B", VANISHED), ("A", VANISHED)]
