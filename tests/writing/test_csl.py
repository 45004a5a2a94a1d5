from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import Level
from newsletter.model import Name, Reference
from newsletter.writing.references import read_csl_json

FILE = "issues/references.json"


def test_an_entry() -> None:
    entry = {
        "id": "warren1978",
        "type": "article-journal",
        "title": "Pulmonary <i>embolus</i>  below <span class='x'>knee</span>, p < 0.05",
        "author": [
            {"family": "Warren", "given": "James", "suffix": "Jr"},
            {"family": "Berg", "given": "A", "dropping-particle": "von", "non-dropping-particle": "der"},
            {"literal": "WHO"},
            {"given": "Madonna"},
            {},
            "nobody",
        ],
        "editor": "nobody",
        "issued": {"date-parts": [["1978", 3]]},
        "container-title": "Lancet",
        "volume": 2,
        "issue": "8085",
        "page": "123-4",
        "edition": 3,
        "publisher": "P",
        "publisher-place": "London",
        "DOI": "doi:10.1/x",
        "PMID": 12345,
        "URL": "https://example.org",
        "accessed": {"date-parts": [[2026, 5, 3]]},
        "note": True,
    }
    references, problems = read_csl_json(f"\n[\n {json.dumps(entry)}\n]\n", FILE)
    assert problems == []
    assert references == [
        Reference(
            key="warren1978",
            kind="article-journal",
            title="Pulmonary embolus below knee, p < 0.05",
            authors=(
                Name("Warren", "James", "", "Jr"),
                Name("Berg", "A", "von der"),
                Name(literal="WHO"),
                Name(given="Madonna"),
            ),
            year="1978",
            container="Lancet",
            volume="2",
            number="8085",
            pages="123–4",
            edition="3",
            publisher="P",
            place="London",
            doi="10.1/x",
            pmid="12345",
            url="https://example.org",
            accessed="2026-05-03",
            file=FILE,
            line=3,
        )
    ]


@pytest.mark.parametrize(
    ("issued", "year"),
    [
        ({"raw": "March 1978"}, "1978"),
        ({"literal": "in press"}, "in press"),
        ({"date-parts": []}, ""),
        ({"date-parts": [1978]}, ""),
        ({"date-parts": [[]], "raw": "1978"}, "1978"),
        ("1978", ""),
        (None, ""),
    ],
)
def test_years(issued: object, year: str) -> None:
    references, _ = read_csl_json(json.dumps([{"id": 1, "issued": issued, "accessed": issued}]), FILE)
    assert (references[0].key, references[0].year) == ("1", year)


def test_broken_entries_spoil_no_other() -> None:
    text = (
        '[{"id": "a"},\n {"id": "b", },\n {"id": "c"},\n {"title": "no id"},\n 3,\n'
        ' {"id": "a"},\n {"id": " "}]'
    )
    references, problems = read_csl_json(text, FILE)
    assert [one.key for one in references] == ["a", "c"]
    assert [(one.line, one.code) for one in problems] == [
        (2, "broken-reference"),
        (4, "broken-reference"),
        (5, "broken-reference"),
        (6, "doubled-reference"),
        (7, "broken-reference"),
    ]
    assert {one.level for one in problems} == {Level.WARNING}


@pytest.mark.parametrize(
    ("text", "line", "level"),
    [
        ("", 1, Level.ERROR),
        ('\n{"id": "a"}', 2, Level.ERROR),
        ('[{"id": "a"}\n', 2, Level.ERROR),
        ("[\n", 2, Level.ERROR),
        ("[\n{x", 2, Level.WARNING),
        ("[" * 100_000, 1, Level.WARNING),
    ],
)
def test_broken_files(text: str, line: int, level: Level) -> None:
    _, (problem,) = read_csl_json(text, FILE)
    assert (problem.code, problem.line, problem.level) == ("broken-reference", line, level)


def test_empty_lists_are_fine() -> None:
    assert read_csl_json(" [ ] ", FILE) == ([], [])


@given(st.text(alphabet='[]{},:"id0 \n\\t', max_size=60))
def test_reading_never_fails(text: str) -> None:
    references, problems = read_csl_json("[" + text, FILE)
    assert all(one.line > 0 for one in references)
    assert all(one.line > 0 for one in problems)
