"""Merge fields: what stands in their place for one reader."""

from __future__ import annotations

import pytest

from newsletter.delivery.merging import reader
from newsletter.document import Merge
from newsletter.errors import ContentError
from newsletter.model import Subscriber, Tier


def somebody(tier: Tier = Tier.FREE, **fields: str) -> Subscriber:
    return Subscriber(
        id=1,
        public_id=bytes(8),
        email="ada@example.org",
        email_key="ada@example.org",
        tier=tier,
        fields=fields,
    )


@pytest.mark.parametrize(
    ("value", "filters", "expected"),
    [
        ("ADA", ("title",), "Ada"),
        ("mary-ann o'neill", ("title",), "Mary-Ann O'Neill"),
        ("Ada de Lovelace", ("title",), "Ada de Lovelace"),
        ("ŁUKASZ", ("title",), "Łukasz"),
        ("山田", ("title",), "山田"),
        ("ß", ("title",), "SS"),
        ("Ada", ("upper",), "ADA"),
        ("ADA", ("lower", "title"), "Ada"),
        ("2026-11-24", ("date",), "24 November 2026"),
        ("tomorrow", ("date",), "tomorrow"),
        ("", ("title",), "you"),
        (" \r\n", ("upper",), "you"),
        ("a\r\nb", (), "a b"),
    ],
)
def test_filters(value: str, filters: tuple[str, ...], expected: str) -> None:
    assert reader(Merge("x", "you", filters=filters))(somebody(x=value)) == expected


def test_dates_are_in_the_publications_language() -> None:
    assert reader(Merge("x", filters=("date",)), "de")(somebody(x="2026-11-24")) == "24. November 2026"


@pytest.mark.parametrize(("name", "tier", "expected"), [
    ("member", Tier.MEMBER, "yes"), ("member", Tier.FREE, "no"), ("free", Tier.FREE, "yes"),
    ("town", Tier.FREE, "yes"), ("street", Tier.FREE, "no"), ("first_name", Tier.FREE, "no"),
])  # fmt: skip
def test_choices(name: str, tier: Tier, expected: str) -> None:
    assert reader(Merge(name, "no", then="yes"))(somebody(tier, town="Łódź", street=" ")) == expected


def test_a_choice_without_other_words_is_empty() -> None:
    assert reader(Merge("member", then="yes"))(somebody()) == ""


def test_unknown_filters() -> None:
    with pytest.raises(ContentError) as caught:
        reader(Merge("x", filters=("shout",)))
    assert caught.value.problems[0].code == "unknown-merge-filter"
