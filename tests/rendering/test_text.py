"""Every construct as plain text."""

from __future__ import annotations

from collections.abc import Callable, Mapping

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
from newsletter.model import Reference, Tier
from newsletter.rendering.text import TextRenderer
from newsletter.writing.citations import Bibliography
from tests.rendering.theming import WORDS


def par(*inlines: Inline | str) -> Paragraph:
    return Paragraph(tuple(Text(each) if isinstance(each, str) else each for each in inlines))


Render = Callable[..., str]


@pytest.fixture
def render(bibliography: Bibliography) -> Render:
    def render(*blocks: Block, notes: tuple[Note, ...] = (), tier: Tier = Tier.FREE) -> str:
        text = TextRenderer(bibliography, tier, "https://x.org/i/", lambda merge: f"<{merge.name}>", WORDS)
        return text.passage(blocks, notes)

    return render


@pytest.mark.parametrize(
    ("inline", "text"),
    [
        (Text("a & <b>\x07"), "a & <b>"),
        (Text("a\nb"), "a b"),
        (Emphasis((Text("a"),)), "_a_"),
        (Strong((Text("a"),)), "*a*"),
        (Strike((Text("a"),)), "~a~"),
        (Code("a"), "`a`"),
        (Break(), ""),
        (Merge("name"), "<name>"),
        (Picture("x.png", "smile"), "[smile]"),
        (Picture("x.png", ""), ""),
        (Citation((Cite("warren1978", "p. 2"), Cite("nobody"))), "(Warren 1978, p. 2; ?nobody)"),
        (Link("https://e.org/x", (Text("there"),)), "there [1]\n\n[1] https://e.org/x"),
        (Link("https://e.org/x", (Text("https://e.org/x"),)), "https://e.org/x"),
        (Link("https://e.org/", (Text("https://e.org"),)), "https://e.org/"),
        (Link("https://e.org/", (Text("e.org"),)), "https://e.org/"),
        (Link("mailto:a@e.org", (Text("a@e.org"),)), "a@e.org"),
        (Link("mailto:a@e.org", (Text("write"),)), "write <a@e.org>"),
        (Link("javascript:x", (Text("no"),)), "no"),
        (Link("#there", (Text("there"),)), "there [1]\n\n[1] https://x.org/i/#there"),
    ],
)
def test_inlines(render: Render, inline: Inline, text: str) -> None:
    assert render(par(inline)) == text


def test_hard_breaks_stay(render: Render) -> None:
    assert render(par("a", Break(hard=True), "b", Break(), "c")) == "a\nb c"


def test_links_are_numbered_within_a_passage_and_repeated_ones_share_their_number(render: Render) -> None:
    one, two = Link("https://e.org/1", (Text("one"),)), Link("https://e.org/2", (Text("two"),))
    assert render(par(one, " ", two), par(one)) == (
        "one [1] two [2]\n\none [1]\n\n[1] https://e.org/1\n[2] https://e.org/2"
    )


def test_links_have_letters_where_citations_are_numbers(references: Mapping[str, Reference]) -> None:
    cite = Citation((Cite("warren1978"),))
    bibliography = Bibliography(Body(intro=(par(cite),)), references, "vancouver")
    text = TextRenderer(bibliography, Tier.FREE, "", lambda merge: "", WORDS)
    links = [Link(f"https://e.org/{index}", (Text("x"),)) for index in range(28)]
    found = text.passage([par(cite, *links)])
    assert found.startswith("[1]x [a]x [b]")
    assert found.endswith("[z] https://e.org/25\n[aa] https://e.org/26\n[ab] https://e.org/27")


def test_source(render: Render) -> None:
    assert render(Source((Citation((Cite("warren1978"),)), Text(", a letter")))) == (
        "Source: Warren 1978, a letter"
    )


def test_quotation(render: Render) -> None:
    quotation = Quotation((par("a " * 40), par("b")), (Text("Somebody"),))
    assert render(quotation) == (
        "> " + " ".join(["a"] * 35) + "\n> " + " ".join(["a"] * 5) + "\n>\n> b\n>\n> — Somebody"
    )
    assert render(Quotation((Quotation((par("deep"),)),))) == "> > deep"


def test_headings(render: Render) -> None:
    assert render(Heading(3, (Text("Third"),)), Heading(4, (Text("Fourth"),))) == "Third\n~~~~~\n\nFourth"
    assert render(Aside((Heading(3, (Text("Third"),)),))) == "| Third"


