"""The feed and the site map, read back by others and held against their specifications."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from xml.etree import ElementTree

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.archive.feed import MOST_ENTRIES, absolute
from newsletter.archive.site import SiteFacts
from newsletter.rendering.web import WebBody
from tests.archive.site_parts import FACTS, Page, page, site, web_nugget

ATOM = "{http://www.w3.org/2005/Atom}"


def entries(files: dict[str, bytes]) -> Iterator[ElementTree.Element]:
    return ElementTree.fromstring(files["feed.xml"]).iter(f"{ATOM}entry")


def test_feedparser_reads_it_without_complaint() -> None:
    files = site(page("a", tags=("massage",), preheader="In short."), page("b", "2026-11-17"))
    read = feedparser.parse(files["feed.xml"])
    assert not read.bozo
    assert read.version == "atom10"
    assert read.feed.title == "Pain & Plain <Words>"
    assert read.feed.language == "en"
    assert read.feed.author == "Ada Example"
    first, second = read.entries
    assert first.id == first.link == "https://pain.example.org/letters/a/"
    assert (first.title, first.summary, first.tags[0].term) == ("The issue a", "In short.", "massage")
    assert first.published == "2026-11-24T12:00:00Z"
    assert second.updated == "2026-11-17T12:00:00Z"


def test_it_has_what_rfc_4287_demands() -> None:
    root = ElementTree.fromstring(site(page("a"), page("b", audience="members"), page("c"))["feed.xml"])
    assert root.tag == f"{ATOM}feed"
    for element in (root, *root.iter(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            (found,) = element.findall(f"{ATOM}{name}")
            assert found.text
        alternates = [link for link in element.findall(f"{ATOM}link") if link.get("rel") == "alternate"]
        assert len(alternates) == 1
    assert root.find(f"{ATOM}author/{ATOM}name") is not None  # 4.1.1: for all entries that have none
    own = [link.get("href") for link in root.findall(f"{ATOM}link") if link.get("rel") == "self"]
    assert own == ["https://pain.example.org/letters/feed.xml"]
    identifiers = [element.text for element in root.iter(f"{ATOM}id")]
    assert len(set(identifiers)) == len(identifiers)
    for element in root.iter(f"{ATOM}entry"):
        # 4.1.2: without content there must be an alternate link, and with it a summary is kind
        assert element.find(f"{ATOM}content") is not None or element.find(f"{ATOM}summary") is not None


def test_the_full_text_with_whole_addresses() -> None:
    (entry,) = entries(site(page("a")))
    content = entry.find(f"{ATOM}content")
    assert content is not None
    assert content.get("type") == "html"
    read = Page(content.text or "")
    assert read.faults == []
    assert {"An opening.", "About one"} <= set(read.text.splitlines())
    assert read.links == ["https://pain.example.org/letters/a/#ref-warren1978", "https://doi.org/10.1016/x"]
    assert read.loaded == ["https://pain.example.org/letters/a/clot%20a.png"]
    assert "ref-warren1978" in read.ids


def test_members_issues_are_named_without_their_text() -> None:
    secret = WebBody("SECRET", (web_nugget("SECRET"),), (), "SECRET", 1, ())
    (entry,) = entries(site(page("a", body=secret, audience="members")))
    assert entry.find(f"{ATOM}content") is None
    assert entry.findtext(f"{ATOM}summary") == "This issue went to members only."


def test_an_issue_of_nothing_but_a_title() -> None:
    (entry,) = entries(site(page("a", body=WebBody("", (), (), "", 0, ()))))
    assert entry.find(f"{ATOM}summary") is None
    assert entry.findtext(f"{ATOM}content") in (None, "")


def test_ids_stay_when_the_text_is_corrected() -> None:
    before = site(page("a", "2026-11-10"))
    after = site(page("a", "2026-11-10", title="Better"), page("b", "2026-11-17", corrects="a"))
    old, new = next(entries(before)), list(entries(after))[1]
    assert old.findtext(f"{ATOM}id") == new.findtext(f"{ATOM}id")
    assert new.findtext(f"{ATOM}published") == "2026-11-10T12:00:00Z"
    assert new.findtext(f"{ATOM}updated") == "2026-11-17T12:00:00Z"


def test_only_the_newest_are_in_it() -> None:
    files = site(*(page(f"i{number}", f"2026-01-{number + 1:02}") for number in range(25)))
    titles = [entry.findtext(f"{ATOM}title") for entry in entries(files)]
    assert titles == [f"The issue i{number}" for number in range(24, 24 - MOST_ENTRIES, -1)]


def test_a_feed_before_the_first_issue_is_valid() -> None:
    read = feedparser.parse(site(facts=SiteFacts("T", "https://example.org/"))["feed.xml"])
    assert not read.bozo
    assert read.feed.author == "T"
    assert read.feed.updated == "1970-01-01T12:00:00Z"


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=40), st.text(max_size=40))
def test_any_characters_make_well_formed_xml(title: str, words: str) -> None:
    shown = words.encode("utf-8", "replace").decode()
    body = WebBody(f"<p>{shown.replace('<', '&lt;')}</p>", (), (), shown, 1, ())
    files = site(
        page("a", body=body, tags=(shown,), title=title.encode("utf-8", "replace").decode()),
        facts=replace(FACTS, description=shown),
    )
    ElementTree.fromstring(files["feed.xml"])
    ElementTree.fromstring(files["sitemap.xml"])


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<a href="#x">', '<a href="https://e.org/a/#x">'),
        ('<a id="1" href="../b/">', '<a id="1" href="https://e.org/b/">'),
        ('<img src="p.png?a=1&amp;b=2" alt="">', '<img src="https://e.org/a/p.png?a=1&amp;b=2" alt="">'),
        ('<a href="mailto:a@b.c">', '<a href="mailto:a@b.c">'),
        ('<a href="//other.org/">', '<a href="https://other.org/">'),
        ('<code>&lt;a href="#x"&gt; href="#y"</code>', '<code>&lt;a href="#x"&gt; href="#y"</code>'),
        (
            '<img alt="an href=&quot;x&quot;" src="p.png">',
            '<img alt="an href=&quot;x&quot;" src="https://e.org/a/p.png">',
        ),
        ("no tags", "no tags"),
    ],
)
def test_addresses_are_made_whole(html: str, expected: str) -> None:
    assert absolute(html, "https://e.org/a/") == expected


def test_the_site_map() -> None:
    files = site(page("a", "2026-11-10"), page("b", "2026-11-17", corrects="a"))
    namespace = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
    urls = {
        url.findtext(f"{namespace}loc"): url.findtext(f"{namespace}lastmod")
        for url in ElementTree.fromstring(files["sitemap.xml"])
    }
    assert urls == {
        "https://pain.example.org/letters/": "2026-11-17",
        "https://pain.example.org/letters/a/": "2026-11-17",
        "https://pain.example.org/letters/b/": "2026-11-17",
    }
    assert b"lastmod" not in site()["sitemap.xml"]
    assert b"Sitemap: https://pain.example.org/letters/sitemap.xml\n" in files["robots.txt"]
