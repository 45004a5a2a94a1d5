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
        ("{{ not a field }} {{", ("{{ not a field }} {{",)),
        ("{{ not a field }} {{ a }}", ("{{ not a field }} ", Merge("a", None, 3))),
    ],
)
def test_segments(text: str, expected: Segments) -> None:
    assert segments(text, 3) == expected
