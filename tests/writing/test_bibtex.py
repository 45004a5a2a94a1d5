from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.errors import Level
from newsletter.model import Name, Reference
from newsletter.writing.names import OTHERS
from newsletter.writing.references import BibtexFile, read_bibtex
from newsletter.writing.tex import plain_tex

FILE = "issues/references.bib"

GOOD = r"""
Words between the entries are comments, info@example.org too.
@string{lancet = "The Lancet"}
@preamble{"\newcommand{\x}{y}"}
@comment{warren1977, is not here}

@article{warren1978,
  author  = {Warren, James B. and van der Berg, Anna},
  title   = {Pulmonary embolus originating
             below {Knee}},
  journal = lancet,
  year    = 1978, volume = "2", number = 8085, pages = {123--4},
  doi     = {https://doi.org/10.1016/S0140-6736(78)91234\_5},
  pmid    = {12345},
  url     = {https://example.org/a\_b},
}
@Book{butler2013, title = {Explain Pain}, edition = 2, publisher = "NOI", address = {Adelaide},
  date = {2013-05}}
@incollection{lim2009, author = {{World Health Organization}}, editor = {M{\"u}ller, Jr, J{\"o}rg and Lim},
  title = {A}, booktitle = {B}, pages = {1 - 20}}   @misc{page, title = {P}, url = {https://example.org},
  urldate = {2026-05-03}}
@misc{arxiv, title = {Q}, eprint = {1}} @misc{thing, title = {R}}
@phdthesis(thesis, title = {S}, school = {UBC})
@strange{odd, title = {T}}
"""


def test_entries() -> None:
    references, problems = read_bibtex(GOOD, FILE)
    assert problems == []
    assert references[0] == Reference(
        key="warren1978",
        kind="article-journal",
        title="Pulmonary embolus originating below Knee",
        authors=(Name("Warren", "James B."), Name("Berg", "Anna", "van der")),
        year="1978",
        container="The Lancet",
        volume="2",
        number="8085",
        pages="123–4",
        doi="10.1016/S0140-6736(78)91234_5",
        pmid="12345",
        url="https://example.org/a_b",
        file=FILE,
        line=7,
    )
    assert references[1] == Reference(
        key="butler2013",
        kind="book",
        title="Explain Pain",
        year="2013",
        edition="2",
        publisher="NOI",
        place="Adelaide",
        file=FILE,
        line=17,
    )
    assert references[2].authors == (Name(literal="World Health Organization"),)
    assert references[2].editors == (Name("Müller", "Jörg", "", "Jr"), Name("Lim"))
    assert (references[2].container, references[2].pages) == ("B", "1–20")
    kinds = {one.key: one.kind for one in references[2:]}
    assert kinds == {
        "lim2009": "chapter",
        "page": "webpage",
        "arxiv": "article",
        "thing": "document",
        "thesis": "thesis",
        "odd": "document",
    }
    assert references[3].accessed == "2026-05-03"
    assert references[6].publisher == "UBC"


def test_where_works_are_found() -> None:
    text = (
        "@article{a, url = {https://doi.org/10.1000/x%3Cy}}\n"
        "@article{b, eprint = {123}, eprinttype = {pubmed}}\n"
        "@misc{c, eprint = {2401.01234}, archivePrefix = {arXiv}}\n"
        "@misc{d, eprint = {2401.01234}, archivePrefix = {arXiv}, url = {https://example.org/}}\n"
    )
    references, _ = read_bibtex(text, FILE)
    assert [(one.doi, one.pmid, one.url) for one in references] == [
        ("10.1000/x<y", "", "https://doi.org/10.1000/x%3Cy"),
        ("", "123", ""),
        ("", "", "https://arxiv.org/abs/2401.01234"),
        ("", "", "https://example.org/"),
    ]


def test_only_what_is_wanted() -> None:
    references, problems = read_bibtex(GOOD + "@article{bad, title = {", FILE, {"page", "nothing"})
    assert [one.key for one in references] == ["page"]
    assert problems == []
    assert list(BibtexFile(GOOD, FILE).lines)[:3] == ["warren1978", "butler2013", "lim2009"]


def test_broken_entries_spoil_no_other() -> None:
    text = (
        "@article{a, title = {open,\n year = 1}\n"
        "@article{b, title = {fine}}\n"
        "@article{c, title = {x}} year}\n"
        "@article{d title}\n"
        '@article{e, title = "x\n'
        "@article{, title = {no key}}\n"
        "@article{f, title = {y}}\n"
    )
    references, problems = read_bibtex(text, FILE)
    assert [one.key for one in references] == ["b", "c", "f"]
    assert [(one.line, one.code) for one in problems] == [
        (1, "broken-reference"),
        (5, "broken-reference"),
        (6, "broken-reference"),
        (7, "broken-reference"),
    ]
    assert {one.level for one in problems} == {Level.WARNING}
    assert problems[0].message.startswith("The reference a cannot be read: ")
    assert "syntax error in line" not in problems[0].message


def test_braces_that_do_not_balance_inside_a_value() -> None:
    references, problems = read_bibtex('@article{a, title = "x \\} y {z"}\n@article{b, title={\\}}}', FILE)
    assert [one.key for one in references] == []
    assert [one.code for one in problems] == ["broken-reference"] * 2


def test_oddities_leave_the_entry_usable() -> None:
    references, problems = read_bibtex("@book{a, title = {x}, title = {y}, address = Oxford}", FILE)
    assert (references[0].title, references[0].place) == ("x", "")
    assert [one.code for one in problems] == ["odd-reference", "odd-reference"]
    assert "undefined string Oxford" in problems[0].message + problems[1].message


