"""Editions as canonical JSON, as the ledger freezes them, and the digest that equal editions share."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from newsletter.document import Merge
from newsletter.errors import StorageError
from newsletter.model import Edition, Identity, Rendition, Segments, Tier

_FORMAT = 1


def freeze(slug: str, title: str, identity: Identity, renditions: Sequence[Rendition]) -> Edition:
    """The edition with its digest: the SHA-256 of its canonical JSON, in which each text is replaced by its
    length in bytes of UTF-8, followed by the texts themselves. (To hash them escaped takes twice as long.)
    """
    texts: list[bytes] = []

    def length(text: str) -> int:
        texts.append(text.encode())
        return len(texts[-1])

    outline = _canonical(slug, title, identity, renditions, length)
    digest = hashlib.sha256(outline.encode())
    for text in texts:
        digest.update(text)
    return Edition(slug, title, identity, tuple(renditions), digest.hexdigest())


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


def _canonical(
    slug: str,
    title: str,
    identity: Identity,
    renditions: Sequence[Rendition],
    shown: Callable[[str], str | int] = str,
) -> str:
    """Canonical JSON; `shown` is what stands for the text of a segment."""
    value = {
        "format": _FORMAT,
        "slug": slug,
        "title": title,
        "identity": asdict(identity),
        "renditions": [
            {
                "tier": each.tier.value,
                "subject": _plain(each.subject, shown),
                "html": _plain(each.html, shown),
                "text": _plain(each.text, shown),
            }
            for each in renditions
        ],
    }
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _plain(segments: Segments, shown: Callable[[str], str | int]) -> list[str | int | dict[str, Any]]:
    return [shown(each) if isinstance(each, str) else _plain_merge(each) for each in segments]


def _plain_merge(merge: Merge) -> dict[str, Any]:
    """A merge field; what it does not have is left out, but for the fallback."""
    plain: dict[str, Any] = {"merge": merge.name, "fallback": merge.fallback}
    if merge.filters:
        plain["filters"] = list(merge.filters)
    if merge.then is not None:
        plain["then"] = merge.then
    return plain


def _segments(values: Sequence[Any]) -> Segments:
    return tuple(
        each
        if isinstance(each, str)
        else Merge(
            each["merge"],
            each["fallback"],
            filters=tuple(each.get("filters", ())),
            then=each.get("then"),
        )
        for each in values
    )
