import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.document import (
    Body,
    Code,
    CodeBlock,
    Figure,
    Heading,
    Link,
    Listing,
    Paragraph,
    Picture,
    Quotation,
    Table,
)
from newsletter.errors import Level
from newsletter.gathering.dialect import read_html, to_dialect, write_dialect
from newsletter.gathering.markup import DEEPEST, read_markup, text_of
from newsletter.gathering.pictures import pictures, with_pictures
from newsletter.writing.issue import Source, read_issue
from newsletter.writing.tree import read_body
from newsletter.writing.walk import walk

BASE = "https://blog.example.org/2026/knees/"


def converted(html: str) -> str:
    return to_dialect(html, base=BASE)


def read_back(markdown: str) -> Body:
    body, problems = read_body(markdown, "draft.md")
    assert not [problem for problem in problems if problem.level is Level.ERROR], (markdown, problems)
    return body


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<p>Plain words.</p>", "Plain words.\n"),
        ("bare words", "bare words\n"),
        ("<p>a <b>bold</b> and <i>slanted</i> word</p>", "a **bold** and *slanted* word\n"),
        ("<p><strong>bold </strong>word</p>", "**bold** word\n"),
        ("<p><strong><b>once</b></strong></p>", "**once**\n"),
        ("<p>foo<b>(bar)</b>baz</p>", "foo(bar)baz\n"),
        ("<p><b>a <i>b</i></b>c</p>", "**a *b***c\n"),
        ("<p><del>gone</del> <s>too</s></p>", "~~gone~~ ~~too~~\n"),
        ("<p>one<br>two</p>", "one\\\ntwo\n"),
        ("<p>one<br> <br/>two<br></p>", "one\n\ntwo\n"),
        ("<p>10<sup>6</sup> H<sub>2</sub>O, the 1<sup>st</sup></p>", "10⁶ H₂O, the 1st\n"),
        ("<p>see<sup><a href='#fn1'>1</a></sup></p>", f"see[¹]({BASE}#fn1)\n"),
        ("<p>x<sub><b>2</b></sub><sup></sup></p>", "x**2**\n"),
        ("<p><q>quoted</q></p>", "“quoted”\n"),
        ("<p>run <code>a`b</code></p>", "run ``a`b``\n"),
        ("<p><code> </code>x</p>", "x\n"),
        ("<p><kbd>Ctrl</kbd></p>", "`Ctrl`\n"),
        ("<h1>Top</h1><h4>Lower</h4><h1>Top</h1>", "### Top\n\n#### Lower\n\n### Top\n"),
        ("<h2></h2><p>x</p>", "x\n"),
        ("<h2>C #</h2>", "### C \\#\n"),
        ("<p>x</p><hr><p>y</p><hr>", "x\n\n---\n\ny\n"),
        ("<ul><li>a<li>b</ul>", "- a\n- b\n"),
        ("<ul><li>a<ul><li>b</ul></ul>", "- a\n  - b\n"),
        ("<ul><li>a</li><ul><li>b</li></ul></ul>", "- a\n  - b\n"),
        ("<ul>stray<li>a</ul>", "- stray\n- a\n"),
        ("<ol start=9><li>a<li>b</ol>", "9. a\n10. b\n"),
        ("<ol start=x><li>a</ol>", "1. a\n"),
        ("<ul><li></ul>", ""),
        ("<ul><li>a</ul><ul><li>b</ul>", "- a\n\n* b\n"),
        ("<ul><li><p>a<p>b<li>c</ul>", "- a\n\n  b\n\n- c\n"),
        ("<blockquote>words</blockquote>", "> words\n"),
        ("<blockquote><p>a<p>b<cite>Who</cite></blockquote>", "> a\n>\n> b*Who*\n"),
        ("<blockquote><p>a</p><footer>— Who, <i>What</i></footer></blockquote>", "> a\n>\n> — Who, *What*\n"),
        ("<blockquote><cite>Who</cite></blockquote>", "Who\n"),
        ("<blockquote></blockquote>", ""),
        ("<pre>\n  a\n    b\n</pre>", "```\n  a\n    b\n```\n"),
        ('<pre><code class="hljs language-c++">x</code></pre>', "```c++\nx\n```\n"),
        ("<pre>```</pre>", "````\n```\n````\n"),
        ("<pre></pre>", ""),
        ("<dl><dt>Term<dd>Meaning</dl>", "**Term**\n\nMeaning\n"),
        ("<details><summary>More</summary><p>text</p></details>", "**More**\n\ntext\n"),
        ("<table><tr><th>a<th>b|c<tr><td>1<td><p>x</p></table>", "| a | b\\|c |\n| --- | --- |\n| 1 | x |\n"),
        (
            "<table><caption>Title</caption><tr><th align=right>a<th>b<tr><td colspan=2>1</table>",
            "**Title**\n\n| a | b |\n| --: | --- |\n| 1 |  |\n",
        ),
        ("<table><tr><td>only<tr><td>one column</table>", "only\n\none column\n"),
        ("<table><tr><td><ul><li>a</ul><td>b</table>", "- a\n\nb\n"),
        ('<p><img src="k.png" alt="A knee"></p>', f"![A knee]({BASE}k.png)\n"),
        ('<p><img src="k.png" alt="IMG_0012.jpg"></p>', f"![]({BASE}k.png)\n"),
        ('<p>see <img src="k.png" alt="it"> there</p>', f"see ![it]({BASE}k.png) there\n"),
        ('<p><a href="big.JPG"><img src="k.png"></a></p>', f"![]({BASE}k.png)\n"),
        ('<p><a href="/shop"><img src="k.png"></a></p>', f"[![]({BASE}k.png)](https://blog.example.org/shop)\n"),
        ('<p><img src="pixel.gif" width="1" height="1">x</p>', "x\n"),
        ('<p><img src="data:image/gif;base64,AA">x</p>', "x\n"),
        ('<p><img src="data:image/gif;base64,AA" data-src="/k.png"></p>', "![](https://blog.example.org/k.png)\n"),
        ('<p><img src="http://[k">x</p>', "x\n"),
        (
            '<figure><img src="k.png" alt="x"><figcaption>The <i>knee</i>, "seen"</figcaption></figure>',
            f'![x]({BASE}k.png "The *knee*, \\"seen\\"")\n',
        ),
        ("<figure><pre>x</pre><figcaption>How</figcaption></figure>", "```\nx\n```\n\nHow\n"),
        ('<a href="/x?utm_source=rss&amp;a=1">x</a>', "[x](https://blog.example.org/x?a=1)\n"),
        ('<a href="javascript:alert(1)">x</a>', "x\n"),
        ('<a href="mailto:a@example.org">x</a>', "[x](mailto:a@example.org)\n"),
        ('<a href="/a(b) c">x</a>', "[x](https://blog.example.org/a%28b%29%20c)\n"),
        ('<a href="/card"><div>Title</div><div>More</div></a>', "[Title](https://blog.example.org/card)\n\nMore\n"),
        ('<iframe src="https://www.youtube.com/embed/abc-1?rel=0"></iframe>', "https://www.youtube.com/watch?v=abc-1\n"),
        (
            '<iframe src="https://player.vimeo.com/video/1" title="- A *film*"></iframe>',
            "https://player.vimeo.com/video/1\n\\- A \\*film\\*\n",
        ),
        ('<ul><li><iframe src="https://www.youtube.com/embed/abc"></iframe></ul>', "- [See on youtube.com](https://www.youtube.com/watch?v=abc)\n"),
        ('<iframe src="https://maps.example.org/embed/1"></iframe>', "[See on maps.example.org](https://maps.example.org/embed/1)\n"),
        ('<p>https://youtu.be/abc</p>', "https://youtu.be/abc\n"),
        ('<p>https://youtu.be/abc<br>words</p>', "https\\://youtu.be/abc\\\nwords\n"),
        ('<video><source src="/v.mp4"></video>', "https://blog.example.org/v.mp4\n"),
        ('<audio src="/a.mp3" title="Episode 1"></audio>', "[Episode 1](https://blog.example.org/a.mp3)\n"),
        ("<iframe></iframe>", ""),
        ("<script>x</script><style>y</style><form><input></form>z<!-- c -->", "z\n"),
        ('<div class="a sharedaddy"><p>Share</p></div><p>x</p>', "x\n"),
        ("<p>x</p><p>The post <a href='/'>A</a> appeared first on <a href='/'>B</a>.</p>", "x\n"),
        ("<p>a<span>b<div>c</div></span></p>", "ab\n\nc\n"),
    ],
)  # fmt: skip
def test_a_construct_in_the_dialect(html: str, markdown: str) -> None:
    assert converted(html) == markdown
    read_back(markdown)


