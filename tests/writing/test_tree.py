"""Every construct of the dialect, from Markdown to nodes."""

from __future__ import annotations

import pytest

from newsletter.document import (
    Aside,
    Block,
    Body,
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
from newsletter.errors import Level
from newsletter.writing.tree import read_body

WARREN = Citation((Cite("warren1978"),), 1)


def body(markdown: str) -> Body:
    found, problems = read_body(markdown, "issues/x.md")
    assert problems == []
    return found


def block(markdown: str) -> Block:
    (only,) = body(markdown).intro
    return only


def words(markdown: str) -> tuple[Inline, ...]:
    paragraph = block(markdown)
    assert isinstance(paragraph, Paragraph)
    return paragraph.children


def problems(markdown: str, first_line: int = 1) -> list[tuple[int, str]]:
    return [(one.line, one.code) for one in read_body(markdown, "issues/x.md", first_line)[1]]


def text(words: str) -> tuple[Inline, ...]:
    return (Text(words),)


# --- words -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("markdown", "nodes"),
    [
        ("plain", text("plain")),
        ('It isn\'t "so"...', text("It isn’t “so”…")),
        (
            "*a* **b** ~~c~~",
            (Emphasis(text("a")), Text(" "), Strong(text("b")), Text(" "), Strike(text("c"))),
        ),
        ("***a***", (Emphasis((Strong(text("a")),)),)),
        ('`a "b" --`', (Code('a "b" --'),)),
        ("one\ntwo", (Text("one"), Break(), Text("two"))),
        ("one  \ntwo", (Text("one"), Break(hard=True), Text("two"))),
        ("one\\\n*two*", (Text("one"), Break(hard=True), Emphasis(text("two")))),
        ("*one*\n two", (Emphasis(text("one")), Break(), Text("two"))),
        ('\\*a\\* \\"b\\" it\\\'s', text('*a* "b" it\'s')),
        ("&copy; &nbsp;&#x202e;b &lt;i&gt;", text("© \u00a0b <i>")),
        ('*"a"* "*b*"', (Emphasis(text("“a”")), Text(" “"), Emphasis(text("b")), Text("”"))),
        ("a <b and 3 < 4 [x] ^ _ ! ~", text("a <b and 3 < 4 [x] ^ _ ! ~")),
        ("[a](https://example.org/é)", (Link("https://example.org/%C3%A9", text("a"), 1),)),
        ("[a](https://exämple.org)", (Link("https://xn--exmple-cua.org", text("a"), 1),)),
        ("[a][b]\n\n[b]: https://example.org", (Link("https://example.org", text("a"), 1),)),
        (
            "<https://example.org/it's>",
            (Link("https://example.org/it's", text("https://example.org/it's"), 1),),
        ),
        ("<a@example.org>", (Link("mailto:a@example.org", text("a@example.org"), 1),)),
        ("[@john](https://example.org)", (Link("https://example.org", text("@john"), 1),)),
        (
            "a\n![b\n*c*](d e.png) e",
            (Text("a"), Break(), Text("![b"), Break(), Emphasis(text("c")), Text("](d e.png) e")),
        ),
        ("a\n![b\n*c* &amp; `d`](<d é.png>)", (Text("a"), Break(), Picture("d é.png", "b c & d", 2))),
    ],
)
def test_words(markdown: str, nodes: tuple[Inline, ...]) -> None:
    assert words(markdown) == nodes


@pytest.mark.parametrize(
    ("markdown", "cites"),
    [
        ("[@warren1978]", [Cite("warren1978")]),
        ("[@jabr2007, p. 12]", [Cite("jabr2007", "p. 12")]),
        ("[@jabr2007, pp. 12-14, 16--8]", [Cite("jabr2007", "pp. 12–14, 16–8")]),
        ("[@a p. 12]", [Cite("a", "p. 12")]),
        ("[@a, p. 1; @b;\n-@c]", [Cite("a", "p. 1"), Cite("b"), Cite("c", suppress_author=True)]),
        ("[-@doi:10.1/x_y-z]", [Cite("doi:10.1/x_y-z", suppress_author=True)]),
        ("[ @a ]", [Cite("a")]),
    ],
)
def test_citations(markdown: str, cites: list[Cite]) -> None:
    assert words(markdown) == (Citation(tuple(cites), 1),)


