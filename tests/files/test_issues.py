"""Which files are issues, what their names say, and what is said of names that do not fit."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import ContentError, StorageError
from newsletter.files.issues import decode, find_issues


def put(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / "issues" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {name}\n", encoding="utf-8")
    return folder / "issues"


def test_both_ways_to_keep_an_issue(tmp_path: Path) -> None:
    folder = put(tmp_path, "2026-11-24-six-clots/index.md", "2026-11-17-regression.md")
    first, second = find_issues(folder)
    assert (first.file, first.slug, first.date) == (
        "issues/2026-11-17-regression.md",
        "regression",
        date(2026, 11, 17),
    )
    assert first.folder == folder
    assert (second.file, second.slug) == ("issues/2026-11-24-six-clots/index.md", "six-clots")
    assert second.folder == folder / "2026-11-24-six-clots"
    source = second.read()
    assert (source.file, source.slug, source.date) == (second.file, "six-clots", date(2026, 11, 24))
    assert source.text == "# 2026-11-24-six-clots/index.md\n"


def test_what_is_clearly_no_issue_is_left_out(tmp_path: Path) -> None:
    folder = put(
        tmp_path,
        "README.md",
        "references.bib",
        "references.json",
        "_ideas.md",
        ".2026-11-24-swap.md",
        "notes.txt",
        "_drafts/index.md",
        "pictures/clot.png",
        "2026-11-24-six-clots.md",
        "2026-11-24-six-clots/clot.png",
    )
    assert [issue.file for issue in find_issues(folder)] == ["issues/2026-11-24-six-clots.md"]


def test_issues_of_one_day_come_in_a_fixed_order(tmp_path: Path) -> None:
    folder = put(tmp_path, "2026-11-24-b.md", "2026-11-24-a/index.md", "2025-01-01-z.md")
    assert [issue.slug for issue in find_issues(folder)] == ["z", "a", "b"]


@pytest.mark.parametrize(
    ("name", "code", "hint"),
    [
        ("clots.md", "issue-name", "DATE-clots.md"),
        ("2026-11-24-Six Clots!.md", "issue-name", "2026-11-24-six-clots.md"),
        ("2026-11-24-sechs-größen.md", "issue-name", "2026-11-24-sechs-groen.md"),
        ("2026-1-4-snow.md", "issue-name", "2026-01-04-snow.md"),
        ("2026-11-24.md", "issue-name", "2026-11-24-slug.md"),
        ("2026-11-24_clots.md", "issue-name", "2026-11-24-clots.md"),
        ("2026-11-24-clots.markdown", "issue-name", "2026-11-24-clots.md"),
        ("2026-11-24-clots.MD", "issue-name", "2026-11-24-clots.md"),
        ("2026-11-24-.md", "issue-name", "2026-11-24-slug.md"),
        ("snow/index.md", "issue-name", "DATE-snow/index.md"),
        ("2026-02-30-leap.md", "issue-date", "2026-11-24-six-clots.md"),
        ("0000-00-00-x.md", "issue-date", "2026-11-24-six-clots.md"),
    ],
)
def test_names_that_do_not_fit(tmp_path: Path, name: str, code: str, hint: str) -> None:
    folder = put(tmp_path, name, "2026-11-24-good.md")
    with pytest.raises(ContentError) as caught:
        find_issues(folder)
    (problem,) = caught.value.problems
    assert (problem.code, problem.file) == (code, f"issues/{name}")
    assert hint in problem.hint


def test_a_dated_folder_without_its_issue(tmp_path: Path) -> None:
    folder = put(tmp_path, "2026-11-24-six-clots/clot.png")
    (issue,) = find_issues(folder)
    with pytest.raises(StorageError, match=r"index\.md is not there"):
        issue.read()


def test_all_problems_at_once(tmp_path: Path) -> None:
    folder = put(tmp_path, "a.md", "b.md", "2026-02-30-c.md", "2026-11-24-x.md", "2026-11-25-x/index.md")
    with pytest.raises(ContentError) as caught:
        find_issues(folder)
    assert [problem.code for problem in caught.value.problems] == [
        "issue-date",
        "issue-name",
        "issue-name",
        "duplicate-slug",
    ]


def test_two_issues_with_one_slug_are_both_named(tmp_path: Path) -> None:
    folder = put(tmp_path, "2026-11-24-x.md", "2026-11-24-x/index.md")
    with pytest.raises(ContentError) as caught:
        find_issues(folder)
    (problem,) = caught.value.problems
    assert "issues/2026-11-24-x.md" in problem.message
    assert "issues/2026-11-24-x/index.md" in problem.message


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match="no folder issues/") as caught:
        find_issues(tmp_path / "issues")
    assert "newsletter new" in caught.value.problems[0].hint


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "issues").write_text("")
    with pytest.raises(ContentError, match="no folder issues/"):
        find_issues(tmp_path / "issues")


def test_a_folder_behind_a_circle_of_links(tmp_path: Path) -> None:
    (tmp_path / "issues").symlink_to("issues")
    with pytest.raises(StorageError, match="could not be read"):
        find_issues(tmp_path / "issues")


def test_not_utf_8_says_where(tmp_path: Path) -> None:
    folder = put(tmp_path, "2026-11-24-x.md")
    (folder / "2026-11-24-x.md").write_bytes("first\nsecond\nnaïve\n".encode("cp1252"))
    (issue,) = find_issues(folder)
    with pytest.raises(ContentError) as caught:
        issue.read()
    (problem,) = caught.value.problems
    assert (problem.file, problem.line) == ("issues/2026-11-24-x.md", 3)
    assert problem.message == "Byte 16 (0xef, perhaps “ï”) is not UTF-8."
    assert "Save it as UTF-8" in problem.hint


def test_utf_16_is_called_by_its_name() -> None:
    with pytest.raises(ContentError, match="UTF-16"):
        decode("hello\n".encode("utf-16"), "a.md")


def test_a_byte_that_is_nothing_anywhere() -> None:
    with pytest.raises(ContentError, match=r"Byte 1 \(0x81\) is not UTF-8"):
        decode(b"\x81", "a.md")


@given(st.binary(max_size=200))
def test_decoding_either_works_or_says_where(data: bytes) -> None:
    try:
        text = decode(data, "a.md")
    except ContentError as error:
        (problem,) = error.problems
        assert 0 <= problem.line <= data.count(b"\n") + 1
    else:
        assert text.encode() == data
