"""The mail's HTML against the rendering and accessibility rules R1 to R5."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from newsletter.document import Merge
from newsletter.model import Edition, Segments, Tier
from newsletter.rendering.theme import Theme


def filled(segments: Segments) -> str:
    return "".join(
        each if isinstance(each, str) else f"https://value.example/{each.name}" for each in segments
    )


class Page(HTMLParser):
    """All start tags of a page, and its text without the head."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._silent = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._silent = tag in ("style", "title")

    def handle_endtag(self, tag: str) -> None:
        self._silent = False

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(params=list(Tier))
def html(edition: Edition, request: pytest.FixtureRequest) -> str:
    return filled(edition.rendition(request.param).html)


@pytest.fixture
def page(html: str) -> Page:
    return Page(html)


def test_r2_preheader_is_hidden_and_has_no_colour_of_its_own(html: str) -> None:
    block = re.search(r'<div style="([^"]*)">Case reports on massage.*?</div>', html, re.DOTALL)
    assert block
    assert "display:none" in block[1]
    assert "color" not in block[1]
    assert block[0].count("&#847;") >= 50
    assert html.index(block[0]) < html.index("Sore &amp; Sane</a>")


def test_r3_language_title_and_headings(page: Page, html: str) -> None:
    assert page.all("html")[0]["lang"] == "en"
    assert page.all("html")[0]["dir"] == "ltr"
    assert "<title>Six cases of &quot;dislodged&quot; clots &amp; what they teach</title>" in html
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_r3_layout_tables_are_presentation_and_data_tables_have_scopes(page: Page) -> None:
    for table in page.all("table"):
        assert table.get("role") == "presentation" or table.get("class") == "data", table
    assert page.all("th")
    assert all(head.get("scope") == "col" for head in page.all("th"))


def test_r3_links_have_words(html: str) -> None:
    words = [
        re.sub("<[^>]*>", "", each).strip() for each in re.findall(r"<a [^>]*>(.*?)</a>", html, re.DOTALL)
    ]
    assert words
    assert all(words)


def test_r4_pictures(page: Page) -> None:
    pictures = page.all("img")
    assert len(pictures) == 3
    for picture in pictures:
        assert picture.get("alt") is not None
        assert int(picture["width"] or 0) <= 552
        assert (picture["src"] or "").startswith("https://")
    assert (pictures[0]["width"], pictures[0]["height"]) == ("552", "310")
    assert pictures[0]["src"] == "https://letters.example.org/six-clots/clot.png"


def test_r4_nothing_is_loaded_but_pictures(page: Page, html: str) -> None:
    assert {"script", "link", "iframe", "form", "object", "video"}.isdisjoint({tag for tag, _ in page.tags})
    assert "fonts.googleapis" not in html
    assert "@import" not in html
    assert "url(" not in html


def test_r5_dark_mode(page: Page, html: str) -> None:
    names = {attributes.get("name"): attributes.get("content") for attributes in page.all("meta")}
    assert names["color-scheme"] == "light dark"
    assert names["supported-color-schemes"] == "light dark"
    assert ":root { color-scheme: light dark;" in html
    assert "@media (prefers-color-scheme: dark)" in html


def test_colours_have_six_digits(html: str) -> None:
    colours = re.findall(r"(?:color|border[a-z-]*|bgcolor)[=:][^;>]*?(#[0-9A-Za-z]+)", html)
    assert len(colours) > 50
    assert all(re.fullmatch("#[0-9a-f]{6}", colour) for colour in colours)


def test_outlook_gets_its_tables(html: str) -> None:
    assert html.count("<!--[if mso | IE]>") >= 4


def test_quotation_is_a_cell_with_a_border(html: str) -> None:
    assert re.search(r'<td class="quote" style="[^"]*border-left:3px solid #8a3324', html)


def test_panels_are_padded_cells_with_bgcolor(html: str) -> None:
    panels = re.findall(r'<td class="panel [^>]*>', html)
    assert len(panels) >= 3
    assert all('bgcolor="#f6f4f0"' in panel and "padding:20px" in panel for panel in panels)


def test_links_lead_to_the_archive(page: Page) -> None:
    links = [each["href"] for each in page.all("a")]
    assert "https://letters.example.org/six-clots/#an-elderly-woman" in links
    assert "https://letters.example.org/six-clots/#ref-warren1978" in links
    assert "mailto:ask@example.org" in links
    assert f"https://value.example/{'unsubscribe_url'}" in links


def test_the_leave_link_is_a_hole_in_both_parts(edition: Edition) -> None:
    for rendition in edition.renditions:
        for part in (rendition.html, rendition.text):
            assert Merge("unsubscribe_url") in part


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("ground", ["background", "surface"])
@pytest.mark.parametrize("ink", ["text", "muted", "accent"])
def test_r3_contrast(theme: Theme, scheme: str, ground: str, ink: str) -> None:
    lights = sorted(luminance(str(theme.tokens[scheme][name])) for name in (ground, ink))
    assert (lights[1] + 0.05) / (lights[0] + 0.05) >= 4.5
