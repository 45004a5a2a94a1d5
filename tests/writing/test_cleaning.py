from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import Level
from newsletter.writing.cleaning import clean, clean_source


def test_line_ends_and_byte_order_mark_pass_silently() -> None:
    assert clean_source("\ufeffa\r\nb\rc\n", "f") == ("a\nb\nc\n", [])


def test_each_line_with_unwanted_characters_is_a_warning() -> None:
    text, problems = clean_source("a\0\nfine\nb\u202ec\x85\u2028d\u202e", "issues/x.md")
    assert text == "a\nfine\nbc d"
    assert [(problem.line, problem.level) for problem in problems] == [(1, Level.WARNING), (3, Level.WARNING)]
    assert "U+0000 (control character)" in problems[0].message
    assert "U+202E (right-to-left override), U+0085" in problems[1].message


@pytest.mark.parametrize("kept", ["\t", "\n", "\u200f", "\u00a0", "é", "👩‍🔬", "\u00ad"])
def test_what_readers_need_stays(kept: str) -> None:
    assert clean(kept) == kept


@given(st.text(st.characters()))
def test_cleaning_twice_changes_nothing(text: str) -> None:
    once, _ = clean_source(text, "f")
    assert clean_source(once, "f") == (once.removeprefix("\ufeff"), [])
    once.encode()
