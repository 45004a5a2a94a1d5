"""Slots are found again exactly where the templates show them, or the build fails."""

from __future__ import annotations

import pytest

from newsletter.errors import ConfigurationError
from newsletter.rendering.slots import Slots

DIGITS = "0123456789abcdef0123"


def test_words_may_stand_anywhere_and_often() -> None:
    slots = Slots(DIGITS)
    name = slots.words("title")
    compiled = f'<title>{name}</title><body aria-label="{name}">x {name} y</body>'
    layout = slots.cut(name, compiled, "t")
    assert layout.fill({"title": "a &lt; b"}) == compiled.replace(name, "a &lt; b")


def test_nothing_needs_no_slot() -> None:
    slots = Slots(DIGITS)
    assert slots.words("title", given=False) == slots.content("intro", given=False) == ""
    layout = slots.cut("", "<body></body>", "t")
    assert layout.fill({}) == "<body></body>"
    assert not layout.shows("title")


def test_content_is_not_read_again() -> None:
    slots = Slots(DIGITS)
    one, two = slots.content("one"), slots.content("two#7")
    layout = slots.cut(one + two, f"<body><td>{one}</td><td> {two} </td></body>", "t")
    assert layout.shows("two#7")
    filled = layout.fill({"one": f"<p>{two}</p>", "two#7": "<b>2</b>", "three": "x"})
    assert filled == f"<body><td><p>{two}</p></td><td> <b>2</b> </td></body>"


def test_content_that_is_not_required_may_be_left_out() -> None:
    slots = Slots(DIGITS)
    slots.content("one", required=False)
    assert slots.cut("", "<body></body>", "t").fill({"one": "<p></p>"}) == "<body></body>"


@pytest.mark.parametrize(
    ("layout", "compiled", "words"),
    [
        ("", "", "never show one"),
        ("{0}{1}{0}", "", "show one more than once"),
        ("{0}{1}", "<body><p>{0}</p></body>", "lost two"),
        ("{0}{1}", "<body><p>{1}</p><p>{0}</p></body>", "moved or repeated"),
        ("{0}{1}", "<body><p>{0}</p><p>{0}</p><p>{1}</p></body>", "moved or repeated"),
        ("{0}{1}", "<head><p>{0}</p></head><body><p>{1}</p></body>", "one where only words"),
        ("{0}{1}", '<body><p>{0}</p><p x="{1}"></p></body>', "two where only words"),
        ("{0}{1}", "<body><p>{0}</p><p>a {1}</p></body>", "two where only words"),
        ("{0}{1}", "<body><p>{0}</p><!-- <p>{1}</p> --></body>", "two where only words"),
        ("{0}{1}", "<body><p>{0}</p><p>{1}</p>SLOT0123456789ABCDEF0123N0X</body>", "changes a slot"),
    ],
)
def test_faults(layout: str, compiled: str, words: str) -> None:
    slots = Slots(DIGITS)
    names = [slots.content(key) for key in ("one", "two#3")]
    with pytest.raises(ConfigurationError, match=words) as caught:
        slots.cut(layout.format(*names), compiled.format(*names), "email/issue.mjml.j2")
    assert caught.value.problems[0].file == "email/issue.mjml.j2"
