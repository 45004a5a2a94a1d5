"""Looks at a picture beside an issue: what kind it is and how large, from its bytes and not its name."""

from __future__ import annotations

import re
import struct
import warnings
from pathlib import Path, PurePosixPath

from newsletter.errors import ContentError
from newsletter.files.faults import read_fault
from newsletter.model import PictureFile

MOST_PIXELS = 100_000_000
"""More than any camera makes; a picture that claims more is a mistake or a trap for whoever opens it."""

_ORIENTATION = 0x0112
_SIDEWAYS = frozenset({5, 6, 7, 8})
_SAME_BYTES = {"mpo": "jpeg"}
"""A telephone's JPEG with a second picture behind the first is shown as the JPEG that it is."""
_SVG = re.compile(
    rb"""\A(?:\xef\xbb\xbf)?
    (?:\s+ | <\?.*?\?> | <!--.*?--> | <!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>)*
    (?P<tag><svg\b[^>]*>)""",
    re.DOTALL | re.VERBOSE,
)
_SVG_SIZE = rb"""\s%s\s*=\s*["']\s*([0-9.]+)(?:px)?\s*["']"""
_SVG_BOX = re.compile(rb"""\sviewBox\s*=\s*["']\s*(?:[-0-9.]+[\s,]+){2}([0-9.]+)[\s,]+([0-9.]+)\s*["']""")


def picture_path(folder: Path, src: str, *, file: str = "", line: int = 0) -> Path | None:
    """Where the picture `src` of an issue lies, whose pictures are in `folder`; None when nothing is there.

    Raises ContentError when `src` leads out of the folder or to something that is not a file: what an issue
    shows is published, so it must have been put there on purpose. `file` and `line` say where it is used.
    """
    relative = PurePosixPath(src)
    path = folder / relative
    try:
        outside = relative.is_absolute() or not path.resolve().is_relative_to(folder.resolve())
        if not outside and not path.exists():
            return None
        usable = not outside and path.is_file()
    except (OSError, ValueError, RuntimeError) as error:
        # a name too long, a NUL in it, links in a circle
        raise ContentError(
            f"“{src}” cannot be the name of a picture: {error}.", file=file, line=line
        ) from error
    if outside:
        raise ContentError(
            f"The picture {src} lies outside the issue's folder.",
            file=file,
            line=line,
            code="picture-outside",
            hint=f"Copy it beside the issue, and write only its name: {relative.name}",
        )
    if not usable:
        raise ContentError(
            f"The picture {src} is not a file.",
            file=file,
            line=line,
            code="not-a-picture",
            hint="Write the name of the picture itself.",
        )
    return path


def read_picture(folder: Path, src: str, *, file: str = "", line: int = 0) -> PictureFile | None:
    """What is known of the picture `src`, a name relative to `folder`; None when there is no such file.

    Sizes are as shown, after a camera's orientation mark. `file` and `line` say where the picture is used,
    for the message. Raises ContentError when it is no picture, too large to be meant or outside the folder,
    StorageError when it cannot be read.
    """
    path = picture_path(folder, src, file=file, line=line)
    if path is None:
        return None
    try:
        size = path.stat().st_size
        with path.open("rb") as opened:
            head = opened.read(16_384)
    except OSError as error:
        raise read_fault(error, path) from error
    drawing = _SVG.match(head)
    measured = _svg_size(drawing["tag"]) if drawing else _measure(path)
    if measured is None:
        raise ContentError(
            f"The picture {src} is not a picture, or a damaged one.",
            file=file,
            line=line,
            code="not-a-picture",
            hint="Look whether it opens in your picture viewer, and save it again as PNG or JPEG.",
        )
    width, height, kind = measured
    if width * height > MOST_PIXELS:
        raise ContentError(
            f"The picture {src} has more than {MOST_PIXELS // 1_000_000} million pixels.",
            file=file,
            line=line,
            code="picture-too-large",
            hint="Save it smaller: 1200 pixels wide is enough for mail and archive.",
        )
    return PictureFile(src, width, height, size, kind)


def _measure(path: Path) -> tuple[int, int, str] | None:
    """Width, height and format, or None when the bytes are no picture."""
    from PIL import Image  # slow to import, and only needed here

    try:
        with warnings.catch_warnings():
            # Pillow warns about sizes that we judge ourselves, and about harmless oddities in metadata
            warnings.simplefilter("ignore")
            with Image.open(path) as image:
                width, height = image.size
                kind = (image.format or "").lower()
                if width * height <= MOST_PIXELS and image.getexif().get(_ORIENTATION) in _SIDEWAYS:
                    width, height = height, width
    except Image.DecompressionBombError:
        return MOST_PIXELS, MOST_PIXELS, ""
    # Pillow's readers raise whatever their parsing stumbles over
    except (
        OSError,
        ValueError,
        SyntaxError,
        TypeError,
        LookupError,
        EOFError,
        ArithmeticError,
        struct.error,
    ):
        return None
    return width, height, _SAME_BYTES.get(kind, kind)


def _svg_size(tag: bytes) -> tuple[int, int, str]:
    """Width and height of an SVG drawing from its first tag; (0, 0) when it states none."""
    width = re.search(_SVG_SIZE % b"width", tag)
    height = re.search(_SVG_SIZE % b"height", tag)
    box = _SVG_BOX.search(tag)
    try:
        if width and height:
            return round(float(width[1])), round(float(height[1])), "svg"
        if box:
            return round(float(box[1])), round(float(box[2])), "svg"
    except ValueError:
        pass  # “1.2.3” is no number, and so no size
    return 0, 0, "svg"
