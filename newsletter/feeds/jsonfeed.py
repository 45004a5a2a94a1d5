"""Reads JSON Feed 1.0 and 1.1 (https://www.jsonfeed.org/version/1.1/)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from html import escape
from typing import Any

from newsletter.errors import ContentError
from newsletter.gathering.entries import Entry, clean_address, make_entry, one_line

_VERSIONS = (
    "https://jsonfeed.org/version/",
    "http://jsonfeed.org/version/",
    "https://www.jsonfeed.org/version/",
)


def read_json_feed(body: bytes, *, name: str, url: str) -> tuple[str, str, tuple[Entry, ...]]:
    """Title, home page and entries of the feed in `body`, which came from `url`; raises ContentError.

    Values of a wrong type are passed over, since one odd entry should not cost the others.
    """
    place = url.partition("?")[0]
    try:
        document = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ContentError(f"What is at {place} is not valid JSON.", code="not-a-feed") from error
    if not isinstance(document, Mapping) or not _text(document, "version").startswith(_VERSIONS):
        raise ContentError(
            f"What is at {place} is JSON, but not a JSON Feed.",
            hint="A JSON Feed names its version, https://jsonfeed.org/version/1.1.",
            code="not-a-feed",
        )
    items = document.get("items")
    entries = tuple(
        _entry(item, document, name, url)
        for item in (items if isinstance(items, list) else [])
        if isinstance(item, Mapping)
    )
    home = clean_address(_text(document, "home_page_url"), url)
    return one_line(escape(_text(document, "title"), quote=False)), home, entries


def _entry(item: Mapping[str, Any], document: Mapping[str, Any], name: str, url: str) -> Entry:
    link = _text(item, "url") or _text(item, "external_url")
    text = _text(item, "content_text")
    return make_entry(
        name,
        guid=_text(item, "id"),
        url=link,
        title=escape(_text(item, "title"), quote=False),
        published=_moment(_text(item, "date_published")),
        updated=_moment(_text(item, "date_modified")),
        html=_text(item, "content_html") or plain_to_html(text),
        summary=plain_to_html(_text(item, "summary")),
        author=next(_authors(item), "") or next(_authors(document), ""),
        tags=[tag for tag in _list(item, "tags") if isinstance(tag, str)],
        image=_text(item, "image") or _text(item, "banner_image"),
        base=clean_address(link, url) or clean_address(_text(document, "home_page_url"), url) or url,
    )


def _authors(thing: Mapping[str, Any]) -> Iterator[str]:
    for author in (*_list(thing, "authors"), thing.get("author")):
        if isinstance(author, Mapping) and (name := _text(author, "name")):
            yield name


def _text(thing: Mapping[str, Any], key: str) -> str:
    """A text; identifiers may be numbers, which many feeds forget to write as texts."""
    value = thing.get(key)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value)


def _list(thing: Mapping[str, Any], key: str) -> list[Any]:
    value = thing.get(key)
    return value if isinstance(value, list) else []


def plain_to_html(text: str) -> str:
    """Plain text as HTML: blank lines part paragraphs."""
    parts = (part.strip() for part in re.split(r"\n\s*\n", text.replace("\r\n", "\n")))
    return "".join(f"<p>{escape(part, quote=False)}</p>" for part in parts if part)


def _moment(text: str) -> datetime | None:
    """An RFC 3339 time, or None."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
