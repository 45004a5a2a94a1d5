"""What pictures are, by their bytes: real ones made with Pillow, and things that only pretend."""

from __future__ import annotations

import struct
import zlib
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from newsletter.errors import ContentError, StorageError
from newsletter.files.pictures import picture_path, read_picture


def make(path: Path, size: tuple[int, int] = (120, 80), kind: str = "PNG", **options: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, "#8a3324").save(path, kind, **options)
    return path


@pytest.mark.parametrize(
    ("kind", "name"), [("PNG", "png"), ("JPEG", "jpeg"), ("GIF", "gif"), ("WEBP", "webp")]
)
def test_kind_and_size(tmp_path: Path, kind: str, name: str) -> None:
    path = make(tmp_path / "a.picture", kind=kind)
    picture = read_picture(tmp_path, "a.picture")
    assert picture is not None
    assert (picture.src, picture.width, picture.height, picture.format) == ("a.picture", 120, 80, name)
    assert picture.size == path.stat().st_size


def test_a_name_that_lies_does_not_matter(tmp_path: Path) -> None:
    make(tmp_path / "a.png", kind="JPEG")
    picture = read_picture(tmp_path, "a.png")
    assert picture is not None
    assert picture.format == "jpeg"


def test_a_camera_held_sideways(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    make(tmp_path / "a.jpg", kind="JPEG", exif=exif)
    picture = read_picture(tmp_path, "a.jpg")
    assert picture is not None
    assert (picture.width, picture.height) == (80, 120)


def test_a_telephones_double_jpeg_is_a_jpeg(tmp_path: Path) -> None:
    first, second = Image.new("RGB", (40, 30)), Image.new("RGB", (40, 30), "red")
    first.save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=[second])
    picture = read_picture(tmp_path, "a.jpg")
    assert picture is not None
    assert picture.format == "jpeg"


def test_in_a_folder_of_its_own_and_with_a_space(tmp_path: Path) -> None:
    make(tmp_path / "pictures" / "a clot.png")
    assert read_picture(tmp_path, "pictures/a clot.png") is not None


@pytest.mark.parametrize("src", ["missing.png", "no/such.png", "https://example.org/a.png"])
def test_nothing_there(tmp_path: Path, src: str) -> None:
    assert read_picture(tmp_path, src) is None


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ('<svg xmlns="http://www.w3.org/2000/svg" width="600" height="300px">', (600, 300)),
        ("<?xml version='1.0'?>\n<!-- drawn -->\n<svg viewBox='0 0 1104 560.4'/>", (1104, 560)),
        ('<!DOCTYPE svg PUBLIC "x" "y">\n<svg\n width="1.5.2" height="3">', (0, 0)),
        ('\ufeff<svg width="100%">', (0, 0)),
    ],
)
def test_drawings(tmp_path: Path, text: str, size: tuple[int, int]) -> None:
    (tmp_path / "a.svg").write_text(text, encoding="utf-8")
    picture = read_picture(tmp_path, "a.svg")
    assert picture is not None
    assert (picture.width, picture.height) == size
    assert picture.format == "svg"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"#!/bin/sh\nrm -rf /\n",
        b"<html><svg width='1' height='1'></svg><script>alert(1)</script></html>",
        b"\x89PNG\r\n\x1a\n",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0",
        b"\xff\xd8\xff\xe0",
        b"GIF89a",
        b"RIFF\0\0\0\0WEBP",
    ],
)
def test_what_is_no_picture_is_refused_where_it_is_used(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.png").write_bytes(data)
    with pytest.raises(ContentError) as caught:
        read_picture(tmp_path, "a.png", file="issues/x.md", line=7)
    (problem,) = caught.value.problems
    assert (problem.code, problem.file, problem.line) == ("not-a-picture", "issues/x.md", 7)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_a_damaged_picture_never_breaks_the_program(tmp_path: Path, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["PNG", "JPEG", "GIF", "WEBP"]))
    content = bytearray(make(tmp_path / "good", (9, 7), kind).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    (tmp_path / "bad").write_bytes(content[: data.draw(st.integers(0, len(content)))])
    with suppress(ContentError):
        read_picture(tmp_path, "bad")


@pytest.mark.parametrize("side", [12_000, 100_000])
def test_a_picture_that_claims_to_be_enormous(tmp_path: Path, side: int) -> None:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b""))
    with pytest.raises(ContentError, match="more than 100 million pixels"):
        read_picture(tmp_path, "a.png")


def test_a_picture_outside_is_not_published(tmp_path: Path) -> None:
    make(tmp_path / "secret.png")
    (tmp_path / "issue").mkdir()
    (tmp_path / "issue" / "link.png").symlink_to("../secret.png")
    for src in ("../secret.png", str(tmp_path / "secret.png"), "link.png", "../issue/../secret.png"):
        with pytest.raises(ContentError, match="outside the issue's folder") as caught:
            picture_path(tmp_path / "issue", src)
        assert "Copy it beside" in caught.value.problems[0].hint


@pytest.mark.parametrize("src", ["", ".", "folder"])
def test_a_folder_is_no_picture(tmp_path: Path, src: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(ContentError, match="is not a file"):
        read_picture(tmp_path, src)


@pytest.mark.parametrize("src", ["a\0b.png", "x" * 300 + ".png", "circle.png"])
def test_names_that_cannot_be(tmp_path: Path, src: str) -> None:
    (tmp_path / "circle.png").symlink_to("circle.png")
    with pytest.raises(ContentError, match="cannot be the name of a picture"):
        read_picture(tmp_path, src)


def test_a_picture_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make(tmp_path / "a.png")

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "open", refused)  # root may read everything, so no real disk refuses here
    with pytest.raises(StorageError, match="may not be read"):
        read_picture(tmp_path, "a.png")
