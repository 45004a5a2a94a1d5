"""What a feed says about one of its pieces, the same for every kind of feed."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from html import unescape
from urllib.parse import urljoin, urlsplit, urlunsplit

from newsletter.writing.cleaning import clean

LONGEST_HTML = 400_000
"""Characters of one entry's text that are looked at: two thick novels' worth of chapters, and no bomb."""

HASH_DIGITS = 16
_TAG = re.compile(r"<[A-Za-z/!?][^<>]*>")
_TRACKING = re.compile(
    r"(?:utm_\w+|fbclid|gclid|mc_cid|mc_eid|mkt_tok|igshid|_hsenc|_hsmi)(?:=|$)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One piece in a feed. Make it with `make_entry`.

    `feed` is its name in newsletter.toml. `html` is the whole text and `summary` the short one, as they
    came: HTML of strangers, only to be used through `dialect`; either may be "". `base` is the address that
    relative links in them start from. Times are in UTC. `content_hash` changes when the words change.
    """

    feed: str
    guid: str = ""
    url: str = ""
    title: str = ""
    published: datetime | None = None
    updated: datetime | None = None
    html: str = ""
    summary: str = ""
    author: str = ""
    tags: tuple[str, ...] = ()
    image: str = ""
    base: str = ""
    content_hash: str = ""

    @property
    def date(self) -> datetime | None:
        """When it appeared: published or, where the feed does not say, updated."""
        return self.published or self.updated


def make_entry(
    feed: str,
    *,
    guid: str = "",
    url: str = "",
    title: str = "",
    published: datetime | None = None,
    updated: datetime | None = None,
    html: str = "",
    summary: str = "",
    author: str = "",
    tags: Iterable[str] = (),
    image: str = "",
    base: str = "",
) -> Entry:
    """An entry from what a feed holds, with every value cleaned; `title` may contain markup."""
    html, summary = html[:LONGEST_HTML].strip(), summary[:LONGEST_HTML].strip()
    if summary == html:
        summary = ""
    title = one_line(title)
    address = clean_address(url, base)
    return Entry(
        feed=feed,
        guid=" ".join(clean(guid).split()),
        url=address,
        title=title,
        published=published,
        updated=updated,
        html=html,
        summary=summary,
        author=one_line(author),
        tags=tuple(dict.fromkeys(tag for tag in map(one_line, tags) if tag)),
        image=clean_address(image, base),
        base=base or address,
        content_hash=content_hash(title, html or summary),
    )


def one_line(text: str) -> str:
    """`text` without markup, on one line."""
    if "<" in text or "&" in text:
        text = unescape(_TAG.sub(" ", text))
    return " ".join(clean(text).split())


def content_hash(title: str, html: str) -> str:
    """A fingerprint of the words of an entry: markup, spacing and addresses do not count, so that a new theme
    on the site is not taken for new text."""
    words = unicodedata.normalize("NFC", unescape(_TAG.sub("", f"{title}\n{html}")))
    return hashlib.sha256("".join(words.split()).encode("utf-8", "replace")).hexdigest()[:HASH_DIGITS]


def clean_address(address: str, base: str = "") -> str:
    """`address` in full, resolved against `base`, without tracking parameters; "" if it is no web address."""
    text = re.sub(r"[\t\n]", "", clean(address)).strip().replace(" ", "%20")
    if not text:
        return ""
    try:
        parts = urlsplit(urljoin(base, text))
        if parts.scheme not in ("http", "https") or not parts.hostname:
            return ""
    except ValueError:
        return ""
    query = "&".join(part for part in parts.query.split("&") if not _TRACKING.match(part))
    return urlunsplit(parts._replace(query=query))


def address_key(address: str) -> str:
    """What two addresses of a page have in common, whatever the scheme, case of the host or last slash."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    if not parts.hostname:
        return ""
    fragment = f"#{parts.fragment}" if parts.fragment else ""
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.netloc.lower()}{parts.path.rstrip('/')}{query}{fragment}"


def is_public(address: str) -> bool:
    """True for an address that a reader's browser can open: http or https, a host with a full stop in it."""
    try:
        parts = urlsplit(address)
        return (
            parts.scheme in ("http", "https") and "." in (parts.hostname or "").strip(".") and parts.port != 0
        )
    except ValueError:  # a port that is no number
        return False


def host_of(address: str) -> str:
    """The host of an address; "" when it has none."""
    return re.split(r"[/?#]", address_key(address), maxsplit=1)[0]
