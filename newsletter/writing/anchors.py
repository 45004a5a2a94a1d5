"""Names for places: the anchor of a nugget on its page, the slug of an issue."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container

_GAPS = re.compile(r"[\W_]+")
_LONGEST = 80
_RESERVED = ("ref-", "note-")
"""How the ids of references and footnotes begin on an issue's page."""


def slug(title: str, default: str = "nugget") -> str:
    """`title` as part of an address: lower case, letters and digits of any script, joined by hyphens.

    `default` stands in where the title has neither letters nor digits. At most 80 characters.
    """
    text = unicodedata.normalize("NFC", title).lower().replace("'", "").replace("’", "")
    name = _GAPS.sub("-", text).strip("-")
    if len(name) > _LONGEST:
        name = name[:_LONGEST].rpartition("-")[0] or name[:_LONGEST]
    return name or default


def anchor(title: str, taken: Container[str]) -> str:
    """The anchor for a nugget called `title` that none of `taken` is: the slug, or the slug with a number."""
    name = slug(title)
    if name.startswith(_RESERVED):
        name = f"nugget-{name}"
    candidate = name
    number = 1
    while candidate in taken:
        number += 1
        candidate = f"{name}-{number}"
    return candidate
