"""Lines of plain text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.rendering.lines import fill, table, underline, width

HOLE = "\ufffe12\uffff"


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("abc", 3),
        ("“Grüße” – 1½", 12),
        ("日本語", 6),
        ("e\u0301", 1),
        ("a\u200db", 2),
        (f"Dear {HOLE},", 14),
        ("", 0),
    ],
)
def test_width(text: str, columns: int) -> None:
    assert width(text) == columns


def test_fill_breaks_at_spaces() -> None:
    assert fill("one two three four", 9) == ["one two", "three", "four"]
    assert fill("eins zwei – drei", 11) == ["eins zwei –", "drei"]


def test_fill_uses_the_whole_width() -> None:
    assert fill("aaaa bbbb", 9) == ["aaaa bbbb"]
    assert fill("aaaa bbbb", 8) == ["aaaa", "bbbb"]


def test_fill_with_leads() -> None:
    assert fill("one two three", 9, first="- ", rest="  ") == ["- one two", "  three"]
    assert fill("one\ntwo", 9, first="- ", rest="  ") == ["- one", "  two"]


def test_fill_keeps_line_feeds_and_drops_other_spaces() -> None:
    assert fill("  a   b\t c \n\n d") == ["a b c", "", "d"]
    assert fill("") == [""]


def test_long_words_keep_their_own_line() -> None:
    address = "https://example.org/" + "x" * 80
    assert fill(f"see {address} there", 40) == ["see", address, "there"]
    assert fill(f"see “{address}” 日本 there", 40) == ["see", f"“{address}”", "日本 there"]


def test_no_break_spaces_hold_words_together() -> None:
    assert fill("p.\u00a012 aaaa bbbb", 10) == ["p.\u00a012 aaaa", "bbbb"]


def test_scripts_without_spaces_break_between_characters() -> None:
    assert fill("痛みは 本当です。abc", 8) == ["痛みは", "本当で", "す。abc"]


def test_merge_fields_are_measured_by_their_value() -> None:
    assert fill(f"Dear {HOLE}, you", 16) == [f"Dear {HOLE},", "you"]
    assert fill(f"Dear {HOLE}, you", 18) == [f"Dear {HOLE}, you"]


@given(st.lists(st.text("ab“é", min_size=1, max_size=12), max_size=40), st.integers(1, 40))
def test_fill_keeps_every_word_in_order_and_within_the_width(words: list[str], columns: int) -> None:
    lines = fill(" ".join(words), columns)
    assert " ".join(lines).split() == words
    for line in lines:
        assert width(line) <= columns or " " not in line


@given(st.lists(st.text("ab日é", min_size=1, max_size=6), max_size=20), st.integers(2, 20))
def test_fill_never_breaks_later_than_needed(words: list[str], columns: int) -> None:
    lines = fill(" ".join(words), columns)
    assert "".join(lines).replace(" ", "") == "".join(words)
    assert all(width(line) <= max(columns, 6) for line in lines)


def test_underline() -> None:
    assert underline("Title", "=") == ["Title", "====="]
    assert underline("日本", "-") == ["日本", "----"]
    first, second, line = underline("word " * 20, "-")
    assert len(line) == max(len(first), len(second))
    assert underline("x" * 100, "-")[1] == "-" * 72


def test_table() -> None:
    rows = [["Sign", "Points", "By"], ["Swollen", "1", "Wells"], ["Bedridden", "12", "W"]]
    assert table(rows, ["", "right", "center"], 72) == [
        "Sign       Points   By",
        "---------  ------  -----",
        "Swollen         1  Wells",
        "Bedridden      12    W",
    ]


def test_table_too_wide() -> None:
    assert table([["a" * 40, "b" * 40]], ["", ""], 72) == []
