"""Rules about links: in a mail each must be whole, safe and worth its words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import SplitResult, urlsplit

from newsletter.checking.rule import Finding, rule
from newsletter.checking.view import View
from newsletter.errors import Level
from newsletter.writing.walk import plain

_SCHEMES = frozenset({"http", "https", "mailto", "tel"})
_EMPTY_WORDS = frozenset(
    {
        "",
        "article",
        "click",
        "click here",
        "here",
        "learn more",
        "link",
        "more",
        "read more",
        "read more here",
        "see here",
        "this",
        "this article",
        "this link",
        "this page",
    }
)
_MAILBOX = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_HOST = re.compile(r"[^\s.]+(?:\.[^\s.]+)+\.?")
_BRACES = re.compile(r"\{\{|%7B%7B", re.IGNORECASE)


def split_address(href: str) -> SplitResult | None:
    """The parts of an address; None when it cannot be read as one."""
    try:
        parts = urlsplit(href)
        _ = parts.port, parts.hostname  # these may be what is wrong
    except ValueError:
        return None
    return parts


@rule("relative-link", Level.ERROR, "A link has a whole address.")
def relative_link(view: View) -> Iterator[Finding]:
    """In a mail there is no page that an address could be relative to."""
    for link, place in view.links:
        parts = split_address(link.href)
        if parts is not None and link.href and not parts.scheme:
            hint = "Write the whole address, beginning with https://."
            yield Finding(
                link.line or place.line, f"The link to {link.href} leads nowhere from a mail.", hint
            )


@rule("malformed-link", Level.ERROR, "A link's address is one that programs can open.")
def malformed_link(view: View) -> Iterator[Finding]:
    """A link that does not open cannot be mended once it is mailed."""
    for link, place in view.links:
        reason = _reason(link.href)
        if reason:
            hint = "Copy the address from your browser and paste it again."
            yield Finding(link.line or place.line, f"The link to “{link.href}” {reason}.", hint)


def _reason(href: str) -> str:
    """What is wrong with the address; "" when nothing is."""
    if not href.strip():
        return "has no address"
    if _BRACES.search(href):
        return "holds a merge field, which is only for words"
    parts = split_address(href)
    if parts is None:
        return "cannot be read as an address"
    if not parts.scheme:
        return ""
    if parts.scheme not in _SCHEMES:
        return f"begins with {parts.scheme}:, which mail programs do not open"
    if parts.scheme == "mailto" and not _MAILBOX.fullmatch(parts.path):
        return "names no mail address"
    if parts.scheme in ("http", "https") and not _HOST.fullmatch(parts.hostname or ""):
        return "names no site"
    return ""


@rule("insecure-link", Level.WARNING, "A link begins with https.")
def insecure_link(view: View) -> Iterator[Finding]:
    """Browsers warn of plain http."""
    for link, place in view.links:
        if link.href.lower().startswith("http:"):
            hint = "Try the address with https://."
            yield Finding(link.line or place.line, f"The link to {link.href} is not encrypted.", hint)


@rule("empty-link-words", Level.WARNING, "The words of a link say where it leads.")
def empty_link_words(view: View) -> Iterator[Finding]:
    """Screen readers list the links of a mail without the words around them."""
    for link, place in view.links:
        words = plain(link.children)
        if words.casefold().strip(" .!:»›→…") in _EMPTY_WORDS:
            message = (
                f"The words “{words}” do not say where the link leads."
                if words
                else "This link has no words."
            )
            yield Finding(link.line or place.line, message, "Link the words that name the thing itself.")
