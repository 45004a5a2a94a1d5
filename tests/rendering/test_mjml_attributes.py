"""MJML's attributes: what a component does not have, or the engine does not heed or understand, is named."""

from __future__ import annotations

import re

import pytest
from mjml import mjml2html

from newsletter.errors import ConfigurationError, Problem
from newsletter.rendering.mjml import compile_mjml
from newsletter.rendering.mjml.table import COMPONENTS, NO_EFFECT, attribute_types


def document(body: str, head: str = "") -> str:
    return f"<mjml>\n<mj-head>{head}</mj-head>\n<mj-body>{body}</mj-body>\n</mjml>"


def section(content: str, attributes: str = 'padding="0px"') -> str:
    return document(f"<mj-section {attributes}>\n{content}\n</mj-section>")


def column(content: str) -> str:
    return section(f"<mj-column>\n{content}\n</mj-column>")


def problems(mjml: str) -> list[Problem]:
    with pytest.raises(ConfigurationError) as caught:
        compile_mjml(mjml, file="t")
    return list(caught.value.problems)


IMAGE = '<mj-image src="https://example.org/a.png" alt="" '


@pytest.mark.parametrize(
    ("content", "at", "message", "hint"),
    [
        ('<mj-text colour="#111111">x</mj-text>', 10, "<mj-text> has no attribute colour", '"color"'),
        ('<mj-text zzzz="1">x</mj-text>', 10, "has no attribute zzzz", "There are: align,"),
        ('<mj-spacer href="x" />', 12, "<mj-spacer> has no attribute href", "There are"),
        ('<mj-button title="x">y</mj-button>', 12, "title of <mj-button> has no effect here", "Leave it"),
        (IMAGE + 'border-left="1px solid #000000" />', 50, "border-left of <mj-image> has no effect", ""),
        ('<mj-text color="#abc">x</mj-text>', 10, 'color="#abc" of <mj-text> is too short', "#aabbcc"),
        ('<mj-text color="redd">x</mj-text>', 10, "is no colour", '"red"'),
        ('<mj-text color="rgb(1, 2, 3)">x</mj-text>', 10, "is no colour", "six hexadecimal digits"),
        ('<mj-text color="#12345g">x</mj-text>', 10, "is no colour", ""),
        ('<mj-text align="centre">x</mj-text>', 10, "is none of its values", '"center"'),
        ('<mj-text align="">x</mj-text>', 10, "is none of its values", 'It takes "left", "right"'),
        ('<mj-text font-size="huge">x</mj-text>', 10, "is no length in px", "such as 20px"),
        ('<mj-text font-size="17">x</mj-text>', 10, "lacks its unit (px)", "Write 17px"),
        ('<mj-text font-size="1.2em">x</mj-text>', 10, "is no length in px", ""),
        ('<mj-text font-size="-2px">x</mj-text>', 10, "is no length in px", ""),
        ('<mj-text font-size="">x</mj-text>', 10, "has 0 lengths", "one length"),
        ('<mj-text padding="0 10px">x</mj-text>', 10, "has a bare 0", "Write 0px"),
        ('<mj-text padding="0">x</mj-text>', 10, "has a bare 0", "Write 0px"),
        ('<mj-text padding-left="0">x</mj-text>', 10, "has a bare 0", "Write 0px"),
        ('<mj-text padding="5%">x</mj-text>', 10, "is no length in px", ""),
        ('<mj-text padding="1px 1px 1px 1px 1px">x</mj-text>', 10, "has 5 lengths", "one to 4 lengths"),
        ('<mj-text letter-spacing="-1">x</mj-text>', 10, "lacks its unit (px or em)", "Write -1px"),
        (IMAGE + 'fluid-on-mobile="yes" />', 50, "is neither true nor false", ""),
        (IMAGE + 'height="tall" />', 50, "is no length in px", ""),
        ('<mj-table cellpadding="1px"><tr><td>x</td></tr></mj-table>', 11, "is no whole number", ""),
        ('<mj-image src="https://example.org/a.png" />', 1, "<mj-image> has no alt", 'alt=""'),
        ('<mj-text><p style="color:#abc">x</p></mj-text>', 13, "#abc is too short", "#aabbcc"),
        ('<mj-text><td bgcolor="#ABC">x</td></mj-text>', 14, "#ABC is too short", "#AABBCC"),
    ],
)
def test_faults(content: str, at: int, message: str, hint: str) -> None:
    (problem,) = problems(column(content))
    assert message in problem.message
    assert hint in problem.hint
    assert problem.line == 5
    assert f"Line 5, column {at} of the filled-in template" in problem.hint