@pytest.mark.parametrize(
    ("markdown", "merge"),
    [
        ("{{ first_name }}", Merge("first_name", None, 1)),
        ('{{ first_name or "there" }}', Merge("first_name", "there", 1)),
        ("{{first_name or 'my friend'}}", Merge("first_name", "my friend", 1)),
        ("{{ first_name or “there” }}", Merge("first_name", "there", 1)),
        ('{{ first_name\nor "you\nthere" }}', Merge("first_name", "you there", 1)),
        ('{{ first_name or "" }}', Merge("first_name", "", 1)),
    ],
)
def test_merge_fields(markdown: str, merge: Merge) -> None:
    assert words(markdown) == (merge,)


def test_marks_know_their_line() -> None:
    nodes = words(
        "one\n[a](https://example.org)\n[@b] {{ name or 'x' }}\n![c](d.png) <https://example.org>\n^[n]"
    )
    lines = [getattr(node, "line", None) for node in nodes if not isinstance(node, Text | Break)]
    assert lines == [2, 3, 3, 4, 4, 5]


def test_citations_and_merge_fields_can_be_escaped() -> None:
    assert words("\\[@a] \\{{ x }} `[@a] {{ x }}`") == (Text("[@a] {{ x }} "), Code("[@a] {{ x }}"))


# --- blocks ----------------------------------------------------------------------------------------------


def test_a_picture_alone_is_a_figure() -> None:
    assert block('![A clot](clot.png "Drawn *by us*, isn\'t it [@warren1978]")') == Figure(
        Picture("clot.png", "A clot", 1),
        (Text("Drawn "), Emphasis(text("by us")), Text(", isn’t it "), WARREN),
        1,
    )
    assert block("![A clot](clot.png)") == Figure(Picture("clot.png", "A clot", 1), (), 1)


def test_a_picture_among_words_loses_its_caption_aloud() -> None:
    found, reported = read_body('See ![A clot](clot.png "Drawn by us").', "f")
    assert [(one.code, one.level) for one in reported] == [("lost-caption", Level.WARNING)]
    assert isinstance(found.intro[0], Paragraph)
    assert found.intro[0].children[1] == Picture("clot.png", "A clot", 1)


def test_a_quotation_is_kept_to_the_letter() -> None:
    assert block("> It's \"so\" -- isn't it...\n> *Yes*\n> — O'Neill, *Pain*, 1997") == Quotation(
        (Paragraph((Text("It's \"so\" -- isn't it..."), Break(), Emphasis(text("Yes"))), 1),),
        (Text("O’Neill, "), Emphasis(text("Pain")), Text(", 1997")),
        1,
    )


@pytest.mark.parametrize("dash", ["—", "— ", "--", "-- ", "--- ", "― "])
def test_the_dashes_of_attributions(dash: str) -> None:
    assert block(f"> a\n> {dash}b") == Quotation((Paragraph(text("a"), 1),), text("b"), 1)


def test_an_attribution_may_be_a_paragraph() -> None:
    assert block("> a\n>\n> — b [@warren1978]") == Quotation(
        (Paragraph(text("a"), 1),), (Text("b "), Citation((Cite("warren1978"),), 3)), 1
    )


@pytest.mark.parametrize(
    "markdown", ["> — alone", "> — first\n> second", "> - list\n> - — item", "> a – b", "> a\n> - b", ">"]
)
def test_other_dashes_are_no_attribution(markdown: str) -> None:
    quotation = block(markdown)
    assert isinstance(quotation, Quotation)
    assert quotation.attribution == ()


def test_quotations_in_quotations_have_their_own_attributions() -> None:
    inner = Quotation((Paragraph(text("it's"), 2),), text("c"), 2)
    assert block("> a's\n> > it's\n> > — c\n>\n> — b's") == Quotation(
        (Paragraph(text("a's"), 1), inner), text("b’s"), 1
    )


