import pytest

from newsletter.gathering.entries import (
    LONGEST_HTML,
    address_key,
    clean_address,
    content_hash,
    host_of,
    is_public,
    make_entry,
    one_line,
)


def test_values_are_cleaned() -> None:
    entry = make_entry(
        "blog",
        guid=" a\n b\x00",
        url="/knees?utm_source=rss&id=1#x",
        title="Why <i>knees</i>\ncreak &amp; ache",
        html=" <p>x</p> ",
        summary="<p>x</p>",
        author="Ann\u202e",
        tags=["a", "a", " ", "b<br>"],
        image="pic.png",
        base="https://blog.example.org/2026/",
    )
    assert entry.guid == "a b"
    assert entry.url == "https://blog.example.org/knees?id=1#x"
    assert entry.title == "Why knees creak & ache"
    assert (entry.html, entry.summary) == ("<p>x</p>", ""), "the summary says nothing more"
    assert (entry.author, entry.tags) == ("Ann", ("a", "b"))
    assert entry.image == "https://blog.example.org/2026/pic.png"
    assert entry.base == "https://blog.example.org/2026/"
    assert make_entry("blog", url="https://blog.example.org/knees").base == "https://blog.example.org/knees"
    assert entry.date is None


def test_a_text_beyond_all_measure_is_cut() -> None:
    assert len(make_entry("blog", html="x" * (LONGEST_HTML + 1)).html) == LONGEST_HTML


def test_the_hash_is_over_the_words() -> None:
    plain = content_hash("Title", "<p>Some words</p>")
    assert plain == content_hash("Title", '<div class="new"><p>Some\n <b>words</b></p></div>')
    assert plain != content_hash("Title", "<p>Other words</p>")
    assert plain != content_hash("Other title", "<p>Some words</p>")
    assert len(plain) == 16
    content_hash("\ud800", "<" * 10_000)


@pytest.mark.parametrize(
    ("address", "clean"),
    [
        ("https://example.org/a?utm_source=x&utm_medium=y", "https://example.org/a"),
        ("https://example.org/a?fbclid=1&b=2", "https://example.org/a?b=2"),
        ("a b", "https://example.org/x/a%20b"),
        ("//other.example/a", "https://other.example/a"),
        ("javascript:alert(1)", ""),
        ("http://[", ""),
        ("", ""),
        ("mailto:a@example.org", ""),
    ],
)
def test_addresses_are_made_whole(address: str, clean: str) -> None:
    assert clean_address(address, "https://example.org/x/") == clean


def test_addresses_of_the_same_page_have_the_same_key() -> None:
    assert address_key("http://EXAMPLE.org/a/") == address_key("https://example.org/a") == "example.org/a"
    assert address_key("https://example.org/a?b#c") == "example.org/a?b#c"
    assert address_key("nonsense") == address_key("http://[") == ""
    assert host_of("https://Example.org?x") == "example.org"


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("https://example.org/", True),
        ("http://127.0.0.1:8000/", True),
        ("http://localhost/", False),
        ("ftp://example.org/", False),
        ("https://example.org:x/", False),
        ("", False),
    ],
)
def test_an_address_that_a_browser_can_open(address: str, public: bool) -> None:
    assert is_public(address) is public


def test_one_line_keeps_signs_that_are_no_markup() -> None:
    assert one_line("a < b &lt; c <b>d</b>") == "a < b < c d"
