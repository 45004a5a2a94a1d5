import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import ContentError
from newsletter.feeds.opml import Outline, read_opml, write_opml

LIST = b"""<?xml version="1.0" encoding="UTF-8"?>
<opml version="1.1"><head><title>Mine</title></head><body>
<outline text="Pain">
  <outline text="Sore &amp; tired" title="Sore" type="rss" xmlUrl="https://a.example.org/feed?a=1&amp;b=2" htmlUrl="https://a.example.org/"/>
  <outline text="No address"/>
</outline>
<OUTLINE text="Loud" XMLURL="https://b.example.org/feed"/>
<outline text="Again" xmlUrl="https://b.example.org/feed"/>
<outline text="Odd" xmlUrl="javascript:alert(1)"/>
</body></opml>"""


def test_a_list_is_read_however_it_is_grouped() -> None:
    assert read_opml(LIST, "list.opml") == [
        Outline("Sore", "https://a.example.org/feed?a=1&b=2"),
        Outline("Loud", "https://b.example.org/feed"),
    ]


def test_a_list_that_was_written_is_read_again() -> None:
    outlines = [
        Outline('A "b" & <c>', "https://a.example.org/?a=1&b=2"),
        Outline("d", "https://d.example.org/"),
    ]
    text = write_opml('My "feeds" & more', outlines)
    assert read_opml(text.encode(), "x") == outlines
    assert '<opml version="2.0">' in text


@given(st.text())
def test_any_title_can_be_written(title: str) -> None:
    (outline,) = read_opml(write_opml(title, [Outline(title, "https://a.example.org/")]).encode(), "x")
    assert outline.url == "https://a.example.org/"


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"", 1),
        (b"not xml", 1),
        (b"<opml>\n<body>", 2),
        (b"<rss/>", 1),
        (b'<!DOCTYPE opml [<!ENTITY a "b">]><opml><body><outline xmlUrl="&a;"/></body></opml>', 0),
        (b'<!DOCTYPE opml [<!ENTITY a SYSTEM "file:///etc/passwd">]><opml/>', 0),
    ],
)
def test_other_things_are_refused(data: bytes, line: int) -> None:
    with pytest.raises(ContentError) as caught:
        read_opml(data, "list.opml")
    (problem,) = caught.value.problems
    assert (problem.file, problem.line, problem.code) == ("list.opml", line, "not-opml")


def test_depth_is_no_harm() -> None:
    deep = b"<opml><body>" + b"<outline>" * 10_000 + b"</outline>" * 10_000 + b"</body></opml>"
    assert read_opml(deep, "x") == []
