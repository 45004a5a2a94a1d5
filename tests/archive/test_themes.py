"""The archive in the other themes."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.archive.site import build_site
from newsletter.files.themes import open_theme
from newsletter.rendering.web import WebBody
from newsletter.themes import THEMES
from tests.archive.site_parts import FACTS, page, web_nugget


def files(name: str, *pictures: str, audience: str = "everyone") -> dict[str, str]:
    body = WebBody("", (web_nugget("one"),), (), "Summary.", 300, pictures)
    theme = open_theme(name, Path("/nowhere"), "en")
    return {
        path: data.decode()
        for path, data in build_site([page("six", body=body, audience=audience)], theme, FACTS)
    }


@pytest.mark.parametrize("name", THEMES)
def test_every_theme_makes_a_site(name: str) -> None:
    made = files(name)
    assert set(made) == set(files("plain"))
    assert "The issue six" in made["six/index.html"]
    assert "six/index.html" in made["index.html"]


def test_own_rules_come_after_the_style_sheet() -> None:
    plain, letter = files("plain")["style.css"], files("letter")["style.css"]
    assert "No lines and no grounds" in letter
    assert (
        letter.index("@media print") < letter.index("No lines and no grounds") > plain.index("@media print")
    )


def test_digest_shows_the_first_picture_on_the_front_page() -> None:
    assert 'src="six/a%20b.png" alt=""' in files("digest", "pictures/a b.png", "c.png")["index.html"]
    assert 'src="https://example.org/x.png"' in files("digest", "https://example.org/x.png")["index.html"]
    assert "<img" not in files("digest")["index.html"]
    assert "<img" not in files("digest", "a.png", audience="members")["index.html"]
    assert "<img" not in files("plain", "a.png")["index.html"]
