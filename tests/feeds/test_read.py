import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.errors import ContentError, NewsletterError
from newsletter.feeds.read import MOST_ENTRIES, Feed, find_feeds, read_feed
from newsletter.gathering.dialect import to_dialect
from newsletter.gathering.entries import Entry

DATA = Path(__file__).parent / "data"
URL = "https://feeds.example.org/x/feed"


def feed(name: str, **options: str) -> Feed:
    return read_feed((DATA / name).read_bytes(), name="blog", url=URL, **options)


def read(text: str | bytes, **options: str) -> Feed:
    body = text.encode() if isinstance(text, str) else text
    return read_feed(body, name="blog", url=URL, **options)


def facts(entry: Entry) -> tuple[str, str, str, str]:
    return entry.title, entry.url, entry.guid, entry.html or entry.summary


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]  # as many as are given


@pytest.mark.parametrize(
    ("name", "title", "home", "entries"),
    [
        (
            "rss090.xml", "Mozilla Dot Org", "http://www.example.org",
            [("New Status Updates", "http://www.example.org/status/", "", ""),
             ("Bugzilla Reorganized", "http://www.example.org/bugs/", "", "")],
        ),
        (
            "rss091.xml", "Café notes", "http://cafe.example.org/",
            [("Crème brûlée", "http://cafe.example.org/creme", "", "<p>Sugar &amp; fire.</p>")],
        ),
        (
            "rss092.xml", "Dave", "http://dave.example.org/",
            [("", "", "", "A post without a title, <i>as was the custom</i> in those days, and it goes on.")],
        ),
        (
            "rss10.rdf", "RDF", "https://rdf.example.org/",
            [("One", "https://rdf.example.org/1", "https://rdf.example.org/1", "<p>Body</p>")],
        ),
        (
            "atom03.xml", "Old Atom", "http://old.example.org/",
            [("E", "http://old.example.org/e", "tag:e", "<p>x</p>")],
        ),
        (
            "atom10.xml", "Atoms & bonds", "https://atom.example.org/blog/",
            [("A <b> in a title", "https://atom.example.org/blog/2026/one", "tag:atom.example.org,2026:one",
              '<p>See <a href="two">two</a>.</p><img src="pic.png" alt="P"></img>'),
             ("Updated only", "https://atom.example.org/three", "urn:uuid:3",
              "<p>First paragraph.</p><p>Second &amp; last.</p>")],
        ),
        (
            "charset-lie.xml", "Lies", "https://l.example.org/",
            [("Grüße aus Köln", "", "1", "<p>“quoted”</p>")],
        ),
        ("windows-1252.xml", "Right", "https://l.example.org/", [("Grüße – “aus” Köln", "", "1", "")]),
        ("utf-16.xml", "Wide", "https://l.example.org/", [("Grüße 🦵", "", "1", "")]),
        (
            "feed.json", "JSON & co", "https://json.example.org/",
            [("One <b>", "https://feeds.example.org/one", "1", "<p>Hello</p>"),
             ("", "https://other.example.org/x", "2", "<p>First.</p><p>Second &amp; last.</p>"),
             ("", "", "", "")],
        ),
    ],
)  # fmt: skip
def test_feeds_of_every_kind(
    name: str, title: str, home: str, entries: list[tuple[str, str, str, str]]
) -> None:
    found = feed(name)
    assert (found.title, found.home) == (title, home)
    assert [facts(entry) for entry in found.entries] == entries


def test_everything_that_wordpress_tells() -> None:
    first, second = feed("rss20-wordpress.xml", content_type="application/rss+xml; charset=UTF-8").entries
    assert first.title == "Why knees creak (and why that’s fine)"
    assert first.url == "https://blog.example.org/2026/11/knees/", "without tracking"
    assert first.guid == "https://blog.example.org/?p=1207"
    assert first.author == "Marian Holt"
    assert first.tags == ("Knees", "Noises & clicks")
    assert first.published == at(2026, 11, 20, 8, 12, 40)
    assert first.summary.startswith("<p>Nearly all knees make noises. [")
    assert second.summary == "<p>Plain words, no markup.</p><p>And a second paragraph.</p>"


def test_atom_and_json_tell_as_much() -> None:
    atom = feed("atom10.xml").entries[0]
    assert (atom.published, atom.updated) == (at(2026, 11, 20, 11), at(2026, 11, 21))
    assert (atom.author, atom.tags, atom.summary) == (
        "Ann Example",
        ("Pain",),
        "<p>Less &lt;than&gt; all.</p>",
    )
    assert "](https://atom.example.org/blog/two)" in to_dialect(atom.html, base=atom.base), "xml:base"
    one, two, odd = feed("feed.json").entries
    assert (one.published, one.updated) == (at(2026, 11, 20, 8), at(2026, 11, 21, 10))
    assert (one.author, one.tags, one.summary) == ("Ann", ("pain",), "<p>Short</p>")
    assert one.image == "https://feeds.example.org/pic.png"
    assert (two.author, two.published) == ("Bea", None)
    assert (odd.author, odd.tags) == ("Cy", ())
    assert feed("rss092.xml").entries[0].image == "http://dave.example.org/pic.jpg"
    assert feed("rss10.rdf").entries[0].date == at(2026, 11, 20, 10)


