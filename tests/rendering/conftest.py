"""An issue that uses every construct of the dialect, and all that it takes to render it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

import pytest

from newsletter.document import (
    Aside,
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
    Link,
    Listing,
    ListItem,
    Members,
    Merge,
    Note,
    NoteRef,
    Nugget,
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
from newsletter.model import Edition, Identity, Issue, IssueStatus, Name, PictureFile, Reference
from newsletter.rendering.edition import Facts, build_edition
from newsletter.rendering.theme import Theme
from newsletter.writing.citations import Bibliography
from tests.rendering.theming import PLAIN, make


def say(text: str) -> tuple[Text, ...]:
    return (Text(text),)


def paragraph(text: str) -> Paragraph:
    return Paragraph(say(text))


def cells(*texts: str) -> tuple[Cell, ...]:
    aligns = ("", "right", "center")
    return tuple(Cell(say(text), align) for text, align in zip(texts, aligns, strict=False))


INTRO = (
    Paragraph(
        (
            Text("Dear "),
            Merge("first_name", "reader"),
            Text(", a massage therapist asks: "),
            Emphasis(say("can I really dislodge a clot?")),
            Text(" The short answer is "),
            Strong(say("yes, but hardly ever")),
            Text(". The long answer is six case reports & a little arithmetic."),
            NoteRef(1),
        )
    ),
    Only("email", (paragraph("The pictures are larger on the web."),)),
    Only("web", (paragraph("This page is also a letter: you can have it by mail."),)),
)

CASE = Nugget(
    title=(Text("An elderly woman and her "), Emphasis(say("well-meaning")), Text(" husband")),
    anchor="an-elderly-woman",
    blocks=(
        Paragraph(
            (
                Text("The oldest report is also the shortest "),
                Citation((Cite("warren1978", "p. 1"), Cite("lim2009"))),
                Text(". A woman had a known clot in her leg; her husband massaged it; the clot went"),
                Break(),
                Text("to her lung. More is told in "),
                Link(
                    "https://example.org/blood-clots?from=letter&x=1",
                    say("our longer article on blood clots"),
                ),
                Text(", and you may write to "),
                Link("mailto:ask@example.org", say("ask@example.org")),
                Text("."),
            )
        ),
        Figure(
            Picture("clot.png", "A dark clot blocks the place where a vein branches in two."),
            (
                Text("A clot rides the bloodstream until the vessels grow too narrow. "),
                Emphasis(say("Drawing: ours.")),
            ),
        ),
        Quotation(
            (
                paragraph("Pulmonary embolus originating below knee."),
                Paragraph(
                    (Text("The title says nearly all."), Break(hard=True), Text("The rest is one page."))
                ),
            ),
            (Text("title of "), Citation((Cite("warren1978"),))),
        ),
        Source((Citation((Cite("warren1978"),)), Text(", a letter to the editor"))),
    ),
)

LISTS = Nugget(
    title=say("What to look for before you press"),
    anchor="what-to-look-for",
    blocks=(
        paragraph("Three things, of which the first is by far the most telling:"),
        Listing(
            (
                ListItem((paragraph("one calf thicker than the other by more than three centimetres"),)),
                ListItem(
                    (
                        Paragraph((Text("risk: "), Strike(say("age alone")), Text(" a recent"))),
                        Listing((ListItem((paragraph("operation"),)), ListItem((paragraph("long flight"),)))),
                    )
                ),
                ListItem((paragraph("pain that does not change with position"),)),
            )
        ),
        Heading(3, say("In what order")),
        Listing(
            (
                ListItem((paragraph("Look."), paragraph("Both legs, bare, side by side."))),
                ListItem((paragraph("Ask. If in doubt, do not touch; send your client to a physician."),)),
            ),
            start=9,
            tight=False,
        ),
        Heading(4, say("A score")),
        Table(
            cells("Sign", "Points", "Source"),
            (
                cells("Calf swollen by more than 3 cm", "1", "Wells"),
                cells("Recently bedridden", "1", "Wells"),
                cells("Another diagnosis is as likely", "−2", "Wells"),
            ),
        ),
        Table(
            (Cell(say("Case")), Cell(say("What was done, and how hard, according to the authors"))),
            (
                (
                    Cell(say("Warren 1978")),
                    Cell(say("Vigorous massage of a leg with a known deep vein thrombosis by the husband")),
                ),
                (
                    Cell(say("Jabr 2007")),
                    Cell((Text("Vigorous calf massage at a "), Emphasis(say("pedicure shop")))),
                ),
            ),
        ),
        CodeBlock("points = sum(signs)\nif points >= 2:\n    stop()  # <really>\n", "python"),
        Paragraph((Text("The code calls "), Code("stop()"), Text(" and means it."), NoteRef(1), NoteRef(2))),
    ),
    notes=(
        Note(
            1,
            (
                paragraph("The score is for physicians; it is shown here so that you see what they look at."),
                paragraph("It has been tested in several thousand people."),
            ),
        ),
        Note(
            2, (Paragraph((Text("Or "), Link("https://example.org/stop", say("should mean it")), Text("."))),)
        ),
    ),
)

ARGUMENT = Nugget(
    title=say("“This has nothing to do with competent massage”"),
    anchor="nothing-to-do",
    blocks=(
        Objection(
            say("These were amateurs. It could not happen to me."),
            (
                Paragraph(
                    (
                        Text("Two of the six were professionals "),
                        Citation((Cite("lim2009", suppress_author=True),)),
                        Text(". Skill does not make a clot stick."),
                    )
                ),
                Quotation((paragraph("Nobody had warned them."),)),
            ),
        ),
        Rule(),
        Aside(
            (
                paragraph("An aside: a clot is not a bruise, and a bruise is not a clot."),
                Listing((ListItem((paragraph("a clot is inside the vessel"),)),)),
            )
        ),
        Paragraph((Picture("icon.png", "warning"), Text(" Small pictures may stand in a line."))),
        Figure(Picture("https://pictures.example.org/remote.jpg", "")),
        Members(
            (
                paragraph(
                    "Members' secret: the arithmetic. Six cases in forty years among millions of massages."
                ),
                Paragraph((Text("The rate is below one in a million"), NoteRef(1), Text("."))),
                Paragraph((Text("Compare "), Citation((Cite("secret2020"),)), Text("."))),
            )
        ),
    ),
    notes=(Note(1, (paragraph("Members' footnote: give or take a factor of ten."),)),),
)

CLOSING = Nugget(
    title=say("Members' closing: what I tell my own clients"),
    anchor="closing",
    blocks=(paragraph("I look at both legs. Then I ask. Only then do I put my hands on anybody."),),
    members_only=True,
)

ISSUE = Issue(
    slug="six-clots",
    file="issues/2026-11-24-six-clots.md",
    title='Six cases of "dislodged" clots & what they teach',
    subject='Six clots, {{ first_name or "dear reader" }}',
    date=date(2026, 11, 24),
    preheader="Case reports on massage and blood clots, read closely: rare, real, and mostly avoidable.",
    status=IssueStatus.READY,
    body=Body(
        intro=INTRO,
        notes=(Note(1, (paragraph("Very little arithmetic, we promise."),)),),
        nuggets=(CASE, LISTS, ARGUMENT, CLOSING),
    ),
)

REFERENCES = {
    "warren1978": Reference(
        key="warren1978",
        kind="article-journal",
        title="Pulmonary embolus originating below knee",
        authors=(Name("Warren", "D. J."),),
        year="1978",
        container="Lancet",
        volume="2",
        pages="272",
        doi="10.1016/S0140-6736(78)91540-4",
    ),
    "lim2009": Reference(
        key="lim2009",
        kind="article-journal",
        title="Massaging the outcome: an unusual presentation of pulmonary embolism",
        authors=(Name("Lim", "Han"), Name("Goh", "Li & Co")),
        year="2009",
        container="BMJ Case Reports",
        url="https://example.org/lim?a=1&b=2",
    ),
    "secret2020": Reference(
        key="secret2020",
        kind="book",
        title="For members alone",
        authors=(Name("Secret", "Ann"),),
        year="2020",
    ),
}

PICTURES = {
    "clot.png": PictureFile("clot.png", 1104, 621, 48_211, "png"),
    "icon.png": PictureFile("icon.png", 24, 24, 912, "png"),
}

FACTS = Facts(
    title="Sore & Sane",
    url="https://letters.example.org/",
    language="en",
    postal_address="12 Example Street, Vancouver, BC V5K 0A1, Canada",
    description="Pain science for people who have pain.",
    author="Paula Nerve",
)

IDENTITY = Identity(
    from_name="Paula Nerve",
    from_address="paula@example.org",
    return_path="bounces@example.org",
    list_id="weekly.example.org",
    list_name="Sore & Sane",
    unsubscribe_mailbox="leave@example.org",
    reply_to="paula@example.org",
    unsubscribe_base="https://letters.example.org/unsubscribe/",
    archive_url="https://letters.example.org/",
    issue_url="https://letters.example.org/six-clots/",
)


MakeTheme = Callable[..., Theme]


@pytest.fixture(scope="session")
def themed() -> MakeTheme:
    """Makes the plain theme with a publication's own templates and tokens over it."""
    return make


