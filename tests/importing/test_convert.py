from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.errors import Level
from newsletter.importing.convert import convert, write_issue_text
from newsletter.importing.posts import Post
from newsletter.model import Issue, IssueStatus
from newsletter.writing.issue import Source, parse_issue
from newsletter.writing.walk import plain, walk

POST = Post("a.md", "A title", date(2020, 1, 2), "a", "", path="/2020/a/", line=5)
SITE = "https://old.example.org/"


def imported(text: str, *, known: bool = True, local: dict[str, str] | None = None, **changes: object) -> str:
    post = replace(POST, text=text, **changes)  # type: ignore[arg-type]  # whatever the test says
    return write_issue_text(convert(post, SITE, known=known), local or {})


def body(text: str, **changes: object) -> str:
    return imported(text, **changes).partition("\n---\n")[2].strip("\n")  # type: ignore[arg-type]


def issue(text: str) -> Issue:
    found, problems = parse_issue(Source("issues/a.md", "a", None, text))
    assert found is not None, problems
    assert not [problem for problem in problems if problem.level is Level.ERROR]
    return found


def test_an_archived_issue_with_everything_that_was_known() -> None:
    text = imported("x", tags=("a", "b, c"), description="d" * 200, canonical="https://x.example.org/")
    found = issue(text)
    assert (found.title, found.date, found.status) == ("A title", date(2020, 1, 2), IssueStatus.ARCHIVED)
    assert (found.tags, found.canonical) == (("a", "b, c"), "https://x.example.org/")
    assert len(found.preheader) == 110
    assert found.sources[0].url == "https://x.example.org/"


def test_feeds_of_the_old_site_do_not_offer_it_again() -> None:
    assert issue(imported("x")).sources[0].url == "https://old.example.org/2020/a/"
    assert issue(imported("x", known=False)).sources == ()
    assert issue(imported("x", path="")).sources == ()


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("# A Title\n\n## Part\n\n### Sub", "## Part\n\n### Sub"),
        ("# A title\n\n### Part\n\n##### Sub", "## Part\n\n### Sub"),
        ("# Another\n\n## Part", "## Another\n\n### Part"),
        ("> ## quoted", "> ### quoted"),
        (
            "a [link](/b/ 'x') and [other](../c)",
            "a [link](https://old.example.org/b/) and [other](https://old.example.org/2020/c)",
        ),
        ("Term\n: Meaning", "**Term**\n\nMeaning"),
        ("<div>raw <b>HTML</b></div>", "raw **HTML**"),
        ("[@cite] {x} :::", "\\[@cite\\] {x} :::"),
        ("~~gone~~ | x", "~~gone~~ | x"),
        ("![](http://old.example.org/a.png)", "[A picture in “A title”](http://old.example.org/a.png)"),
        ("![x](/a.png)", "![x](https://old.example.org/a.png)"),
        ("![x](a.png)", "![x](a-2.png)"),
    ],
)
def test_markdown_of_others(text: str, result: str) -> None:
    assert body(text, local={"a.png": "a-2.png"}) == result


def test_pictures_that_are_nowhere_leave_their_words() -> None:
    assert body("![x](/a.png)", known=False) == ""
    assert body("see ![it](/a.png) there", known=False) == "see it there"


def test_footnotes_are_kept() -> None:
    text = (
        "One[^a] two[^b] and ^[in place] again[^a].\n\n[^a]: First *note*.\n\n    More of it.\n[^b]: Second"
    )
    text = text.replace(" and ^[in place]", "")
    assert body(text) == (
        "One[^1] two[^2] again[^1].\n\n[^1]: First *note*.\n\n    More of it.\n\n[^2]: Second"
    )
    (note, _) = issue(imported(text)).body.notes
    assert len(note.blocks) == 2


def test_footnotes_of_substack_are_kept() -> None:
    html = (
        '<p>Hello<a class="footnote-anchor" id="footnote-anchor-1" href="#footnote-1">1</a>'
        '<a class="footnote-anchor" href="#footnote-9">9</a>.</p>'
        '<div class="footnote"><a id="footnote-1" href="#footnote-anchor-1" class="footnote-number">1</a>'
        '<div class="footnote-content"><p>The note.</p></div></div>'
    )
    assert (
        body(html, html=True)
        == "Hello[^1][9](https://old.example.org/2020/a/#footnote-9).\n\n[^1]: The note."
    )


def test_our_own_signs_in_the_text_mean_nothing() -> None:
    assert body("a\ue0f17\ue0f2b \ue0f00\ue0f0") == "a7b 0"


def test_a_cover_stands_on_top_once() -> None:
    assert body("x", cover="/c.png", cover_alt="C") == "![C](https://old.example.org/c.png)\n\nx"
    assert body("x ![d](/c.png)", cover="/c.png") == "x ![d](https://old.example.org/c.png)"


def test_what_only_members_saw_stays_theirs() -> None:
    found = issue(imported("## Part\n\nx", members=True))
    (nugget,) = found.body.nuggets
    assert nugget.members_only


def test_what_was_lost_is_told_with_its_line() -> None:
    converted = convert(replace(POST, text="x\n\n{{< gallery >}}"), SITE, known=True)
    (problem,) = converted.problems
    assert (problem.file, problem.line, problem.level) == ("a.md", 7, Level.WARNING)
    assert problem.message == "The shortcode gallery means nothing here and was left out."


# fmt: off
_PIECES = st.sampled_from((
    "# H\n", "## H\n", "text ", "\n\n", "\n", "- a\n", "1. b\n", "> q\n", "`c`", "```\ncode\n```\n", "*e*",
    "**s**", "[l](/u)", "![p](a.png)", "<b>h</b>", "<div>\n", "</div>\n", "[^1]", "\n[^1]: note\n",
    "{{< x >}}", "{% y %}", "| a | b |\n|---|---|\n| c | d |\n", "{{ z }}", "---\n", "===\n", "\\", "&amp;",
    "<!-- c -->", ":::x\n", ":::\n", "  ", "\t", "~~s~~",
))
# fmt: on


@settings(max_examples=200, deadline=None)
@given(st.lists(_PIECES | st.text(max_size=5), max_size=20).map("".join), st.booleans())
def test_any_text_becomes_an_issue(text: str, html: bool) -> None:
    issue(imported(text, html=html))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text("abcdefghij", min_size=1, max_size=6), min_size=1, max_size=30))
def test_words_are_kept(words: list[str]) -> None:
    found = issue(imported(" *and*\n\n## Part\n\n> ".join(words)))
    text = plain([node for node, _ in walk(found.body) if type(node).__name__ == "Text"])  # type: ignore[misc]
    for word in words:
        assert word in text