@pytest.mark.parametrize(
    "content",
    [
        '<mj-text color="#A1b2C3" align="justify" line-height="1.5" letter-spacing="-0.5px">x</mj-text>',
        '<mj-text color="rebeccapurple" line-height="24px" font-weight="700">x</mj-text>',
        IMAGE + 'height="auto" width="100px" fluid-on-mobile="true" padding="1px 2px 3px 4px" />',
        '<mj-divider width="50%" border-style="dotted" padding="0px" />',
        '<mj-table width="auto" cellpadding="4"><tr><td style="color:#112233">x</td></tr></mj-table>',
        '<mj-text><p style="background:url(#abc-d);color:#1d1d1f">x</p></mj-text>',
        '<mj-text css-class="ink" mj-class="">x</mj-text>',
    ],
)
def test_no_faults(content: str) -> None:
    assert compile_mjml(column(content), file="t")


def test_all_faults_of_attributes_are_named_together_and_each_once() -> None:
    found = problems(column('<mj-text color="#abc" size="1">x</mj-text>\n<mj-text>x</mj-text>'))
    assert [problem.message.split()[-1] for problem in found] == ["short.", "size."]
    line = '<mj-text size="1">x</mj-text>'
    with pytest.raises(ConfigurationError) as caught:
        compile_mjml(column(f"{line}\n{line}"), file="t", locate=lambda _: ("nugget.mjml.j2", 7))
    assert [(one.file, one.line) for one in caught.value.problems] == [("nugget.mjml.j2", 7)]


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ('<mj-style inline="inline">a { color: red }</mj-style>', "takes no inline here"),
        ("<mj-attributes><mj-text colour='x' /></mj-attributes>", "has no attribute colour"),
        ("<mj-attributes><mj-all colour='x' /></mj-attributes>", "<mj-all> has no attribute colour"),
        ("<mj-attributes><mj-class name='a' size='x' /></mj-attributes>", "<mj-class> has no attribute size"),
        ('<mj-breakpoint width="480" />', "lacks its unit"),
    ],
)
def test_faults_in_the_head(head: str, message: str) -> None:
    (problem,) = problems(document("", head))
    assert message in problem.message


def test_defaults_need_no_alt() -> None:
    assert compile_mjml(document("", '<mj-attributes><mj-image padding="0px" /></mj-attributes>'), file="t")


@pytest.mark.parametrize("name", ["mj-hero", "mj-carousel", "mj-navbar", "mj-html-attributes"])
def test_components_that_themes_do_without(name: str) -> None:
    (problem,) = problems(document(f"<{name}></{name}>"))
    assert f"There is no <{name}> here." in problem.message
    assert "MJML has it, but themes do without." in problem.hint


