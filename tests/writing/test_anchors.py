from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.writing.anchors import anchor, slug


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Six documented cases", "six-documented-cases"),
        ("It isn't “so”, O’Neill!", "it-isnt-so-oneill"),
        ("Über_die Größe", "über-die-größe"),
        ("U\u0308ber", "über"),
        ("痛み 101", "痛み-101"),
        ("1978: a case", "1978-a-case"),
        ("???", "nugget"),
        ("", "nugget"),
        ("word " * 40, "-".join(["word"] * 16)),
        ("x" * 200, "x" * 80),
    ],
)
def test_slugs(title: str, expected: str) -> None:
    assert slug(title) == expected


def test_anchors_are_unique() -> None:
    assert anchor("A b", ()) == "a-b"
    assert anchor("A b", {"a-b"}) == "a-b-2"
    assert anchor("A b", {"a-b", "a-b-2"}) == "a-b-3"


def test_anchors_keep_clear_of_other_places_on_the_page() -> None:
    assert anchor("Ref Warren", ()) == "nugget-ref-warren"
    assert anchor("Note 1", ()) == "nugget-note-1"
    assert anchor("Reference", ()) == "reference"


@given(st.text())
def test_a_slug_of_a_slug_is_itself(title: str) -> None:
    assert slug(slug(title)) == slug(title)
    assert 0 < len(slug(title)) <= 80
    assert " " not in slug(title)