def test_names_that_no_one_can_read() -> None:
    text = (
        "@book{a, author = {A, B, C, D}}\n"
        "@book{b, author = {\\}}\n"
        "@book{c, author = {, and Doe, J. and others}}\n"
    )
    references, problems = read_bibtex(text, FILE)
    assert [one.authors for one in references] == [(Name("Doe", "J."), OTHERS)]
    assert [(one.line, one.code) for one in problems] == [(1, "broken-reference"), (2, "broken-reference")]
    assert "Too many commas" in problems[0].message
    assert "is not TeX" in problems[1].message


def test_doubled_keys() -> None:
    references, problems = read_bibtex("@book{a, title = {x}}\n\n@book{a, title = {y}}", FILE)
    assert [one.title for one in references] == ["x"]
    assert [(one.line, one.code, one.level) for one in problems] == [(3, "doubled-reference", Level.WARNING)]
    assert "in line 1" in problems[0].message


def test_cross_references() -> None:
    text = (
        "@inproceedings{a, title = {Talk}, author = {Doe, Jane}, crossref = {b}}\n"
        "@inproceedings{own, title = {Own}, editor = {Roe, Jo}, year = 2001, crossref = {b}}\n"
        "@inproceedings{loop, title = {Loop}, crossref = {loop}}\n"
        "@inproceedings{lost, title = {Lost}, crossref = {nothing}}\n"
        "@proceedings{b, title = {Book}, editor = {Ed, I.}, year = 1999, publisher = {P}}\n"
    )
    references, problems = read_bibtex(text, FILE, {"a", "own", "loop", "lost"})
    assert problems == []
    first, own, *_ = references
    assert (first.title, first.container, first.year, first.publisher) == ("Talk", "Book", "1999", "P")
    assert first.editors == (Name("Ed", "I."),)
    assert (own.year, own.editors) == ("2001", (Name("Roe", "Jo"),))


@pytest.mark.parametrize("text", ["", "no entries", "@", "@{", "@article", "@comment{x", "a@b.org {x}"])
def test_no_entries(text: str) -> None:
    assert read_bibtex(text, FILE) == ([], [])


@pytest.mark.parametrize(
    ("tex", "plain"),
    [
        ("plain  words\n here", "plain words here"),
        (r"M{\"u}ller, Garc{\'\i}a, {\L}ukasz, \c{c}, \H{o}, {\ss}", "Müller, García, Łukasz, ç, ő, ß"),
        (r"{DNA} \emph{in vivo}, {\em E. coli}, \textbf{x}", "DNA in vivo, E. coli, x"),
        (r"$\beta$ blockers \& 50\% of \$5, a\_b", "β blockers & 50% of $5, a_b"),
        (r"1--2 --- ``quoted'' a~b", "1–2 — “quoted” a b"),
        (r"\{braces\} \unknown{x}", "{braces} x"),
        ("e\u0301 {x}", "é x"),
        ("bell\a", "bell"),
    ],
)
def test_tex(tex: str, plain: str) -> None:
    assert plain_tex(tex) == plain


@given(st.text(alphabet="ab,{}\\'\"$~-%&#@= \n", max_size=40), st.sampled_from(["author", "title", "pages"]))
@settings(deadline=None)
def test_reading_never_fails(value: str, name: str) -> None:
    references, problems = read_bibtex(f"@book{{a, {name} = {{{value}}}, year = 1}}\n", FILE)
    assert references or problems


def test_tex_with_unbalanced_braces() -> None:
    with pytest.raises(ValueError, match="not balanced"):
        plain_tex("a {b")


def test_a_survey_reads_only_what_looks_odd(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    parse = BibtexFile._parse

    def noted(self: BibtexFile, raw: Any) -> Any:
        read.append(raw.key)
        return parse(self, raw)

    monkeypatch.setattr(BibtexFile, "_parse", noted)
    text = (
        '@article{fine, title = {A {B {C} D}}, author = "X {Y} and Z", year = 1999, month = jan,}\n'
        "a comment between\n"
        "@book{odd, title = T # {x}}\n"
        "@book{open, title = {x}\n"
        "@book{fine, title = {again}}\n"
        "@book(round, title = {x})\n"
    )
    opened = BibtexFile(text, FILE)
    assert [(one.line, one.code) for one in opened.survey()] == [
        (3, "odd-reference"),
        (4, "broken-reference"),
        (5, "doubled-reference"),
    ]
    assert read == ["odd", "open", "round"]
    assert opened.lines == {"fine": 1, "odd": 3, "open": 4, "round": 6}
    assert [one.key for one in opened.read({"round", "fine", "nothing"})[0]] == ["fine", "round"]
    assert opened.read(["open"]) == ([], [opened.survey()[1]])
    assert read == ["odd", "open", "round", "fine"]


VALUES = st.text(alphabet='ab,{}"\\#= 1\n@%', max_size=12)


@settings(deadline=None)
@given(st.lists(st.tuples(VALUES, VALUES), max_size=3))
def test_what_looks_well_formed_is_read_without_a_problem(values: list[tuple[str, str]]) -> None:
    fields = "".join(
        f", note{number} = {{{one}}}, x{number} = {other}" for number, (one, other) in enumerate(values)
    )
    opened = BibtexFile(f"@book{{a, title = {{T}}{fields}}}\n", FILE)
    if not opened.survey():
        (reference,), problems = opened.read({"a"})
        assert (reference.title, problems) == ("T", [])
