from dataclasses import replace
from datetime import date

import pytest

from newsletter.document import Paragraph
from newsletter.errors import Level
from newsletter.gathering.dialect import read_html
from newsletter.gathering.draft import Draft, Material, Wanted, build_draft, title_of
from newsletter.gathering.entries import Entry
from newsletter.gathering.shortening import count_words, cut_line, cut_text, shorten
from newsletter.model import Issue
from newsletter.writing.issue import Source, parse_issue
from newsletter.writing.walk import plain
from tests.gathering.making import entry

WANTED = Wanted(date(2026, 11, 24))
LONG = "<p>" + "Every word counts here. " * 50 + "</p>"


def draft(posts: list[Entry], **changes: object) -> Draft:
    updates = changes.pop("updates", [])
    corrections = changes.pop("corrections", [])
    local = changes.pop("local", None)
    material = Material(posts, updates, corrections)  # type: ignore[arg-type]  # whatever the test says
    return build_draft(material, replace(WANTED, **changes), local)  # type: ignore[arg-type]


def issue(one: Draft) -> Issue:
    found, problems = parse_issue(Source("issues/2026-11-24-x.md", "x", None, one.text))
    assert found is not None, problems
    assert not [problem for problem in problems if problem.level is Level.ERROR]
    return found


def titles(one: Draft) -> list[str]:
    return [plain(nugget.title) for nugget in issue(one).body.nuggets]


def test_one_entry_becomes_an_issue_with_its_address() -> None:
    made = draft([entry(html="<p>All about knees, at such length that it can be a preheader.</p>")])
    found = issue(made)
    assert (found.title, found.status, found.date) == ("Knees", "draft", date(2026, 11, 24))
    assert found.canonical == "https://blog.example.org/knees/"
    assert found.preheader == "All about knees, at such length that it can be a preheader."
    assert [source.guid for source in found.sources] == ["https://blog.example.org/?p=knees"]
    assert made.text.endswith(
        "There is something new on the site.\n\n## Knees\n\nAll about knees, at such length that it can be a"
        " preheader.\n\n[Read on the site](https://blog.example.org/knees/)\n"
    )


def test_several_entries_have_headlines_and_a_nugget_each() -> None:
    made = draft([entry("knees"), entry("backs"), entry("necks")])
    assert issue(made).title == "Knees, and 2 more"
    assert issue(made).canonical == ""
    assert titles(made) == ["Knees", "Backs", "Necks"]
    assert "New on the site:\n\n- [Knees](https://blog.example.org/knees/)\n- [Backs]" in made.text
    assert made.left == ()


def test_the_preheader_is_what_else_there_is_or_how_it_begins() -> None:
    long = [entry("a"), entry("b", title="A title of some length, as they are"), entry("c")]
    assert issue(draft(long)).preheader == "Also: A title of some length, as they are; C"
    short = [entry("a", html="<p>Words enough to make a line of their own, and some more.</p>"), entry("b")]
    assert issue(draft(short)).preheader == "Words enough to make a line of their own, and some more."
    assert issue(draft([entry("a"), entry("b")])).preheader == ""
    updates = [entry("a", title="A page that was rewritten"), entry("b", title="And another one")]
    assert issue(draft([], updates=updates)).preheader == "A page that was rewritten; And another one"


def test_no_more_than_was_asked_for_and_the_rest_is_counted() -> None:
    made = draft([entry(name) for name in "abcde"], most=2)
    assert titles(made) == ["A", "B"]
    assert [one.title for one in made.left] == ["C", "D", "E"]
    assert "And 3 more [on the site](https://blog.example.org/).\n" in made.text
    assert len(issue(made).sources) == 2, "what found no room stays new"
    assert "And 1 more on the site.\n" in draft([entry("a"), entry("b", url="")], most=1).text


def test_the_words_are_kept_within_the_budget() -> None:
    posts = [entry("a", html=LONG), entry("b", html=LONG), entry("c", html=LONG)]
    assert count_words(issue(draft(posts)).body.nuggets[2].blocks) > 200
    made = draft(posts, words=320)
    lengths = [count_words(nugget.blocks) for nugget in issue(made).body.nuggets]
    assert lengths == [204, 84], "the second one shortened, the third without room"
    assert len(made.left) == 1
    assert len(titles(draft(posts, words=1))) == 1, "one in any case"


def test_summaries_are_short() -> None:
    made = draft([entry(html=LONG, summary="<p>In short. [&hellip;]</p>")], full=False)
    assert "In short …\n" in made.text
    made = draft([entry(html=f"<h2>x</h2>{LONG}")], full=False)
    assert count_words(issue(made).body.nuggets[0].blocks) == 84


def test_an_entry_without_text_or_title_still_makes_a_nugget() -> None:
    made = draft([entry(html="", title="")])
    assert titles(made) == ["https://blog.example.org/knees/"]
    assert titles(draft([entry(title="", html="<p>One two three four five six seven eight nine</p>")])) == [
        "One two three four five six seven eight …"
    ]
    assert title_of(entry(title="", html="<img src=x>", url="")) == "Untitled"


