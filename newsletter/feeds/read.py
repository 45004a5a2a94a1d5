"""Reads feeds of every kind, from bytes, however badly they are written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape, unescape
from io import BytesIO
from typing import Any
from urllib.parse import urljoin

from newsletter.errors import ContentError, Level, Problem
from newsletter.feeds import jsonfeed
from newsletter.gathering.entries import Entry, clean_address, make_entry, one_line
from newsletter.gathering.markup import CLOSE_THEMSELVES

_ENDS = re.compile(
    rb"</(?:[\w-]+:)?(?:rss|feed|rdf|channel)\s*>(?:\s|<!--.*?-->)*\Z", re.IGNORECASE | re.DOTALL
)
_ROOT = re.compile(rb"<(?:[\w-]+:)?(?:rss|feed|rdf|channel)\b", re.IGNORECASE)
_PAGE = re.compile(rb"<!doctype html|<html[\s>]|<head[\s>]|<body[\s>]", re.IGNORECASE)
_LINK_TAG = re.compile(r"<link\b[^<>]*>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([\w-]+)\s*=\s*(?:"([^"<>]*)"|'([^'<>]*)'|([^\s"'<>]+))""")
_FEED_TYPE = re.compile(r"application/(?:rss\+xml|atom\+xml|feed\+json|rdf\+xml)", re.IGNORECASE)
_LOOKED_AT = 200_000
_TAG = re.compile(rb"<(/?)([A-Za-z][\w:-]*)([^<>]*)>")

MOST_ENTRIES = 20_000
_DEEPEST = 5_000
_MOST_ATTRIBUTES = 2_000


@dataclass(frozen=True, slots=True)
class Feed:
    """What a feed says: its own title and home page, its entries as they stand there, and what was odd."""

    title: str
    home: str
    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...] = ()


def read_feed(body: bytes, *, name: str, url: str, content_type: str = "") -> Feed:
    """The feed in `body`, which came from `url`; `name` is what newsletter.toml calls it.

    Raises ContentError when it is no feed. What is damaged is read as far as possible, with a warning.
    """
    if "json" in content_type.lower() or body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        title, home, entries = jsonfeed.read_json_feed(body, name=name, url=url)
        return Feed(title, home, entries)
    plain = body.replace(b"\0", b"")  # of UTF-16 enough remains for a look
    if not _ROOT.search(plain[:_LOOKED_AT]):
        raise _no_feed(body, url)
    if _is_hostile(plain):
        raise ContentError(
            f"What is at {url.partition('?')[0]} nests or repeats what no feed does, and was not read.",
            code="not-a-feed",
        )
    found = _parse(body, url, content_type)
    entries = tuple(_entry(raw, name, url, found["feed"]) for raw in found["entries"])
    if not found["version"]:
        raise _no_feed(body, url)
    problems: tuple[Problem, ...] = ()
    if _is_malformed(found):
        if _ENDS.search(plain[-2000:]):
            problems = (_warning("malformed-feed", f"The feed {name} has mistakes in its XML.", _ASK),)
        else:
            entries = entries[:-1]  # the last one may be cut in the middle of a sentence
            problems = (_warning("truncated-feed", f"The feed {name} breaks off in the middle.", _TRUNCATED),)
    home = clean_address(found["feed"].get("link", ""), url)
    return Feed(one_line(found["feed"].get("title", "")), home, entries, problems)


_ASK = "What could be read was read. If something is missing, tell whoever runs the site."
_TRUNCATED = "The entries before that were read; the last one was left out. Try again later."


def _warning(code: str, message: str, hint: str) -> Problem:
    return Problem(code, message, hint=hint, level=Level.WARNING)


def _is_hostile(body: bytes) -> bool:
    """Parsers take time with the square of depth and of attributes; what no feed has is kept from them."""
    depth = entries = 0
    for match in _TAG.finditer(body):
        tag = match[2].decode().lower()
        if match[3].count(b"=") > _MOST_ATTRIBUTES:
            return True
        if tag in ("item", "entry"):
            entries += not match[1]
            depth = 0
        elif tag not in CLOSE_THEMSELVES and not match[3].endswith(b"/"):
            depth = max(0, depth - 1) if match[1] else depth + 1
        if depth > _DEEPEST or entries > MOST_ENTRIES:
            return True
    return False


