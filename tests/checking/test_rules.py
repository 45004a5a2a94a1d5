"""Each rule: where it fires, with line, words and hint, and where it keeps quiet."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest

from newsletter.checking.rule import ISSUE_RULES, rule
from newsletter.checking.rules import RULES, CheckContext, check_issue
from newsletter.errors import Level, Problem
from newsletter.model import Issue, PictureFile, Reference
from newsletter.writing.issue import Source, read_issue

FILE = "issues/2026-11-24-six-clots.md"
PROSE = "Forty words make the shortest nugget that reads well on its own. " * 4
FRONT = """\
title: Six clots dislodged
subject: Six cases of blood clots
preheader: An opening question from a massage therapist, and what the literature says
"""
CONTEXT = CheckContext(
    references={key: Reference(key, "book", "T") for key in ("warren1978", "lim2009")},
    pictures={
        "clot.png": PictureFile("clot.png", 1104, 600, 80_000, "png"),
        "wide.png": PictureFile("wide.png", 1601, 600, 80_000, "png"),
        "large.jpg": PictureFile("large.jpg", 1104, 600, 500_001, "jpeg"),
        "renamed.png": PictureFile("renamed.png", 1104, 600, 80_000, "webp"),
        "drawing.svg": PictureFile("drawing.svg", 1104, 600, 80_000, "svg"),
        "sizeless.png": PictureFile("sizeless.png", 0, 0, 80_000, "png"),
        "gone.png": None,
    },
    others=("five-clots", "nocebo"),
)


def issue(text: str, front: str = FRONT) -> Issue:
    return read_issue(Source(FILE, "six-clots", date(2026, 11, 24), f"---\n{front}---\n{text}"))


def check(text: str, front: str = FRONT, context: CheckContext = CONTEXT) -> list[Problem]:
    return check_issue(issue(text, front), context)


def findings(code: str, text: str, front: str = FRONT) -> list[tuple[int, str, str]]:
    return [(one.line, one.message, one.hint) for one in check(text, front) if one.code == code]


def nugget(text: str) -> str:
    """A nugget that is long enough; `text` begins on line 11."""
    return f"\n## A nugget\n\n{PROSE}\n\n{text}\n"


def test_a_good_issue_passes() -> None:
    text = (
        "## One\n\nDear {{ first_name or 'reader' }}, " + PROSE + "\n\n### Deeper\n\n#### Deepest\n\n"
        '![A clot in a branching vein](clot.png "Drawn by us")\n\n> It is so.\n> — Warren\n\n'
        "Source: [@warren1978; @lim2009]\n\n## Two\n\n### Deeper\n\n"
        + PROSE
        + "[a story](https://example.org/a)\n"
    )
    assert check(text, FRONT + "corrects: nocebo\n") == []


# (code, text that breaks the rule, (line, message, hint), text that keeps it)
IN_TEXT: list[tuple[str, str, tuple[int, str, str], str]] = [
    (
        "unknown-citation",
        "[@warren1987]",
        (11, "There is no reference with the key “warren1987”.", "Did you mean “warren1978”?"),
        "[@warren1978]",
    ),
    (
        "unknown-citation",
        "[@lim2009;\n@zebra]",
        (11, "There is no reference with the key “zebra”.", "Add it to issues/references.bib."),
        "[@lim2009; @warren1978]",
    ),
    (
        "quotation-without-source",
        "> It is so.",
        (
            11,
            "Nothing says whom this quotation is from.",
            "End it with a line “— Author, year”, or add a line “Source: [@key]” to the nugget.",
        ),
        "> It is so.\n> — Warren",
    ),
    (
        "quotation-without-source",
        "> It is so.\n>\n> > Inside",
        (
            11,
            "Nothing says whom this quotation is from.",
            "End it with a line “— Author, year”, or add a line “Source: [@key]” to the nugget.",
        ),
        "> It is so [@warren1978].\n\nSource: a book",
    ),
    (
        "unknown-merge-field",
        "{{ frist_name or 'you' }}",
        (11, "There is no merge field “frist_name”.", "Did you mean “first_name”?"),
        "{{ first_name or 'you' }} {{ unsubscribe_url }}",
    ),
    (
        "unknown-merge-field",
        "{{ zebra or 'you' }}",
        (
            11,
            "There is no merge field “zebra”.",
            "The fields are first_name, last_name, name, email, tier, unsubscribe_url.",
        ),
        "{{ name or 'you' }}",
    ),
    (
        "merge-without-fallback",
        "{{ first_name }}",
        (
            11,
            "Readers without a value for “first_name” will see nothing in its place.",
            'Write {{ first_name or "…" }}.',
        ),
        "{{ first_name or 'you' }} {{ email }}",
    ),
    (
        "unknown-merge-filter",
        "{{ first_name | titel or 'you' }}",
        (11, "There is no filter “titel” for merge fields.", "Did you mean “title”?"),
        "{{ first_name | title or 'you' }}",
    ),
    (
        "picture-address",
        "![A clot](../clot.png)",
        (
            11,
            "The picture ../clot.png cannot be mailed.",
            "Put the file beside the issue and write only its name.",
        ),
        "![A clot](https://example.org/clot.png)",
    ),
    (
        "picture-address",
        "![A clot](data:image/png;base64,AAAA)",
        (
            11,
            "The picture data:image/png;base64,AAAA cannot be mailed.",
            "Put the file beside the issue and write only its name.",
        ),
        "![A clot](clot.png)",
    ),
    (
        "picture-address",
        "![A clot]()",
        (11, "This picture has no name.", "Write ![what it shows](name.png)."),
        "![A clot](clot.png)",
    ),
    (
        "missing-picture",
        "![A clot](gone.png)",
        (11, "There is no picture gone.png.", "Put the file beside the issue; mind capital letters."),
        "![A clot](clot.png)",
    ),
    (
        "missing-picture",
        "a\n![A clot](never-seen.png)",
        (12, "There is no picture never-seen.png.", "Put the file beside the issue; mind capital letters."),
        "![A clot](https://example.org/never-seen.png)",
    ),
    (
        "picture-format",
        "![A clot](drawing.svg)",
        (
            11,
            "The picture drawing.svg is SVG, which mail programs do not show.",
            "Save it as PNG (drawings) or JPEG (photographs), or keep it in a :::web part.",
        ),
        ":::web\n![A clot](drawing.svg)\n:::",
    ),
    (
        "picture-format",
        "![A clot](renamed.png)",
        (
            11,
            "The picture renamed.png is WEBP, which mail programs do not show.",
            "Save it as PNG (drawings) or JPEG (photographs), or keep it in a :::web part.",
        ),
        "![A clot](clot.png)",
    ),
    (
        "picture-format",
        "![A clot](https://example.org/a.WebP)",
        (
            11,
            "The picture https://example.org/a.WebP is WEBP, which mail programs do not show.",
            "Save it as PNG (drawings) or JPEG (photographs), or keep it in a :::web part.",
        ),
        "![A clot](https://example.org/a.jpg)",
    ),
    (
        "picture-too-wide",
        "![A clot](wide.png)",
        (
            11,
            "The picture wide.png is 1601 pixels wide.",
            "Save it 1200 pixels wide, which is sharp on every screen.",
        ),
        "![A clot](clot.png)",
    ),
    (
        "picture-too-large",
        "![A clot](large.jpg)",
        (11, "The picture large.jpg has 500 kB.", "Save it smaller, or as JPEG with less quality."),
        "![A clot](clot.png)",
    ),
    (
        "missing-alt",
        "![](clot.png)",
        (
            11,
            "The picture clot.png has no alternative text.",
            "Say between the brackets what it shows: ![A clot in a branching vein](clot.png).",
        ),
        "![A clot](clot.png)",
    ),
    (
        "automatic-alt",
        "![IMG_1234.jpg](clot.png)",
        (
            11,
            "“IMG_1234.jpg” does not say what the picture shows.",
            "Describe it in a few words, as on the telephone.",
        ),
        "![Image of a clot in 3 veins](clot.png)",
    ),
    (
        "automatic-alt",
        "![Clot](clot.png)",
        (
            11,
            "“Clot” does not say what the picture shows.",
            "Describe it in a few words, as on the telephone.",
        ),
        "![](clot.png)",
    ),
    (
        "relative-link",
        "[the story](/story)",
        (
            11,
            "The link to /story leads nowhere from a mail.",
            "Write the whole address, beginning with https://.",
        ),
        "[the story](https://example.org/story)",
    ),
    (
        "malformed-link",
        "[the story](https://)",
        (
            11,
            "The link to “https://” names no site.",
            "Copy the address from your browser and paste it again.",
        ),
        "[the story](https://example.org) [Ann](mailto:ann@example.org) [call](tel:+123)",
    ),
    (
        "insecure-link",
        "[the story](http://example.org)",
        (11, "The link to http://example.org is not encrypted.", "Try the address with https://."),
        "[the story](https://example.org)",
    ),
    (
        "empty-link-words",
        "[Click *here*!](https://example.org)",
        (
            11,
            "The words “Click here!” do not say where the link leads.",
            "Link the words that name the thing itself.",
        ),
        "[here is the story](https://example.org)",
    ),
    (
        "empty-link-words",
        "[](https://example.org)",
        (11, "This link has no words.", "Link the words that name the thing itself."),
        "<https://example.org>",
    ),
    (
        "heading-levels",
        "#### Deep",
        (11, "The heading “Deep” skips a level.", "Begin it with ###."),
        "### Deep\n\n#### Deeper\n\n### Deep",
    ),
    (
        "placeholder",
        "the TK cases",
        (11, "“TK” looks like something to be filled in.", "Write what belongs there."),
        "the TKX cases in `TODO`",
    ),
    (
        "repeated-word",
        "Paris in the\nthe spring",
        (11, "“the the”: the word stands twice.", "Delete one."),
        "that that had had Duran Duran 10 10 the [@warren1978] the\n\n> the the\n> — a",
    ),
    (
        "missing-attachment",
        "I have attached the list of exercises.",
        (
            11,
            "“I have attached”: the mail has no attachment.",
            "Put the file on the web and link to it.",
        ),
        "The tendon is attached to the heel; its attachment is broad.\n\n> See the attached file.\n> — Ann",
    ),
    (
        "stale-copyright",
        "Copyright 2019–2025 by me.",
        (
            11,
            "“Copyright 2019–2025” is out of date in an issue of 2026.",
            "Write 2026, or leave the year out.",
        ),
        '© 2019–2026\n\n![A clot](clot.png "© 2015 by Ann")\n\nSource: © 2015 by Ann',
    ),
    (
        "tracking-link",
        "[the story](https://example.org/a?id=1&utm_source=x&fbclid=2#end)",
        (
            11,
            "The link to https://example.org/a?id=1#end carries utm_source, fbclid, to watch the reader.",
            "Write https://example.org/a?id=1#end",
        ),
        "[the story](https://example.org/a?id=1&source=utm_x) [odd](<https://x.org:port/?utm_x=1>)",
    ),
    (
        "tracking-link",
        "https://www.youtube.com/watch?v=abc&utm_medium=mail",
        (
            11,
            "The link to https://www.youtube.com/watch?v=abc carries utm_medium, to watch the reader.",
            "Write https://www.youtube.com/watch?v=abc",
        ),
        "https://www.youtube.com/watch?v=abc\nA film",
    ),
    (
        "shortened-link",
        "[the story](https://www.bit.ly/3abc)",
        (
            11,
            "The link to https://www.bit.ly/3abc is a shortened one.",
            "Open it, and write the address that you end at.",
        ),
        "[the story](https://a.bit.ly.example.org/3abc) [odd](<https://bit.ly:port/>)",
    ),
    (
        "bare-address",
        "See https://example.org/a_b(c)?d=1.",
        (
            11,
            "The address https://example.org/a_b is no link.",
            "Write <https://example.org/a_b>, or better [words](…).",
        ),
        "<https://a.org> [**https://a.org**](https://b.org) `https://x.org`\n\n> https://x.org\n> — a",
    ),
    (
        "picture-dimensions",
        "![A clot](sizeless.png)",
        (11, "Nobody knows how large sizeless.png is.", "Open it in a picture program and save it anew."),
        "![A clot](clot.png)",
    ),
    (
        "picture-dimensions",
        "![A clot](https://example.org/clot.png)",
        (
            11,
            "Nobody knows how large https://example.org/clot.png is.",
            "Put a copy beside the issue: it is then shown in the right size, also years from now.",
        ),
        "![A clot](gone.png)",
    ),
    (
        "figure-without-caption",
        "![A clot](clot.png)",
        (
            11,
            "The figure clot.png has no caption.",
            'Write it in quotes behind the name: ![what it shows](clot.png "Drawn by us.")',
        ),
        'A ![clot](clot.png) in a line\n\n![A clot](clot.png "Drawn by us.")',
    ),
    (
        "empty-nugget",
        "## Empty\n\n---\n\nSource: nobody",
        (11, "The nugget “Empty” is empty.", "Write its text, or delete the heading."),
        "## Full\n\ntext",
    ),
    (
        "nugget-length",
        "## Short\n\nThree words only.",
        (11, "The nugget “Short” has 3 words; 40 to 450 read well.", "Join it to another nugget."),
        f"## Fine\n\n{PROSE}",
    ),
    (
        "nugget-length",
        f"## Long\n\n{PROSE * 10}",
        (11, "The nugget “Long” has 480 words; 40 to 450 read well.", "Make two of it, or shorten it."),
        f"## Empty\n\n## Fine\n\n- {PROSE}",
    ),
]


@pytest.mark.parametrize(("code", "bad", "finding", "good"), IN_TEXT)
def test_rules_about_the_text(code: str, bad: str, finding: tuple[int, str, str], good: str) -> None:
    assert findings(code, nugget(bad)) == [finding]
    assert findings(code, nugget(good)) == []


@pytest.mark.parametrize(
    ("href", "reason"),
    [
        ("", "has no address"),
        ("https://example.org/?n={{name}}", "holds a merge field, which is only for words"),
        ("https://[::1", "cannot be read as an address"),
        ("https://example.org:port/", "cannot be read as an address"),
        ("ftp://example.org/", "begins with ftp:, which mail programs do not open"),
        ("mailto:ann", "names no mail address"),
        ("https://example", "names no site"),
        ("http:example.org", "names no site"),
    ],
)
def test_links_that_do_not_open(href: str, reason: str) -> None:
    ((_, message, _),) = findings("malformed-link", nugget(f"[x](<{href}>)"))
    assert message.endswith(f" {reason}.")


# (code, front matter that breaks the rule, (line, message, hint), front matter that keeps it)
IN_FRONT: list[tuple[str, str, tuple[int, str, str], str]] = [
    (
        "subject-length",
        "title: Six clots dislodged\nsubject: Clots\n",
        (
            3,
            "The subject has 5 characters; 10 to 78 are read in full.",
            "Say in a few words what the issue is about.",
        ),
        "title: Clots\nsubject: Ten letter\n",
    ),
    (
        "subject-length",
        f"title: {'x' * 79}\n",
        (
            2,
            "The subject has 79 characters; 10 to 78 are read in full.",
            "Say in a few words what the issue is about.",
        ),
        "title: x\nsubject: '{{ first_name or \"my good friend\" }}'\n",
    ),
    (
        "missing-preheader",
        "title: Six clots dislodged\n",
        (
            2,
            "The issue has no preheader.",
            "Add a line “preheader: …” with 40 to 110 characters that go on where the subject ends.",
        ),
        FRONT,
    ),
    (
        "preheader-length",
        "title: Six clots dislodged\npreheader: Too short\n",
        (
            3,
            "The preheader has 9 characters instead of 40 to 110.",
            "Inboxes show it after the subject, in grey.",
        ),
        "title: Six clots dislodged\n",
    ),
    (
        "preheader-repeats",
        "title: Clots\nsubject: Six clots\npreheader: six Clots.\n",
        (4, "The preheader only repeats the subject.", "Say something more: it stands right beside it."),
        FRONT,
    ),
    (
        "unknown-merge-field",
        "title: x\nsubject: '{{ frist_name or \"Friend\" }}, six clots'\n",
        (3, "There is no merge field “frist_name”.", "Did you mean “first_name”?"),
        "title: x\nsubject: '{{ first_name or \"Friend\" }}, six clots'\n",
    ),
    (
        "bad-merge-field",
        "title: x\nsubject: '{{ first name }}, six clots'\n",
        (3, "The subject holds two braces, but no merge field.", 'Write {{ first_name or "there" }}.'),
        "title: x\nsubject: '{{ first_name }}, six clots'\n",
    ),
    (
        "placeholder",
        "title: x\npreheader: Lorem Ipsum\n",
        (3, "“Lorem Ipsum” looks like something to be filled in.", "Write what belongs there."),
        "title: x\npreheader: Loremipsum\n",
    ),
    (
        "narrow-audience",
        "title: x\naudience: members\ncanonical: https://example.org/clots\n",
        (
            3,
            "Only some readers get this issue, but on https://example.org/clots everybody can read it.",
            "Write “audience: everyone”, or take away “canonical” if that page shows less.",
        ),
        "title: x\ncanonical: https://example.org/clots\n",
    ),
    (
        "unknown-correction",
        "title: x\ncorrects: five-clot\n",
        (3, "There is no other issue “five-clot”.", "Did you mean “five-clots”?"),
        "title: x\ncorrects: five-clots\n",
    ),
    (
        "unknown-correction",
        "title: x\ncorrects: zebra\n",
        (3, "There is no other issue “zebra”.", "Write the slug of an earlier issue."),
        "title: x\n",
    ),
]


@pytest.mark.parametrize(("code", "bad", "finding", "good"), IN_FRONT)
def test_rules_about_the_front_matter(code: str, bad: str, finding: tuple[int, str, str], good: str) -> None:
    assert findings(code, nugget("text"), bad) == [finding]
    assert findings(code, nugget("text"), good) == []


WORK = Reference("jabr2007", "article-journal", "T", doi="10.1/X", file="issues/references.bib", line=7)


@pytest.mark.parametrize(
    ("work", "cited", "line"),
    [
        (replace(WORK, doi=""), "jabr2007", 7),
        (replace(WORK, doi="", file="", line=0), "jabr2007", 11),
        (WORK, "jabr2007", None),
        (replace(WORK, doi="", pmid="17"), "jabr2007", None),
        (replace(WORK, doi="", kind="book"), "jabr2007", None),
        (replace(WORK, doi=""), "other", None),
    ],
)
def test_articles_without_doi(work: Reference, cited: str, line: int | None) -> None:
    context = CheckContext(references={"jabr2007": work, "other": replace(WORK, key="other")})
    found = [
        one for one in check(nugget(f"[@{cited}] [@{cited}]"), FRONT, context) if one.code == "missing-doi"
    ]
    assert [one.line for one in found] == ([] if line is None else [line])
    assert [one.file for one in found] == ([] if line is None else [work.file or FILE])


def test_retracted_works() -> None:
    context = CheckContext(references={"jabr2007": WORK}, retracted={"10.1/x"})
    found = [
        (one.line, one.message)
        for one in check(nugget("[@jabr2007]\n[@jabr2007]"), FRONT, context)
        if one.code == "retracted-reference"
    ]
    assert found == [(11, "The work “jabr2007” was retracted (doi:10.1/X).")]
    context = replace(context, retracted={"10.1/y"})
    assert "retracted-reference" not in {one.code for one in check(nugget("[@jabr2007]"), FRONT, context)}


@pytest.mark.parametrize(
    ("status", "today", "sent_on", "fires"),
    [
        ("ready", date(2026, 11, 25), None, True),
        ("draft", date(2026, 11, 25), None, True),
        ("archived", date(2026, 11, 25), None, False),
        ("ready", date(2026, 11, 24), None, False),
        ("ready", date(2026, 11, 25), date(2026, 11, 24), False),
        ("ready", None, None, False),
    ],
)
def test_dates_that_are_past(status: str, today: date | None, sent_on: date | None, fires: bool) -> None:
    context = replace(CONTEXT, today=today, sent_on=sent_on)
    front = f"{FRONT}date: 2026-11-24\nstatus: {status}\n"
    found = [one.line for one in check(nugget("text"), front, context) if one.code == "past-date"]
    assert found == ([5] if fires else [])


@pytest.mark.parametrize(
    ("status", "sent_on", "named", "fires"),
    [
        ("ready", date(2026, 11, 24), True, True),
        ("draft", date(2026, 11, 24), False, True),
        ("ready", date(2026, 11, 24), False, False),
        ("draft", None, True, False),
    ],
)
def test_issues_that_were_sent(status: str, sent_on: date | None, named: bool, fires: bool) -> None:
    context = replace(CONTEXT, sent_on=sent_on, named=named)
    found = [
        (one.line, one.hint)
        for one in check(nugget("text"), f"{FRONT}status: {status}\n", context)
        if one.code == "already-sent"
    ]
    hint = "If something must be put right, write a new issue with “corrects: six-clots”."
    assert found == ([(5, hint)] if fires else [])


CANONICAL = "title: x\ncanonical: https://example.org/clots\n"


def test_members_parts_of_a_public_page() -> None:
    found = findings("narrow-audience", MEMBERS, CANONICAL)
    assert [line for line, _, _ in found] == [9]
    only = f"Hello\n\n:::members\n## Two\n\n{PROSE}\n:::\n"
    assert [line for line, _, _ in findings("narrow-audience", only, CANONICAL)] == [3]
    assert findings("narrow-audience", MEMBERS) == []


def test_bare_addresses_are_found_without_what_stands_around_them() -> None:
    found = findings(
        "bare-address", nugget("(https://example.org/a-b/?c=d#e). “https://a.org”, https://b.org…")
    )
    assert [hint.split(">")[0] for _, _, hint in found] == [
        "Write <https://example.org/a-b/?c=d#e",
        "Write <https://a.org",
        "Write <https://b.org",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "See the attached table.",
        "Please find attached my letter.",
        "the attached PDF",
        "A PDF is attached.",
        "Attached you find it.",
        "My notes (attached) say so.",
        "See attachment below",
        "I'm sorry; I've attached it.",
        "we enclose a form",
        "Open the attachment.",
    ],
)
def test_ways_to_speak_of_attachments(text: str) -> None:
    assert findings("missing-attachment", nugget(text))


@pytest.mark.parametrize(
    "text",
    [
        "The ligaments are attached to the bone, the lists are attached at the wall.",
        "Its attachment, an attachment style, attached on both sides, muscle attachments",
        "The enclosed space of a joint is attached firmly.",
        "He saw no attachment.",
    ],
)
def test_ways_to_speak_of_anatomy(text: str) -> None:
    assert findings("missing-attachment", nugget(text)) == []


def test_a_title_used_as_subject_is_checked_once() -> None:
    assert len(findings("placeholder", nugget("text"), "title: TODO\n")) == 1
    assert len(findings("placeholder", nugget("text"), "title: TODO\nsubject: TK\n")) == 2


def test_empty_issues() -> None:
    assert findings("empty-issue", "") == [
        (0, "The issue is empty.", "Write a nugget: a heading with ## and its text.")
    ]
    assert findings("empty-issue", "Hello") == []
    assert findings("no-nuggets", "Hello") == [
        (0, "The issue has no nuggets.", "Give each part a heading with ##.")
    ]
    assert findings("no-nuggets", "") == []
    assert findings("no-nuggets", nugget("text")) == []


MEMBERS = f"## One\n\n{PROSE}\n\n:::members\nmore\n:::\n\n:::members\n## Two\n\n{PROSE}\n:::\n"


def test_members_parts_in_an_issue_for_members() -> None:
    found = findings("needless-members-part", MEMBERS, "title: x\naudience: members\n")
    assert [line for line, _, _ in found] == [9, 14]
    assert findings("needless-members-part", MEMBERS) == []
    assert findings("needless-members-part", nugget("text"), "title: x\naudience: members\n") == []


def test_nothing_for_free_readers() -> None:
    only = f":::members\n## Two\n\n{PROSE}\n:::\n"
    expected = "Free readers get nothing but a note about membership."
    assert [message for _, message, _ in findings("nothing-for-free", only)] == [expected]
    assert [message for _, message, _ in findings("nothing-for-free", ":::members\nx\n:::")] == [expected]
    assert findings("nothing-for-free", only, "title: x\naudience: members\n") == []
    assert findings("nothing-for-free", MEMBERS) == []
    assert findings("nothing-for-free", "") == []


def test_footnotes_do_not_lengthen_a_nugget() -> None:
    found = findings("nugget-length", f"## One\n\nShort^[{PROSE}].\n")
    assert [message for _, message, _ in found] == ["The nugget “One” has 1 word; 40 to 450 read well."]


def test_suggestions_come_from_all_keys() -> None:
    context = CheckContext(references={}, keys=["warren1978"])
    (problem,) = [
        one for one in check(nugget("[@warren1979]"), FRONT, context) if one.code == "unknown-citation"
    ]
    assert problem.hint == "Did you mean “warren1978”?"


def test_problems_come_by_line_and_once() -> None:
    problems = check(nugget("[@zebra] [@zebra] [here](/x)"), "title: x\nsubject: TODO\n")
    assert [one.line for one in problems] == sorted(one.line for one in problems)
    assert len(problems) == len(set(problems))
    assert {one.file for one in problems} == {FILE}
    assert str(next(one for one in problems if one.code == "relative-link")) == (
        f"{FILE}:10: error[relative-link] The link to /x leads nowhere from a mail.\n"
        "    Write the whole address, beginning with https://."
    )


BY_HAND = {
    *("empty-issue", "no-nuggets", "needless-members-part", "nothing-for-free"),
    *("missing-doi", "retracted-reference", "past-date", "already-sent"),
}
"""Rules with tests of their own above, each with one case that breaks it and one that keeps it."""


def test_every_rule_about_issues_is_tested_above() -> None:
    assert {one[0] for one in (*IN_TEXT, *IN_FRONT)} | BY_HAND == set(ISSUE_RULES.rules)


def test_many_unknown_keys_are_found_in_a_moment() -> None:
    context = CheckContext(keys=[f"key{number}" for number in range(5_000)])
    text = nugget(" ".join(f"[@kex{number}]" for number in range(1_000)))
    found = [one for one in check(text, FRONT, context) if one.code == "unknown-citation"]
    assert len(found) == 1_000
    assert sum("Did you mean" in one.hint for one in found) == 20


def test_two_rules_cannot_share_a_code() -> None:
    code = next(iter(RULES))
    with pytest.raises(ValueError, match="two rules are called"):
        rule(code, Level.ERROR, "again")(RULES[code].check)


def test_descriptions_are_single_sentences() -> None:
    for one in RULES.values():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", one.code)
        assert re.fullmatch(r"[A-Za-z][^|\n]*\.", one.description)
