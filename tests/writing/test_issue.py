from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.document import Paragraph, Text
from newsletter.errors import ContentError, Level
from newsletter.model import Issue, IssueStatus
from newsletter.writing.issue import Source, parse_issue, read_issue
from newsletter.writing.walk import walk

FILE = "issues/2026-11-24-six-clots.md"
DAY = date(2026, 11, 24)


def source(text: str) -> Source:
    return Source(FILE, "six-clots", DAY, text)


def test_an_issue() -> None:
    issue = read_issue(source("---\ntitle: Six clots\nstatus: ready\n---\nHello\n\n## One\n\nText\n"))
    assert (issue.slug, issue.file, issue.date) == ("six-clots", FILE, DAY)
    assert (issue.title, issue.subject, issue.status) == ("Six clots", "Six clots", IssueStatus.READY)
    assert issue.lines == {"title": 2, "status": 3}
    assert issue.body.intro == (Paragraph((Text("Hello"),), 5),)
    assert [nugget.line for nugget in issue.body.nuggets] == [7]


def test_windows_files_read_the_same() -> None:
    text = "---\ntitle: Six clots\n---\nHello\nthere\n\n## One\n\nText\n"
    assert read_issue(source("\ufeff" + text.replace("\n", "\r\n"))) == read_issue(source(text))


def test_the_error_carries_every_problem_by_line() -> None:
    with pytest.raises(ContentError) as caught:
        read_issue(source("---\ntitel: x\ndate: tomorrow\n---\n# One\n\n:::aside\n\nA\0 [x](javascript:y)\n"))
    assert [(one.line, one.code) for one in caught.value.problems] == [
        (1, "missing-title"),
        (2, "unknown-key"),
        (3, "bad-date"),
        (5, "title-in-text"),
        (7, "unclosed-container"),
        (9, "invisible-character"),
        (9, "bad-link"),
    ]
    assert str(caught.value).startswith(f"{FILE}:1: error[missing-title] The issue has no title.\n    Add")


def test_text_without_front_matter_is_read_for_its_problems_too() -> None:
    issue, problems = parse_issue(source("# One\n"))
    assert issue is None
    assert [(one.line, one.code) for one in problems] == [(1, "no-front-matter"), (1, "title-in-text")]


def test_warnings_alone_leave_an_issue() -> None:
    issue, problems = parse_issue(source("---\ntitle: x\n---\na\u202eb\n\n[^1]: unused\n"))
    assert issue == read_issue(source("---\ntitle: x\n---\na\u202eb\n\n[^1]: unused\n"))
    assert [(one.line, one.code, one.level) for one in problems] == [
        (4, "invisible-character", Level.WARNING),
        (6, "unused-footnote", Level.WARNING),
    ]


PIECES = st.sampled_from(
    [
        *"abc \n\t\r\"'-—.#>*_~`[]()!<>{}|:\\^@&;1\0\u202e\u00a0",
        "\n\n",
        "\n> ",
        "\n> — ",
        "\n- ",
        "\n1. ",
        "\n## ",
        "\n### ",
        "\n:::members\n",
        "\n:::objection ",
        "\n::::aside\n",
        "\n:::\n",
        "\n```\n",
        "\n    ",
        "\n|a|b|\n|-|-|\n|",
        "[@key, p. ",
        "{{ name or ",
        "[^1]",
        "\n[^1]: ",
        "^[",
        "![",
        "](",
        "](b 'c')",
        "[a]: b",
        "<b>",
        "<!--",
        "<https://example.org>",
        "Source: ",
        "***",
        "&amp;",
        "---\n",
        "title: x\n",
        "date: ",
    ]
)


@settings(deadline=None)
@given(st.lists(PIECES, max_size=60).map("".join) | st.text(max_size=200), st.booleans())
def test_any_text_is_an_issue_or_a_list_of_problems(text: str, with_front_matter: bool) -> None:
    text = f"---\ntitle: x\n---\n{text}" if with_front_matter else text
    last = text.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1
    issue, problems = parse_issue(source(text))
    assert (issue is None) == any(one.level is Level.ERROR for one in problems)
    assert all(0 < one.line <= last and one.message for one in problems)
    assert problems == sorted(problems, key=lambda one: one.line)
    if issue is None:
        with pytest.raises(ContentError):
            read_issue(source(text))
    else:
        check_walk(issue)
        assert read_issue(source(text)) == issue


def check_walk(issue: Issue) -> None:
    for node, place in walk(issue.body):
        assert place.line > 0
        if isinstance(node, Text):
            assert node.text
            assert "\u202e" not in node.text
            assert "\0" not in node.text


HOSTILE = {
    "quotations": "> " * 20_000 + "x",
    "lists": "- " * 20_000 + "x",
    "brackets": "[" * 20_000 + "]" * 20_000,
    "pictures": "![" * 2_000 + "a" + "](b)" * 2_000,
    "pictures that never end": "![" * 20_000,
    "links that never end": "[a](" * 20_000,
    "videos": "https://youtu.be/a\n" * 20_000,
    "emphasis": "*a **b " * 5_000,
    "containers": ":::aside\n" * 20_000 + "::::\n" * 20_000,
    "merge fields": "{{ x " * 20_000,
    "citations": "[@a, " + " " * 50_000 + "@b]",
    "notes": "^[" * 5_000 + "x" + "]" * 5_000,
    "note definitions": "\n\n".join(f"[^{i}]: x [^{i + 1}]" for i in range(1_000)) + "\n\n[^0]",
    "quotes": "\"'" * 20_000,
    "colons": ":::" + " " * 50_000 + "x" + " " * 50_000 + "y",
    "table": "|" * 5_000 + "\n" + "|-" * 5_000 + "|\n",
    "comments": "<!--" * 20_000,
    "headings": "## x\n\n" * 1_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_read_in_a_moment(name: str) -> None:
    # a quadratic reader would take minutes, a recursive one would end the process
    issue, problems = parse_issue(source(f"---\ntitle: x\n---\n{HOSTILE[name]}"))
    assert (issue is None) == any(one.level is Level.ERROR for one in problems)
    if issue:
        assert sum(1 for _ in walk(issue.body)) > 0


def test_hostile_front_matter() -> None:
    for yaml in ("[" * 20_000, "- " * 20_000, "a: &a [*a, *a]\n" * 1_000, "? " * 5_000, "a:\n" * 5_000):
        issue, problems = parse_issue(source(f"---\n{yaml}\n---\nx"))
        assert issue is None
        assert problems
