"""Front matter written for a person to read on: plain where it can be, in quotation marks where it must."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import TypeAlias

from newsletter.model import FeedSource
from newsletter.writing.cleaning import clean

Value: TypeAlias = str | date | Sequence[str] | Sequence[FeedSource]

_WORDS = re.compile(r"[A-Za-z0-9][\w ,.?!()/’“”–—…-]*")
_ADDRESS = re.compile(r"https?://[\w./?=&%+~-]+")
_YAML_WORDS = frozenset({"yes", "no", "on", "off", "true", "false", "null", "y", "n"})


def write_front_matter(values: Mapping[str, Value]) -> str:
    """The keys and values between two lines of hyphens; those without a value are left out."""
    lines = [line for key, value in values.items() if value for line in _pair(key, value)]
    return "\n".join(["---", *lines, "---", ""])


def _pair(key: str, value: Value) -> Iterator[str]:
    if isinstance(value, str | date):
        yield f"{key}: {_scalar(value)}"
        return
    sources = [one for one in value if isinstance(one, FeedSource)]
    if not sources:
        yield f"{key}: [{', '.join(_entry(str(one)) for one in value)}]"
        return
    yield f"{key}:"
    for source in sources:
        yield from _source(source)


def _source(source: FeedSource) -> Iterable[str]:
    values = {
        "guid": source.guid,
        "url": source.url,
        "title": source.title,
        "feed": source.feed,
        "date": source.date,
        "hash": source.hash,
    }
    pairs = [f"{key}: {_scalar(value)}" for key, value in values.items() if value]
    return [f"  - {pairs[0]}", *(f"    {pair}" for pair in pairs[1:])] if pairs else []


def _scalar(value: str | date) -> str:
    if isinstance(value, date):
        return value.isoformat()
    text = " ".join(clean(value).split())
    if _ADDRESS.fullmatch(text):
        return text
    bare = _WORDS.fullmatch(text) and text.casefold() not in _YAML_WORDS
    return text if bare else json.dumps(text, ensure_ascii=False)


def _entry(text: str) -> str:
    """A value in a list between square brackets, where a comma would end it."""
    scalar = _scalar(text)
    return (
        json.dumps(text, ensure_ascii=False) if scalar == text and re.search(r"[,\[\]{}]", text) else scalar
    )
