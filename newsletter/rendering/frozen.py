"""Editions as canonical JSON: so the ledger freezes them, and over this their digest is taken."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from newsletter.document import Merge
from newsletter.errors import StorageError
from newsletter.model import Edition, Identity, Rendition, Segments, Tier

_FORMAT = 1


def freeze(slug: str, title: str, identity: Identity, renditions: Sequence[Rendition]) -> Edition:
    """The edition with its digest, the SHA-256 of its canonical JSON."""
    text = _canonical(slug, title, identity, renditions)
    return Edition(slug, title, identity, tuple(renditions), hashlib.sha256(text.encode()).hexdigest())


def edition_to_json(edition: Edition) -> str:
    """Canonical JSON of everything but the digest: sorted keys, no spaces, the same for equal editions."""
    return _canonical(edition.slug, edition.title, edition.identity, edition.renditions)


def edition_from_json(text: str) -> Edition:
    """The edition that `edition_to_json` wrote; its digest is taken anew.

    Raises StorageError when the text is not one, or was written by a version with another format.
    """
    try:
        read = json.loads(text)
        if read["format"] != _FORMAT:
            raise StorageError(
                f"The frozen edition has format {read['format']}; this version reads format {_FORMAT}.",
                hint="Use the version of newsletter that made it.",
                code="edition-format",
            )
        renditions = [
            Rendition(
                Tier(each["tier"]),
                _segments(each["subject"]),
                _segments(each["html"]),
                _segments(each["text"]),
            )
            for each in read["renditions"]
        ]
        return freeze(read["slug"], read["title"], Identity(**read["identity"]), renditions)
    except (ValueError, KeyError, TypeError) as error:
        raise StorageError(
            f"The frozen edition cannot be read: {error!r}.",
            hint="The database is damaged; restore it from a backup.",
            code="edition-damaged",
        ) from error


def _canonical(slug: str, title: str, identity: Identity, renditions: Sequence[Rendition]) -> str:
    value = {
        "format": _FORMAT,
        "slug": slug,
        "title": title,
        "identity": asdict(identity),
        "renditions": [
            {
                "tier": each.tier.value,
                "subject": _plain(each.subject),
                "html": _plain(each.html),
                "text": _plain(each.text),
            }
            for each in renditions
        ],
    }
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _plain(segments: Segments) -> list[str | dict[str, str | None]]:
    return [
        each if isinstance(each, str) else {"merge": each.name, "fallback": each.fallback}
        for each in segments
    ]


def _segments(values: Sequence[Any]) -> Segments:
    return tuple(each if isinstance(each, str) else Merge(each["merge"], each["fallback"]) for each in values)
