"""The words beside the author's: in the publication's language, complete, the right names in braces."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from datetime import date

import pytest
from markupsafe import Markup

from newsletter.errors import ConfigurationError
from newsletter.rendering.phrases import read_words
from newsletter.rendering.theme import Theme
from newsletter.rendering.words import Phrase, direction
from tests.rendering.theming import FOLDER, make

MakeTheme = Callable[..., Theme]
LANGUAGES = ("en", "de", "fr", "es", "nl", "it", "pt")
BASE = '[en]\nhello = "Hello"\nto = "To {name}"\n[de]\nhello = "Guten Tag"\n[de-AT]\nto = "An {name}"\n'


def spoken() -> dict[str, dict[str, str]]:
    return tomllib.loads((FOLDER / "plain" / "words.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_is_complete(language: str) -> None:
    assert list(spoken()[language]) == list(spoken()["en"])
    words = make(language=language).words
    assert words["unsubscribe"] == spoken()[language]["unsubscribe"]
    assert "twelve" not in words.members_nuggets(12, 1210)
    for count in range(1, 12):
        assert words.members_nuggets(count, 100)


def test_every_phrase_is_used() -> None:
    package = FOLDER.parent
    sources = [path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.j2")]
    sources += [path.read_text(encoding="utf-8") for path in package.rglob("*.py")]
    text = "\n".join(sources)
    unused = [name for name in spoken()["en"] if f"words.{name}" not in text and f'"{name}"' not in text]
    assert [name for name in unused if f"'{name}'" not in text] == []


@pytest.mark.parametrize(
    ("language", "day", "number"),
    [
        ("en", "24 November 2026", "1,210"),
        ("en-US", "November 24, 2026", "1,210"),
        ("EN-gb", "24 November 2026", "1,210"),
        ("de", "24. November 2026", "1.210"),
        ("de-XY", "24. November 2026", "1.210"),
        ("fr", "24 novembre 2026", "1\u202f210"),
        ("pt-BR", "24 de novembro de 2026", "1.210"),
        ("he", "24 בנובמבר 2026", "1,210"),
        ("ja", "2026年11月24日", "1,210"),
        ("zh-Hant", "2026年11月24日", "1,210"),
        ("xyz", "2026-11-24", "1210"),
        ("q!", "2026-11-24", "1210"),
    ],
)
def test_dates_and_numbers(language: str, day: str, number: str) -> None:
    words = make(language=language).words
    assert words.day(date(2026, 11, 24)) == day
    assert words.number(1210) == number


def test_members_notes() -> None:
    words = make().words
    assert words.members_nuggets(0, 0) == ""
    assert words.members_nuggets(1, 104) == (
        "Members also get one more nugget in this issue, about 100 words."
    )
    assert "three more nuggets in this issue, about 2,320 words" in words.members_nuggets(3, 2317)
    assert "11 more nuggets" in words.members_nuggets(11, 100)
    assert words.members_passage(2) == "This part (about 10 words) is for members."
    assert "noch drei Stücke, etwa 2.320 Wörter" in make(language="de-AT").words.members_nuggets(3, 2317)


@pytest.mark.parametrize(
    ("language", "which"), [("en", "ltr"), ("he", "rtl"), ("ar-EG", "rtl"), ("FA", "rtl"), ("pt-BR", "ltr")]
)
def test_direction(language: str, which: str) -> None:
    assert direction(language) == which


def test_phrases_are_escaped_only_beside_html() -> None:
    phrase = Phrase("A & {b} <i>")
    assert phrase(b="<b>") == "A & <b> <i>"
    made = phrase(b=Markup("<b>x</b>"))
    assert made == "A &amp; <b>x</b> &lt;i&gt;"
    assert isinstance(made, Markup)


def test_the_nearest_language_counts() -> None:
    sources = [("words.toml", BASE), ("templates/words.toml", '[de]\nto = "Für {name}"\n[sv]\nhello = "Hej"')]
    assert read_words("de-AT", sources).phrases == {"hello": "Guten Tag", "to": "An {name}"}
    assert read_words("de-CH", sources)["to"] == "Für {name}"
    assert read_words("DE", sources)["to"] == "Für {name}"
    assert read_words("sv", sources).phrases == {"hello": "Hej", "to": "To {name}"}
    assert read_words("fr", sources).phrases == {"hello": "Hello", "to": "To {name}"}


@pytest.mark.parametrize(
    ("own", "line", "message", "hint"),
    [
        ('[en]\nhallo = "x"', 2, "en.hallo is no phrase that a theme uses.", 'Did you mean "hello"?'),
        ('[sv]\nzzz = "x"', 2, "sv.zzz is no phrase", ""),
        ("[en]\nhello = 3", 2, "en.hello must be a text in quotes", ""),
        ('hello = "x"', 1, "hello must be a text in quotes, in the table of a language.", ""),
        ('[en]\n\nto = "To"', 3, "en.to must hold {name}, as in English: “To {name}”", ""),
        ('[en]\nhello = "Hello {you}"', 2, "en.hello must hold nothing in braces", ""),
        ('[en]\nhello = "Hello {you"', 2, "has a brace that is not closed, or is no name.", ""),
        ('[en]\nhello = "Hello {}"', 2, "has a brace that is not closed, or is no name.", ""),
        ('[en]\nto = "{name.__class__}"', 2, "has a brace that is not closed, or is no name.", ""),
        ("[en", 0, "", ""),
    ],
)
def test_faults(own: str, line: int, message: str, hint: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_words("en", [("words.toml", BASE), ("templates/words.toml", own)])
    (problem,) = caught.value.problems
    assert problem.file == "templates/words.toml"
    assert problem.line == line or not message
    assert message in problem.message
    assert problem.hint == hint


def test_own_phrases_reach_mail_and_page(themed: MakeTheme) -> None:
    theme = themed(words='[en]\nunsubscribe = "Leave <us>"\n')
    assert theme.render("email/footer.txt.j2", **FOOTER).count("Leave <us>: https://leave.example") == 1
    assert "&gt;Leave" not in theme.render("email/footer.mjml.j2", **FOOTER)
    assert "Leave &lt;us&gt;</a>" in theme.render("email/footer.mjml.j2", **FOOTER)


FOOTER = {
    "tier": "free",
    "unsubscribe_url": "https://leave.example",
    "publication": {
        "title": "T",
        "author": "",
        "url": "",
        "postal_address": "",
        "unsubscribe_available": True,
    },
}