def test_lists() -> None:
    assert block("- a\n- b\n  - c") == Listing(
        (
            ListItem((Paragraph(text("a"), 1),), 1),
            ListItem(
                (Paragraph(text("b"), 2), Listing((ListItem((Paragraph(text("c"), 3),), 3),), None, True, 3)),
                2,
            ),
        ),
        None,
        True,
        1,
    )
    loose = block("3. a\n\n4. b")
    assert isinstance(loose, Listing)
    assert (loose.start, loose.tight) == (3, False)
    first = block("1) a")
    assert isinstance(first, Listing)
    assert (first.start, first.tight) == (1, True)


def test_code() -> None:
    assert block("```python hl\nit's --\n```") == CodeBlock("it's --\n", "python", 1)
    assert block("    it's\n\n    b") == CodeBlock("it's\n\nb\n", "", 1)
    assert block("```\n```") == CodeBlock("", "", 1)
    assert block("```\na") == CodeBlock("a\n", "", 1)


def test_tables() -> None:
    assert block("| a | b |\n|:--|:-:|\n| it's | [@k] |\n| 1 |") == Table(
        (Cell(text("a"), "left"), Cell(text("b"), "center")),
        (
            (Cell(text("it’s"), "left"), Cell((Citation((Cite("k"),), 3),), "center")),
            (Cell(text("1"), "left"), Cell((), "center")),
        ),
        1,
    )


def test_rules_and_sources() -> None:
    assert block("---") == Rule(1)
    assert block("Source: [@warren1978]") == Source((WARREN,), 1)
    assert block("Sources:\n[@warren1978]") == Source((Citation((Cite("warren1978"),), 2),), 2)
    assert block("Source: a book, p. 3") == Source(text("a book, p. 3"), 1)


@pytest.mark.parametrize("markdown", ["> Source: a", "- Source: a"])
def test_sources_stand_at_the_top(markdown: str) -> None:
    holder = block(markdown)
    assert isinstance(holder, Quotation | Listing)
    blocks = holder.blocks if isinstance(holder, Quotation) else holder.items[0].blocks
    assert blocks == (Paragraph(text("Source: a"), 1),)


def test_containers() -> None:
    paragraph = (Paragraph(text("a"), 2),)
    assert block(":::members\na\n:::") == Members(paragraph, 1)
    assert block("::: aside\na\n:::") == Aside(paragraph, 1)
    assert block(":::email\na\n:::") == Only("email", paragraph, 1)
    assert block(":::web\na\n:::") == Only("web", paragraph, 1)
    assert block(":::objection That's *it*\na\n:::") == Objection(
        (Text("That’s "), Emphasis(text("it"))), paragraph, 1
    )


@pytest.mark.parametrize(
    "markdown",
    [
        "::::members\n:::aside\na\n:::\n::::",
        ":::members\n:::aside\na\n:::\n:::",
        ":::members\n::::aside\na\n::::\n:::",
        ":::members\n:::aside\na\n::::\n:::",
    ],
)
def test_containers_in_containers(markdown: str) -> None:
    assert block(markdown) == Members((Aside((Paragraph(text("a"), 3),), 2),), 1)


def test_containers_stand_in_lists_and_quotations_and_interrupt_paragraphs() -> None:
    assert body("a\n:::aside\nb\n:::\nc").intro == (
        Paragraph(text("a"), 1),
        Aside((Paragraph(text("b"), 3),), 2),
        Paragraph(text("c"), 5),
    )
    listing = block("- :::aside\n  a\n  :::\n- b")
    assert isinstance(listing, Listing)
    assert listing.items[0].blocks == (Aside((Paragraph(text("a"), 2),), 1),)
    quotation = block("> :::aside\n> it's\n> :::")
    assert isinstance(quotation, Quotation)
    assert quotation.blocks == (Aside((Paragraph(text("it's"), 2),), 1),)


@pytest.mark.parametrize("fence", ["```", "~~~~"])
def test_colons_in_code_are_code(fence: str) -> None:
    found = block(f":::aside\n{fence} x\n:::\n``\n{fence}\n    :::\n:::")
    assert isinstance(found, Aside)
    assert isinstance(found.blocks[0], CodeBlock)
    assert found.blocks[0].text == ":::\n``\n"


