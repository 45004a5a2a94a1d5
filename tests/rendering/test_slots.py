"""Slots are found again exactly where the templates show them, or the build fails."""

from __future__ import annotations

import pytest

from newsletter.errors import ConfigurationError
from newsletter.rendering.slots import Slots

DIGITS = "0123456789abcdef0123"


def test_words_may_stand_anywhere_and_are_escaped() -> None:
    slots = Slots(DIGITS)
    name = slots.words("title", 'a "b" <c>')
    compiled = f'<title>{name}</title><body aria-label="{name}">x {name} y</body>'
    assert slots.fill(name, compiled, "t") == compiled.replace(name, "a &quot;b&quot; &lt;c&gt;")


def test_nothing_needs_no_slot() -> None:
    slots = Slots(DIGITS)
    assert slots.words("title", "") == slots.content("intro", "") == ""
    assert slots.fill("", "<body></body>", "t") == "<body></body>"


def test_content_is_not_escaped_nor_read_again() -> None:
    slots = Slots(DIGITS)
    one = slots.content("one", f"<p>slot{DIGITS}n1x</p>")
    two = slots.content("two", "<b>2</b>")
    compiled = f"<body><td>{one}</td><td> {two} </td></body>"
    assert slots.fill(one + two, compiled, "t") == (
        f"<body><td><p>slot{DIGITS}n1x</p></td><td> <b>2</b> </td></body>"
    )


def test_content_that_is_not_required_may_be_left_out() -> None:
    slots = Slots(DIGITS)
    slots.content("one", "<p></p>", required=False)
    assert slots.fill("", "<body></body>", "t") == "<body></body>"


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
    ],
)
def test_faults(layout: str, compiled: str, words: str) -> None:
    slots = Slots(DIGITS)
    names = [slots.content(name, "<p></p>") for name in ("one", "two")]
    with pytest.raises(ConfigurationError, match=words) as caught:
        slots.fill(layout.format(*names), compiled.format(*names), "email/issue.mjml.j2")
    assert caught.value.problems[0].file == "email/issue.mjml.j2"