def test_figure(render: Render) -> None:
    assert render(Figure(Picture("a.png", "A clot"), (Text("Drawing: "), Emphasis((Text("ours"),))))) == (
        "[Picture: A clot]\n  Drawing: _ours_"
    )
    assert render(Figure(Picture("a.png", ""), (Text("Drawing"),))) == "  Drawing"
    assert render(par("a"), Figure(Picture("a.png", "")), par("b")) == "a\n\nb"


def test_lists(render: Render) -> None:
    inner = Listing((ListItem((par("c"),)),))
    assert render(Listing((ListItem((par("a"),)), ListItem((par("b"), inner))))) == "- a\n- b\n  - c"
    loose = Listing((ListItem((par("a"), par("more"))), ListItem((par("b"),))), start=9, tight=False)
    assert render(loose) == "9.  a\n\n    more\n\n10. b"
    assert render(Listing((ListItem(()), ListItem((par("b"),))))) == "-\n- b"


def test_panels(render: Render) -> None:
    assert render(Aside((par("a"), par("b")))) == "| a\n|\n| b"
    assert render(Objection((Text("No."),), (par("a"),))) == "| Objection: No.\n|\n| a"
    assert render(Members((par("a"),)), tier=Tier.MEMBER) == "| For members\n|\n| a"
    assert render(Members((par("a"),)), tier=Tier.FREE) == "(This part (about 10 words) is for members.)"


def test_only(render: Render) -> None:
    assert render(Only("email", (par("mail"),)), Only("web", (par("web"),))) == "mail"


def test_code_keeps_its_lines(render: Render) -> None:
    assert render(CodeBlock("a" * 100 + "\n\n  b\n")) == "    " + "a" * 100 + "\n\n      b"


def test_rule(render: Render) -> None:
    assert render(Rule()) == " " * 33 + "* * *"


def test_wide_tables_become_records(render: Render) -> None:
    def row(*texts: str) -> tuple[Cell, ...]:
        return tuple(Cell((Text(text),)) for text in texts)

    table = Table(row("Case", "What", ""), (row("A", "x " * 40, "y"), row("B", "z", "")))
    assert render(table) == (
        "- Case: A\n  What: " + " ".join(["x"] * 32) + "\n    " + " ".join(["x"] * 8) + "\n  y\n"
        "\n- Case: B\n  What: z\n"
    )


def test_notes(render: Render) -> None:
    notes = (
        Note(1, (par("one"),)),
        Note(2, (par("two ", Link("https://e.org", (Text("x"),))),)),
        Note(3, (par("unseen"),)),
    )
    assert render(par("a", NoteRef(1), NoteRef(2)), notes=notes) == (
        "a¹,²\n\n¹ one\n² two x [1]\n\n[1] https://e.org"
    )


def test_long_notes_stand_apart(render: Render) -> None:
    notes = (Note(1, (par("one"), par("more"))), Note(2, (par("two"),)))
    assert render(par("a", NoteRef(1), NoteRef(2)), notes=notes) == "a¹,²\n\n¹ one\n\n  more\n\n² two"


def test_notes_of_what_is_kept_back_stay_out(render: Render) -> None:
    notes = (Note(1, (par("secret"),)),)
    assert "secret" not in render(Members((par("a", NoteRef(1)),)), notes=notes)
    assert "secret" in render(Members((par("a", NoteRef(1)),)), notes=notes, tier=Tier.MEMBER)


def test_titles(bibliography: Bibliography) -> None:
    text = TextRenderer(bibliography, Tier.FREE, "", lambda merge: "", WORDS)
    assert text.title((Text("a "), Link("https://e.org", (Text("b"),)), Break(), Text("c"), NoteRef(1))) == (
        "a b c"
    )


@pytest.mark.parametrize(
    ("href", "words", "text"),
    [
        ("https://doi.org/10.1/x", "doi:10.1/x", "https://doi.org/10.1/x"),
        ("https://e.org/long/way", "e.org", "https://e.org/long/way"),
        ("https://pubmed.ncbi.nlm.nih.gov/1/", "PubMed", "PubMed <https://pubmed.ncbi.nlm.nih.gov/1/>"),
    ],
)
def test_references_spell_their_addresses(
    bibliography: Bibliography, href: str, words: str, text: str
) -> None:
    renderer = TextRenderer(bibliography, Tier.FREE, "", lambda merge: "", WORDS)
    assert (
        renderer.reference((Emphasis((Text("T"),)), Text(". "), Link(href, (Text(words),)))) == f"_T_. {text}"
    )
