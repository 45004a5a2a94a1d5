"""Fetches the pictures of an entry, in a form that mail programs show."""

from __future__ import annotations

import re
import struct
import warnings
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from newsletter.errors import ContentError
from newsletter.feeds.fetch import MEGABYTE, PICTURES, Limits, fetch, shown

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_PIXELS = 50_000_000
_LIMITS = Limits(total=30.0, size=10 * MEGABYTE)
_ENDINGS = {"png": ".png", "jpeg": ".jpg", "gif": ".gif", "mpo": ".jpg"}
_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")
_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class FetchedPicture:
    """A picture and the name it would like to have."""

    name: str
    data: bytes


def fetch_picture(url: str, *, allow_private: bool) -> FetchedPicture:
    """The picture at `url`; what is neither PNG, JPEG nor GIF is made one of them.

    Raises TransportError when it cannot be fetched, ContentError when it is no picture or a monstrous one.
    """
    data = fetch(url, replace(_LIMITS, allow_private=allow_private), accept=PICTURES).body
    return prepare_picture(url, data)


def prepare_picture(url: str, data: bytes) -> FetchedPicture:
    """The picture in `data`, which came from `url`; raises ContentError."""
    from PIL import Image  # slow to import, and only needed here

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # sizes are judged here, and oddities in metadata do not matter
            with Image.open(BytesIO(data)) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise ContentError(
                        f"The picture {shown(url)} has too many pixels.", code="picture-too-large"
                    )
                kind = (image.format or "").lower()
                if kind not in _ENDINGS:
                    data, kind = _converted(image)
    # Pillow's readers raise whatever their parsing stumbles over
    except (OSError, ValueError, SyntaxError, TypeError, LookupError, EOFError, ArithmeticError) as error:
        raise _no_picture(url) from error
    except struct.error as error:
        raise _no_picture(url) from error
    except Image.DecompressionBombError as error:
        raise _no_picture(url) from error
    return FetchedPicture(f"{_stem(url)}{_ENDINGS[kind]}", data)


def _converted(image: Image) -> tuple[bytes, str]:
    """The picture as PNG if parts of it are transparent, else as JPEG."""
    transparent = image.has_transparency_data
    written = BytesIO()
    if transparent:
        image.convert("RGBA").save(written, "PNG", optimize=True)
    else:
        image.convert("RGB").save(written, "JPEG", quality=88, optimize=True)
    return written.getvalue(), "png" if transparent else "jpeg"


def _no_picture(url: str) -> ContentError:
    return ContentError(f"What is at {shown(url)} is not a picture.", code="not-a-picture")


def _stem(url: str) -> str:
    """The name of the file in the address, in letters that suit every system."""
    stem = PurePosixPath(unquote(urlsplit(url).path)).stem.lower()
    return _NOT_IN_NAMES.sub("-", stem).strip("-")[:_LONGEST_NAME].strip("-") or "picture"
