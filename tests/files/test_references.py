from __future__ import annotations

import json
from pathlib import Path

import pytest

from newsletter.errors import ContentError, StorageError
from newsletter.files.references import ReferenceFiles

BIBTEX = "@book{a, title = {A}}\n@book{b, title = {B}}\n@book{a, title = {Again}}\n@book{open, title = {x}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "issues"
    folder.mkdir()
    return folder


def test_each_file_may_be_missing(folder: Path) -> None:
    files = ReferenceFiles(folder)
    assert (files.read(), files.survey(), files.places, files.retracted) == (({}, []), [], {}, frozenset())


def test_works_of_both_files(folder: Path) -> None:
    (folder / "references.bib").write_text(BIBTEX)
    works = [{"id": "b", "type": "book", "title": "Other"}, {"id": "c", "type": "book", "title": "C"}]
    (folder / "references.json").write_text(json.dumps(works, indent=1))
    files = ReferenceFiles(folder)
    found, problems = files.read({"c", "b", "nothing"})
    assert {key: (work.title, work.file) for key, work in found.items()} == {
        "b": ("B", "issues/references.bib"),
        "c": ("C", "issues/references.json"),
    }
    assert problems == []
    assert list(files.read()[0]) == ["a", "b", "c"]
    found_by_line = [(one.line, one.code) for one in files.survey()]
    assert found_by_line == [(3, "doubled-reference"), (4, "broken-reference")]
    assert files.read({"open"}) == ({}, [files.survey()[1]])
    assert files.places == {
        "a": ("issues/references.bib", 1),
        "b": ("issues/references.bib", 2),
        "open": ("issues/references.bib", 4),
        "c": ("issues/references.json", 7),
    }


def test_files_as_windows_writes_them(folder: Path) -> None:
    for name, text in (
        ("references.bib", "\ufeff@book{a,\r\n title = {A}\r\n}\r\n"),
        ("references.json", '\ufeff[{"id": "b", "type": "book"}]\r\n'),
        ("retracted.txt", "\ufeff10.1234/X\r\n"),
    ):
        (folder / name).write_bytes(text.encode())
    files = ReferenceFiles(folder)
    assert list(files.read()[0]) == ["a", "b"]
    assert files.retracted == {"10.1234/x"}
    assert files.survey() == []


@pytest.mark.parametrize("name", ["references.bib", "references.json", "retracted.txt"])
def test_files_that_cannot_be_read(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"a\n\xff")
    with pytest.raises(ContentError, match=rf"issues/{name}:2: error\[not-utf-8\]"):
        ReferenceFiles(folder).survey()
    (folder / name).unlink()
    (folder / name).mkdir()
    with pytest.raises(StorageError):
        ReferenceFiles(folder).survey()
