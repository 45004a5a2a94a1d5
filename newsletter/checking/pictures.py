"""Rules about pictures: they are there, mail programs show them, and readers without them miss nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from newsletter.checking.rule import Finding, rule
from newsletter.checking.view import View
from newsletter.document import Picture
from newsletter.errors import Level
from newsletter.model import PictureFile
from newsletter.writing.walk import Place

MAIL_FORMATS = frozenset({"png", "jpeg", "gif"})
"""What every mail program shows."""

MAX_WIDTH = 1600
"""In pixels; the column is 600 wide, and twice that is as sharp as any screen."""

MAX_SIZE = 500_000
"""In bytes; readers on the road pay for each."""

_REMOTE = re.compile(r"https://[^\s/]+\.[^\s/]+/", re.IGNORECASE)
_SCHEME = re.compile(r"(?:[a-z][a-z0-9+.-]*:|//)", re.IGNORECASE)
_SUFFIXES = {".svg": "svg", ".webp": "webp", ".avif": "avif", ".tif": "tiff", ".tiff": "tiff", ".bmp": "bmp"}
_MACHINE_ALT = re.compile(
    r"(?:img|dscn?|pxl|image|picture|photo|figure|graphic|screen ?shot|untitled)?"
    r"[\s\d_.:-]*(?:at[\s\d_.:-]*)?(?:\.(?:png|jpe?g|gif|webp|svg|tiff?))?",
    re.IGNORECASE,
)


def _beside(view: View) -> Iterator[tuple[Picture, Place, PictureFile | None]]:
    """The pictures that are files beside the issue, with what is known of them."""
    for picture, place in view.pictures:
        if not _is_elsewhere(picture.src):
            yield picture, place, view.context.pictures.get(picture.src)


def _is_elsewhere(src: str) -> bool:
    return bool(_SCHEME.match(src)) or PurePosixPath(src).is_absolute() or ".." in PurePosixPath(src).parts


@rule("picture-address", Level.ERROR, "A picture is a file beside the issue, or has an https address.")
def picture_address(view: View) -> Iterator[Finding]:
    """Anything else does not reach the reader."""
    for picture, place in view.pictures:
        if not picture.src:
            yield Finding(
                _line(picture, place), "This picture has no name.", "Write ![what it shows](name.png)."
            )
        elif _is_elsewhere(picture.src) and not _REMOTE.match(picture.src):
            hint = "Put the file beside the issue and write only its name."
            yield Finding(_line(picture, place), f"The picture {picture.src} cannot be mailed.", hint)


@rule("missing-picture", Level.ERROR, "Every picture that the text names is there.")
def missing_picture(view: View) -> Iterator[Finding]:
    """A hole in the mail cannot be mended afterwards."""
    for picture, place, file in _beside(view):
        if file is None and picture.src:
            hint = "Put the file beside the issue; mind capital letters."
            yield Finding(_line(picture, place), f"There is no picture {picture.src}.", hint)


@rule("picture-format", Level.ERROR, "Pictures in mail are PNG, JPEG or GIF.")
def picture_format(view: View) -> Iterator[Finding]:
    """Gmail and Outlook strip SVG and show no WebP; inside `:::web` both are fine."""
    known = view.context.pictures
    for picture, place in view.pictures:
        if place.only == "web":
            continue
        file = known.get(picture.src)
        kind = file.format if file else _SUFFIXES.get(PurePosixPath(picture.src.lower()).suffix, "png")
        if kind not in MAIL_FORMATS:
            hint = "Save it as PNG (drawings) or JPEG (photographs), or keep it in a :::web part."
            message = f"The picture {picture.src} is {kind.upper()}, which mail programs do not show."
            yield Finding(_line(picture, place), message, hint)


@rule("picture-too-wide", Level.WARNING, "Pictures are at most 1600 pixels wide.")
def picture_too_wide(view: View) -> Iterator[Finding]:
    """They are shown 600 wide."""
    for picture, place, file in _beside(view):
        if file and file.width > MAX_WIDTH:
            hint = "Save it 1200 pixels wide, which is sharp on every screen."
            message = f"The picture {picture.src} is {file.width} pixels wide."
            yield Finding(_line(picture, place), message, hint)


@rule("picture-too-large", Level.WARNING, "Picture files have at most 500 kB.")
def picture_too_large(view: View) -> Iterator[Finding]:
    """Every reader downloads them."""
    for picture, place, file in _beside(view):
        if file and file.size > MAX_SIZE:
            message = f"The picture {picture.src} has {round(file.size / 1000)} kB."
            yield Finding(_line(picture, place), message, "Save it smaller, or as JPEG with less quality.")


@rule("picture-dimensions", Level.WARNING, "The width and height of a picture are known.")
def picture_dimensions(view: View) -> Iterator[Finding]:
    """Without them Outlook shows a picture as large as it is, and the text jumps while others load it."""
    for picture, place in view.pictures:
        file = view.context.pictures.get(picture.src)
        if _REMOTE.match(picture.src):
            hint = "Put a copy beside the issue: it is then shown in the right size, also years from now."
        elif file and not (file.width and file.height):
            hint = "Open it in a picture program and save it anew."
        else:
            continue
        yield Finding(_line(picture, place), f"Nobody knows how large {picture.src} is.", hint)


@rule("figure-without-caption", Level.WARNING, "A figure has a caption.")
def figure_without_caption(view: View) -> Iterator[Finding]:
    """It says what to see in the picture, and whose it is."""
    for figure, place in view.figures:
        if not figure.caption:
            message = f"The figure {figure.picture.src} has no caption."
            hint = 'Write it in quotes behind the name: ![what it shows](clot.png "Drawn by us.")'
            yield Finding(figure.line or place.line, message, hint)


@rule("missing-alt", Level.ERROR, "Every picture has an alternative text.")
def missing_alt(view: View) -> Iterator[Finding]:
    """Many read with pictures off or by ear."""
    for picture, place in view.pictures:
        if not picture.alt.strip():
            hint = "Say between the brackets what it shows: ![A clot in a branching vein](clot.png)."
            yield Finding(_line(picture, place), f"The picture {picture.src} has no alternative text.", hint)


@rule("automatic-alt", Level.WARNING, "The alternative text says what the picture shows.")
def automatic_alt(view: View) -> Iterator[Finding]:
    """A camera's file name helps nobody."""
    for picture, place in view.pictures:
        alt = picture.alt.strip()
        path = PurePosixPath(picture.src)
        if alt and (_MACHINE_ALT.fullmatch(alt) or alt.lower() in (path.name.lower(), path.stem.lower())):
            message = f"“{alt}” does not say what the picture shows."
            yield Finding(_line(picture, place), message, "Describe it in a few words, as on the telephone.")


def _line(picture: Picture, place: Place) -> int:
    return picture.line or place.line
