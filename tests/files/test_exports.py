import zipfile
from pathlib import Path

import pytest

from newsletter.errors import ContentError
from newsletter.files import exports
from newsletter.files.exports import open_files


def test_a_folder_without_what_is_hidden_or_leads_out(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    (folder / "a").mkdir(parents=True)
    (folder / ".git").mkdir()
    for name in ("a/b.md", "c.md", ".git/d.md", ".hidden.md"):
        (folder / name).write_text(name)
    (tmp_path / "secret.md").write_text("x")
    (folder / "out.md").symlink_to(tmp_path / "secret.md")
    (folder / "loop").symlink_to(folder)
    files = open_files(folder)
    assert files.names == ("a/b.md", "c.md")
    assert files.read("a/b.md") == b"a/b.md"


def test_a_single_file(tmp_path: Path) -> None:
    (tmp_path / "ghost.json").write_text("{}")
    (tmp_path / "other.json").write_text("{}")
    assert open_files(tmp_path / "ghost.json").names == ("ghost.json",)


def test_a_zip_file_is_read_and_never_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for name in ("posts/b.md", "../../escape.md", "a.md", "__MACOSX/c.md", ".d.md", "folder/"):
            packed.writestr(name, name)
    files = open_files(path)
    assert files.names == ("a.md", "posts/b.md")
    assert files.read("a.md") == b"a.md"
    assert [one.name for one in tmp_path.iterdir()] == ["x.zip"]


def test_bombs_are_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "LARGEST_FILE", 1000)
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("bomb.md", b"\0" * 1001)
    with pytest.raises(ContentError, match="more than"):
        open_files(path).read("bomb.md")
    (tmp_path / "big.md").write_bytes(b"x" * 1001)
    with pytest.raises(ContentError, match="more than"):
        open_files(tmp_path).read("big.md")
    monkeypatch.setattr(exports, "MOST_FILES", 1)
    with pytest.raises(ContentError, match="more than 1 files"):
        open_files(tmp_path)


def test_damaged_and_missing_files(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"not a zip file")
    with pytest.raises(ContentError, match="not a ZIP file"):
        open_files(tmp_path / "x.zip")
    with pytest.raises(ContentError, match="nothing of that name"):
        open_files(tmp_path / "y.zip")
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as packed:
        packed.writestr("a.md", "words " * 100)
    data = bytearray((tmp_path / "z.zip").read_bytes())
    data[45] ^= 0xFF
    (tmp_path / "z.zip").write_bytes(data)
    with pytest.raises(ContentError, match="cannot be unpacked"):
        open_files(tmp_path / "z.zip").read("a.md")
