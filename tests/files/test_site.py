"""The site in its folder: equal files kept, ours removed, everybody else's left alone."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.errors import BusyError, RefusedError, StorageError
from newsletter.files.site import LIST_NAME, write_site

PAGES = [("style.css", b"p{}"), ("a/index.html", b"A"), ("index.html", b"front")]


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != LIST_NAME
    }


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "public"


def test_a_first_build(out: Path, tmp_path: Path) -> None:
    (tmp_path / "clot.png").write_bytes(b"png")
    report = write_site(out, PAGES, [("a/clot.png", tmp_path / "clot.png")])
    assert (report.written, report.unchanged, report.removed, report.foreign) == (4, 0, 0, ())
    assert tree(out) == {**dict(PAGES), "a/clot.png": b"png"}


def test_a_second_build_touches_nothing(out: Path, tmp_path: Path) -> None:
    (tmp_path / "clot.png").write_bytes(b"png")
    pictures = [("a/clot.png", tmp_path / "clot.png")]
    write_site(out, PAGES, pictures)
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*.*") if path.name != LIST_NAME}
    report = write_site(out, PAGES, pictures)
    assert (report.written, report.unchanged, report.removed) == (0, 4, 0)
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_only_what_changed_is_written_and_what_is_gone_removed(out: Path) -> None:
    write_site(out, [*PAGES, ("old/deep/index.html", b"old"), ("old/deep/x.png", b"x")])
    report = write_site(
        out, [("style.css", b"p{}"), ("a/index.html", b"A, corrected"), ("index.html", b"front")]
    )
    assert (report.written, report.unchanged, report.removed) == (1, 2, 2)
    assert tree(out)["a/index.html"] == b"A, corrected"
    assert not (out / "old").exists()


def test_a_changed_picture_is_copied_again(out: Path, tmp_path: Path) -> None:
    picture = tmp_path / "clot.png"
    picture.write_bytes(b"one")
    write_site(out, PAGES, [("a/clot.png", picture)])
    picture.write_bytes(b"two")
    os.utime(picture, ns=(0, 0))
    assert write_site(out, PAGES, [("a/clot.png", picture)]).written == 1
    assert (out / "a/clot.png").read_bytes() == b"two"


def test_foreign_files_are_left_alone_and_said(out: Path) -> None:
    write_site(out, PAGES)
    (out / "CNAME").write_text("example.org")
    (out / "a" / "mine.txt").write_text("mine")
    (out / ".git").mkdir()
    (out / ".git" / "HEAD").write_text("ref")
    report = write_site(out, [("index.html", b"front")], publication=out.parent)
    assert report.foreign == ("CNAME", "a/mine.txt")
    assert (report.unchanged, report.removed) == (1, 2)
    assert (out / "a" / "mine.txt").exists()
    assert (out / ".git" / "HEAD").exists()


def test_a_foreign_file_in_the_way_is_not_overwritten(out: Path) -> None:
    out.mkdir()
    (out / "index.html").write_text("my own page")
    with pytest.raises(RefusedError, match="was not made by this archive"):
        write_site(out, PAGES)
    assert (out / "index.html").read_text() == "my own page"


def test_a_foreign_file_that_is_the_same_becomes_ours(out: Path) -> None:
    out.mkdir()
    (out / "index.html").write_bytes(b"front")
    assert write_site(out, PAGES).unchanged == 1
    assert write_site(out, PAGES[:2]).removed == 1


def test_a_build_that_stops_half_way_is_mended_by_the_next(out: Path) -> None:
    def breaking() -> Iterator[tuple[str, bytes]]:
        yield "a/index.html", b"A"
        yield "index.html", b"front"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_site(out, breaking())
    report = write_site(out, [("index.html", b"front, corrected")])
    assert (report.written, report.removed, report.foreign) == (1, 1, ())
    assert tree(out) == {"index.html": b"front, corrected"}


KILLED = """
import os, signal, sys
from pathlib import Path
from newsletter.files.site import write_site
def pages():
    for number in range(int(sys.argv[2])):
        yield f"{number}/index.html", b"x" * 10_000
    (Path(sys.argv[1]) / ".newsletter-0123.part").write_bytes(b"half")
    os.kill(os.getpid(), signal.SIGKILL)
