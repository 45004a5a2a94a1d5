"""MJML: everything that can be wrong with a layout is an error with a place, and no remote fonts come in."""

from __future__ import annotations

import pytest

import newsletter.rendering.mjml.compiling as module
from newsletter.errors import ConfigurationError
from newsletter.rendering.mjml import compile_mjml


def document(body: str, head: str = "") -> str:
    return f"<mjml>\n<mj-head>{head}</mj-head>\n<mj-body>{body}</mj-body>\n</mjml>"


def column(content: str) -> str:
    return document(f"<mj-section><mj-column>\n{content}\n</mj-column></mj-section>")


def test_compiles() -> None:
    html = compile_mjml(
        column('<mj-text color="#112233">Grüße &amp; &#8222;mehr&#8220;<br>x</mj-text>'), file="t"
    )
    assert html.startswith("<!doctype html>")
    assert "Grüße &amp; &#8222;mehr&#8220;<br />x" in html
    assert "fonts.googleapis" not in html


def test_single_quotes_and_comments_are_allowed() -> None:
    html = compile_mjml(column("<mj-text color='#112233'>a<!-- note --></mj-text>"), file="t")
    assert "color:#112233" in html


def test_style_sheets_may_hold_what_tags_may_not() -> None:
    head = "<mj-style>a > b { content: '<&' }</mj-style>"
    assert "a > b" in compile_mjml(
        document("<mj-section></mj-section>", head.replace("<&", "&#38;")), file="t"
    )