def test_nothing_of_others_becomes_a_merge_field() -> None:
    made = draft([entry(title="{{ name }} [@x] **b**", html="<p>{{ name }} " + "word " * 20 + "</p>")])
    found = issue(made)
    assert found.title == "{ { name }} [@x] **b**"
    assert found.preheader.startswith("{ { name }} word")
    assert titles(made) == ["{{ name }} [@x] **b**"]
    assert found.sources[0].title == "{{ name }} [@x] **b**"


def test_updates_are_lines_of_one_section() -> None:
    updates = [entry("scans", feed="site"), entry("pain", feed="site", html="", url="")]
    made = draft([], updates=updates)
    assert issue(made).title == "Updates to the site"
    assert "Some pages of the site have changed." in made.text
    assert made.text.endswith(
        "## Updates to the site\n\n- [Scans](https://blog.example.org/scans/): All about scans.\n- Pain\n"
    )
    assert titles(draft([entry()], updates=updates)) == ["Knees", "Updates to the site"]
    assert issue(draft([entry()], updates=updates)).canonical == ""


def test_corrections_name_what_they_correct() -> None:
    made = draft([], corrections=[(entry(), "six-clots")])
    assert issue(made).corrects == "six-clots"
    assert issue(made).title == "Corrections"
    assert "in the issue “six-clots”, has been changed since" in made.text
    both = draft([], corrections=[(entry(), "six-clots"), (entry("backs"), "other")])
    assert issue(both).corrects == ""
    assert titles(draft([entry("a")], corrections=[(entry(), "six-clots")])) == ["A", "Corrections"]


@pytest.mark.parametrize(
    ("picture", "written"),
    [
        ("https://x.example.org/a.png", "![A picture in “Knees”](https://x.example.org/a.png)"),
        ("https://x.example.org/a", "![A picture in “Knees”](https://x.example.org/a)"),
        ("https://x.example.org/a.webp", "[A picture in “Knees”](https://x.example.org/a.webp)"),
        ("http://x.example.org/a.png", "[A picture in “Knees”](http://x.example.org/a.png)"),
        ("http://localhost/a.png", ""),
    ],
)
def test_pictures_that_cannot_be_mailed_become_links(picture: str, written: str) -> None:
    made = draft([entry(html=f"<p>x</p><p><img src='{picture}'></p>")])
    assert f"x\n\n{written}\n\n[Read".replace("\n\n\n", "\n") in made.text
    assert made.pictures == {picture: "blog"}
    assert made.undescribed == (picture,)


def test_pictures_that_were_downloaded_stand_beside_the_issue() -> None:
    html = (
        "<figure><img src='http://x.example.org/a.webp' alt='A knee'><figcaption>Seen</figcaption></figure>"
    )
    made = draft([entry(html=html)], local={"http://x.example.org/a.webp": "a.png"})
    assert '![A knee](a.png "Seen")' in made.text
    assert made.undescribed == ()


def test_titles_of_the_issue_fit_into_an_inbox() -> None:
    made = draft([entry(title="word " * 40), entry("b")])
    assert len(issue(made).title) <= 78
    assert issue(made).title.endswith("…, and 1 more")
    assert issue(draft([entry()], title="My own: title")).title == "My own: title"


# --- shortening ---------------------------------------------------------------------------------------------


def short(html: str, words: int = 10) -> str:
    return " | ".join(
        plain(block.children) for block in shorten(read_html(html), words) if isinstance(block, Paragraph)
    )


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One two.</p><p>Three.</p>", "One two. | Three."),
        ("<h2>No</h2><p>One <b>two</b>.</p><img src=x>", "One two."),
        ("<p>a b c d e f. g h i j k l m n</p>", "a b c d e f."),
        ("<p>a b. c d e f g h i j k l m n</p>", "a b. c d e f g h i j …"),
        ("<p>a b c d e f</p><p>g h i j k l m</p>", "a b c d e f"),
        ("<p>a b c d e f g h i j</p><p>k</p>", "a b c d e f g h i j"),
        ("<p>a b c […]</p>", "a b c …"),
        ("<p>a b c … Continue reading <a href='/x'>Knees</a></p>", "a b c …"),
        ("<p>[…]</p><p>b</p>", "b"),
    ],
)
def test_the_beginning_of_a_text(html: str, text: str) -> None:
    assert short(html) == text


def test_a_list_is_taken_whole_or_not_at_all() -> None:
    items = "<ul>" + "<li>a b c d</li>" * 3 + "</ul>"
    assert len(shorten(read_html(items), 10)) == 0
    assert len(shorten(read_html(items), 12)) == 1


def test_cutting_text_and_lines() -> None:
    assert cut_text("a b c", 5) == "a b c"
    assert cut_line("short", 10) == "short"
    assert cut_line("a longer line", 10) == "a longer…"
    assert cut_line("unbreakable", 5) == "unbr…"
