"""Every construct as HTML, in mail and on the web."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pytest

from newsletter.document import (
    Aside,
    Block,
    Break,
    Cell,
    Citation,
    Cite,
    Code,
    CodeBlock,
    Emphasis,
    Figure,
    Heading,
    Inline,
    Link,
    Listing,
    ListItem,
    Members,
    Merge,
    Note,
    NoteRef,
    Objection,
    Only,
    Paragraph,
    Picture,
    Quotation,
    Rule,
    Source,
    Strike,
    Strong,
    Table,
    Text,
)
from newsletter.model import PictureFile, Tier
from newsletter.rendering.holes import Holes
from newsletter.rendering.html import address, escape
from newsletter.rendering.html_mail import MailRenderer
from newsletter.rendering.html_web import WebRenderer
from newsletter.rendering.theme import Theme
from newsletter.writing.citations import Bibliography

Renderers = Callable[..., tuple[MailRenderer, WebRenderer]]


def par(*inlines: Inline | str) -> Paragraph:
    return Paragraph(tuple(Text(each) if isinstance(each, str) else each for each in inlines))


@pytest.fixture
def renderers(
    bibliography: Bibliography, pictures: Mapping[str, PictureFile], theme: Theme
) -> Callable[[Tier], tuple[MailRenderer, WebRenderer]]:
    def make(tier: Tier = Tier.FREE) -> tuple[MailRenderer, WebRenderer]:
        mail = MailRenderer(bibliography, tier, "https://x.org/i/", pictures, theme, Holes())
        return mail, WebRenderer(bibliography, tier, pictures, lambda src: f"/p/{src}", theme.words)

    return make


@pytest.mark.parametrize(
    ("inline", "html"),
    [
        (Text("a < b & \"c\" 'd'"), "a &lt; b &amp; &quot;c&quot; &#x27;d&#x27;"),
        (Text("“plain” – text"), "“plain” – text"),
        (Text("bell\x07 and \u202e"), "bell and "),
        (Emphasis((Text("a"), Strong((Text("b"),)))), "<em>a<strong>b</strong></em>"),
        (Strike((Text("a"),)), "<s>a</s>"),
        (Code("<b>"), "<code>&lt;b&gt;</code>"),
        (Break(), "\n"),
        (Break(hard=True), "<br>\n"),
        (Link("https://e.org/?a=1&b=2", (Text("x"),)), '<a href="https://e.org/?a=1&amp;b=2">x</a>'),
        (Link('https://e.org/"><b>', (Text("x"),)), '<a href="https://e.org/&quot;&gt;&lt;b&gt;">x</a>'),
        (Link("javascript:alert(1)", (Text("x"),)), "x"),
        (Link("java\nscript:alert(1)", (Text("x"),)), "x"),
        (Link("data:text/html,x", (Text("x"),)), "x"),
        (Link("https://[", (Text("x"),)), '<a href="https://[">x</a>'),
        (Link("a", (Link("b", (Text("x"),)),)), None),
    ],
)
def test_inlines(renderers: Renderers, inline: Inline, html: str | None) -> None:
    for renderer in renderers():
        found = renderer.line((inline,))
        if html is None:
            assert found.count("<a ") == 1
        else:
            assert found == html


@pytest.mark.parametrize(
    ("href", "base", "found"),
    [
        ("#there", "https://x.org/i/", "https://x.org/i/#there"),
        ("#there", "", "#there"),
        ("../other/", "https://x.org/i/", "https://x.org/other/"),
        ("mailto:a@b.org", "https://x.org/", "mailto:a@b.org"),
        ("HTTPS://E.org", "", "HTTPS://E.org"),
        (" https://e.org/a b", "", "https://e.org/ab"),
        ("vbscript:x", "https://x.org/", ""),
        ("//[broken", "https://x.org/", ""),
    ],
)
def test_addresses(href: str, base: str, found: str) -> None:
    assert address(href, base) == found


def test_escape_is_for_attributes_too() -> None:
    assert escape("\"'<>&") == "&quot;&#x27;&lt;&gt;&amp;"


def test_titles_have_no_links(renderers: Renderers) -> None:
    title = (
        Link("https://e.org", (Emphasis((Text("a"),)),)),
        Citation((Cite("warren1978"),)),
        NoteRef(1),
    )
    for renderer in renderers():
        assert renderer.title(title) == "<em>a</em>(Warren 1978)"


def test_citations_link_to_the_page(renderers: Renderers) -> None:
    mail, web = renderers()
    citation = (Citation((Cite("warren1978", "p. 2"),)),)
    assert mail.line(citation) == '(<a href="https://x.org/i/#ref-warren1978">Warren 1978</a>, p. 2)'
    assert web.line(citation) == '(<a href="#ref-warren1978">Warren 1978</a>, p. 2)'
    assert list(mail.cited) == list(web.cited) == ["warren1978"]


def test_source_is_a_credit(renderers: Renderers) -> None:
    mail, web = renderers()
    source = Source((Citation((Cite("warren1978"),)),))
    assert web.blocks([source]) == '<p class="source">Source: <a href="#ref-warren1978">Warren 1978</a></p>\n'
    assert mail.blocks([source]).startswith('<p class="source">Source: <a href="https://x.org/i/#ref-')


def test_merge_fields(renderers: Renderers) -> None:
    mail, web = renderers()
    merge = (Merge("first_name", "you & me"),)
    assert mail.line(merge) == "\ufffe0\uffff"
    assert web.line(merge) == "you &amp; me"
    assert web.line((Merge("first_name"),)) == ""


@pytest.mark.parametrize(
    ("block", "html"),
    [
        (par("a"), "<p>a</p>\n"),
        (Heading(3, (Text("a"),)), "<h3>a</h3>\n"),
        (
            Listing((ListItem((par("a"),)), ListItem((par("b"), Listing((ListItem((par("c"),)),)))))),
            "<ul>\n<li>a</li>\n<li>b\n<ul>\n<li>c</li>\n</ul>\n</li>\n</ul>\n",
        ),
        (Listing((ListItem((par("a"),)),), start=1), "<ol>\n<li>a</li>\n</ol>\n"),
        (Listing((ListItem((par("a"),)),), 4, tight=False), '<ol start="4">\n<li><p>a</p>\n</li>\n</ol>\n'),
    ],
)
def test_blocks_that_are_the_same_everywhere(renderers: Renderers, block: Block, html: str) -> None:
    for renderer in renderers():
        assert renderer.blocks([block]) == html


def test_quotation_on_the_web(renderers: Renderers) -> None:
    _, web = renderers()
    assert web.blocks([Quotation((par("a"),))]) == (
        '<div class="quote">\n<blockquote>\n<p>a</p>\n</blockquote>\n</div>\n'
    )
    assert web.blocks([Quotation((par("a"),), (Text("b"),))]) == (
        '<figure class="quote">\n<blockquote>\n<p>a</p>\n</blockquote>\n'
        '<figcaption class="attribution">— b</figcaption>\n</figure>\n'
    )


def test_quotation_in_mail(renderers: Renderers) -> None:
    mail, _ = renderers()
    html = mail.blocks([Quotation((par("a"),), (Text("b"),))])
    assert '<td class="quote">\n<blockquote>\n<p>a</p>\n</blockquote>\n<p class="attribution">— b</p>' in html
    assert html.startswith('<table role="presentation"')


def test_figures(renderers: Renderers) -> None:
    mail, web = renderers()
    figure = Figure(Picture("pictures/clot.png", 'a "clot"'), (Text("Caption"),))
    assert mail.blocks([figure]) == (
        '<p class="figure captioned"><img src="https://x.org/i/clot.png" alt="a &quot;clot&quot;" '
        'width="552"></p>\n<p class="caption">Caption</p>\n'
    )
    assert web.blocks([figure]) == (
        '<figure class="figure">\n<img src="/p/pictures/clot.png" alt="a &quot;clot&quot;" loading="lazy" '
        'decoding="async">\n<figcaption class="caption">Caption</figcaption>\n</figure>\n'
    )
    bare = Figure(Picture("clot.png", ""))
    assert mail.blocks([bare]) == (
        '<p class="figure"><img src="https://x.org/i/clot.png" alt="" width="552" height="310"></p>\n'
    )
    assert 'alt="" width="1104" height="621"' in web.blocks([bare])
    assert "figcaption" not in web.blocks([bare])
    assert list(web.shown) == ["pictures/clot.png", "clot.png"]


def test_pictures_never_exceed_the_box_that_they_stand_in(renderers: Renderers) -> None:
    mail, _ = renderers()
    figure = Figure(Picture("clot.png", ""))
    assert 'width="512"' in mail.blocks([Aside((figure,))])
    assert 'width="531"' in mail.blocks([Quotation((figure,))])
    assert 'width="491"' in mail.blocks([Aside((Quotation((figure,)),))])
    assert 'width="552"' in mail.blocks([figure])


def test_pictures_in_a_line(renderers: Renderers) -> None:
    mail, web = renderers()
    small, unknown = Picture("icon.png", "!"), Picture("https://e.org/x.png", "")
    assert mail.line((small,)) == '<img src="https://x.org/i/icon.png" alt="!" width="24" height="24">'
    assert mail.line((unknown,)) == '<img src="https://e.org/x.png" alt="">'
    assert 'width="24" height="24"' in web.line((small,))


def test_panels(renderers: Renderers) -> None:
    mail, web = renderers(Tier.MEMBER)
    objection = Objection((Text("No & no"),), (par("a"),))
    assert web.blocks([objection]) == (
        '<section class="objection">\n<p class="kicker">Objection</p>\n<h3>No &amp; no</h3>\n<p>a</p>\n'
        "</section>\n"
    )
    assert '<td class="panel objection" bgcolor="#f6f4f0">' in mail.blocks([objection])
    assert web.blocks([Aside((par("a"),))]) == '<aside class="aside">\n<p>a</p>\n</aside>\n'
    assert '<td class="panel aside" bgcolor="#f6f4f0">\n<p>a</p>' in mail.blocks([Aside((par("a"),))])
    assert web.blocks([Members((par("a"),))]) == (
        '<section class="members">\n<p class="kicker">For members</p>\n<p>a</p>\n</section>\n'
    )
    assert "<h3>" not in web.blocks([Objection((), (par("a"),))])


def test_members_part_for_free_readers(renderers: Renderers) -> None:
    for renderer in renderers(Tier.FREE):
        html = renderer.blocks([Members((par("one two three " * 40), par("secret")))])
        assert html == '<p class="kept-back">This part (about 120 words) is for members.</p>\n'
        assert renderer.tiered


def test_only(renderers: Renderers) -> None:
    mail, web = renderers()
    blocks = [Only("email", (par("mail"),)), Only("web", (par("web"),))]
    assert mail.blocks(blocks) == "<p>mail</p>\n"
    assert web.blocks(blocks) == "<p>web</p>\n"
    assert not mail.tiered


def test_code(renderers: Renderers) -> None:
    mail, web = renderers()
    code = CodeBlock("\n\nif a < b:\n", 'py"')
    assert web.blocks([code]) == (
        '<pre class="code"><code class="language-py&quot;">\n\nif a &lt; b:\n</code></pre>\n'
    )
    assert web.blocks([CodeBlock("x\n")]) == '<pre class="code"><code>x\n</code></pre>\n'
    assert "<pre><code>\n\nif a &lt; b:\n</code></pre>" in mail.blocks([code])


def test_tables(renderers: Renderers) -> None:
    mail, web = renderers()
    head = (Cell((Text("a"),)), Cell((Text("b"),), "right"))
    table = Table(head, ((Cell((Text("c"),)), Cell((Emphasis((Text("d"),)),), "right")),))
    rows = (
        '<thead><tr><th scope="col">a</th><th scope="col" align="right">b</th></tr></thead>\n'
        '<tbody><tr><td>c</td><td align="right"><em>d</em></td></tr>\n</tbody>'
    )
    assert web.blocks([table]) == (
        '<div class="tabled" role="region" aria-label="Table 1" tabindex="0"><table class="data">'
        + rows.replace('align="right"', 'style="text-align:right"')
        + "</table></div>\n"
    )
    assert (
        f'<table class="data" width="100%" cellpadding="0" cellspacing="0" border="0">{rows}'
        in mail.blocks([table])
    )


def test_rules(renderers: Renderers) -> None:
    mail, web = renderers()
    assert web.blocks([Rule()]) == '<hr class="break">\n'
    assert mail.blocks([Rule()]) == '<p class="break">* * *</p>\n'


class TestNotes:
    blocks: Sequence[Block] = (par("a", NoteRef(1), "b", NoteRef(2), NoteRef(1)),)
    notes = (
        Note(1, (par("one", NoteRef(3)),)),
        Note(2, (par("two"),)),
        Note(3, (par("three"),)),
        Note(4, ()),
    )

    def test_on_the_web_they_link_both_ways(self, renderers: Renderers) -> None:
        _, web = renderers()
        html = web.passage(self.blocks, self.notes, "here")
        assert html.count('id="note-here-1-mark"') == 1
        assert html.count('href="#note-here-1"') == 2
        assert html.count('<li id="note-here-') == 3
        assert '<a href="#note-here-2-mark" role="doc-backlink">Back to the text</a>' in html
        assert '2</a></sup><sup>,</sup><sup class="noteref">' in html

    def test_before_the_first_nugget(self, renderers: Renderers) -> None:
        _, web = renderers()
        assert '<li id="note-1" value="1">' in web.passage(self.blocks, self.notes)

    def test_in_mail_they_close_their_nugget(self, renderers: Renderers) -> None:
        mail, _ = renderers()
        html = mail.passage(self.blocks, self.notes, "here")
        assert '<sup class="noteref">1</sup>' in html
        assert html.index("two") < html.index("three")
        assert html.count('<td class="note">') == 3

    def test_notes_of_what_is_kept_back_stay_out(self, renderers: Renderers) -> None:
        blocks = (Members((par("secret", NoteRef(1)),)), par("open", NoteRef(2)))
        for renderer in renderers(Tier.FREE):
            html = renderer.passage(blocks, self.notes, "here")
            assert "one" not in html
            assert "two" in html
        for renderer in renderers(Tier.MEMBER):
            assert "one" in renderer.passage(blocks, self.notes, "here")

    def test_no_notes_no_list(self, renderers: Renderers) -> None:
        for renderer in renderers():
            assert renderer.passage([par("a")], self.notes) == "<p>a</p>\n"