@pytest.mark.parametrize(
    "words",
    [
        "*stars* _under_ snake_case `tick` \\back",
        "[link](x) [@key] [^1] ^[note] ![pic](y) [ref]: z",
        "{{ first_name }} {{{x}}} { { {",
        "<b>bold</b> <!-- c --> <https://example.org> a < b > c",
        "&amp; &lt; AT&T & &#65;",
        "~~gone~~ ~ ~100 ~~~",
        "# no heading",
        "> no quotation",
        "- no list",
        "+ no list",
        "1. no list",
        "1986) nor this",
        "--- ===",
        "=====",
        "-----",
        "| a | b |",
        ":::members",
        "Source: nobody",
        "Sources: nobody",
        "    indented",
        "ends with a hash #",
        "a ! [b] ^ [c]",
        "— a dash",
    ],
)
def test_words_that_look_like_marks_stay_words(words: str) -> None:
    escaped = words.replace("&", "&amp;").replace("<", "&lt;")
    body = read_back(converted(f"<p>{escaped}</p>"))
    (block,) = body.intro
    assert isinstance(block, Paragraph)
    assert [type(node).__name__ for node in block.children] == ["Text"]
    assert _letters(body) == _only_letters(words)
    # and after a break in the line, where other things could begin
    read_back(converted(f"<p>x<br>{escaped}<br>{escaped}</p>"))
    read_back(converted(f"<ul><li>{escaped}</ul><blockquote>{escaped}</blockquote><h2>{escaped}</h2>"))


