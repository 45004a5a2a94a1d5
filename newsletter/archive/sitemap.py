"""What search engines are told: which addresses there are and when they last changed (sitemaps.org 0.9)."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree

from newsletter.archive.entries import Entry, SiteFacts

_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"


def sitemap(entries: Sequence[Entry], facts: SiteFacts) -> bytes:
    """`sitemap.xml`: the front page and every listed issue that is not merely a copy of a post elsewhere."""
    urlset = ElementTree.Element("urlset", {"xmlns": _NAMESPACE})
    newest = max((entry.updated for entry in entries), default=None)
    own = [(entry.url, entry.updated) for entry in entries if entry.canonical == entry.url]
    for address, changed in [(facts.url, newest), *own]:
        url = ElementTree.SubElement(urlset, "url")
        ElementTree.SubElement(url, "loc").text = address
        if changed is not None:
            ElementTree.SubElement(url, "lastmod").text = changed.isoformat()
    ElementTree.indent(urlset)
    text: bytes = ElementTree.tostring(urlset, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def robots(facts: SiteFacts) -> bytes:
    """`robots.txt` (RFC 9309): everything may be read, and here is the list."""
    return f"User-agent: *\nAllow: /\n\nSitemap: {facts.url}sitemap.xml\n".encode()
