"""The memory for addresses behaves as a dict would."""

from __future__ import annotations

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from newsletter.audience.seen import FirstLines


@given(st.lists(st.text(max_size=3)))
def test_it_is_a_dict_with_setdefault(keys: list[str]) -> None:
    seen = FirstLines()
    model: dict[str, int] = {}
    for line, key in enumerate(keys, start=1):
        assert seen.line_of(key, line) == model.setdefault(key, line)


def test_many_keys_in_little_room() -> None:
    tracemalloc.start()
    try:
        seen = FirstLines()
        for line in range(1, 30_001):
            assert seen.line_of(f"r{line}@example.org", line) == line
        size, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert all(seen.line_of(f"r{line}@example.org", 0) == line for line in range(1, 30_001))
    assert size < 48 * 30_000