# --- nuggets ---------------------------------------------------------------------------------------------


def test_nuggets() -> None:
    found = body("Hello\n\n## It's *one* [@k]\n\na\n\n### deeper\n\n## It's one\n\nb")
    assert found.intro == (Paragraph(text("Hello"), 1),)
    first, second = found.nuggets
    assert first.title == (Text("It’s "), Emphasis(text("one")), Text(" "), Citation((Cite("k"),), 3))
    assert (first.anchor, first.line) == ("its-one", 3)
    assert first.blocks == (Paragraph(text("a"), 5), Heading(3, text("deeper"), 7))
    assert (second.anchor, second.line, second.blocks) == ("its-one-2", 9, (Paragraph(text("b"), 11),))


def test_members_nuggets() -> None:
    found = body(
        "## Free\n\na\n\n:::members\nfor members\n\n## Secret\n\nb\n\n"
        "## More\n\n:::aside\nc\n:::\n:::\n\n## Open\n\nd"
    )
    free, secret, more, last = found.nuggets
    assert free.blocks == (Paragraph(text("a"), 3), Members((Paragraph(text("for members"), 6),), 5))
    assert [one.members_only for one in found.nuggets] == [False, True, True, False]
    assert secret.blocks == (Paragraph(text("b"), 10),)
    assert more.blocks == (Aside((Paragraph(text("c"), 15),), 14),)
    assert last.blocks == (Paragraph(text("d"), 21),)


def test_members_nuggets_may_come_first() -> None:
    found = body(":::members\n## Secret\n:::\n\n:::members\nmore\n:::")
    assert found.intro == ()
    assert found.nuggets[0].members_only
    assert found.nuggets[0].blocks == (Members((Paragraph(text("more"), 6),), 5),)


def test_text_after_members_nuggets_belongs_nowhere() -> None:
    assert problems(":::members\n## Secret\n:::\n\none\n\ntwo") == [(5, "text-after-members")]


# --- footnotes -------------------------------------------------------------------------------------------


def test_footnotes_are_numbered_in_each_nugget() -> None:
    found = body(
        "i[^a]\n\n## One\n\nw[^b] x^[in *place*] y[^a] z[^b]\n\n"
        "[^a]: A it's[^b]\n\n[^b]: B\n\n    > it's\n    > — q"
    )
    assert found.intro == (Paragraph((Text("i"), NoteRef(1, 1)), 1),)
    quoted = Quotation((Paragraph(text("it's"), 11),), text("q"), 11)
    b = (Paragraph(text("B"), 9), quoted)
    assert found.notes == (Note(1, (Paragraph((Text("A it’s"), NoteRef(2, 7)), 7),)), Note(2, b))
    (nugget,) = found.nuggets
    assert nugget.title == text("One")
    assert nugget.anchor == "one"
    assert nugget.blocks == (
        Paragraph(
            (
                *(Text("w"), NoteRef(1, 5), Text(" x"), NoteRef(2, 5)),
                *(Text(" y"), NoteRef(3, 5), Text(" z"), NoteRef(1, 5)),
            ),
            5,
        ),
    )
    assert nugget.notes == (
        Note(1, b),
        Note(2, (Paragraph((Text("in "), Emphasis(text("place"))), 5),)),
        Note(3, (Paragraph((Text("A it’s"), NoteRef(1, 7)), 7),)),
    )


def test_a_footnote_may_call_itself() -> None:
    found = body("a[^1]\n\n[^1]: b[^1]")
    assert found.notes == (Note(1, (Paragraph((Text("b"), NoteRef(1, 3)), 3),)),)