def test_long_paragraphs_are_wrapped_where_no_mark_can_arise() -> None:
    words = "word - + 1. # > = | : — " * 60
    markdown = converted(f"<p>{words.replace('>', '&gt;')}</p>")
    assert max(map(len, markdown.splitlines())) <= 130
    (block,) = read_back(markdown).intro
    assert isinstance(block, Paragraph)


def test_code_is_never_broken_at_the_end_of_a_line() -> None:
    body = read_back(converted(f"<p>{'word ' * 18}<code># not a heading - at all</code></p>"))
    (block,) = body.intro
    assert isinstance(block, Paragraph)
    assert block.children[-1] == Code("# not a heading - at all")


def test_emphasis_that_markdown_cannot_express_is_dropped_and_its_words_kept() -> None:
    markdown = converted("<p><b>a</b><b>b</b></p>")
    assert _letters(read_back(markdown)) == "ab"
    assert "*" not in markdown


@pytest.mark.parametrize(
    "html",
    [
        "<ul><li><b>a</b><b>b</b></ul>",
        "<blockquote><p><b>a</b><b>b</b><footer><b>c</b><b>d</b></footer></blockquote>",
        "<table><tr><th><b>a</b><b>b</b><th>c<tr><td><i>d</i><i>e</i><td>f</table>",
        "<figure><img src=a.png alt=x><figcaption><b>a</b><b>b</b></figcaption></figure>",
        "<h2><b>a</b><b>b</b></h2>",
        "<p><b>a</b><b>b</b> <a href=/x><i>c</i><i>d</i></a> <code>e</code></p>",
    ],
)
def test_emphasis_is_dropped_wherever_it_stands(html: str) -> None:
    markdown = converted(html)
    assert "**" not in markdown
    assert _letters(read_back(markdown)) in ("ab", "abcd", "abcdef", "xab", "abcde")


def test_what_cannot_be_written_at_all_is_escaped_to_the_last_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsletter.gathering.dialect._says", lambda text, blocks: False)
    assert converted("<h2>a*b</h2><hr>") == "a\\*b\n"


def test_nesting_is_bounded() -> None:
    for tag in ("blockquote", "ul><li", "ol><li", "b", "div", "table><tr><td", "em><a href=x"):
        body = read_back(converted(f"<{tag}>" * 50 + "words"))
        assert "words" in _letters(body)
    assert "words" in text_of(read_markup("<blockquote>" * 20_000 + "words"))
    tree = read_markup("<div><p>" * (DEEPEST + 30) + "words" + "</p></div>" * (DEEPEST + 30) + "after")
    assert "words" in text_of(tree)
    assert text_of(tree).endswith("after")