def test_dates_of_every_kind() -> None:
    assert {entry.guid: entry.published for entry in feed("rss20-dates.xml").entries} == {
        "epoch": at(1970, 1, 1),
        "future": at(2099, 12, 31, 23, 59, 59),
        "iso": at(2026, 11, 20, 8),
        "words": None,
        "zone": at(2026, 11, 20, 18),
        "short": at(2026, 11, 20, 10),
        "impossible": None,
        "same": None,
    }


def test_media_and_enclosures_may_be_pictures() -> None:
    item = "<item><title>x</title>{}</item>"
    head = '<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"><channel><title>t</title>'
    for inside, image in (
        ('<media:content url="https://x.example/a.png" medium="image"/>', "https://x.example/a.png"),
        ('<media:content url="https://x.example/a.mp4" type="video/mp4"/>', ""),
        ('<media:thumbnail url="https://x.example/t.png"/>', "https://x.example/t.png"),
        ('<enclosure url="https://x.example/a.mp3" type="audio/mpeg"/>', ""),
    ):
        (entry,) = read(f"{head}{item.format(inside)}</channel></rss>").entries
        assert entry.image == image


def test_what_breaks_off_is_used_but_for_the_last_entry() -> None:
    found = feed("truncated.xml")
    assert [entry.title for entry in found.entries] == ["Why knees creak (and why that’s fine)"]
    (problem,) = found.problems
    assert (problem.code, problem.level) == ("truncated-feed", "warning")


def test_mistakes_in_the_xml_are_told_and_read_over() -> None:
    found = feed("ampersands.xml")
    assert found.entries[0].title == "Fish & chips < dinner"
    assert found.entries[0].url == "https://a.example.org/?a=1&b=2"
    assert [problem.code for problem in found.problems] == ["malformed-feed"]


def test_entities_do_no_harm() -> None:
    begun = time.monotonic()
    assert feed("entity-bomb.xml").entries[0].title == "&j;"
    assert feed("external-entity.xml").entries[0].title == "&x;"
    assert time.monotonic() - begun < 5


def test_a_web_page_is_not_a_feed_but_names_one() -> None:
    with pytest.raises(ContentError) as caught:
        feed("page.html", content_type="text/html")
    (problem,) = caught.value.problems
    assert problem.message == f"At {URL} there is a web page, not a feed."
    assert problem.hint == "That page names this feed: https://feeds.example.org/feed/?a=1&b=2"
    assert find_feeds((DATA / "page.html").read_text(), URL)[1:] == ["https://blog.example.org/atom.xml"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "nothing at"),
        (b"\n \n", "nothing at"),
        (b"plain words", "is not a feed"),
        (b"\x89PNG\r\n\x1a\n\0\0", "is not a feed"),
        (b"<html><body>no link</body></html>", "a web page"),
        (b'<opml version="2.0"/>', "is not a feed"),
        (b"{", "not valid JSON"),
        (b'{"a":' * 100_000, "not valid JSON"),
        (b'{"items": []}', "not a JSON Feed"),
        (b'{"version": 1, "items": []}', "not a JSON Feed"),
        (b"<feeding/>", "is not a feed"),
    ],
)
def test_what_is_not_a_feed_is_said_to_be_none(body: bytes, words: str) -> None:
    with pytest.raises(ContentError, match=words):
        read(body)


def test_a_feed_may_be_empty() -> None:
    assert read('<rss version="2.0"><channel><title>t</title></channel></rss>').entries == ()
    assert read('{"version": "https://jsonfeed.org/version/1", "items": 7}').entries == ()


@pytest.mark.parametrize(
    "body",
    [
        "<rss version='2.0'><channel>" + "<a>" * 200_000,
        "<rss version='2.0' " + " ".join(f"a{number}='1'" for number in range(20_000)) + ">",
        "<rss version='2.0'><channel>" + "<item><guid>1</guid></item>" * (MOST_ENTRIES + 1),
    ],
)
def test_what_no_feed_does_is_not_parsed(body: str) -> None:
    begun = time.monotonic()
    with pytest.raises(ContentError, match="what no feed does"):
        read(body)
    assert time.monotonic() - begun < 5


def test_unclosed_tags_in_many_entries_are_no_harm() -> None:
    item = "<item><guid>{}</guid><description><![CDATA[<b>x<br><img src=a><p>y<i>z]]></description></item>"
    items = "".join(item.format(number) for number in range(3000))
    assert len(read(f"<rss version='2.0'><channel>{items}</channel></rss>").entries) == 3000


def test_addresses_that_cannot_be_joined_are_left_out() -> None:
    (entry,) = read(
        "<rss version='2.0'><channel><item><link>http://[</link><guid>1</guid></item></channel></rss>"
    ).entries
    assert entry.url in ("", URL)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_damage_to_a_feed_is_survived(data: st.DataObject) -> None:
    name = data.draw(
        st.sampled_from(["rss20-wordpress.xml", "atom10.xml", "feed.json", "rss10.rdf", "utf-16.xml"])
    )
    body = bytearray((DATA / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        start = data.draw(st.integers(0, len(body)))
        body[start : start + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=10))
    try:
        found = read(bytes(body))
    except NewsletterError:
        return
    for entry in found.entries:
        to_dialect(entry.html or entry.summary, base=entry.base)
