from __future__ import annotations

import pytest

from newsletter.document import Merge
from newsletter.model import Segments
from newsletter.writing.merge import segments


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        ("plain", ("plain",)),
        ("{{ name }}", (Merge("name", None, 3),)),
        ('{{ name or "you" }}, six clots', (Merge("name", "you", 3), ", six clots")),
        ("a {{ x }}{{ y or 'z' }} b", ("a ", Merge("x", None, 3), Merge("y", "z", 3), " b")),
        ("{{ x | title }}", (Merge("x", None, 3, ("title",)),)),
        ('{{ x|title|upper or "y" }}', (Merge("x", "y", 3, ("title", "upper")),)),
        ('{{ "a" if member else "b" }}', (Merge("member", "b", 3, then="a"),)),
        ("{{ 'a  \nb' if x }}", (Merge("x", None, 3, then="a b"),)),
        ("{{ “a” if x else “” }}", (Merge("x", "", 3, then="a"),)),
        ('{{ x | or "y" }}', ('{{ x | or "y" }}',)),
        ('{{ "a" if }}', ('{{ "a" if }}',)),
        ('{{ "a" }}', ('{{ "a" }}',)),
        ("{{ not a field }} {{", ("{{ not a field }} {{",)),
        ("{{ not a field }} {{ a }}", ("{{ not a field }} ", Merge("a", None, 3))),
    ],
)
def test_segments(text: str, expected: Segments) -> None:
    assert segments(text, 3) == expected
