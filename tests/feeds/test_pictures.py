from io import BytesIO

import pytest
from PIL import Image

from newsletter.errors import ContentError
from newsletter.feeds.pictures import fetch_picture, prepare_picture
from tests.feeds.serving import Page, Site


def picture(kind: str, mode: str = "RGB") -> bytes:
    written = BytesIO()
    Image.new(mode, (20, 10), (200, 10, 10, 100)[: len(mode)]).save(written, kind)
    return written.getvalue()


@pytest.mark.parametrize(("kind", "ending"), [("PNG", ".png"), ("JPEG", ".jpg"), ("GIF", ".gif")])
def test_what_mail_programs_show_stays_as_it_is(kind: str, ending: str) -> None:
    data = picture(kind, "RGB")
    found = prepare_picture("https://x.example/My%20Knee_1.xyz?w=100", data)
    assert (found.name, found.data) == (f"my-knee-1{ending}", data)


@pytest.mark.parametrize(
    ("kind", "mode", "name", "format_"),
    [("WEBP", "RGB", "a.jpg", "JPEG"), ("WEBP", "RGBA", "a.png", "PNG"), ("TIFF", "RGB", "a.jpg", "JPEG")],
)
def test_other_kinds_are_converted(kind: str, mode: str, name: str, format_: str) -> None:
    found = prepare_picture("https://x.example/a.webp", picture(kind, mode))
    assert found.name == name
    with Image.open(BytesIO(found.data)) as image:
        assert (image.format, image.size) == (format_, (20, 10))


@pytest.mark.parametrize("data", [b"", b"<html>", b"\x89PNG\r\n\x1a\nbroken", b"RIFF\0\0\0\0WEBPVP8 "])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(ContentError, match="is not a picture"):
        prepare_picture("https://x.example/a.png", data)


def test_monstrous_pictures_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsletter.feeds.pictures.MOST_PIXELS", 100)
    with pytest.raises(ContentError, match="too many pixels"):
        prepare_picture("https://x.example/a.png", picture("PNG"))
    monkeypatch.setattr("PIL.Image.MAX_IMAGE_PIXELS", 10)
    with pytest.raises(ContentError, match="is not a picture"):
        prepare_picture("https://x.example/a.png", picture("PNG"))


def test_pictures_are_fetched(site: Site) -> None:
    site.pages["/pics/Knee.png"] = Page(picture("PNG"), kind="image/png")
    found = fetch_picture(f"{site.url}/pics/Knee.png", allow_private=True)
    assert found.name == "knee.png"
    assert site.asked[0][1]["accept"].startswith("image/")
