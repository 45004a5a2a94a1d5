from __future__ import annotations

import pytest

from newsletter.document import (
    Block,
    Break,
    Emphasis,
    Listing,
    Note,
    NoteRef,
    Paragraph,
    Picture,
    Quotation,
    Text,
    Video,
)
from newsletter.errors import Problem
from newsletter.writing.tree import read_body
from newsletter.writing.videos import video_site


@pytest.mark.parametrize(
    ("address", "site"),
    [
        ("https://www.youtube.com/watch?v=aqz-KE-bpKQ", "YouTube"),
        ("http://m.youtube.com/watch?t=4&v=aqz-KE-bpKQ#x", "YouTube"),
        ("https://youtube.com/shorts/abc?feature=share", "YouTube"),
        ("https://www.youtube-nocookie.com/embed/abc", "YouTube"),
        ("https://YouTu.be/abc", "YouTube"),
        ("https://vimeo.com/1084537", "Vimeo"),
        ("https://vimeo.com/channels/staffpicks/1084537/abc", "Vimeo"),
        ("https://player.vimeo.com/video/1084537?h=1", "Vimeo"),
        ("https://www.dailymotion.com/video/x26m1j4", "Dailymotion"),
        ("https://www.ted.com/talks/somebody_says_something?language=en", "TED"),
        ("https://peertube.example.org/w/4KMaXTTxHwEzeVQ8VbnSdK", "peertube.example.org"),
        ("https://WWW.Example.org:8080/films/a%20b.MP4?x=1#t=4", "example.org"),
        ("https://example.org/a.webm", "example.org"),
        *(
            (address, "")
            for address in (
                "https://www.youtube.com/@channel",
                "https://www.youtube.com/watch?list=abc",
                "https://www.youtube.com/playlist?list=abc",
                "https://example.org/watch?v=abc",
                "https://vimeo.com/about",
                "https://example.org/film.mp4.html",
                "https://example.org/",
                "ftp://example.org/a.mp4",
                "https://youtu.be/a b",
                "youtu.be/abc",
                "",
            )
        ),
    ],
)
def test_addresses_of_videos(address: str, site: str) -> None:
    assert video_site(address) == site


def read(text: str) -> tuple[tuple[Block, ...], list[tuple[int, str]]]:
    body, problems = read_body(text, "x.md")
    return body.intro, [(one.line, one.code) for one in problems]


URL = "https://youtu.be/abc"


def test_an_address_alone() -> None:
    assert read(f"a\n\n{URL}\n\nb") == (
        (Paragraph((Text("a"),), 1), Video(URL, "YouTube", line=3), Paragraph((Text("b"),), 5)),
        [],
    )
    assert read(f"<{URL}>  ") == ((Video(URL, "YouTube", line=1),), [])
    assert read("https://youtu.be/abc?x=“é”") == (
        (Video("https://youtu.be/abc?x=%E2%80%9C%C3%A9%E2%80%9D", "YouTube", line=1),),
        [],
    )


def test_what_the_lines_below_tell() -> None:
    title = (Text("How "), Emphasis((Text("it’s"),)), Break(), Text("done"))
    still = Picture("my still.png", "A vein", 3)
    assert read(f"{URL}\nHow *it's*\n![A vein](<my still.png>)\ndone") == (
        (Video(URL, "YouTube", title, still, 1),),
        [],
    )
    assert read(f'{URL}\n![A vein](a.png "The *title*")') == (
        (
            Video(
                URL, "YouTube", (Text("The "), Emphasis((Text("title"),))), Picture("a.png", "A vein", 2), 1
            ),
        ),
        [],
    )


def test_a_title_that_would_be_lost() -> None:
    _, problems = read(f'{URL}\nTitle\n![A vein](a.png "Another")')
    assert problems == [(3, "lost-caption")]
    _, problems = read(f"{URL}\nTitle^[note]")
    assert problems == [(1, "note-in-title")]


@pytest.mark.parametrize("text", [f"See {URL}", f"a\n{URL}", f"{URL} and more", f"[a]({URL})", f"`{URL}`"])
def test_addresses_that_are_not_alone(text: str) -> None:
    (block,), problems = read(text)
    assert isinstance(block, Paragraph)
    assert problems == []


def test_quotations_lists_and_footnotes_keep_their_addresses() -> None:
    body, problems = read_body(f"> {URL}\n\n- {URL}\n\na[^1]\n\n[^1]: {URL}", "x.md")
    assert problems == []
    quotation, listing, paragraph = body.intro
    plain = (Text(URL),)
    assert isinstance(quotation, Quotation)
    assert quotation.blocks == (Paragraph(plain, 1),)
    assert isinstance(listing, Listing)
    assert listing.items[0].blocks == (Paragraph(plain, 3),)
    assert paragraph == Paragraph((Text("a"), NoteRef(1, 5)), 5)
    assert body.notes == (Note(1, (Paragraph(plain, 7),)),)


def test_a_nugget_cannot_begin_in_a_footnote() -> None:
    _, problems = read_body("a[^1]\n\n[^1]: b\n\n    ## c", "x.md")
    assert problems == [
        Problem(
            "nugget-inside",
            "A nugget cannot begin inside a footnote.",
            "x.md",
            5,
            "Use ### for a heading inside a nugget.",
        )
    ]