class TestClasses:
    CLASSES = (
        "<mj-attributes>"
        '<mj-class name="small" font-size="14px" color="#111111" />'
        '<mj-class name="loud" font-size="20px" />'
        '<mj-class name="dark" color="#111111" />'
        "</mj-attributes>"
    )

    def with_text(self, attributes: str) -> str:
        content = f"<mj-section><mj-column>\n<mj-text {attributes}>x</mj-text></mj-column></mj-section>"
        return document(content, self.CLASSES)

    def test_unknown(self) -> None:
        (problem,) = problems(self.with_text('mj-class="smal"'))
        assert problem.message == "There is no mj-class called smal."
        assert 'Did you mean "small"?' in problem.hint
        (problem,) = problems(column('<mj-text mj-class="zz">x</mj-text>'))
        assert "Define it" in problem.hint

    def test_classes_that_disagree(self) -> None:
        (problem,) = problems(self.with_text('mj-class="small loud"'))
        assert problem.message == 'The classes "small loud" set font-size to different values.'
        assert "write font-size on the tag itself" in problem.hint

    @pytest.mark.parametrize(
        "attributes", ['mj-class="small dark"', 'mj-class="small loud" font-size="20px"', 'mj-class="loud"']
    )
    def test_classes_that_agree(self, attributes: str) -> None:
        assert compile_mjml(self.with_text(attributes), file="t")


class TestWidths:
    @pytest.mark.parametrize(
        ("row", "attributes"),
        [
            ("<mj-column />" * 3, 'padding="0px"'),
            ("<mj-column />" * 3, ""),
            ("<mj-column />" * 2, 'padding="0px 24px"'),
            ('<mj-column width="25%" /><mj-column width="75%" />', 'padding="0px 20px"'),
            ('<mj-column width="100px" /><mj-column width="453px" />', 'padding="0px"'),
            ("<mj-column />" * 7, 'padding="0px 20px" border-left="1px solid #111111" padding-left="19px"'),
            ('<mj-group width="50%"><mj-column /><mj-column /></mj-group><mj-column />', 'padding="0px"'),
            ("<mj-column />", 'padding="0px 33px"'),
            ("", ""),
        ],
    )
    def test_whole_pixels(self, row: str, attributes: str) -> None:
        assert compile_mjml(section(row, attributes), file="t")

    @pytest.mark.parametrize(
        ("row", "attributes", "message"),
        [
            ("<mj-column />" * 7, 'padding="0px"', "This <mj-column> becomes 85.71 pixels wide, of 600."),
            ("<mj-column />" * 2, 'padding="0px 25px 0px 24px"', "becomes 275.5 pixels wide, of 551."),
            ("<mj-column />" * 2, 'padding="0px" border="1px solid #111111" padding-left="1px"', "of 597."),
            ('<mj-column width="33.33%" />', 'padding="0px"', "becomes 199.98 pixels wide"),
            ('<mj-column width="100.5px" />', 'padding="0px"', "becomes 100.5 pixels wide"),
            ('<mj-group width="25%"><mj-column /><mj-column /></mj-group>', 'padding="0px 1px"', "149.5"),
            (
                '<mj-group width="151px"><mj-column /><mj-column /></mj-group>',
                'padding="0px"',
                "<mj-column> becomes 75.5",
            ),
        ],
    )
    def test_fractions(self, row: str, attributes: str, message: str) -> None:
        assert message in problems(section(row, attributes))[0].message

    def test_defaults_and_classes_count(self) -> None:
        head = (
            '<mj-attributes><mj-all padding="0px 1px" /><mj-section padding="0px" />'
            '<mj-class name="in" padding-left="1px" /></mj-attributes>'
        )
        assert compile_mjml(document("<mj-section>" + "<mj-column />" * 2 + "</mj-section>", head), file="t")
        odd = '<mj-section mj-class="in">' + "<mj-column />" * 2 + "</mj-section>"
        assert "of 599" in problems(document(odd, head))[0].message

    def test_wrappers_take_from_the_width(self) -> None:
        inside = '<mj-section padding="0px"><mj-column /><mj-column /></mj-section>'
        odd = f'<mj-wrapper padding="0px 0px 0px 1px">{inside}</mj-wrapper>'
        assert "of 599" in problems(document(odd))[0].message
        assert compile_mjml(document(f"<mj-wrapper>{inside}</mj-wrapper>"), file="t")

    def test_the_width_of_the_body(self) -> None:
        mjml = section("<mj-column />" * 2).replace("<mj-body>", '<mj-body width="599px">')
        assert "of 599" in problems(mjml)[0].message

    def test_raw_html_beside_sections(self) -> None:
        assert compile_mjml(document("<mj-raw><p>x</p></mj-raw><mj-section></mj-section>"), file="t")


