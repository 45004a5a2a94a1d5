"""The rule of imports: they add and they tell, but they bring nobody back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.audience.addresses import Address
from newsletter.audience.intake import (
    LEFT_OUT,
    SIMPLY_NEW,
    Decision,
    Known,
    RowResult,
    Tallying,
    Verdict,
    decide,
    result_of,
)
from newsletter.audience.rows import Rejected, Row
from newsletter.audience.standing import DEPARTED
from newsletter.model import Status, Tier

ADDRESS = Address("anna@example.org", "anna@example.org")
ANNA = Known(7, "active", "", "Anna", "Berg", "free", {"town": "Bern"}, frozenset({"pain"}))

_names = st.sampled_from(["", "Anna", "Anne"])
_tags = st.frozensets(st.sampled_from(["pain", "massage"]))
_fields = st.dictionaries(st.sampled_from(["town", "note"]), st.sampled_from(["Bern", "x"]))
known_people = st.builds(
    Known, st.just(7), st.sampled_from([status.value for status in Status]), _names, _names, _names,
    st.sampled_from(["free", "member"]), _fields, _tags,
)  # fmt: skip
any_rows = st.builds(
    Row, st.integers(1), st.just(ADDRESS), _names, _names, _names, st.none() | st.sampled_from(Tier),
    _tags.map(lambda tags: tuple(sorted(tags))), _fields, st.none(), st.none() | st.sampled_from(Status),
    st.sampled_from([(), ("odd",)]),
)  # fmt: skip


@given(any_rows, st.none() | known_people)
def test_a_suppressed_address_stays_out(row: Row, known: Known | None) -> None:
    assert decide(row, known, suppressed=True).verdict is Verdict.SUPPRESSED


@given(any_rows, known_people)
def test_no_import_brings_anybody_back(row: Row, known: Known) -> None:
    decision = decide(row, known, suppressed=False)
    if known.status in DEPARTED:
        assert decision.becomes is None
        assert decision.verdict in (Verdict.DEPARTED, Verdict.UNCHANGED)
        assert (decision.verdict is Verdict.UNCHANGED) == (row.status in DEPARTED)
    elif decision.becomes is not None:
        let_go = row.status is not None and row.status in DEPARTED
        assert decision.becomes.status == (row.status if let_go else known.status)
        assert decision.becomes.tags >= known.tags


@given(any_rows, known_people)
def test_the_second_time_nothing_changes(row: Row, known: Known) -> None:
    becomes = decide(row, known, suppressed=False).becomes
    if becomes is not None:
        assert decide(row, becomes, suppressed=False).verdict is Verdict.UNCHANGED


def test_what_the_list_does_not_say_stays() -> None:
    assert decide(Row(2, ADDRESS), ANNA, suppressed=False) == Decision(Verdict.UNCHANGED)


def test_what_the_list_says_is_taken() -> None:
    row = Row(2, ADDRESS, "Anne", "", "Anne B.", Tier.MEMBER, ("massage",), {"note": "x"})
    fields, tags = {"town": "Bern", "note": "x"}, frozenset({"pain", "massage"})
    becomes = Known(7, "active", "Anne B.", "Anne", "Berg", "member", fields, tags)
    assert decide(row, ANNA, suppressed=False) == Decision(Verdict.UPDATED, "", becomes)


@pytest.mark.parametrize("status", sorted(DEPARTED))
def test_a_list_may_say_that_somebody_left(status: Status) -> None:
    decision = decide(Row(2, ADDRESS, status=status), ANNA, suppressed=False)
    assert decision.verdict is Verdict.UPDATED
    assert decision.becomes == ANNA._replace(status=status.value)
    assert f"the list says {status}" in decision.reason


def test_a_list_may_not_say_that_somebody_is_paused() -> None:
    decision = decide(Row(2, ADDRESS, status=Status.PAUSED), ANNA, suppressed=False)
    assert decision.verdict is Verdict.UNCHANGED
    assert "an import changes nobody's status" in decision.reason


@pytest.mark.parametrize(
    ("item", "verdict"),
    [
        (Row(2, ADDRESS), Verdict.NEW),
        (Row(2, ADDRESS, notes=("odd", "strange")), Verdict.NEW),
        (Rejected(2, "anna", "there is no @"), Verdict.INVALID),
        (Rejected(2, "anna@example.org", "line 1 has the same address", 1), Verdict.DUPLICATE),
    ],
)
def test_strangers(item: Row | Rejected, verdict: Verdict) -> None:
    decision = decide(item, None, suppressed=False)
    assert decision.verdict is verdict
    notes = "; ".join(item.notes) if isinstance(item, Row) else item.reason
    assert decision.reason == notes


def test_a_report_counts_all_and_keeps_the_first() -> None:
    tallying = Tallying()
    tallying.simply_new(5)
    for line in range(Tallying.KEPT + 10):
        tallying.add(RowResult(line, "anna", Verdict.INVALID, "there is no @"))
    tallying.add(result_of(Row(3, ADDRESS), Decision(Verdict.NEW, "odd")))
    tallying.add(result_of(Row(4, ADDRESS), SIMPLY_NEW))
    report = tallying.report()
    assert set(report.counts) == set(Verdict)
    assert (report.counts[Verdict.NEW], report.counts[Verdict.INVALID]) == (7, 1010)
    assert report.total == 1017
    assert len(report.rejections) == Tallying.KEPT
    assert {result.verdict for result in report.rejections} <= set(LEFT_OUT)
    assert report.remarks == (RowResult(3, "anna@example.org", Verdict.NEW, "odd"),)
