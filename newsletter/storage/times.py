"""Moments as the database keeps them: whole milliseconds since 1970, UTC."""

from __future__ import annotations

from datetime import UTC, datetime


def to_ms(moment: datetime) -> int:
    """An aware datetime in milliseconds, cut off, not rounded."""
    return int(moment.timestamp() * 1000)


def from_ms(ms: int) -> datetime:
    """Milliseconds as an aware datetime in UTC."""
    return datetime.fromtimestamp(ms / 1000, UTC)