TEXT = "<mj-text>x</mj-text>"
SECTION = f"<mj-section><mj-column>{TEXT}</mj-column></mj-section>"
LINK = 'href="https://example.org/"'
PICTURE = f'src="https://example.org/a.png" alt="" {LINK}'
PAPER = 'background-url="https://example.org/p.png"'
SAMPLES = {
    "mj-body": f"<mj-body @><mj-section><mj-column>{TEXT}</mj-column></mj-section></mj-body>",
    "mj-wrapper": f"<mj-wrapper @ {PAPER}>{SECTION * 2}</mj-wrapper>",
    "mj-section": f"<mj-section @ {PAPER}><mj-column>{TEXT}</mj-column></mj-section>",
    "mj-group": f"<mj-group @>{f'<mj-column>{TEXT}</mj-column>' * 2}</mj-group>",
    "mj-column": f'<mj-column @ padding="5px" inner-border="1px solid #111111">{TEXT}</mj-column>',
    "mj-text": "<mj-text @>x</mj-text>",
    "mj-image": f"<mj-image @ {PICTURE} />",
    "mj-button": f"<mj-button @ {LINK}>x</mj-button>",
    "mj-divider": "<mj-divider @ />",
    "mj-spacer": "<mj-spacer @ />",
    "mj-table": "<mj-table @><tr><td>x</td></tr></mj-table>",
    "mj-social": f"<mj-social @><mj-social-element {PICTURE}>x</mj-social-element></mj-social>",
    "mj-social-element": f"<mj-social><mj-social-element @ {PICTURE}>x</mj-social-element></mj-social>",
    "mj-raw": "<mj-raw @><b>x</b></mj-raw>",
}
"""Each component of the body, with what its attributes need to show themselves; @ is where they go."""

ALONE_WITHOUT_EFFECT = {
    ("mj-social-element", "name"),  # only for the networks that MJML has pictures for
    ("mj-raw", "css-class"),  # not in the table of MJML, and harmless
}
PROBES = {"color": ["#123456"], "string": ["zz9", "3px solid #123456"], "integer": ["7"], "boolean": ["true"]}


def sample(component: str, attribute: str, value: str) -> str:
    given = f'{attribute}="{value}"' if attribute else ""
    content = re.sub(rf'(@.*?) {attribute or "-"}="[^"]*"', r"\1", SAMPLES[component]).replace("@", given)
    for outer in ("mj-column", "mj-section", "mj-body"):
        inside = re.match(r"<([\w-]+)", content)
        if inside and outer in COMPONENTS[inside[1]]:
            content = f"<{outer}>{content}</{outer}>"
    return f"<mjml>{content}</mjml>"


@pytest.mark.parametrize("component", SAMPLES)
def test_attributes_without_effect_are_those_that_are_listed(component: str) -> None:
    found = set()
    for attribute, kind in attribute_types(component).items():
        if attribute == "mj-class" or (component, attribute) in ALONE_WITHOUT_EFFECT:
            continue
        choices = [choice for choice in kind[5:-1].split(",") if choice] if kind.startswith("enum") else []
        values = choices or (["37px", "3px"] if kind.startswith("unit") else PROBES[kind])
        without = re.sub(rf' {attribute}="[^"]*"', "", sample(component, "", ""))
        compiled = [mjml2html(sample(component, attribute, value), fonts={}) for value in values]
        if set(compiled) == {mjml2html(without, fonts={})}:
            found.add(attribute)
    drawn_wrongly = {"border-left", "border-right"} if component == "mj-image" else set()
    assert found | drawn_wrongly == NO_EFFECT.get(component, set())
