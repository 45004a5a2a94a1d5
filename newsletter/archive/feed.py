"""The Atom feed (RFC 4287): the newest issues with their full text, for feed readers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from html import unescape
from urllib.parse import urljoin
from xml.etree import ElementTree

from markupsafe import escape

from newsletter.archive.entries import Entry, SiteFacts
from newsletter.rendering.words import Words

MOST_ENTRIES = 20
"""Feed readers keep what they have seen; the rest is in the archive."""

_ADDRESS = re.compile(r"""(\s(?:href|src)=")([^"]*)(?=")""")
_TAG = re.compile(r"<[a-zA-Z][^<>]*>")
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def feed(entries: Sequence[Entry], facts: SiteFacts, words: Words) -> bytes:
    """`feed.xml`, from listed entries, newest first.

    An entry's id is its page's address: it stays when the text is corrected. What only members got is in
    no entry. `words` are the theme's.
    """
    root = ElementTree.Element("feed", {"xmlns": "http://www.w3.org/2005/Atom", "xml:lang": facts.language})
    address = f"{facts.url}feed.xml"
    _add(root, "id", facts.url)
    _add(root, "title", facts.title)
    if facts.description:
        _add(root, "subtitle", facts.description)
    # RFC 4287 4.1.1 demands a time even of a feed that has never had an entry: the earliest there is
    _add(root, "updated", _moment(max((entry.updated for entry in entries), default=date(1970, 1, 1))))
    _add(root, "link", rel="self", type="application/atom+xml", href=address)
    _add(root, "link", rel="alternate", type="text/html", href=facts.url)
    _add(root, "icon", f"{facts.url}icon.svg")
    _add(ElementTree.SubElement(root, "author"), "name", facts.author or facts.title)
    for entry in entries[:MOST_ENTRIES]:
        _entry(ElementTree.SubElement(root, "entry"), entry, words)
    ElementTree.indent(root)
    text: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _entry(element: ElementTree.Element, entry: Entry, words: Words) -> None:
    _add(element, "id", entry.url)
    _add(element, "title", entry.issue.title)
    _add(element, "published", _moment(entry.issue.date))
    _add(element, "updated", _moment(entry.updated))
    _add(element, "link", rel="alternate", type="text/html", href=entry.canonical)
    for tag in entry.issue.tags:
        _add(element, "category", term=tag)
    if entry.is_open:
        if entry.summary:
            _add(element, "summary", entry.summary)
        _add(element, "content", absolute(full_text(entry, words), entry.url), type="html")
    else:
        _add(element, "summary", words["members_issue_in_feed"])


def full_text(entry: Entry, words: Words) -> str:
    """The text of an open issue as one HTML fragment, with its references."""
    pieces = [entry.body.intro]
    pieces += [f'<h2 id="{escape(one.anchor)}">{one.title_html}</h2>\n{one.html}' for one in entry.nuggets]
    if entry.body.members_note:
        pieces.append(f"<p><em>{escape(entry.body.members_note)}</em></p>")
    if entry.body.references:
        pieces.append(f"<h2>{escape(words['sources'])}</h2>\n<ol>")
        pieces += [
            f'<li id="ref-{escape(one.key)}" value="{one.number}">{one.html}</li>'
            for one in entry.body.references
        ]
        pieces.append("</ol>")
    return "\n".join(piece for piece in pieces if piece)


def absolute(html: str, base: str) -> str:
    """`html` with every `href` and `src` as a whole address; a feed reader shows it far from its page.

    `html` is our own rendering: `<` and `>` in text and values are escaped, values stand in double quotes.
    """

    def joined(match: re.Match[str]) -> str:
        return match[1] + str(escape(urljoin(base, unescape(match[2]))))

    return _TAG.sub(lambda tag: _ADDRESS.sub(joined, tag[0]), html)


def _moment(day: date) -> str:
    """Noon UTC: the same calendar day in nearly every time zone, and the same on every build."""
    return f"{day.isoformat()}T12:00:00Z"


def _add(parent: ElementTree.Element, name: str, text: str = "", **attributes: str) -> None:
    clean = {key: _xml(value) for key, value in attributes.items()}
    ElementTree.SubElement(parent, name, clean).text = _xml(text) or None


def _xml(text: str) -> str:
    """`text` without the control characters that XML cannot carry, not even escaped."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