write_site(Path(sys.argv[1]), pages())
"""


def test_killed_while_building(out: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED, str(out), "7"], timeout=60, check=False)
    assert len(tree(out)) == 8
    report = write_site(out, PAGES)
    assert (report.written, report.removed, report.foreign) == (3, 7, ())
    assert tree(out) == dict(PAGES)


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x", "a//b", "./a", "a\nb"])
def test_paths_that_lead_out_are_a_mistake_of_ours(out: Path, name: str) -> None:
    with pytest.raises(ValueError, match="not a path inside the site"):
        write_site(out, [(name, b"")])


def test_two_things_at_one_address(out: Path, tmp_path: Path) -> None:
    (tmp_path / "p").write_bytes(b"")
    with pytest.raises(RefusedError, match=r"would be the one file a/index\.html"):
        write_site(out, PAGES, [("a/index.html", tmp_path / "p")])


def test_links_that_lead_out_are_not_followed(out: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    out.mkdir()
    (out / "a").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RefusedError, match="leads out of the archive"):
        write_site(out, PAGES)
    assert not list((tmp_path / "elsewhere").iterdir())


def test_a_page_that_became_a_link_is_replaced(out: Path, tmp_path: Path) -> None:
    write_site(out, PAGES)
    (tmp_path / "target").write_bytes(b"front")
    (out / "index.html").unlink()
    (out / "index.html").symlink_to(tmp_path / "target")
    assert write_site(out, PAGES).written == 1
    assert not (out / "index.html").is_symlink()


def test_a_folder_where_a_page_should_be(out: Path) -> None:
    (out / "index.html").mkdir(parents=True)
    with pytest.raises(StorageError, match="a folder of that name stands there"):
        write_site(out, PAGES)


def test_a_file_where_a_folder_should_be(out: Path) -> None:
    out.mkdir()
    (out / "a").write_bytes(b"")
    with pytest.raises(StorageError, match="a file stands where"):
        write_site(out, PAGES)


def test_a_removed_page_that_is_already_gone(out: Path) -> None:
    write_site(out, [*PAGES, ("b/index.html", b"B")])
    (out / "b" / "index.html").unlink()
    (out / "b").rmdir()
    assert write_site(out, PAGES).removed == 0


def test_a_page_of_ours_that_became_a_folder(out: Path) -> None:
    write_site(out, [*PAGES, ("b", b"B")])
    (out / "b").unlink()
    (out / "b" / "theirs").mkdir(parents=True)
    with pytest.raises(StorageError, match="public/b was not"):
        write_site(out, PAGES)


def test_a_picture_that_is_gone(out: Path, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"clot\.png is not there"):
        write_site(out, PAGES, [("a/clot.png", tmp_path / "clot.png")])
    assert tree(out) == {}


def test_an_output_that_is_a_file(out: Path) -> None:
    out.write_bytes(b"")
    with pytest.raises(StorageError):
        write_site(out, PAGES)


def test_a_broken_list_is_not_taken_for_an_empty_one(out: Path) -> None:
    write_site(out, PAGES)
    (out / LIST_NAME).write_bytes(b"\xff\xfe")
    with pytest.raises(StorageError, match="unknown which files"):
        write_site(out, PAGES)


def test_a_forged_list_cannot_make_us_remove_other_files(out: Path, tmp_path: Path) -> None:
    write_site(out, PAGES)
    (tmp_path / "precious").write_bytes(b"")
    with (out / LIST_NAME).open("a") as file:
        file.write(f"../precious\n{tmp_path}/precious\n\n")
    write_site(out, PAGES)
    assert (tmp_path / "precious").exists()


def test_two_builds_at_once(out: Path) -> None:
    out.mkdir()
    other = os.open(out, os.O_RDONLY)
    try:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(BusyError, match="being built by another command"):
            write_site(out, PAGES)
    finally:
        os.close(other)
    assert write_site(out, PAGES).written == 3


class TestUnsafe:
    """Places that must not be built into."""

    def refused(self, output: Path, publication: Path | None = None) -> str:
        with pytest.raises(RefusedError) as caught:
            write_site(output, PAGES, publication=publication)
        assert caught.value.problems[0].code == "unsafe-output"
        return caught.value.problems[0].message

    def test_home_and_above(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HOME", str(tmp_path / "people" / "ada"))
        (tmp_path / "people" / "ada").mkdir(parents=True)
        assert "home folder" in self.refused(tmp_path / "people" / "ada")
        assert "home folder" in self.refused(tmp_path / "people")
        assert "home folder" in self.refused(Path("/"))
        write_site(tmp_path / "people" / "ada" / "public", PAGES)

    def test_nobody_at_home(self, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def homeless(_: object) -> Path:
            raise RuntimeError("Could not determine home directory.")

        monkeypatch.setattr(Path, "home", classmethod(homeless))
        assert write_site(out, PAGES).written == 3

    def test_a_publication(self, tmp_path: Path) -> None:
        (tmp_path / "newsletter.toml").write_text("")
        assert "newsletter.toml" in self.refused(tmp_path)

    def test_a_repository(self, tmp_path: Path) -> None:
        (tmp_path / ".git").mkdir()
        assert "repository" in self.refused(tmp_path)

    def test_around_and_inside_the_publication(self, tmp_path: Path) -> None:
        publication = tmp_path / "repository" / "letter"
        (publication / "issues").mkdir(parents=True)
        (tmp_path / "repository" / ".git").mkdir()
        assert "lies inside it" in self.refused(tmp_path / "repository", publication)
        assert "subscribers are kept there" in self.refused(publication / "subscribers", publication)
        assert "issues are kept there" in self.refused(publication / "issues" / "public", publication)
        write_site(publication / "public", PAGES, publication=publication)

    def test_a_clone_to_publish_from_is_fine(self, tmp_path: Path) -> None:
        (tmp_path / "letter" / "public" / ".git").mkdir(parents=True)
        assert write_site(tmp_path / "letter" / "public", PAGES, publication=tmp_path / "letter").written == 3


NAMES = st.sampled_from(["index.html", "a/index.html", "b/index.html", "a/p.png", "c/d/e.txt", "feed.xml"])
SITES = st.lists(st.dictionaries(NAMES, st.binary(max_size=3)), min_size=1, max_size=4)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(SITES)
def test_the_folder_always_holds_exactly_the_last_site(
    tmp_path_factory: pytest.TempPathFactory, sites: list[dict[str, bytes]]
) -> None:
    out = tmp_path_factory.mktemp("site") / "public"
    before: dict[str, bytes] = {}
    for site in sites:
        report = write_site(out, site.items())
        assert tree(out) == site
        assert report.unchanged == sum(before.get(name) == data for name, data in site.items())
        assert report.removed == len(before.keys() - site.keys())
        before = site
