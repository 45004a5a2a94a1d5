from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import Problem
from newsletter.model import FeedSource, IssueStatus
from newsletter.writing.frontmatter import KEYS, FrontMatter, read_front_matter, split

FILE = "issues/2026-11-24-six-clots.md"


def read(yaml: str, fallback: date | None = date(2026, 1, 2)) -> tuple[FrontMatter, list[Problem]]:
    parts, problems = split(f"---\n{yaml}\n---\ntext", FILE)
    assert not problems
    return read_front_matter(parts, FILE, fallback)


def codes(yaml: str, fallback: date | None = date(2026, 1, 2)) -> list[tuple[str, int]]:
    return [(problem.code, problem.line) for problem in read(yaml, fallback)[1]]


def test_every_key() -> None:
    values, problems = read(
        "title: 'Six clots: a story'\n"
        "subject: What a calf can hide\n"
        "preheader: An opening question\n"
        "date: 2026-11-24\n"
        "status: ready\n"
        "tags: [massage, 1984, massage]\n"
        "audience: segment:locals\n"
        "canonical: https://example.org/clots\n"
        "corrects: five-clots\n"
        "sources:\n"
        "  - {guid: a, url: https://example.org/a, title: A}\n"
        "  - guid: b\n"
    )
    assert problems == []
    assert values == FrontMatter(
        title="Six clots: a story",
        subject="What a calf can hide",
        preheader="An opening question",
        date=date(2026, 11, 24),
        status=IssueStatus.READY,
        tags=("massage", "1984"),
        audience="segment:locals",
        canonical="https://example.org/clots",
        corrects="five-clots",
        sources=(FeedSource("a", "https://example.org/a", "A"), FeedSource("b")),
        lines={key: line for line, key in enumerate(KEYS, start=2)},
    )


def test_what_is_left_out_has_defaults() -> None:
    values, problems = read("title: Clots")
    assert problems == []
    assert values == FrontMatter(title="Clots", subject="Clots", date=date(2026, 1, 2), lines={"title": 2})


def test_empty_values_count_as_left_out() -> None:
    values, problems = read(
        "title: Clots\nsubject:\npreheader: ~\nstatus: null\ntags:\nsources:\naudience:\n"
        "canonical:\ncorrects:\ndate:"
    )
    assert problems == []
    assert values.subject == "Clots"
    assert values.date == date(2026, 1, 2)
    assert values.status is IssueStatus.DRAFT


@pytest.mark.parametrize("title", ["No", "1984", "2026-11-24", "0x10", "yes", "1.0"])
def test_values_are_what_is_written(title: str) -> None:
    assert read(f"title: {title}")[0].title == title


def test_a_value_is_one_clean_line() -> None:
    values, _ = read('title: "Six\\n clots\\u202e \\0here"\npreheader: >\n  one\n  two\n')
    assert values.title == "Six clots here"
    assert values.preheader == "one two"


@pytest.mark.parametrize(
    ("yaml", "code", "line"),
    [
        ("subject: x", "missing-title", 1),
        ("title:", "missing-title", 2),
        ('title: "  "', "missing-title", 2),
        ("title: [a]", "wrong-type", 2),
        ("title: x\ndate: 2026-13-01", "bad-date", 3),
        ("title: x\ndate: 24 November", "bad-date", 3),
        ("title: x\ndate: [2026]", "wrong-type", 3),
        ("title: x\nstatus: redy", "bad-status", 3),
        ("title: x\naudience: segment", "bad-audience", 3),
        ("title: x\naudience: 'segment: locals'", "bad-audience", 3),
        ("title: x\ntags: massage", "wrong-type", 3),
        ("title: x\ntags: [[a]]", "wrong-type", 3),
        ("title: x\ncanonical: /clots", "bad-address", 3),
        ("title: x\ncanonical: 'https://[x'", "bad-address", 3),
        ("title: x\ncorrects: 2026 clots", "bad-slug", 3),
        ("title: x\nsources: a", "wrong-type", 3),
        ("title: x\nsources: [a]", "wrong-type", 3),
        ("title: x\nsources:\n- {gid: 1}", "unknown-key", 4),
        ("title: x\ntitel: y", "unknown-key", 3),
        ("title: x\ntitle: y", "doubled-key", 3),
        ("- title", "bad-front-matter", 2),
        ("title", "bad-front-matter", 2),
        ("title: a: b", "bad-front-matter", 2),
        ('title: x\nsubject: "y\ntags: []', "bad-front-matter", 3),
        ("title: @x", "bad-front-matter", 2),
        ("title: x\n\ttags: []", "bad-front-matter", 3),
        ("title: x\n y\nz\ntags: []", "bad-front-matter", 4),
        ("title: &a x\nsubject: *a", "bad-front-matter", 3),
        ("[a]: b", "bad-front-matter", 2),
        ("title: " + "[" * 20 + "]" * 20, "bad-front-matter", 2),
        ("title: x\n--- y", "bad-front-matter", 3),
        ("title: x\nsubject: \ufffe", "bad-front-matter", 2),
    ],
)
def test_problems_have_their_line(yaml: str, code: str, line: int) -> None:
    assert codes(yaml) == [(code, line)]


def test_a_date_is_needed_somewhere() -> None:
    assert codes("title: x", None) == [("missing-date", 1)]
    assert codes("title: x\ndate: [1]", None) == [("wrong-type", 3)]


def test_all_problems_at_once_with_suggestions() -> None:
    _, problems = read("titel: x\ndate: tomorrow\nstatus: redy\naudience: member\nzebra: 1")
    assert [(problem.line, problem.code, problem.hint) for problem in problems] == [
        (1, "missing-title", "Add a line “title: …”."),
        (2, "unknown-key", "Did you mean “title”?"),
        (3, "bad-date", "Write year, month and day: 2026-11-24."),
        (4, "bad-status", "Did you mean “ready”?"),
        (5, "bad-audience", "Did you mean “members”?"),
        (6, "unknown-key", f"The keys are {', '.join(KEYS)}."),
    ]
    assert {problem.file for problem in problems} == {FILE}


def test_an_empty_front_matter_lacks_the_title() -> None:
    assert codes("") == [("missing-title", 1)]


@pytest.mark.parametrize("end", ["---", "...", "---  "])
def test_split(end: str) -> None:
    parts, problems = split(f"\n---\ntitle: x\n{end}\nline 5\n---\n", FILE)
    assert problems == []
    assert (parts.yaml, parts.yaml_line) == ("title: x", 3)
    assert (parts.body, parts.body_line) == ("line 5\n---\n", 5)


@pytest.mark.parametrize(
    ("text", "line"), [("", 1), ("Hello", 1), ("title: x\n---\n", 1), ("\n\n---\ntitle: x\n", 3)]
)
def test_no_front_matter(text: str, line: int) -> None:
    _, problems = split(text, FILE)
    assert [(problem.code, problem.line) for problem in problems] == [("no-front-matter", line)]


@given(st.text(alphabet="titledag:- \n\t[]{}&*!|>'\"#%@`,?012é", max_size=80))
def test_reading_never_fails(yaml: str) -> None:
    parts, _ = split(f"---\n{yaml}\n---\n", FILE)
    values, problems = read_front_matter(parts, FILE, None)
    last = yaml.count("\n") + 3
    assert all(1 <= problem.line <= last for problem in problems)
    assert values.title or problems
