"""What stands in a merge field's place for one reader: his value, filtered, or the words for having none."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from operator import attrgetter
from typing import TypeAlias

from newsletter.delivery.headers import tidy
from newsletter.document import Merge
from newsletter.errors import ContentError
from newsletter.model import CONDITIONS, STANDARD_FIELDS, Subscriber

Reader: TypeAlias = Callable[[Subscriber], str]

_WORD = re.compile(r"[^\W\d_]+")


def reader(merge: Merge, language: str = "en") -> Reader:
    """Gives what stands in the place of `merge`: one line without control characters, perhaps "".

    `language` is the one that dates are written in. Raises ContentError (`unknown-merge-filter`) for a filter
    that there is none of.
    """
    for name in merge.filters:
        if name not in FILTERS:
            raise ContentError(
                f"There is no filter “{name}” for merge fields.",
                hint=f"The filters are {', '.join(FILTERS)}.",
                code="unknown-merge-filter",
            )
    value, otherwise = _value(merge.name), tidy(merge.fallback or "")
    if merge.then is not None:
        then = tidy(merge.then)
        return lambda subscriber: then if tidy(value(subscriber)) else otherwise
    if not merge.filters:
        return lambda subscriber: tidy(value(subscriber)) or otherwise
    filters = [FILTERS[name] for name in merge.filters]

    def read(subscriber: Subscriber) -> str:
        found = tidy(value(subscriber))
        for apply in filters:
            found = apply(found, language)
        return found or otherwise

    return read


def _value(name: str) -> Reader:
    """Reads a field of a subscriber: one that every publication has, or the publisher's own."""
    if name in STANDARD_FIELDS:
        return attrgetter(name)
    if name in CONDITIONS:
        return lambda subscriber: name if subscriber.tier.value == name else ""
    return lambda subscriber: subscriber.fields.get(name, "")


def _title(value: str, _language: str) -> str:
    """A name as names are written, where it was typed all small or all large; others know what they are."""
    if not (value.islower() or value.isupper()):
        return value
    return _WORD.sub(lambda word: word[0][0].upper() + word[0][1:].lower(), value)


def _date(value: str, language: str) -> str:
    """A day written `2026-11-24` in words; anything else stays as it is."""
    from newsletter.dates import day  # Babel is slow to load, and few issues need it

    try:
        return day(date.fromisoformat(value), language)
    except ValueError:
        return value


FILTERS: Mapping[str, Callable[[str, str], str]] = {
    "title": _title,
    "upper": lambda value, _language: value.upper(),
    "lower": lambda value, _language: value.lower(),
    "date": _date,
}
"""What may stand behind a field's name, `{{ first_name | title }}`, by its name."""
