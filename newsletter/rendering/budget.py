"""How many bytes a mail takes, and which of its nuggets take them: Gmail cuts mails off near 102 KB."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

from newsletter.errors import ContentError
from newsletter.model import UNSUBSCRIBE_URL, Edition, Identity, Rendition, Segments, Tier

HTML_LIMIT = 102_400
"""Bytes of HTML that an edition may have at most."""

_VALUE = 40
_TOKEN = 48
_HEADING = re.compile(r"<h2\b[^>]*>(.*?)</h2>", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True)
class Weight:
    """What one rendition weighs, in bytes of UTF-8 with merge fields filled in as a rule.

    `blocks` are its HTML from one second-level heading to the next (nuggets, sources), largest first.
    """

    tier: Tier
    html: int
    text: int
    blocks: tuple[tuple[str, int], ...]


def byte_budget(edition: Edition) -> tuple[Weight, ...]:
    """What each rendition of the edition weighs."""
    return tuple(_weigh(rendition, edition.identity) for rendition in edition.renditions)


def check_size(rendition: Rendition, identity: Identity, file: str) -> None:
    """Raises ContentError, naming the largest blocks, when the HTML is over the limit."""
    filled = _filled(rendition.html, identity)
    # no character takes more than four bytes, so most mails need no counting
    if 4 * len(filled) > HTML_LIMIT and len(filled.encode()) > HTML_LIMIT:
        weight = _weigh(rendition, identity)
        largest = ", ".join(f"“{title}” {size:,}" for title, size in weight.blocks[:3])
        raise ContentError(
            f"The mail for {rendition.tier} readers has {weight.html:,} bytes of HTML; Gmail cuts it off at "
            f"{HTML_LIMIT:,}.",
            file=file,
            hint=f"Shorten it, or make two issues of it. Largest blocks, in bytes: {largest}."
            if largest
            else "Shorten it, or make two issues of it.",
            code="too-large",
        )


def _weigh(rendition: Rendition, identity: Identity) -> Weight:
    filled = _filled(rendition.html, identity)
    headings = list(_HEADING.finditer(filled))
    ends = [*(heading.start() for heading in headings), len(filled)][1:]
    blocks = [
        (html.unescape(_TAG.sub("", heading[1])).strip(), len(filled[heading.start() : end].encode()))
        for heading, end in zip(headings, ends, strict=True)
    ]
    blocks.sort(key=lambda block: -block[1])
    text = len(_filled(rendition.text, identity).encode())
    return Weight(rendition.tier, len(filled.encode()), text, tuple(blocks))


def _filled(segments: Sequence[str] | Segments, identity: Identity) -> str:
    """The text with holes as long as their values are likely to be."""
    link = len(identity.unsubscribe_base or identity.unsubscribe_mailbox) + _TOKEN
    return "".join(
        each
        if isinstance(each, str)
        else "x" * (link if each.name == UNSUBSCRIBE_URL else max(_VALUE, len(each.fallback or "")))
        for each in segments
    )
