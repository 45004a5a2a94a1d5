"""Themes: tokens merged and checked, templates found and their faults pointed at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import jinja2
import pytest

from newsletter.errors import ConfigurationError
from newsletter.rendering.theme import Theme, make_theme

MakeTheme = Callable[..., Theme]
TOKENS = """
[light]
text = "#1d1d1f"
accent = "#8a3324"

[fonts]
body = "Georgia, serif"

[sizes]
body = 17
"""


def with_tokens(own: str) -> Theme:
    return make_theme(
        "t", jinja2.DictLoader({}), [("theme.toml", TOKENS), ("templates/tokens.toml", own)], []
    )


def test_own_tokens_replace_single_values() -> None:
    tokens = with_tokens('[light]\naccent = "#0055AA"\n').tokens
    assert tokens["light"] == {"text": "#1d1d1f", "accent": "#0055AA"}
    assert tokens["sizes"]["body"] == 17


def test_tokens_cannot_be_changed() -> None:
    theme = with_tokens("")
    with pytest.raises(TypeError):
        theme.tokens["light"]["text"] = "#000000"  # type: ignore[index] # this is the point


@pytest.mark.parametrize(
    ("own", "line", "code", "words"),
    [
        ('[light]\nacent = "#0055aa"', 2, "unknown-token", 'Did you mean "accent"?'),
        ('[lihgt]\naccent = "#0055aa"', 1, "unknown-token", 'Did you mean "light"?'),
        ("[sizes]\nzzz = 3", 2, "unknown-token", "There are: body."),
        ("stray = 3", 1, "unknown-token", "There are: light, fonts, sizes."),
        ('# a\n\n[light]\naccent = "#05a"', 4, "bad-token", "six hexadecimal digits"),
        ("[light]\naccent = 5", 2, "bad-token", "six hexadecimal digits"),
        ('[sizes]\nbody = "17"', 2, "bad-token", "a whole number, such as 17"),
        ("[sizes]\nbody = true", 2, "bad-token", "a whole number"),
        ("[fonts]\nbody = 3", 2, "bad-token", "a text in quotes"),
        ("[fonts]\nbody = 'Arial</style>'", 2, "bad-token", "cannot hold"),
        ("[fonts]\nbody = 'a; color: red'", 2, "bad-token", "cannot hold"),
        ("[light\n", 1, "broken-toml", ""),
        ('light = {accent = "#05a"}', 1, "bad-token", "six hexadecimal digits"),
    ],
)
def test_bad_tokens(own: str, line: int, code: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        with_tokens(own)
    (problem,) = caught.value.problems
    assert problem.file == "templates/tokens.toml"
    assert problem.line == line
    assert problem.code == code
    assert words in f"{problem.message} {problem.hint}"


def test_all_bad_tokens_are_named_together() -> None:
    with pytest.raises(ConfigurationError) as caught:
        with_tokens('[light]\nacent = "#0055aa"\ntext = "red"\n[size]\nbody = 1\n')
    assert [problem.line for problem in caught.value.problems] == [2, 3, 4]


def templates(**sources: str) -> Theme:
    names = {name.replace("__", "/").replace("_", "."): text for name, text in sources.items()}
    return make_theme(
        "t", jinja2.DictLoader(names), [("theme.toml", TOKENS)], [("words.toml", '[en]\nhello = "Hello"')]
    )


def test_tokens_are_global() -> None:
    assert templates(a_html_j2="{{ tokens.light.text }}").render("a.html.j2") == "#1d1d1f"


def test_escaping_depends_on_the_ending() -> None:
    theme = templates(a_html_j2="{{ x }}", a_mjml_j2="{{ x }}", a_txt_j2="{{ x }}", a_css_j2="{{ x }}")
    assert theme.render("a.html.j2", x='<"&') == "&lt;&#34;&amp;"
    assert theme.render("a.mjml.j2", x='<"&') == "&lt;&#34;&amp;\n"
    assert theme.render("a.txt.j2", x='<"&') == '<"&'
    assert theme.render("a.css.j2", x='<"&') == '<"&'


def test_plain_text_included_in_html_is_not_escaped_again() -> None:
    theme = templates(
        a_html_j2='<style>{% include "b.css.j2" %}</style>', b_css_j2="a > b { font: '{{ x }}' }"
    )
    assert theme.render("a.html.j2", x="'") == "<style>a > b { font: ''' }</style>"


@pytest.mark.parametrize(
    ("sources", "file", "line", "code", "words"),
    [
        ({"a_html_j2": "\n{% if %}"}, "a.html.j2", 2, "template-syntax", "Expected an expression"),
        ({"a_html_j2": "\n\n{{ nope }}"}, "a.html.j2", 3, "template-value", "'nope' is undefined"),
        ({"a_html_j2": "{{ tokens.lite.text }}"}, "a.html.j2", 1, "template-value", "lite"),
        ({"a_html_j2": "\n{{ 1 / 0 }}"}, "a.html.j2", 2, "template-value", "division by zero"),
        ({"a_html_j2": "\n{{ 1 + 'a' }}"}, "a.html.j2", 2, "template-value", "unsupported operand"),
        ({"a_html_j2": "{{ 3|fill }}"}, "a.html.j2", 1, "template-value", ""),
        ({"a_html_j2": "{{ x.__class__.__mro__ }}"}, "a.html.j2", 1, "template-value", "unsafe"),
        ({"a_html_j2": "{% do %}"}, "a.html.j2", 1, "template-syntax", "unknown tag"),
        ({"a_html_j2": "\n{% include 'b.html.j2' %}"}, "a.html.j2", 2, "missing-template", "b.html.j2"),
        ({"b_html_j2": ""}, "a.html.j2", 0, "missing-template", "no template a.html.j2"),
        (
            {"a_html_j2": "{% include 'b.html.j2' %}", "b_html_j2": "\n\n{{ oops }}"},
            "b.html.j2",
            3,
            "template-value",
            "oops",
        ),
        (
            {"a_html_j2": "{% include 'b.html.j2' %}", "b_html_j2": "\n{% for %}"},
            "b.html.j2",
            2,
            "template-syntax",
            "",
        ),
        (
            {"a_html_j2": "\n{% include 'a.html.j2' %}"},
            "a.html.j2",
            2,
            "template-cycle",
            "a.html.j2 → a.html.j2",
        ),
        (
            {
                "a_html_j2": "{% include 'd.html.j2' %}{% include 'b.html.j2' %}",
                "b_html_j2": "{% include 'd.html.j2' %}\n{% extends 'c.html.j2' %}",
                "c_html_j2": "{% include 'd.html' ~ '.j2' %}\n\n{% import 'b.html.j2' as b %}",
                "d_html_j2": "d",
            },
            "b.html.j2",
            2,
            "template-cycle",
            "b.html.j2 → c.html.j2 → b.html.j2.",
        ),
        ({"a_html_j2": "\n{% include 'a.html' ~ '.j2' %}"}, "a.html.j2", 2, "template-value", "recursion"),
    ],
)
def test_template_faults(sources: dict[str, str], file: str, line: int, code: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        templates(**sources).render("a.html.j2", x=1)
    (problem,) = caught.value.problems
    assert (problem.file, problem.line, problem.code) == (file, line, code)
    assert words in problem.message


def test_a_template_is_read_without_filling_it_in() -> None:
    theme = templates(a_html_j2="{{ x }}", b_html_j2="{% if %}")
    theme.compile("a.html.j2")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        theme.compile("b.html.j2")


def test_hint_names_what_a_template_is_given() -> None:
    with pytest.raises(ConfigurationError) as caught:
        templates(a_html_j2="{{ nope }}").render("a.html.j2", page=1, issue=2)
    assert caught.value.problems[0].hint == "It is given: issue, page, tokens, words."


def test_templates_must_be_utf_8(tmp_path: Path) -> None:
    (tmp_path / "a.html.j2").write_bytes("Gr\u00fc\u00dfe".encode("latin-1"))
    theme = make_theme(
        "t",
        jinja2.FileSystemLoader(tmp_path),
        [("theme.toml", TOKENS)],
        [("words.toml", '[en]\nhello = "Hello"')],
    )
    with pytest.raises(ConfigurationError, match="octet 3") as caught:
        theme.render("a.html.j2")
    assert caught.value.problems[0].file == "a.html.j2"


def test_faults_of_our_own_code_pass_through() -> None:
    class Broken:
        def __str__(self) -> str:
            raise OSError

    with pytest.raises(OSError):  # noqa: PT011 - the type is all that matters
        templates(a_html_j2="{{ x }}").render("a.html.j2", x=Broken())


def test_a_key_error_without_a_template_is_a_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    theme = templates(a_html_j2="")
    monkeypatch.setattr(theme.environment, "get_template", {}.__getitem__)
    with pytest.raises(KeyError):
        theme.render("a.html.j2")


def test_source(themed: MakeTheme) -> None:
    theme = themed({"email/footer.txt.j2": "bye"})
    assert theme.source("email/footer.txt.j2") == "bye"
    assert "words.sources" in theme.source("email/references.mjml.j2")
    with pytest.raises(ConfigurationError, match=r"no template style\.sass"):
        theme.source("style.sass")


def test_locate_finds_lines_that_are_written_once() -> None:
    theme = templates(
        a_html_j2="x\n  <b>here</b>\nsame\n<i>{{ x }}</i>\n{{ all }}", b_html_j2="same\n{% if x %}"
    )
    assert theme.locate("<i>some & thing</i>") == ("a.html.j2", 4)
    assert theme.locate("<b>here</b>") == ("a.html.j2", 2)
    assert theme.locate("same") is None
    assert theme.locate("absent") is None
    assert theme.locate("") is None
