from pathlib import Path

import pytest

from newsletter.errors import StorageError
from newsletter.files.new_issue import free_name, write_issue


@pytest.fixture
def issues(tmp_path: Path) -> Path:
    (tmp_path / "issues").mkdir()
    return tmp_path / "issues"


def test_an_issue_without_pictures_is_a_file(issues: Path) -> None:
    assert write_issue(issues, "2026-11-24-x", "text", {}) == "issues/2026-11-24-x.md"
    assert (issues / "2026-11-24-x.md").read_text() == "text"


def test_an_issue_with_pictures_is_a_folder(issues: Path) -> None:
    (issues / ".2026-11-24-x.part").mkdir()
    assert write_issue(issues, "2026-11-24-x", "text", {"a.png": b"a"}) == "issues/2026-11-24-x/index.md"
    assert sorted(path.name for path in (issues / "2026-11-24-x").iterdir()) == ["a.png", "index.md"]
    assert [path.name for path in issues.iterdir()] == ["2026-11-24-x"]


def test_nothing_half_written_is_left(issues: Path) -> None:
    (issues / "2026-11-24-x").mkdir()
    (issues / "2026-11-24-x" / "other").write_text("there")
    with pytest.raises(StorageError):
        write_issue(issues, "2026-11-24-x", "text", {"a.png": b"a"})
    assert [path.name for path in issues.iterdir()] == ["2026-11-24-x"]
    with pytest.raises(StorageError):
        write_issue(issues / "missing", "2026-11-24-x", "text", {"a.png": b"a"})


def test_names_that_are_taken_get_a_number() -> None:
    assert free_name("a.b.png", set()) == "a.b.png"
    assert free_name("a.b.png", {"a.b.png", "a.b-2.png"}) == "a.b-3.png"