@pytest.fixture(scope="session")
def theme() -> Theme:
    return PLAIN


@pytest.fixture(scope="session")
def issue() -> Issue:
    return ISSUE


@pytest.fixture(scope="session")
def references() -> Mapping[str, Reference]:
    return REFERENCES


@pytest.fixture(scope="session")
def bibliography() -> Bibliography:
    return Bibliography(ISSUE.body, REFERENCES)


@pytest.fixture(scope="session")
def pictures() -> Mapping[str, PictureFile]:
    return PICTURES


@pytest.fixture(scope="session")
def facts() -> Facts:
    return FACTS


@pytest.fixture(scope="session")
def identity() -> Identity:
    return IDENTITY


Build = Callable[..., Edition]


@pytest.fixture(scope="session")
def build(theme: Theme) -> Build:
    """Builds an edition; whatever is not given is the standard one."""

    def build(
        issue: Issue = ISSUE,
        *,
        theme: Theme = theme,
        facts: Facts = FACTS,
        identity: Identity = IDENTITY,
        style: str = "author-year",
    ) -> Edition:
        bibliography = Bibliography(issue.body, REFERENCES, style)
        return build_edition(issue, bibliography, PICTURES, theme, facts, identity)

    return build


@pytest.fixture(scope="session")
def edition(build: Build) -> Edition:
    return build()
