"""What the cells of a list mean: tiers, standings, tags and dates, in the words that people use for them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from newsletter.model import Status, Tier

_MEMBER = (
    "member",
    "members",
    "paid",
    "paying",
    "premium",
    "comped",
    "comp",
    "complimentary",
    "founding",
    "gift",
)
_FREE = ("free", "none", "no", "unpaid", "basic", "regular", "subscriber")

TIERS: Final = dict.fromkeys(_MEMBER, Tier.MEMBER) | dict.fromkeys(_FREE, Tier.FREE)
"""Words for a tier, in lower case."""

STATUSES: Final = (
    dict.fromkeys(("active", "subscribed", "confirmed", "enabled", "yes", "true", "opted in"), Status.ACTIVE)
    | dict.fromkeys(("unconfirmed", "pending", "not confirmed", "unactivated"), Status.UNCONFIRMED)
    | dict.fromkeys(("paused", "snoozed"), Status.PAUSED)
    | dict.fromkeys(
        (
            "unsubscribed", "inactive", "removed", "cancelled", "canceled", "disabled", "blocklisted", "left",
            "opted out", "no", "false", "non-subscribed", "nonsubscribed",
        ),
        Status.UNSUBSCRIBED,
    )
    | dict.fromkeys(("bounced", "hard bounced", "cleaned", "undeliverable"), Status.BOUNCED)
    | dict.fromkeys(("complained", "complaint", "spam", "spam complaint"), Status.COMPLAINED)
)  # fmt: skip
"""Words for a standing, in lower case."""

_EPOCH = datetime(1970, 1, 2, tzinfo=UTC)
_SEPARATOR = re.compile("[;,]")
_SLASHED = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})(.*)", re.DOTALL)
_MONTH_BY_NAME = ("%d %B %Y", "%d %b %Y", "%B %d, %Y", "%b %d, %Y", "%B %d %Y", "%b %d %Y")
_TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")


@lru_cache(maxsize=4096)  # most lists have few different cells
def tags_of(cell: str) -> tuple[str, ...]:
    """The tags in one cell, separated by `;` or `,`, each perhaps in quotes; each once, in their order."""
    if not cell:
        return ()
    found = (" ".join(tag.strip().strip('"').split()) for tag in _SEPARATOR.split(cell))
    return tuple(dict.fromkeys(tag for tag in found if tag))


def moment_of(cell: str) -> datetime | None:
    """The moment in a cell, aware, in UTC where it does not say; None when it cannot be known.

    ISO 8601 in all its forms, `24 November 2026`, `Nov 24, 2026`, `24.11.2026`, and `11/24/2026` or
    `24/11/2026` where only one reading is a date: 03/04/2026 is not guessed at.
    """
    moment = _iso(cell) or _by_name(cell) or _slashed(cell)
    if moment is None:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    # nobody joined a newsletter earlier: zeros and empty spreadsheet cells come out as such dates
    return moment if moment >= _EPOCH else None


def _iso(cell: str) -> datetime | None:
    try:
        return datetime.fromisoformat(cell)
    except ValueError:
        pass
    head, _, zone = cell.rpartition(" ")
    if zone in ("UTC", "GMT", "Z"):
        return _iso(head)
    return _iso(cell.replace("/", "-")) if re.match(r"\d{4}/", cell) else None


def _by_name(cell: str) -> datetime | None:
    if not any(c.isalpha() for c in cell) or len(cell) > 40:
        return None
    plain = re.sub(r"\s+", " ", cell)
    for day in _MONTH_BY_NAME:
        for time in _TIMES:
            try:
                return datetime.strptime(plain, day + time).replace(tzinfo=UTC)
            except ValueError:
                continue
    return None


def _slashed(cell: str) -> datetime | None:
    parts = _SLASHED.fullmatch(cell)
    if parts is None:
        return None
    first, second, year = (int(part) for part in parts.groups()[:3])
    if "/" not in cell or first > 12 or first == second:
        day, month = first, second
    elif second > 12:
        month, day = first, second
    else:
        return None
    for time in _TIMES:
        try:
            return datetime.strptime(f"{year:04}-{month:02}-{day:02}{parts[4]}", f"%Y-%m-%d{time}").replace(
                tzinfo=UTC
            )
        except ValueError:
            continue
    return None
