from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from newsletter.document import Body, Citation, Cite, Emphasis, Inline, Link, Text
from newsletter.model import Name, Reference
from newsletter.writing.citations import STYLES, Bibliography
from newsletter.writing.formats import harvard, vancouver
from newsletter.writing.tree import read_body

WARREN = Reference(
    key="warren1978",
    kind="article-journal",
    title="Pulmonary embolus originating below knee",
    authors=(Name("Warren", "J. B."),),
    year="1978",
    container="Lancet",
    volume="2",
    number="8085",
    pages="123–4",
    doi="10.1016/S0140<1>6736",
    pmid="12345",
)
LIM = replace(
    WARREN,
    key="lim2009",
    title="Massaging the outcome",
    authors=(Name("Lim"), Name("Oh"), Name("Tan")),
    year="2009",
)
REFERENCES = {
    one.key: one for one in (WARREN, LIM, replace(WARREN, key="again"), replace(LIM, key="late", year=""))
}


def shown(nodes: Sequence[Inline]) -> str:
    """Nodes as short Markdown, to compare by eye."""
    words = []
    for node in nodes:
        match node:
            case Text():
                words.append(node.text)
            case Emphasis():
                words.append(f"*{shown(node.children)}*")
            case Link():
                words.append(f"[{shown(node.children)}]({node.href})")
            case _:
                raise AssertionError(node)
    return "".join(words)


def href(key: str) -> str:
    return f"#{key}"


def body(markdown: str) -> Body:
    found, problems = read_body(markdown, "f")
    assert problems == []
    return found


def cite(markdown: str) -> Citation:
    (paragraph,) = body(markdown).intro
    (citation,) = paragraph.children  # type: ignore[union-attr] # a paragraph
    assert isinstance(citation, Citation)
    return citation


# --- in the text -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("markdown", "inline", "credit"),
    [
        ("[@lim2009]", "([Lim et al. 2009](#lim2009))", "[Lim et al. 2009](#lim2009)"),
        ("[@lim2009, p. 12]", "([Lim et al. 2009](#lim2009), p. 12)", "[Lim et al. 2009](#lim2009), p. 12"),
        ("[-@lim2009, p. 12]", "([2009](#lim2009), p. 12)", "[2009](#lim2009), p. 12"),
        (
            "[@warren1978; @lim2009; @again]",
            "([Warren 1978a](#warren1978); [Lim et al. 2009](#lim2009); [Warren 1978b](#again))",
            "[Warren 1978a](#warren1978); [Lim et al. 2009](#lim2009); [Warren 1978b](#again)",
        ),
        ("[@late]", "([Lim et al. n.d.](#late))", "[Lim et al. n.d.](#late)"),
        (
            "[@nothing, p. 1; @lim2009]",
            "(?nothing, p. 1; [Lim et al. 2009](#lim2009))",
            "?nothing, p. 1; [Lim et al. 2009](#lim2009)",
        ),
    ],
)
def test_author_and_year(markdown: str, inline: str, credit: str) -> None:
    bibliography = Bibliography(body(markdown), REFERENCES)
    assert shown(bibliography.inlines(cite(markdown), href)) == inline
    assert shown(bibliography.credit(cite(markdown), href)) == credit


@pytest.mark.parametrize(
    ("markdown", "inline", "credit"),
    [
        ("[@lim2009]", "[[1](#lim2009)]", "[Lim et al. 2009](#lim2009) [1]"),
        ("[-@lim2009, p. 12]", "[[1](#lim2009), p. 12]", "[2009](#lim2009), p. 12 [1]"),
        (
            "[@warren1978; @again]",
            "[[1](#warren1978), [2](#again)]",
            "[Warren 1978](#warren1978) [1]; [Warren 1978](#again) [2]",
        ),
        ("[@nothing]", "[?nothing]", "?nothing"),
    ],
)
def test_numbers(markdown: str, inline: str, credit: str) -> None:
    bibliography = Bibliography(body(markdown), REFERENCES, "vancouver")
    assert shown(bibliography.inlines(cite(markdown), href)) == inline
    assert shown(bibliography.credit(cite(markdown), href)) == credit


