"""The settings of a feed, and the kinds of values that only they hold."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal
from urllib.parse import urlsplit

from newsletter.config import kinds
from newsletter.config.describing import key
from newsletter.config.kinds import Kind, UnfitError

_AGE = re.compile(r"(\d{1,4})\s*([dw])")
_DAYS = {"d": 1, "w": 7}


def _address(value: object) -> str:
    text = kinds.WORDS.read(value)
    try:
        parts = urlsplit(text)
        host, _port = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https") or " " in text:
        raise UnfitError(f"is not a web address: {text}", "Write it in full: https://example.org/feed.xml")
    if parts.username or parts.password:
        raise UnfitError(
            "holds a name and password, which do not belong into this file",
            "Many sites give out an address with a key in it instead.",
        )
    return str(text)


def _pattern(value: object) -> re.Pattern[str]:
    text = kinds.WORDS.read(value)
    try:
        return re.compile(text, re.IGNORECASE)
    except re.error as error:
        raise UnfitError(
            f"is not a regular expression: {error}", "Put a \\ before signs that are meant as themselves."
        ) from error


def _age(value: object) -> timedelta:
    text = kinds.WORDS.read(value)
    match = _AGE.fullmatch(text)
    if not match or int(match[1]) == 0:
        raise UnfitError(f"is not a length of time: {text}", 'Write days or weeks: "14d", "2w".')
    return timedelta(days=int(match[1]) * _DAYS[match[2]])


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise UnfitError("must be true or false", "Write it without quotation marks.")
    return value


FEED_ADDRESS = Kind("a web address", _address)
PATTERN = Kind("a regular expression", _pattern)
AGE = Kind("days or weeks", _age)
SWITCH = Kind("true or false", _switch)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSettings:
    """A feed that issues are gathered from. NAME is yours: small letters, digits, hyphens."""

    url: str = field(metadata=key(FEED_ADDRESS, "Where it is: RSS, Atom or JSON Feed."))
    kind: Literal["posts", "updates"] = field(
        default="posts",
        metadata=key(
            kinds.one_of("posts", "updates"),
            "`posts` become nuggets, `updates` lines in “Updates to the site”.",
        ),
    )
    include: re.Pattern[str] | None = field(
        default=None,
        metadata=key(
            PATTERN,
            "Take only entries with this in their title or one of their tags; case does not matter.",
            otherwise="all",
        ),
    )
    exclude: re.Pattern[str] | None = field(
        default=None, metadata=key(PATTERN, "Leave out entries with this in title or tags.", otherwise="none")
    )
    window: timedelta = field(
        default=timedelta(days=14),
        metadata=key(
            AGE, "How old an entry may be when the feed is used for the first time.", otherwise='`"14d"`'
        ),
    )
    size_limit: int = field(
        default=5, metadata=key(kinds.whole(1, 100), "How many megabytes the feed may have, unpacked.")
    )
    allow_private: bool = field(
        default=False,
        metadata=key(
            SWITCH,
            "Whether the server may be in your own network, or at an unusual port.",
            otherwise="`false`",
        ),
    )
