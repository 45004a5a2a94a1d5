from __future__ import annotations

import pytest

from newsletter.model import Name
from newsletter.writing.names import OTHERS, harvard_names, short_names, vancouver_names

WARREN = Name("Warren", "James B.")
BERG = Name("Berg", "Anna", "van der")
MANY = [Name(f"A{letter}", letter) for letter in "BCDEFGHI"]


@pytest.mark.parametrize(
    ("names", "short", "harvard", "vancouver"),
    [
        ([], "", "", ""),
        ([WARREN], "Warren", "Warren, J. B.", "Warren JB"),
        (
            [WARREN, BERG],
            "Warren and van der Berg",
            "Warren, J. B. & van der Berg, A.",
            "Warren JB, van der Berg A",
        ),
        (
            [WARREN, BERG, Name("Lim")],
            "Warren et al.",
            "Warren, J. B., van der Berg, A. & Lim",
            "Warren JB, van der Berg A, Lim",
        ),
        ([WARREN, OTHERS], "Warren et al.", "Warren, J. B., et al.", "Warren JB, et al."),
        ([Name(literal="WHO")], "WHO", "WHO", "WHO"),
        ([Name(given="Madonna")], "Madonna", "Madonna", "Madonna"),
        ([Name("King", "Martin Luther", "", "Jr")], "King", "King, M. L., Jr", "King ML Jr"),
        ([Name("Sartre", "Jean-Paul")], "Sartre", "Sartre, J.-P.", "Sartre JP"),
        ([Name("Moseley", "G.L.")], "Moseley", "Moseley, G. L.", "Moseley GL"),
        ([Name("Øst", "łukasz 3 -")], "Øst", "Øst, Ł.", "Øst Ł"),
        (
            MANY[:7],
            "AB et al.",
            "AB, B., AC, C., AD, D., AE, E., AF, F., AG, G. & AH, H.",
            "AB B, AC C, AD D, AE E, AF F, AG G, et al.",
        ),
        (
            MANY,
            "AB et al.",
            "AB, B., AC, C., AD, D., AE, E., AF, F., AG, G., et al.",
            "AB B, AC C, AD D, AE E, AF F, AG G, et al.",
        ),
    ],
)
def test_names(names: list[Name], short: str, harvard: str, vancouver: str) -> None:
    assert short_names(names) == short
    assert harvard_names(names) == harvard
    assert vancouver_names(names) == vancouver
