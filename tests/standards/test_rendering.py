"""What readers see: lines R1 to R8 of docs/explanation/standards.md."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import pytest

from newsletter.checking.simulations import dark_forced, images_off, turned
from newsletter.errors import ContentError
from newsletter.publication import Publication
from newsletter.rendering.budget import HTML_LIMIT, check_size
from tests.standards.sample import TOKENS, Mail, Page, assemble, reader

CONTRAST = 4.5
DECLARATION = re.compile(r"([a-z-]+)\s*:\s*([^;]+)")


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_R1_no_mail_is_cut_off(mails: list[Mail]) -> None:
    for mail in mails:
        assert len(mail.body("html").encode()) <= HTML_LIMIT
    heavy = replace(
        mails[0].edition.renditions[0], html=("x" * HTML_LIMIT, *mails[0].edition.renditions[0].html)
    )
    with pytest.raises(ContentError):
        check_size(heavy, mails[0].edition.identity, "issues/x.md")


def test_R2_the_preheader(publication: Publication, mails: list[Mail]) -> None:
    for file in publication.issue_files:
        assert 40 <= len(publication.issue(file).preheader) <= 110
    for mail in mails:
        (hidden,) = [values for tag, values in mail.page.tags if "mso-hide" in values.get("style", "")]
        names = {name for name, _ in DECLARATION.findall(hidden["style"])}
        assert "color" not in names  # it inherits, so that nothing is white on white


def test_R3_for_screen_readers(mails: list[Mail]) -> None:
    for mail in mails:
        (html,) = mail.page.named("html")
        assert (html["lang"], html["dir"]) == ("en", "ltr")
        assert mail.page.title.strip()
        levels = [int(tag[1]) for tag, _ in mail.page.tags if re.fullmatch(r"h[1-6]", tag)]
        assert levels.count(1) == 1
        assert levels[0] == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))
        for table in mail.page.named("table"):
            assert table.get("role") == "presentation" or "data" in table.get("class", "")
        assert all(cell.get("scope") for cell in mail.page.named("th"))
        assert all("alt" in picture for picture in mail.page.named("img"))
        assert not [
            words for _, words in mail.page.links if words.strip().lower() in ("here", "click here", "link")
        ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_R3_contrast(publication: Publication, scheme: str) -> None:
    colours = {name: str(value) for name, value in publication.theme.tokens[scheme].items()}
    for words in ("text", "muted", "accent"):
        for ground in ("background", "surface"):
            assert contrast(colours[words], colours[ground]) >= CONTRAST, (words, ground)
    assert contrast(colours["on_accent"], colours["accent"]) >= CONTRAST


def test_R4_pictures_may_be_missing(mails: list[Mail]) -> None:
    seen = 0
    for mail in mails:
        for picture in mail.page.named("img"):
            seen += 1
            assert picture["src"].startswith("https://")
            assert re.search(r"\.(png|jpe?g|gif)$", picture["src"])
            assert 0 < int(picture["width"]) <= 640
            assert picture["alt"].strip()
        bare = Page()
        bare.feed(images_off(mail.body("html")))
        assert bare.words == mail.page.words
    assert seen


def test_R5_dark_colours(mails: list[Mail]) -> None:
    for mail in mails:
        metas = {values.get("name"): values.get("content") for values in mail.page.named("meta")}
        assert metas["color-scheme"] == metas["supported-color-schemes"] == "light dark"
        html = mail.body("html")
        assert re.search(r":root\s*\{\s*color-scheme: light dark", html)
        assert "@media (prefers-color-scheme: dark)" in html
        assert not re.search(r"(?<!-)\bcolor:\s*#(?:000000|ffffff)", html)


def test_R5_it_survives_being_turned_over(publication: Publication, mail: Mail) -> None:
    colours = {name: str(value) for name, value in publication.theme.tokens["light"].items()}
    for words in ("text", "muted", "accent"):
        for ground in ("background", "surface"):
            assert contrast(turned(colours[words]), turned(colours[ground])) >= CONTRAST, (words, ground)
    forced = dark_forced(mail.body("html"))
    assert "prefers-color-scheme" not in forced
    assert turned(colours["background"]) in forced


def test_R6_classic_outlook_gets_tables_and_no_vml(mails: list[Mail]) -> None:
    for mail in mails:
        html = mail.body("html")
        assert re.search(r"<!--\[if mso \| IE\]><table[^>]*width=\"600\"", html)
        assert html.count("<!--[if mso | IE]>") >= 2
        assert not re.search(r"<v:", html)


def test_R7_no_amp(mails: list[Mail]) -> None:
    for mail in mails:
        assert {part.get_content_type() for part in mail.parsed.walk()} == {
            "multipart/alternative",
            "text/plain",
            "text/html",
        }


def test_R8_nobody_is_tracked(mails: list[Mail]) -> None:
    for mail in mails:
        other = reader(77, name=mail.subscriber.name, tier=mail.subscriber.tier)
        written = Mail(mail.edition, other, assemble(mail.edition, other))
        mine, his = (TOKENS.unsubscribe(each.public_id) for each in (mail.subscriber, other))
        for kind in ("html", "plain"):  # nothing but the link for leaving tells readers apart
            assert mail.body(kind).replace(mine, "") == written.body(kind).replace(his, "")
        for picture in mail.page.named("img"):
            assert int(picture["width"]) > 1
            assert "?" not in picture["src"]
