"""Dates in words, in the publication's language (CLDR, through Babel)."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date

_WORLD_ENGLISH = "en-001"
"""English without a country, as most of the world dates its letters: 24 November 2026."""


@lru_cache(maxsize=512)
def day(value: date, language: str) -> str:
    """A date as readers of the language write it; ISO 8601 where we do not know how."""
    locale = locale_of(language)
    return str(format_date(value, "long", locale=locale)) if locale else value.isoformat()


@lru_cache(maxsize=32)
def locale_of(language: str) -> Locale | None:
    """What is known of a language, with its country or else without; None when nothing is."""
    tag = _WORLD_ENGLISH if language.lower() == "en" else language
    for name in (tag, tag.partition("-")[0]):
        try:
            return Locale.parse(name, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    return None
