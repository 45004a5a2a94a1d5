"""What mail programs drop: features found in HTML, the table, and what is said of it."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from newsletter.checking.clients import CLIENT_RULES, EXTRAS, TABLE, ClientTable, losses
from newsletter.checking.features import features_of
from newsletter.errors import ContentError

TABLE_TEXT = files("newsletter").joinpath(TABLE).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def table() -> ClientTable:
    return ClientTable.read(TABLE_TEXT)


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<abbr title='x'>y</abbr>", ["element abbr", "attribute title"]),
        ("<a href='#x'>y</a>", ["link #"]),
        ("<a href='MAILTO:x@example.org'>y</a>", ["link mailto:"]),
        ("<meta name='color-scheme' content='light'>", ["meta color-scheme"]),
        ("<p style='display:flex; gap: 1rem'>", ["value display:flex", "property gap", "unit rem"]),
        ("<p style='color: var(--x) !important'>", ["function var", "keyword !important"]),
        ("<p style='width: min-content; height: 50%'>", ["word min-content", "unit %"]),
        ("<p style='font-family: \"a:b; c\", system-ui'>", ["property font-family", "word system-ui"]),
        ("<style>@font-face { src: url(x) }</style>", ["at font-face", "property src"]),
        ("<style>@import url(x); a { color: red }</style>", ["at import", "selector type"]),
        ("<style>a.b > c, * + #d ~ [e]:hover::after { top: 0 }</style>", [
            "selector grouping", "selector attribute", "selector type", "selector class", "selector chaining",
            "selector child", "selector universal", "selector adjacent-sibling", "selector id",
            "selector general-sibling", "pseudo :hover", "pseudo ::after", "property top",
        ]),
        ("<style>.a .b { x: y } /* .c { hyphens: auto } */</style>", ["selector descendant", "property x"]),
        ("<style>@supports (x: y) { p { display: grid } }</style>", ["at supports", "value display:grid"]),
    ],
)  # fmt: skip
def test_features(html: str, expected: list[str]) -> None:
    found = features_of(html).plain
    assert [name for name in expected if name not in found] == []
    assert "property hyphens" not in found


def test_what_stands_in_media_queries_is_optional() -> None:
    found = features_of(
        "<style>@media (prefers-color-scheme: dark) and (min-width: 3px) { p { gap: 1px; color: red } }"
        " p { color: blue }</style>"
    )
    assert {"at media", "at media prefers-color-scheme", "at media width", "property gap"} <= set(
        found.optional
    )
    assert "property color" not in found.optional


def test_what_only_outlook_reads_is_left_out() -> None:
    found = features_of(
        "<!--[if mso]><marquee>x</marquee><![endif]--><p style='mso-hide: all; -webkit-x: y'>"
    )
    assert list(found.plain) == ["element p", "attribute style"]


def test_the_table(table: ClientTable) -> None:
    assert table.date >= "2026-05-13"
    assert len(TABLE_TEXT.encode()) < 30_000
    assert "MIT License" in TABLE_TEXT
    assert len(table.choose(["gmail"])) == 4
    assert table.choose(["apple"]) == table.choose(["apple-mail"])
    assert len(table.choose(["all"])) == len(table.clients)
    assert len(table.choose(["outlook.windows", "Yahoo"])) == 4
    assert "max-height" in table.properties("outlook.windows")
    assert all(
        name.partition(" ")[0] in {"element", "attribute", "property", "value", "selector", "meta"}
        for name in EXTRAS
    )


@pytest.mark.parametrize(
    ("name", "near"), [("gmial", "gmail"), ("outlook.window", "outlook.windows"), ("zzz", "aol")]
)
def test_programs_that_nobody_knows(table: ClientTable, name: str, near: str) -> None:
    with pytest.raises(ContentError) as caught:
        table.choose([name])
    assert near in caught.value.problems[0].hint


def test_losses(table: ClientTable) -> None:
    html = (
        "<style>@media (hover) { p { gap: 0 } }</style><svg></svg><p style='display:grid;text-wrap:pretty'>"
    )
    found = {loss.feature: loss for loss in losses(html, table, table.choose(["gmail", "outlook"]))}
    assert not found["value display:grid"].extra
    assert not found["element svg"].extra
    assert found["property text-wrap"].extra
    assert found["at media hover"].extra
    assert found["property gap"].extra
    problems = CLIENT_RULES.problems(list(found.values()), "issues/x.md")
    assert {problem.code for problem in problems} == {"dropped-by-clients"}
    messages = [problem.message for problem in problems]
    assert any(m.startswith("The declaration display:grid is dropped by ") for m in messages)
    assert any(
        re.match(r"The element <svg> is dropped by \d+ of 10 mail programs: Gmail ", m) for m in messages
    )
    assert str(found["at media hover"]).startswith("The rule @media (hover) is dropped by ")
    assert losses("<p>x</p>", table, table.choose(["all"])) == []
