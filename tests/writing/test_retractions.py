from __future__ import annotations

import pytest

from newsletter.errors import Level
from newsletter.writing.retractions import read_retracted

FILE = "issues/retracted.txt"


@pytest.mark.parametrize(
    "line",
    [
        "10.1016/S0140-6736(97)11096-0",
        "  doi:10.1016/s0140-6736(97)11096-0  # the one about vaccines",
        "https://doi.org/10.1016/S0140-6736(97)11096-0",
        "http://dx.doi.org/10.1016/S0140-6736(97)11096-0",
    ],
)
def test_one_doi_a_line(line: str) -> None:
    assert read_retracted(f"# retracted\r\n\r\n{line}\r\n", FILE) == (
        frozenset({"10.1016/s0140-6736(97)11096-0"}),
        [],
    )


def test_a_doi_may_hold_a_number_sign() -> None:
    assert read_retracted("10.1000/abc#def", FILE) == (frozenset({"10.1000/abc#def"}), [])


def test_lines_that_are_none() -> None:
    found, problems = read_retracted("\ufeff10.1/a\n10.1234/b\nPMID 123\n10.1234/c d\n10.1234/e\0\n", FILE)
    assert found == {"10.1234/b", "10.1234/e"}
    assert {one.level for one in problems} == {Level.WARNING}
    assert sorted((one.line, one.code) for one in problems) == [
        (1, "bad-doi"),
        (3, "bad-doi"),
        (4, "bad-doi"),
        (5, "invisible-character"),
    ]


def test_nothing() -> None:
    assert read_retracted("", FILE) == (frozenset(), [])