def test_neighbouring_texts_are_one() -> None:
    bibliography = Bibliography(body("[@lim2009, p. 1; @nothing; @lim2009]"), REFERENCES)
    nodes = bibliography.inlines(Citation((Cite("lim2009", "p. 1"), Cite("nothing"), Cite("lim2009"))), href)
    assert [type(node) for node in nodes] == [Text, Link, Text, Link, Text]


def test_entries_are_numbered_by_first_citation() -> None:
    found = body(
        "[@again]^[[@nothing]]\n\n## a [@lim2009]\n\n> [@again]\n> — b [@warren1978]\n\n"
        ":::members\n[@late; @lim2009]\n:::\n"
    )
    entries = Bibliography(found, REFERENCES).entries
    assert [(one.number, one.reference.key, one.label, one.members_only) for one in entries] == [
        (1, "again", "Warren 1978a", False),
        (2, "lim2009", "Lim et al. 2009", False),
        (3, "warren1978", "Warren 1978b", False),
        (4, "late", "Lim et al. n.d.", True),
    ]
    assert shown(entries[2].full).startswith("Warren, J. B. (1978b). Pulmonary")
    assert Bibliography(Body(), REFERENCES).entries == ()


def test_many_of_one_year_get_more_letters() -> None:
    references = {f"k{n}": replace(WARREN, key=f"k{n}", year="") for n in range(28)}
    entries = Bibliography(body(" ".join(f"[@{key}]" for key in references)), references).entries
    assert [one.label for one in entries][::26] == ["Warren n.d.-a", "Warren n.d.-aa"]


@pytest.mark.parametrize(
    ("reference", "label"),
    [
        (Reference("k", "book", "T", editors=(Name("Ed"), Name("Itor"))), "Ed and Itor n.d."),
        (Reference("k", "webpage", "What's pain? An essay", year="2020"), "“What’s pain” 2020"),
        (Reference("k", "webpage", "One two three four five six"), "“One two three four five …” n.d."),
        (Reference("k", "webpage", ""), "k n.d."),
    ],
)
def test_references_without_authors(reference: Reference, label: str) -> None:
    assert Bibliography(body("[@k]"), {"k": reference}).entries[0].label == label


def test_styles() -> None:
    assert STYLES == ("author-year", "vancouver")
    with pytest.raises(ValueError, match="no citation style 'apa'"):
        Bibliography(Body(), {}, "apa")


# --- in full ---------------------------------------------------------------------------------------------

DOI = "[doi:10.1016/S0140<1>6736](https://doi.org/10.1016/S0140%3C1%3E6736) [PubMed](https://pubmed.ncbi.nlm.nih.gov/12345/)"
CHAPTER = Reference(
    key="c",
    kind="chapter",
    title="A chapter",
    authors=(Name("Warren", "J."),),
    editors=(Name("Ed", "I."), Name("Tor", "E.")),
    year="1999",
    container="The book",
    pages="1–20",
    publisher="OUP",
    place="Oxford",
)
BOOK = Reference(
    "b", "book", "Explain Pain", (Name("Butler", "D."),), year="2013", edition="2", publisher="NOI"
)
PAGE = Reference("w", "webpage", "Don't", container="WHO", url="https://www.who.int/x", accessed="2026-05-03")