@pytest.mark.parametrize(
    ("mjml", "line", "column", "words"),
    [
        ("", 1, 1, "must begin with <mjml>"),
        (" \n ", 2, 2, "must begin with <mjml>"),
        ("hello", 1, 1, "must begin with <mjml>"),
        ("<html></html>", 1, 1, "must begin with <mjml>"),
        ('<?xml version="1.0"?><mjml></mjml>', 1, 1, "must begin with <mjml>"),
        ("<!doctype html><mjml></mjml>", 1, 1, "must begin with <mjml>"),
        ("äöü<mjml></mjml>", 1, 1, "must begin with <mjml>"),
        ("<mjml><mj-head></mj-head></mjml>", 1, 1, "no <mj-body>"),
        ("<mjml><mj-body></mj-body><mj-body></mj-body></mjml>", 1, 1, "2 <mj-body>"),
        ("<mjml><mj-body></mj-body></mjml>\nxx", 2, 1, "text outside <mjml>"),
        ("<mjml><mj-body></mj-body></mjml>\n<p></p>", 2, 1, "<p> stands outside"),
        ("<mjml>\n<mj-body>", 2, 1, "<mj-body> is never closed"),
        ("<mjml><mj-body></mj-head></mjml>", 1, 16, "</mj-head> stands where </mj-body> is due"),
        ("<mjml><mj-body></mj-body></mjml></mjml>", 1, 33, "</mjml> closes nothing"),
        (
            column("<mj-text>a"),
            5,
            1,
            "</mj-column> stands where </mj-text> is due",
        ),
        (column("<mj-text><p>a</mj-text>"), 4, 14, "</mj-text> stands where </p> is due"),
        (column("<mj-text>äöü</mj-txt>"), 4, 13, "</mj-txt> stands where"),
        (column("<mj-txt>x</mj-txt>"), 4, 1, "no <mj-txt> here"),
        (column("<MJ-TEXT>x</MJ-TEXT>"), 4, 1, "no <MJ-TEXT> here"),
        (document("", "<mj-foo/>"), 2, 10, "no <mj-foo> here"),
        (document("<mj-text>x</mj-text>"), 3, 10, "<mj-text> stands inside <mj-body>"),
        (document("<mj-section><mj-text>x</mj-text></mj-section>"), 3, 22, "stands inside <mj-section>"),
        (document("hello"), 3, 10, "text directly inside <mj-body>"),
        (document("<p>hello</p>"), 3, 10, "<p> stands directly inside <mj-body>"),
        (column("a <mj-text>x</mj-text>"), 4, 1, "text directly inside <mj-column>"),
        (column("<mj-text>Ü a & b</mj-text>"), 4, 14, "bare &"),
        (column("<mj-text>a < b</mj-text>"), 4, 12, "bare <"),
        (column("<mj-text color=red>x</mj-text>"), 4, 1, "malformed"),
        (column('<mj-text color="red>x</mj-text>'), 4, 1, "malformed"),
        (column('<mj-image alt="a<b" />'), 4, 1, "malformed"),
        (column('<mj-image alt="a&b" />'), 4, 11, "bare &"),
        (column("""<mj-image src='x"y' />"""), 4, 11, "src holds a quotation mark"),
        (column('<mj-text color="#111111" color="#222222">x</mj-text>'), 4, 26, "color is given twice"),
        (column("<mj-text><!-- x </mj-text>"), 4, 10, "comment is opened and never closed"),
        (column("<mj-text><!-- x -- y --></mj-text>"), 4, 10, "two hyphens"),
        (column("<mj-text><![CDATA[a<b]]></mj-text>"), 4, 10, "CDATA"),
        (column("<mj-text>a\0b</mj-text>"), 4, 11, "U+0000"),
        (column("<mj-text>a\x0bb</mj-text>"), 4, 11, "U+000B"),
        (column("<mj-text>" + "<div>" * 20_000 + "</div>" * 20_000 + "</mj-text>"), 4, 485, "100 deep"),
        (document("", '<mj-include type="html" path="a.html" />'), 2, 10, "no <mj-include> here"),
        (document("", "<mj-preview>x</mj-preview>"), 2, 10, "no <mj-preview> here"),
        (document("", '<mj-font name="x" href="https://x" />'), 2, 10, "no <mj-font> here"),
        (
            document("", '<mj-attributes><mj-class name="a"><mj-text /></mj-class></mj-attributes>'),
            2,
            44,
            "inside",
        ),
    ],
)
def test_bad_mjml(mjml: str, line: int, column: int, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        compile_mjml(mjml, file="email/issue.mjml.j2")
    (problem,) = caught.value.problems
    assert words in problem.message
    assert (problem.file, problem.line, problem.code) == ("email/issue.mjml.j2", line, "mjml")
    assert f"Line {line}, column {column} of the filled-in template" in problem.hint


def test_the_place_is_shown_with_a_marker() -> None:
    with pytest.raises(ConfigurationError) as caught:
        compile_mjml(column("<mj-text>a & b</mj-text>"), file="t")
    *_, shown, marker = caught.value.problems[0].hint.split("\n")
    assert shown[marker.index("^")] == "&"


def test_long_lines_are_cut_around_the_place() -> None:
    with pytest.raises(ConfigurationError) as caught:
        compile_mjml(column(f"<mj-text>{'x' * 5000} & {'y' * 5000}</mj-text>"), file="t")
    *_, shown, marker = caught.value.problems[0].hint.split("\n")
    assert shown[marker.index("^")] == "&"
    assert len(shown) < 120


@pytest.mark.parametrize(
    ("mjml", "hint"),
    [
        (column("<mj-txt>x</mj-txt>"), "Did you mean <mj-text>?"),
        (column("<mj-zzzz />"), "There are: mj-all"),
        (column("<mj-text>a"), "<mj-text> was opened on line 4 and is not closed yet."),
        (document("", '<mj-include path="a" />'), "{% include"),
    ],
)
def test_hints(mjml: str, hint: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        compile_mjml(mjml, file="t")
    assert hint in caught.value.problems[0].hint


def test_the_template_that_wrote_the_line_is_named() -> None:
    found = {"<mj-txt>x</mj-txt>": ("email/nugget.mjml.j2", 7)}
    with pytest.raises(ConfigurationError) as caught:
        compile_mjml(column("<mj-txt>x</mj-txt>"), file="email/issue.mjml.j2", locate=found.get)
    assert (caught.value.problems[0].file, caught.value.problems[0].line) == ("email/nugget.mjml.j2", 7)


class TestTheEngine:
    """What the engine itself says, in case our own look at the source lets something pass."""

    def given(self, monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
        def fail(mjml: str, fonts: dict[str, str]) -> str:
            raise error

        monkeypatch.setattr(module, "mjml2html", fail)

    def test_byte_offsets_become_lines_and_columns(self, monkeypatch: pytest.MonkeyPatch) -> None:
        mjml = column("<mj-text>äöü – x</mj-text>")
        offset = len(mjml[: mjml.index("x</mj-text>")].encode())
        error = ValueError(f"unexpected token in root template at position {offset}:{offset + 1}")
        self.given(monkeypatch, error)
        with pytest.raises(ConfigurationError, match=r"The MJML compiler says: unexpected token\.") as caught:
            compile_mjml(mjml, file="t")
        assert caught.value.problems[0].line == 4
        assert "column 16" in caught.value.problems[0].hint

    def test_errors_without_a_place(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.given(monkeypatch, ValueError("unexpected end of stream in root template"))
        with pytest.raises(ConfigurationError, match="unexpected end of stream"):
            compile_mjml(column("<mj-text>x</mj-text>"), file="t")

    def test_panics(self, monkeypatch: pytest.MonkeyPatch) -> None:
        panic = type("PanicException", (BaseException,), {})
        self.given(monkeypatch, panic("index out of bounds"))
        with pytest.raises(ConfigurationError, match="gave up") as caught:
            compile_mjml(column("<mj-text>x</mj-text>"), file="t")
        assert caught.value.problems[0].hint == "index out of bounds"

    def test_an_interruption_passes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.given(monkeypatch, KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            compile_mjml(column("<mj-text>x</mj-text>"), file="t")
