"""The pages: whole, linked, escaped, and silent about what is not for everybody."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.archive.site import SiteFacts
from newsletter.document import Body, Nugget, Text
from newsletter.errors import ConfigurationError, RefusedError
from newsletter.model import IssueStatus
from newsletter.rendering.web import WebBody
from tests.archive.site_parts import FACTS, Page, broken_links, page, plain_theme, site, web_nugget

SECRET = "kept-for-members-4711"
PICTURES = frozenset({"a/clot a.png", "b/clot a.png", "c/clot a.png"})
SECRET_BODY = WebBody(SECRET, (web_nugget(SECRET),), (), SECRET, 99, (SECRET + ".png",), SECRET)


def three() -> dict[str, bytes]:
    return site(page("b", "2026-11-17"), page("c", "2026-11-24"), page("a", "2026-11-10"))


def test_every_file_is_there() -> None:
    assert set(three()) == {
        *("a/index.html", "b/index.html", "c/index.html", "index.html", "404.html"),
        *("style.css", "icon.svg", "feed.xml", "sitemap.xml", "robots.txt"),
    }


def test_every_page_is_well_formed_and_every_link_resolves() -> None:
    files = three()
    for name, data in files.items():
        if name.endswith(".html"):
            assert Page(data).faults == [], name
            assert data.startswith(b"<!doctype html>\n<html"), name
    assert broken_links(files, pictures=PICTURES) == []


def test_the_link_checker_of_these_tests_notices() -> None:
    files = three()
    del files["b/index.html"]
    files["a/index.html"] = files["a/index.html"].replace(b'id="ref-warren1978"', b"")
    broken = broken_links(files, pictures=PICTURES)
    assert "a/index.html: ../b/index.html" in broken
    assert "a/index.html: #ref-warren1978 (anchor)" in broken


@pytest.mark.parametrize("anchor", ["text", "sources", "issues"])
def test_no_title_of_a_nugget_clashes_with_the_page_itself(anchor: str) -> None:
    body = WebBody("", (web_nugget(anchor),), (), "", 1, ())
    assert Page(site(page("a", body=body))["a/index.html"]).faults == []


def test_what_points_to_a_page_comes_after_it() -> None:
    names = list(three())
    assert names.index("index.html") > names.index("a/index.html")
    assert names.index("style.css") < names.index("a/index.html")


def test_pages_fetch_nothing_from_elsewhere_and_run_nothing() -> None:
    for name, data in three().items():
        if name.endswith(".html"):
            one = Page(data)
            assert not {"script", "iframe", "form", "object"} & one.tags.keys()
            assert not [address for address in one.loaded if "//" in address]
            assert not [
                values
                for tag in one.tags.values()
                for values in tag
                if any(k.startswith("on") for k in values)
            ]
    assert b"url(" not in three()["style.css"]
    assert b"@import" not in three()["style.css"]


def test_the_same_issues_make_the_same_bytes_in_any_order() -> None:
    pages = [page(slug, "2026-11-24") for slug in "abc"] + [page("d", "2025-01-01")]
    assert list(site(*pages).items()) == list(site(*reversed(pages)).items())


def test_neighbours_by_date() -> None:
    files = three()
    assert Page(files["b/index.html"]).link("prev") == ["../a/index.html"]
    assert Page(files["b/index.html"]).link("next") == ["../c/index.html"]
    assert Page(files["a/index.html"]).link("prev") == []
    assert Page(files["c/index.html"]).link("next") == []


def test_an_issue_says_what_it_is() -> None:
    one = Page(site(page("a", tags=("massage", "safety"), preheader="In short."))["a/index.html"])
    assert one.tags["time"][0]["datetime"] == "2026-11-24"
    assert "24 November 2026" in one.text
    assert "3 min read" in one.text
    assert one.link("canonical") == ["https://pain.example.org/letters/a/"]
    assert one.meta("description") == one.meta("og:description") == ["In short."]
    assert one.meta("article:tag") == ["massage", "safety"]
    assert one.meta("og:image") == ["https://pain.example.org/letters/a/clot%20a.png"]
    assert one.meta("citation_publication_date") == ["2026/11/24"]
    assert one.meta("citation_author") == ["Ada Example"]
    assert {"one", "two", "ref-warren1978"} <= one.ids
    assert "massagesafety" in one.text.replace("\n", "")


def test_a_post_elsewhere_is_the_canonical_one() -> None:
    files = site(page("a", canonical="https://blog.example.org/a"), page("b"))
    assert Page(files["a/index.html"]).link("canonical") == ["https://blog.example.org/a"]
    assert b"letters/a/" not in files["sitemap.xml"]
    assert b"letters/b/" in files["sitemap.xml"]


def test_without_a_preheader_the_first_words_stand_on_the_front_page() -> None:
    assert "An opening." in Page(site(page("a"))["index.html"]).text


def test_a_long_issue_gets_a_list_of_contents() -> None:
    nuggets = tuple(web_nugget(f"n{number}") for number in range(6))
    long = Page(site(page("a", body=WebBody("", nuggets, (), "", 1, ())))["a/index.html"])
    short = Page(site(page("a", body=WebBody("", nuggets[:5], (), "", 1, ())))["a/index.html"])
    assert "In this issue" in long.text
    assert "#n5" in long.links
    assert "In this issue" not in short.text


def test_an_issue_of_one_word_takes_a_minute() -> None:
    assert "1 min read" in Page(site(page("a", body=WebBody("", (), (), "", 1, ())))["a/index.html"]).text


def test_corrections_point_both_ways() -> None:
    files = site(page("a", "2026-11-10"), page("b", "2026-11-17", corrects="a"), page("c", corrects="gone"))
    assert "Corrected on 17 November 2026 in The issue b." in " ".join(
        Page(files["a/index.html"]).text.split()
    )
    assert "This issue corrects The issue a." in Page(files["b/index.html"]).text
    assert "corrects" not in Page(files["c/index.html"]).text
    assert broken_links(files, pictures=PICTURES) == []


class TestForMembers:
    """What is not for everybody is in no byte of the site."""

    def test_an_issue_for_members_shows_title_and_date_alone(self) -> None:
        files = site(
            page("a", body=SECRET_BODY, audience="members", preheader=SECRET), page("b", "2026-11-17")
        )
        assert not [name for name, data in files.items() if SECRET.encode() in data]
        one = Page(files["a/index.html"])
        assert "The issue a" in one.text
        assert "24 November 2026" in one.text
        assert "This issue went to members only" in one.text
        assert "min read" not in one.text
        assert one.meta("og:image") == []
        assert "Members" in Page(files["index.html"]).text
        assert Page(files["b/index.html"]).link("next") == ["../a/index.html"]
        assert broken_links(files, pictures=PICTURES) == []

    def test_an_issue_for_a_segment_is_listed_nowhere(self) -> None:
        files = site(
            page("a", body=SECRET_BODY, audience="segment:locals", preheader=SECRET, corrects="b"),
            page("b", "2026-11-17"),
        )
        assert not [name for name, data in files.items() if SECRET.encode() in data]
        assert [name for name, data in files.items() if b"The issue a" in data] == ["a/index.html"]
        one = Page(files["a/index.html"])
        assert one.meta("robots") == ["noindex"]
        assert "went to some readers only" in one.text
        assert Page(files["b/index.html"]).link("next") == []
        assert b"letters/a/" not in files["sitemap.xml"] + files["feed.xml"]
        assert "Corrected" not in Page(files["b/index.html"]).text

    def test_a_nugget_for_members_never_shows_even_if_it_was_rendered(self) -> None:
        hidden = Nugget((Text(SECRET),), SECRET, (), members_only=True)
        made = page("a")
        source = page(
            "a",
            body=replace(
                made.body,
                nuggets=(*made.body.nuggets, web_nugget(SECRET, members_only=True)),
                members_note="Members also get one more nugget in this issue, about 120 words.",
            ),
        )
        issue = replace(source.issue, body=Body(nuggets=(*source.issue.body.nuggets, hidden)))
        files = site(replace(source, issue=issue))
        assert not [name for name, data in files.items() if SECRET.encode() in data]
        assert "Members also get one more nugget" in Page(files["a/index.html"]).text
        assert b"Members also get one more nugget" in files["feed.xml"]

    def test_a_draft_is_refused_before_anything_is_built(self) -> None:
        draft = page("d", status=IssueStatus.DRAFT, lines={"status": 4})
        with pytest.raises(RefusedError, match="a draft does not go into the archive") as caught:
            site(page("a"), draft)
        problem = caught.value.problems[0]
        assert (problem.file, problem.line) == ("issues/2026-11-24-d.md", 4)

    def test_an_archived_issue_is_in_it(self) -> None:
        assert "a/index.html" in site(page("a", status=IssueStatus.ARCHIVED))


class TestFrontPage:
    """The front page."""

    def test_it_says_what_this_is_and_how_to_subscribe(self) -> None:
        one = Page(three()["index.html"])
        assert "Pain & Plain <Words>" in one.text
        assert "What research says, in plain words." in one.text
        assert "https://subscribe.example.org/" in one.links
        assert one.link("canonical") == ["https://pain.example.org/letters/"]

    def test_subscribing_by_mail_is_explained(self) -> None:
        facts = replace(FACTS, subscribe_url="mailto:news@example.org?subject=Subscribe")
        one = Page(site(page("a"), facts=facts)["index.html"])
        assert "mailto:news@example.org?subject=Subscribe" in one.links
        assert "Send it as it is" in one.text

    def test_with_no_way_to_subscribe_there_is_the_feed(self) -> None:
        files = site(page("a"), facts=SiteFacts("T", "https://example.org/"))
        for name in ("index.html", "a/index.html", "404.html"):
            assert "Subscribe" not in Page(files[name]).text
        assert "Follow the feed" in Page(files["index.html"]).text

    def test_before_the_first_issue(self) -> None:
        files = site()
        assert "The first issue is being written." in Page(files["index.html"]).text
        assert broken_links(files) == []

    def test_many_issues_are_grouped_by_year(self) -> None:
        days = [date(2026, 2, 1) - timedelta(weeks=week) for week in range(13)]
        few = Page(site(*(page(f"i{n}", day.isoformat()) for n, day in enumerate(days[:12])))["index.html"])
        many = Page(site(*(page(f"i{n}", day.isoformat()) for n, day in enumerate(days)))["index.html"])
        assert "Earlier issues" in few.text
        assert "Earlier issues" not in many.text
        assert many.text.index("\n2026\n") < many.text.index("\n2025\n")
        assert sum(link.startswith("i") and link.endswith("/index.html") for link in many.links) == 13


def test_the_page_for_lost_addresses_works_at_any_depth() -> None:
    one = Page(three()["404.html"])
    assert all(link.startswith(("/letters/", "https://", "#")) for link in one.links + one.loaded)
    assert Page(site(facts=replace(FACTS, url="https://example.org/"))["404.html"]).loaded[0] == "/icon.svg"


def test_languages_written_from_the_right() -> None:
    assert Page(site(facts=replace(FACTS, language="fa-IR"))["index.html"]).tags["html"][0]["dir"] == "rtl"
    assert Page(three()["index.html"]).tags["html"][0] == {"lang": "en", "dir": "ltr"}


NASTY = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=30) | st.sampled_from(
    [
        '"><script>alert(1)</script>',
        "</title>",
        "<!--",
        "&amp;&lt;",
        "' onload='x",
        "{{ 7*7 }}",
        "]]>",
        "$&\\1",
    ]
)


@settings(deadline=None, max_examples=50)
@given(title=NASTY, tag=NASTY, preheader=NASTY, name=NASTY, description=NASTY, author=NASTY)
def test_no_words_break_a_page(
    title: str, tag: str, preheader: str, name: str, description: str, author: str
) -> None:
    facts = replace(FACTS, title=name, description=description, author=author)
    nasty = page("a", title=title, tags=(tag,), preheader=preheader)
    files = site(nasty, page("b", "2026-11-17", corrects="a"), facts=facts)
    for path, data in files.items():
        if path.endswith(".html"):
            one = Page(data)
            assert one.faults == []
            assert "script" not in one.tags
    assert title.strip() in Page(files["a/index.html"]).text
    assert broken_links(files, facts, PICTURES) == []


def test_a_publication_may_replace_a_template() -> None:
    theme = plain_theme(
        templates={"web/404.html.j2": "<!doctype html>\n<p>{{ site.title }}, {{ root }}</p>\n"}
    )
    assert b"Pain &amp; Plain &lt;Words&gt;, /letters/" in site(theme=theme)["404.html"]


def test_a_broken_template_is_named() -> None:
    theme = plain_theme(templates={"web/index.html.j2": "one\n{{ nothing }}\n"})
    with pytest.raises(ConfigurationError) as caught:
        site(theme=theme)
    assert (caught.value.problems[0].file, caught.value.problems[0].line) == ("web/index.html.j2", 2)


def test_the_look_follows_the_tokens() -> None:
    own = '[light]\naccent = "#006644"\n[sizes]\nbody = 20\n'
    files = site(page("a"), theme=plain_theme(own))
    style = files["style.css"].decode()
    assert "--accent: #006644;" in style
    assert "--size-body: 1.25rem;" in style
    assert "--size-line-height: 1.55;" in style
    assert "--on-accent:" in style
    assert style.count("{") == style.count("}")
    assert b'fill="#006644"' in files["icon.svg"]


def test_the_style_sheet_uses_only_tokens_that_there_are() -> None:
    style = three()["style.css"].decode()
    used = {part.split(")")[0].split(",")[0] for part in style.split("var(")[1:]}
    set_here = {line.split(":")[0].strip() for line in style.splitlines() if line.strip().startswith("--")}
    assert used <= set_here


@pytest.mark.parametrize(
    ("title", "letter"), [("the Weekly", "T"), ("…ärzte", "Ä"), ("—", "•"), ("<b>", "B")]
)
def test_the_icon_shows_the_first_letter(title: str, letter: str) -> None:
    assert f">{letter}</text>" in site(facts=replace(FACTS, title=title))["icon.svg"].decode()