@pytest.mark.parametrize(
    ("reference", "by_year", "by_number"),
    [
        (
            WARREN,
            "Warren, J. B. (1978). Pulmonary embolus originating below knee. *Lancet*, 2(8085), 123–4. "
            f"{DOI}",
            f"Warren JB. Pulmonary embolus originating below knee. *Lancet*. 1978;2(8085):123–4. {DOI}",
        ),
        (
            CHAPTER,
            "Warren, J. (1999). A chapter. In Ed, I. & Tor, E. (eds), *The book* (pp. 1–20). Oxford: OUP.",
            "Warren J. A chapter. In Ed I, Tor E (eds), *The book* (pp. 1–20). Oxford: OUP; 1999.",
        ),
        (
            replace(CHAPTER, authors=(), editors=CHAPTER.editors[:1], container="", pages=""),
            "Ed, I. (ed.) (1999). A chapter. Oxford: OUP.",
            "Ed I (ed.). A chapter. Oxford: OUP; 1999.",
        ),
        (
            replace(CHAPTER, editors=(), pages=""),
            "Warren, J. (1999). A chapter. In *The book*. Oxford: OUP.",
            "Warren J. A chapter. In *The book*. Oxford: OUP; 1999.",
        ),
        (
            BOOK,
            "Butler, D. (2013). *Explain Pain* (2nd ed.). NOI.",
            "Butler D. *Explain Pain* (2nd ed.). NOI; 2013.",
        ),
        (
            replace(BOOK, edition="Third", publisher="", container="A series"),
            "Butler, D. (2013). *Explain Pain* (Third ed.). A series.",
            "Butler D. *Explain Pain* (Third ed.). A series. 2013.",
        ),
        (
            replace(BOOK, kind="thesis", edition="", publisher="UBC"),
            "Butler, D. (2013). *Explain Pain* [thesis]. UBC.",
            "Butler D. *Explain Pain* [thesis]. UBC; 2013.",
        ),
        (
            replace(BOOK, kind="dataset", edition="rev. ed.", publisher=""),
            "Butler, D. (2013). *Explain Pain* (rev. ed.) [data set].",
            "Butler D. *Explain Pain* (rev. ed.) [data set]. 2013.",
        ),
        (
            PAGE,
            "Don’t. (2020). *WHO*. Accessed 3 May 2026. [who.int](https://www.who.int/x)",
            "Don’t. *WHO*. Accessed 3 May 2026. [who.int](https://www.who.int/x)",
        ),
        (
            replace(PAGE, title="Why?", container="", accessed="last week", url="javascript:x"),
            "Why? (2020). Accessed last week.",
            "Why? Accessed last week.",
        ),
        (
            replace(
                PAGE, kind="article", container="arXiv", accessed="2026-05", url="https://[x", year="2020"
            ),
            "Don’t [preprint]. (2020). *arXiv*. Accessed May 2026.",
            "Don’t [preprint]. *arXiv*. 2020. Accessed May 2026.",
        ),
        (
            replace(PAGE, title="", accessed="2026-13", url=""),
            "w. (2020). *WHO*. Accessed 2026-13.",
            "w. *WHO*. Accessed 2026-13.",
        ),
        (
            replace(WARREN, volume="", number="", pages="", doi="", pmid="x"),
            "Warren, J. B. (1978). Pulmonary embolus originating below knee. *Lancet*.",
            "Warren JB. Pulmonary embolus originating below knee. *Lancet*. 1978.",
        ),
        (
            replace(WARREN, volume="", number="3", year="", pages="1", doi="", pmid=""),
            "Warren, J. B. (2020). Pulmonary embolus originating below knee. *Lancet*, (3), 1.",
            "Warren JB. Pulmonary embolus originating below knee. *Lancet*. (3):1.",
        ),
    ],
)
def test_full_references(reference: Reference, by_year: str, by_number: str) -> None:
    assert shown(harvard(reference, reference.year or "2020")) == by_year
    assert shown(vancouver(reference)) == by_number


@pytest.mark.parametrize(
    ("edition", "written"),
    [
        ("1", "1st ed."),
        ("3", "3rd ed."),
        ("4", "4th ed."),
        ("11", "11th ed."),
        ("22", "22nd ed."),
        ("113", "113th ed."),
    ],
)
def test_editions(edition: str, written: str) -> None:
    assert f"({written})" in shown(vancouver(replace(BOOK, edition=edition)))