def _parse(body: bytes, url: str, content_type: str) -> Mapping[str, Any]:
    import feedparser  # slow to import, and only needed here

    # the address is not told, for GUIDs would be taken to be relative to it
    headers = {"content-type": content_type or "application/xml"}
    try:
        found: Mapping[str, Any] = feedparser.parse(
            BytesIO(body), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
        )
    # what its parsers stumble over, in input that nobody should have sent
    except (ValueError, TypeError, AttributeError, LookupError, AssertionError, RecursionError) as error:
        raise ContentError(
            f"What is at {url.partition('?')[0]} cannot be read.", code="not-a-feed"
        ) from error
    plain: dict[str, Any] = {"version": "", "bozo_exception": None} | dict(found)
    # as plain dicts, because feedparser's own give other values for keys that are not there
    plain["feed"] = dict(plain["feed"])
    plain["entries"] = [dict(entry) for entry in plain["entries"]]
    return plain


def _is_malformed(found: Mapping[str, Any]) -> bool:
    from xml.sax import SAXException

    return isinstance(found["bozo_exception"], SAXException)


def _entry(raw: Mapping[str, Any], name: str, url: str, feed: Mapping[str, Any]) -> Entry:
    guid, link = str(raw.get("id", "") or ""), str(raw.get("link", "") or "")
    if raw.get("guidislink") and link == guid and not guid.startswith(("http://", "https://")):
        link = ""  # a GUID that does not say that it is no link
    base = _join(url, link or str(feed.get("link", "") or ""))
    contents = [part for part in raw.get("content", ()) if part.get("value")]
    content = next(
        (part for part in contents if "html" in part.get("type", "")), contents[0] if contents else {}
    )
    summary = raw.get("summary_detail") or {}
    for part in (content, summary):
        if part.get("value") and part.get("base"):
            base = _join(url, part["base"])  # xml:base
            break
    return make_entry(
        name,
        guid=guid,
        url=_join(url, link) if link else "",
        title=_title(raw.get("title_detail") or {}),
        published=_moment(raw.get("published_parsed") or raw.get("created_parsed")),
        updated=_moment(raw.get("updated_parsed")),
        html=_html(content),
        summary=_html(summary),
        author=str((raw.get("author_detail") or {}).get("name") or raw.get("author") or ""),
        tags=[str(tag.get("label") or tag.get("term") or "") for tag in raw.get("tags", ())],
        image=_image(raw),
        base=base,
    )


def _title(detail: Mapping[str, Any]) -> str:
    value = str(detail.get("value", "") or "")
    return value if "html" in str(detail.get("type", "")) else escape(value, quote=False)


def _html(detail: Mapping[str, Any]) -> str:
    value = str(detail.get("value", "") or "")
    if detail.get("type") == "text/plain":
        return jsonfeed.plain_to_html(value)
    # called HTML, and yet without any: blank lines are meant
    return value if "<" in value else jsonfeed.plain_to_html(unescape(value))


def _join(base: str, address: str) -> str:
    try:
        return urljoin(base, address)
    except ValueError:
        return base


def _moment(parsed: Any) -> datetime | None:
    try:
        year, month, day, hour, minute, second = parsed[:6]
        return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    except (ValueError, TypeError, OverflowError):
        return None


def _image(raw: Mapping[str, Any]) -> str:
    media: Iterable[Mapping[str, Any]] = (*raw.get("media_content", ()), *raw.get("media_thumbnail", ()))
    for one in media:
        kind = f"{one.get('medium', '')}{one.get('type', 'image')}"
        if "image" in kind and one.get("url"):
            return str(one["url"])
    for link in raw.get("links", ()):
        if link.get("rel") == "enclosure" and str(link.get("type", "")).startswith("image/"):
            return str(link.get("href", ""))
    return ""


def _no_feed(body: bytes, url: str) -> ContentError:
    place = url.partition("?")[0]
    if not body.strip():
        return ContentError(f"There is nothing at {place}.", code="not-a-feed")
    if not _PAGE.search(body[:_LOOKED_AT]):
        return ContentError(f"What is at {place} is not a feed.", code="not-a-feed")
    found = find_feeds(body[:_LOOKED_AT].decode("utf-8", "replace"), url)
    hint = f"That page names this feed: {found[0]}" if found else "Look on the page for a link to its feed."
    return ContentError(f"At {place} there is a web page, not a feed.", hint=hint, code="not-a-feed")


def find_feeds(page: str, url: str) -> list[str]:
    """The addresses of the feeds that a web page at `url` names."""
    found = []
    for tag in _LINK_TAG.findall(page):
        values = {
            name.lower(): unescape(double or single or bare)
            for name, double, single, bare in _ATTRIBUTE.findall(tag)
        }
        if "alternate" in values.get("rel", "").lower() and _FEED_TYPE.match(values.get("type", "")):
            address = clean_address(values.get("href", ""), url)
            if address and address not in found:
                found.append(address)
    return found
