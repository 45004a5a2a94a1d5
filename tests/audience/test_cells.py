"""Single cells: tags and dates in the forms in which platforms write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.audience.cells import STATUSES, TIERS, moment_of, tags_of

DAY = datetime(2026, 11, 24, tzinfo=UTC)
NOON = datetime(2026, 11, 24, 12, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ("2026-11-24", DAY),
        ("20261124", DAY),
        ("2026/11/24", DAY),
        ("2026/11/24 12:05", NOON),
        ("2026-11-24 12:05:00", NOON),
        ("2026-11-24T12:05:00Z", NOON),
        ("2026-11-24T12:05:00.000000+00:00", NOON),
        ("2026-11-24 12:05:00 UTC", NOON),
        ("2026-11-24T13:05:00+01:00", NOON.astimezone(timezone(timedelta(hours=1)))),
        ("24 November 2026", DAY),
        ("24 Nov 2026 12:05", NOON),
        ("Nov 24, 2026", DAY),
        ("November 24, 2026 12:05 PM", NOON),
        ("Nov  24 2026", DAY),
        ("24.11.2026", DAY),
        ("3.4.2026", datetime(2026, 4, 3, tzinfo=UTC)),
        ("24/11/2026", DAY),
        ("11/24/2026", DAY),
        ("11/24/2026 12:05", NOON),
        ("4/4/2026", datetime(2026, 4, 4, tzinfo=UTC)),
        ("03/04/2026", None),
        ("13/13/2026", None),
        ("11/24/2026 at noon", None),
        ("31.2.2026", None),
        ("0000-00-00 00:00:00", None),
        ("0001-01-01T00:00:00Z", None),
        ("1970-01-01", None),
        ("yesterday", None),
        ("y" * 5000, None),
        ("-", None),
    ],
)
def test_moments(cell: str, moment: datetime | None) -> None:
    assert moment_of(cell) == moment


@given(st.text(st.sampled_from("0123456789-/.: TZ+JanUTC"), max_size=30) | st.text(max_size=30))
def test_a_moment_is_aware_or_none(cell: str) -> None:
    moment = moment_of(cell)
    assert moment is None or moment.tzinfo is not None


@pytest.mark.parametrize(
    ("cell", "tags"),
    [
        ("", ()),
        (" ; , ", ()),
        ("pain", ("pain",)),
        ("pain;massage", ("pain", "massage")),
        ("pain, massage ,pain", ("pain", "massage")),
        ('"back  pain","Vancouver"', ("back pain", "Vancouver")),
    ],
)
def test_tags(cell: str, tags: tuple[str, ...]) -> None:
    assert tags_of(cell) == tags


def test_words_are_in_lower_case_so_that_they_are_found() -> None:
    assert all(word == word.lower() for word in (*STATUSES, *TIERS))