# --- problems --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("# Title", [(1, "title-in-text")]),
        ("a\n\nTitle\n===", [(3, "title-in-text")]),
        ("##", [(1, "untitled-nugget")]),
        ("> ## x", [(1, "nugget-inside")]),
        ("- ## x", [(1, "nugget-inside")]),
        (":::aside\n## x\n:::", [(2, "nugget-inside")]),
        (":::aside\n:::members\n## x\n:::\n:::", [(3, "nugget-inside")]),
        (":::member\n## x\n:::", [(1, "unknown-container")]),
        (":::zebra\nx\n:::", [(1, "unknown-container")]),
        ("a\n\n:::members\nx", [(3, "unclosed-container")]),
        (":::members\n## x", [(1, "unclosed-container")]),
        ("::::members\n:::aside\nx\n::::", [(2, "unclosed-container")]),
        ("> :::aside\nx\n:::", [(1, "unclosed-container"), (3, "stray-container-end")]),
        ("- :::aside\n\nx", [(1, "unclosed-container")]),
        ("a\n:::", [(2, "stray-container-end")]),
        (":::objection\nx\n:::", [(1, "missing-title")]),
        (":::aside hello\nx\n:::", [(1, "container-title")]),
        ("a\n<b>c</b>", [(2, "raw-html"), (2, "raw-html")]),
        ("a\n\n<div>\nb\n</div>\n\nc", [(3, "raw-html")]),
        ("<!-- a -->", [(1, "raw-html")]),
        ("![a](b.png '<i>c')", [(1, "raw-html")]),
        ("a\n{{ first name }}", [(2, "bad-merge-field")]),
        ("{{ a", [(1, "bad-merge-field")]),
        ("{{ a or b }}", [(1, "bad-merge-field")]),
        ("a\n[@a b@c]", [(2, "bad-citation")]),
        ("[@]", [(1, "bad-citation")]),
        ("[@a; see @b]", [(1, "bad-citation")]),
        ("a[^b]", [(1, "unknown-footnote")]),
        ("a[^b]\n\n[^b]: c\n\n[^b]: d", [(5, "doubled-footnote")]),
        ("a\n\n[^b]: c", [(3, "unused-footnote")]),
        (
            "[^a]: b\n\n## x[^a]\n\n## y[^a] z[^c]",
            [(3, "note-in-title"), (5, "unknown-footnote"), (5, "note-in-title")],
        ),
        ("a[^1]\n\n## b[^1]\n\n[^1]: <i>", [(3, "note-in-title"), (5, "raw-html")]),
        ("Source:", [(1, "empty-source")]),
        ("[a](javascript:alert(1))", [(1, "bad-link")]),
        ("[a](\tDATA:text/html;x)", [(1, "bad-link")]),
        ("<javascript:alert(1)>", [(1, "bad-link")]),
        ("> " * 50 + "a", [(1, "nested-too-deeply")]),
        ("- " * 50 + "a", [(1, "nested-too-deeply")]),
        ("\n".join("  " * i + "- a" for i in range(40)), [(16, "nested-too-deeply")]),
        (":::aside\n" * 40 + ":::\n" * 40, [(32, "nested-too-deeply")]),
        ("*a **b " * 40 + "c** d*" * 40, [(1, "nested-too-deeply")]),
    ],
)
def test_problems(markdown: str, expected: list[tuple[int, str]]) -> None:
    assert problems(markdown) == expected


def test_lines_count_from_where_the_text_begins() -> None:
    assert problems("a\n\n# b", first_line=10) == [(12, "title-in-text")]
    found, _ = read_body("a\n\nb [c](https://example.org)", "f", 10)
    assert found.intro[1] == Paragraph((Text("b "), Link("https://example.org", text("c"), 12)), 12)


@pytest.mark.parametrize(
    ("markdown", "hint"),
    [
        (":::member\n:::", "Did you mean :::members?"),
        (":::zzz\n:::", "The containers are members, objection, aside, email, web."),
        ("a[^note]\n\n[^notes]: b", "Did you mean [^notes]?"),
        ("a[^note]", "Write its text in a paragraph “[^note]: …”."),
        ("<!-- x -->", "Take the comment out; notes to yourself fit into another file."),
    ],
)
def test_hints(markdown: str, hint: str) -> None:
    assert read_body(markdown, "f")[1][0].hint == hint


def test_a_script_never_becomes_a_link() -> None:
    found, _ = read_body("[a](javascript:alert(1)) [b](java\\script:x)", "f")
    links = [one for one in found.intro[0].children if isinstance(one, Link)]  # type: ignore[union-attr] # a paragraph
    assert links[0].href == ""
