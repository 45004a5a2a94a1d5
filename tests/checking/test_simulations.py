"""The mail as some programs make it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.checking import simulations
from newsletter.checking.simulations import dark_forced, gmail, images_off, outlook, turned
from newsletter.rendering.budget import HTML_LIMIT

MAIL = """<!doctype html><html><head><meta name="color-scheme" content="light dark"><title>t &amp; u</title>
<style>.a { color: #112233; text-wrap: pretty } /* note */
@media (min-width: 480px) { .b { width: 9px } }
@media (prefers-color-scheme: dark) { .c { color: #ffffff } }</style>
<style media="screen">p { margin: 0 }</style></head><body style="background-color:#ffffff" id="top">
<!--[if mso | IE]><table width="600"><tr><td><![endif]--><!--[if !mso]><!--><p>not mso</p><!--<![endif]-->
<!--[if lte mso 11]><p>old</p><![endif]-->
<p class="a b" style="max-width:9px;color:#ffffff">&#847;x &copy;</p>
<img src="https://example.org/a.png" alt="A" width="3"><br><!-- kept --></body></html>"""


def test_gmail() -> None:
    page = gmail(MAIL, {"text-wrap"})
    assert '<div style="background-color:#ffffff" id="m_top">' in page
    assert "</div></html>" in page
    assert 'class="m_a m_b"' in page
    assert ".m_a {color: #112233}" in page
    assert ".m_b" in page
    assert "prefers-color-scheme" not in page
    assert "text-wrap" not in page
    assert "not mso" in page
    assert "<table" not in page
    assert "old" not in page
    assert "&#847;x &copy;" in page


def test_gmail_cuts_off_and_drops_long_or_broken_sheets() -> None:
    long = gmail(f"<p>{'é' * HTML_LIMIT}</p>", ())
    assert "[Message clipped]" in long
    assert len(long.encode()) < HTML_LIMIT + 500
    assert gmail(f"<style>{'p { margin: 0 } ' * 600}</style>", ()) == "<style></style>"
    assert gmail("<style>p { margin: 0 </style>", ()) == "<style></style>"


def test_outlook() -> None:
    page = outlook(MAIL, {"text-wrap"})
    assert '<table width="600"><tr><td>' in page
    assert "not mso" not in page
    assert ">old<" not in page
    assert "@media" not in page
    assert "max-width" not in page
    assert "margin: 0" not in page  # a sheet for screens alone
    assert "<!-- kept -->" in page


@pytest.mark.parametrize(
    ("condition", "taken"),
    [("mso", True), ("mso | IE", True), ("!mso", False), ("gte mso 9", True), ("lte mso 11", False),
     ("gt mso 15", True), ("lt mso 16", False), ("mso 16", True), ("mso 12", False), ("IE", False),
     ("(!mso)|(mso 16)", True)],
)  # fmt: skip
def test_conditions(condition: str, taken: bool) -> None:
    assert ("x" in outlook(f"<!--[if {condition}]>x<![endif]-->", ())) == taken


def test_images_off() -> None:
    page = images_off(MAIL + "<td background='x' style='background-image: url(x); color: red'>")
    assert "src=" not in page
    assert 'alt="A"' in page
    assert "url(" not in page
    assert "color: red" in page


def test_dark_forced() -> None:
    page = dark_forced(MAIL)
    assert "prefers-color-scheme" not in page
    assert 'content="light dark"' not in page
    assert f"background-color:{turned('#ffffff')}" in page
    assert f'text="{turned("#000000")}"' in page
    assert "@media (min-width: 480px)" in page


@given(st.from_regex(r"#[0-9a-f]{6}", fullmatch=True))
def test_turning_over_keeps_colours_valid(colour: str) -> None:
    assert simulations._COLOUR.fullmatch(turned(colour))


def test_black_and_white_change_places() -> None:
    assert turned("#000000") == "#ffffff"
    assert turned("#ffffff") == "#121212"
