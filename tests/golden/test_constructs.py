"""Each construct of the dialect, from its Markdown to mail, page and plain text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import get_args

import pytest

from newsletter.document import Block, Inline
from newsletter.model import Issue, Name, PictureFile, Reference, Tier
from newsletter.rendering.edition import build_edition
from newsletter.rendering.web import render_web
from newsletter.writing.citations import Bibliography
from newsletter.writing.issue import Source, parse_issue
from newsletter.writing.walk import walk
from tests.golden.test_golden import FACTS, IDENTITY, THEME, shown

REFERENCES = {
    "a": Reference("a", "book", "A title", (Name("Alpha", "Ann"),), year="1978"),
    "b": Reference("b", "book", "B title", (Name("Beta", "Bo"),), year="2009"),
}
PICTURES = {"a.png": PictureFile("a.png", 300, 200, 1000, "png")}
URL = IDENTITY.issue_url
_STYLE = re.compile(r' (?:style|bgcolor|cellpadding|cellspacing|border)="[^"]*"')
_TABLE = '<table role="presentation" width="100%"><tbody><tr>'
_AIR = '</td></tr><tr><td class="air">&nbsp;</td></tr></tbody></table>'

CARD = """\
<p class="kicker">Video</p>
<p class="watch"><a href="https://youtu.be/abc">A <em>film</em></a></p>
<p class="caption">YouTube</p>
"""
BARE_CARD = """\
<p class="kicker">Video</p>
<p class="watch"><a href="https://vimeo.com/123">Watch on Vimeo</a></p>
<p class="caption">vimeo.com/123</p>
"""


@dataclass(frozen=True)
class Construct:
    """A piece of Markdown, and what it becomes. In mail, styles are left out."""

    name: str
    markdown: str
    mail: str
    web: str
    text: str
    tier: Tier = Tier.FREE
    style: str = "author-year"


def same(name: str, markdown: str, html: str, text: str) -> Construct:
    """A construct that is the same HTML in mail and on the page."""
    return Construct(name, markdown, html, html, text)


def box(kind: str, content: str) -> str:
    """A cell of its own, as mail has it."""
    return f'{_TABLE}<td class="{kind}">\n{content}{_AIR}'


CONSTRUCTS = [
    same("paragraph", "One\ntwo.", "<p>One\ntwo.</p>", "One two."),
    same("smart punctuation", '"It\'s" -- so---yes...', "<p>“It’s” – so—yes…</p>", "“It’s” – so—yes…"),
    same("emphasis", "*a* **b** ~~c~~", "<p><em>a</em> <strong>b</strong> <s>c</s></p>", "_a_ *b* ~c~"),
    same("code in a line", '`a -- "b" <i>`', '<code>a -- "b" &lt;i&gt;</code>', '`a -- "b" <i>`'),
    same("hard break", "a\\\nb", "<p>a<br>\nb</p>", "a\nb"),
    same("escapes", r"\*a\* \{{ b", "<p>*a* {{ b</p>", "*a* {{ b"),
    same("entity", "&amp; &copy;", "<p>&amp; ©</p>", "& ©"),
    same(
        "link",
        "[a](https://x.org/?a=1&b)",
        '<a href="https://x.org/?a=1&amp;b">a</a>',
        "a [1]\n\n[1] https://x.org/?a=1&b",
    ),
    same("address", "<https://x.org/>", '<a href="https://x.org/">https://x.org/</a>', "https://x.org/"),
    same("mailbox", "<a@x.org>", '<a href="mailto:a@x.org">a@x.org</a>', "a@x.org"),
    same(
        "bullets",
        "- a\n  - b\n- c",
        "<ul>\n<li>a\n<ul>\n<li>b</li>\n</ul>\n</li>\n<li>c</li>\n</ul>",
        "- a\n  - b\n- c",
    ),
    same("numbers", "3. a\n4. b", '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>', "3. a\n4. b"),
    same("loose list", "- a\n\n- b", "<ul>\n<li><p>a</p>\n</li>\n<li><p>b</p>\n</li>\n</ul>", "- a\n- b"),
    same("heading", "### A *b*", "<h3>A <em>b</em></h3>", "A _b_\n~~~~~"),
    Construct(
        "nugget",
        "## A *title*\n\ntext",
        f'<h2><a class="plain" href="{URL}#a-title">A <em>title</em></a></h2>',
        "A <em>title</em>",
        "A _title_\n---------\n\ntext",
    ),
    Construct(
        "table",
        "| a | b |\n| :-- | --: |\n| c | d |",
        '<th scope="col" align="right">b</th></tr></thead>\n'
        '<tbody><tr><td align="left">c</td><td align="right">d</td></tr>',
        '<th scope="col" style="text-align:right">b</th></tr></thead>\n'
        '<tbody><tr><td style="text-align:left">c</td><td style="text-align:right">d</td></tr>',
        "a  b\n-  -\nc  d",
    ),
    Construct(
        "code",
        "```text\na -- <b>\n```",
        box("panel code", "<pre><code>a -- &lt;b&gt;\n</code></pre>"),
        '<pre class="code"><code class="language-text">a -- &lt;b&gt;\n</code></pre>',
        "    a -- <b>",
    ),
    Construct(
        "break", "a\n\n---\n\nb", '<p class="break">* * *</p>', '<hr class="break">', f"{' ' * 33}* * *"
    ),
    Construct(
        "picture in a line",
        "A ![flame](a.png).",
        f'<p>A <img src="{URL}a.png" alt="flame" width="300" height="200">.</p>',
        '<img src="a.png" alt="flame" width="300" height="200" loading="lazy" decoding="async">',
        "A [flame].",
    ),
    Construct(
        "figure",
        '![A vein](a.png "It\'s *ours*")',
        f'<p class="figure captioned"><img src="{URL}a.png" alt="A vein" width="300" height="200"></p>\n'
        '<p class="caption">It’s <em>ours</em></p>',
        '<figcaption class="caption">It’s <em>ours</em></figcaption>\n</figure>',
        "[Picture: A vein]\n  It’s _ours_",
    ),
    Construct(
        "video",
        "https://youtu.be/abc\nA *film*\n![A still](a.png)",
        f'<td class="still" valign="top" width="136"><a href="https://youtu.be/abc"><img src="{URL}a.png" '
        f'alt="A still" width="120" height="80"></a></td>\n<td valign="top">\n{CARD}',
        '<div class="video">\n<a href="https://youtu.be/abc"><img src="a.png" alt="A still" width="300" '
        f'height="200" loading="lazy" decoding="async"></a>\n<div>\n{CARD}',
        "| Video: A _film_ (YouTube)\n| https://youtu.be/abc",
    ),
    Construct(
        "video without a word",
        "<https://vimeo.com/123>",
        box("panel video", BARE_CARD),
        f'<div class="video">\n<div>\n{BARE_CARD}</div>\n</div>',
        "| Video: Watch on Vimeo\n| https://vimeo.com/123",
    ),
    Construct(
        "quotation",
        '> It\'s "so" --\n>\n> yes...\n> — Ann, 1978',
        box(
            "quote",
            '<blockquote>\n<p>It\'s "so" --</p>\n<p>yes...</p>\n</blockquote>\n'
            '<p class="attribution">— Ann, 1978</p>\n',
        ),
        '<p>It\'s "so" --</p>\n<p>yes...</p>\n</blockquote>\n'
        '<figcaption class="attribution">— Ann, 1978</figcaption>',
        '> It\'s "so" --\n>\n> yes...\n>\n> — Ann, 1978',
    ),
    Construct(
        "citation",
        "So [@a, p. 1-2; @b], [-@b].",
        f'<p>So (<a href="{URL}#ref-a">Alpha 1978</a>, p. 1–2; <a href="{URL}#ref-b">Beta 2009</a>), '
        f'(<a href="{URL}#ref-b">2009</a>).</p>',
        '<p>So (<a href="#ref-a">Alpha 1978</a>, p. 1–2; <a href="#ref-b">Beta 2009</a>), '
        '(<a href="#ref-b">2009</a>).</p>',
        "So (Alpha 1978, p. 1–2; Beta 2009), (2009).",
    ),
    Construct(
        "citation by number",
        "So [@a, p. 1-2; @b], [@b; @a], [-@b].",
        f'[<a href="{URL}#ref-a">1</a>, p. 1–2; <a href="{URL}#ref-b">2</a>]',
        '[<a href="#ref-b">2</a>, <a href="#ref-a">1</a>], [<a href="#ref-b">2</a>].</p>',
        "So [1, p. 1–2; 2], [2, 1], [2].",
        style="vancouver",
    ),
    Construct(
        "source",
        "Source: [@a], a letter",
        f'<p class="source">Source: <a href="{URL}#ref-a">Alpha 1978</a>, a letter</p>',
        '<p class="source">Source: <a href="#ref-a">Alpha 1978</a>, a letter</p>',
        "Source: Alpha 1978, a letter",
    ),
    Construct(
        "list of sources",
        "So [@a].",
        '<p class="reference">Alpha, A. (1978). <em>A title</em>.</p>',
        "Alpha, A. (1978). <em>A title</em>.",
        "Alpha, A. (1978). _A title_.",
    ),
    Construct(
        "footnote",
        "A[^x].\n\n[^x]: The *note*.",
        '<td class="number" valign="top" width="22">1</td><td class="note"><p>The <em>note</em>.</p>',
        '<li id="note-n-1" value="1">\n<p>The <em>note</em>.</p>\n<p class="back"><a href="#note-n-1-mark"',
        "A¹.\n\n¹ The _note_.",
    ),
    Construct(
        "footnote in place",
        "A^[Here.]",
        '<p>A<sup class="noteref">1</sup></p>',
        '<p>A<sup class="noteref"><a id="note-n-1-mark" href="#note-n-1" role="doc-noteref">1</a></sup></p>',
        "A¹\n\n¹ Here.",
    ),
    Construct(
        "objection",
        ':::objection "No"\nYes.\n:::',
        box("panel objection", '<p class="kicker">Objection</p>\n<h3>“No”</h3>\n<p>Yes.</p>\n'),
        '<section class="objection">\n<p class="kicker">Objection</p>\n<h3>“No”</h3>\n<p>Yes.</p>\n',
        "| Objection: “No”\n|\n| Yes.",
    ),
    Construct(
        "aside",
        ":::aside\nBy the way.\n:::",
        box("panel aside", "<p>By the way.</p>\n"),
        '<aside class="aside">\n<p>By the way.</p>\n</aside>',
        "| By the way.",
    ),
    Construct(
        "members' part, for members",
        ":::members\nSecret.\n:::",
        box("panel members", '<p class="kicker">For members</p>\n<p>Secret.</p>\n'),
        '<section class="members">\n<p class="kicker">For members</p>\n<p>Secret.</p>\n</section>',
        "| For members\n|\n| Secret.",
        tier=Tier.MEMBER,
    ),
    same(
        "members' part, for others",
        ":::members\nSecret.\n:::",
        '<p class="kept-back">This part (about 10 words) is for members.</p>',
        "(This part (about 10 words) is for members.)",
    ),
    Construct(
        "merge field",
        '{{ name or "you" }}!',
        "<p>{{ name or 'you' }}!</p>",
        "<p>you!</p>",
        "{{ name or 'you' }}!",
    ),
]


def rendered(construct: Construct) -> tuple[Issue, str, str, str]:
    """The issue, its mail, its page and its text. A construct that is no nugget stands in one."""
    markdown = construct.markdown if construct.markdown.startswith("## ") else f"## N\n\n{construct.markdown}"
    source = Source("issues/2026-11-24-x.md", "x", date(2026, 11, 24), f"---\ntitle: T\n---\n{markdown}\n")
    issue, problems = parse_issue(source)
    assert issue is not None, problems
    bibliography = Bibliography(issue.body, REFERENCES, construct.style)
    edition = build_edition(issue, bibliography, PICTURES, THEME, FACTS, IDENTITY)
    rendition = edition.rendition(construct.tier)
    page = render_web(issue, bibliography, PICTURES, picture_href=str, words=THEME.words, tier=construct.tier)
    web = "\n".join(
        [
            page.intro,
            *(f"{one.title_html}\n{one.html}" for one in page.nuggets),
            *(one.html for one in page.references),
        ]
    )
    mail = _STYLE.sub("", shown(rendition.html))
    return issue, _unescaped(mail), _unescaped(web), shown(rendition.text)


def _unescaped(html: str) -> str:
    """Quotes as a browser shows them: mail and page escape them differently."""
    return html.replace("&quot;", '"').replace("&#x27;", "'")


@pytest.mark.parametrize("construct", CONSTRUCTS, ids=lambda construct: construct.name)
def test_a_construct_in_mail_page_and_text(construct: Construct) -> None:
    _, mail, web, text = rendered(construct)
    assert construct.mail in mail
    assert construct.web in web
    assert f"\n{construct.text}\n" in text


@pytest.mark.parametrize(("container", "other"), [("email", "web"), ("web", "email")])
def test_what_stands_only_there(container: str, other: str) -> None:
    markdown = f"A.\n\n:::{container}\nHere.\n:::\n\n:::{other}\nThere.\n:::"
    _, mail, web, text = rendered(Construct(container, markdown, "", "", ""))
    in_mail, on_page = ("Here.", "There.") if container == "email" else ("There.", "Here.")
    assert (in_mail in mail, in_mail in text, in_mail in web) == (True, True, False)
    assert (on_page in mail, on_page in text, on_page in web) == (False, False, True)


def test_every_node_of_a_tree_is_among_the_constructs() -> None:
    issues = [rendered(construct)[0] for construct in CONSTRUCTS]
    nodes = {type(node).__name__ for issue in issues for node, _ in walk(issue.body)}
    assert nodes == {node.__name__ for node in (*get_args(Block), *get_args(Inline))} - {"Only"}