def test_hostile_attributes_are_dropped_with_their_tags() -> None:
    assert converted(f"<p {' '.join(f'a{n}=1' for n in range(5000))}>x</p>") == "x\n"


def test_pictures_can_be_found_and_changed() -> None:
    html = (
        "<p><img src=a.png alt=A></p><p>x <a href=/y><img src=b.png alt=B></a></p>"
        "<ul><li><p><img src=c.png></ul><blockquote><img src=d.png>z</blockquote><pre>x</pre>"
    )
    blocks = read_html(html, base=BASE, picture_base="")
    assert [picture.src for picture in pictures(blocks)] == ["a.png", "b.png", "c.png", "d.png"]
    moved = with_pictures(blocks, lambda picture: Picture(f"x/{picture.src}", picture.alt))
    assert [picture.src for picture in pictures(moved)] == ["x/a.png", "x/b.png", "x/c.png", "x/d.png"]
    gone = write_dialect(with_pictures(blocks, lambda picture: None))
    assert gone == "x [B](https://blog.example.org/y)\n\n> z\n\n```\nx\n```\n"


def test_a_whole_page_keeps_its_structure() -> None:
    html = """
    <h2>One</h2><p>Text <a href="/a">link</a>.</p><figure><img src="x.png" alt="An x"></figure>
    <ul><li>a<li>b</ul><blockquote><p>q</blockquote><table><tr><th>1<th>2<tr><td>3<td>4</table><pre>c</pre>"""
    body = read_back(converted(html))
    kinds = [Heading, Paragraph, Figure, Listing, Quotation, Table, CodeBlock]
    assert [type(block) for block in body.intro] == kinds
    assert any(isinstance(node, Link) for node, _ in walk(body))


# --- properties --------------------------------------------------------------------------------------------

# fmt: off
_SIGNS = (
    "*", "**", "_", "`", "``", "[", "]", "](", "{{", "}}", "~~", "\\", "&", "&amp;", "#", "> ", "- ", "1. ",
    "<", "!", "^", "|", ":::", "Source: ", "---", "===", "—", "'", '"', "...",
)
_TAGS = st.sampled_from((
    "p", "div", "b", "em", "i", "s", "code", "pre", "a", "ul", "ol", "li", "blockquote", "h1", "h3",
    "table", "tr", "td", "th", "sup", "q", "figure", "figcaption", "dl", "dt", "dd", "span", "cite", "footer",
    "br",
))
# fmt: on
_TEXT = st.text(st.characters(codec="utf-8"), max_size=20) | st.sampled_from(
    ["word", "\n", "  ", "\u00a0", *_SIGNS]
)


def _element(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(
        lambda tag, inside: f"<{tag} href='/x'>{''.join(inside)}</{tag}>",
        _TAGS,
        st.lists(children, max_size=4),
    )


_ESCAPED = _TEXT.map(lambda text: text.replace("&", "&amp;").replace("<", "&lt;"))
_HTML = st.lists(st.recursive(_ESCAPED, _element, max_leaves=25), max_size=6).map("".join)


@settings(max_examples=300, deadline=None)
@given(_HTML)
def test_any_html_becomes_an_issue_with_all_its_words(html: str) -> None:
    markdown = converted(html)
    text = f"---\ntitle: T\ndate: 2026-11-24\n---\n\n## Title\n\n{markdown}"
    issue = read_issue(Source("issues/x.md", "x", None, text))
    expected = _only_letters(text_of(read_markup(html)))
    # captions come after their pictures, wherever they stood
    assert sorted(_letters(issue.body)) == sorted(f"Title{expected}")


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_any_text_at_all_is_survived(html: str) -> None:
    read_back(converted(html))


def _letters(body: Body) -> str:
    parts = []
    for node, _ in walk(body):
        text = getattr(node, "text", "")
        parts.append(text if isinstance(text, str) else "")
    return _only_letters("".join(parts))


def _only_letters(text: str) -> str:
    """What must survive: letters and digits, raised and lowered ones as their plain selves."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text))
