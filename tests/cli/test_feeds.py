import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from newsletter.files.feed_cache import FeedCache
from tests.cli.running import Ran, Run
from tests.feeds.serving import Page, Site, serving

DATA = Path(__file__).parent.parent / "feeds" / "data"


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as site:
        yield site


def item(
    name: str, *, days: float | None = 1, text: str = "", guid: str = "", title: str = "", more: str = ""
) -> str:
    """A piece that appeared `days` ago."""
    moment = datetime.now(UTC) - timedelta(days=days or 0)
    date = f"<pubDate>{format_datetime(moment)}</pubDate>" if days is not None else ""
    return (
        f"<item><title>{escape(title or name.capitalize())}</title><link>https://blog.example.org/{name}/</link>"
        f"<guid isPermaLink='false'>{guid or f'https://blog.example.org/?p={name}'}</guid>{date}{more}"
        f"<description>{escape(text or f'<p>All about {name}.</p>')}</description></item>"
    )


def rss(*items: str) -> bytes:
    head = '<rss version="2.0"><channel><title>Blog</title><link>https://blog.example.org/</link>'
    return f"{head}{''.join(items)}</channel></rss>".encode()


def add_feed(publication: Path, url: str, name: str = "blog", more: str = "allow_private = true") -> None:
    settings = publication / "newsletter.toml"
    settings.write_text(f'{settings.read_text()}\n[feeds.{name}]\nurl = "{url}"\n{more}\n')


@pytest.fixture
def blog(publication: Path, site: Site) -> Site:
    """A publication with a feed that lies on `/feed`, empty so far."""
    add_feed(publication, f"{site.url}/feed")
    site.pages["/feed"] = Page(rss())
    return site


def entries(ran: Ran, feed: int = 0) -> list[dict[str, Any]]:
    found = json.loads(ran.out)["feeds"][feed]["entries"]
    assert isinstance(found, list)
    return found


def statuses(ran: Ran) -> list[tuple[str, str]]:
    return [(entry["title"], entry["status"]) for entry in entries(ran)]


def drafts(publication: Path) -> list[Path]:
    return sorted(path for path in (publication / "issues").rglob("*.md") if "welcome" not in path.name)


def test_what_is_new_and_why_the_rest_is_not(run: Run, blog: Site) -> None:
    blog.pages["/feed"] = Page(rss(item("knees"), item("old", days=400), item("undated", days=None)))
    ran = run("feeds")
    assert ran.code == 0
    lines = [" ".join(line.split()) for line in ran.out.splitlines()]
    day = (datetime.now(UTC) - timedelta(days=1)).date()
    assert lines[0] == f"blog: {blog.url}/feed (posts)"
    assert lines[1] == f"new {day} Knees published {day}"
    assert lines[2].startswith("too old ")
    assert lines[3] == "undated - Undated has no date"
    assert "no issue has used it yet" in ran.err
    assert "Next: newsletter compose: a draft issue from 1 new entry" in ran.err
    assert "compose --undated" in ran.err
    assert statuses(run("feeds", "--json", "--since", "500d"))[:2] == [("Knees", "new"), ("Old", "new")]


def test_a_feed_that_changes_between_runs(run: Run, blog: Site, publication: Path) -> None:
    blog.pages["/feed"] = Page(
        rss(item("a", days=3), item("b", days=4), item("c", days=5), item("z", days=9)), etag='"1"'
    )
    assert [status for _, status in statuses(run("feeds", "--json"))] == ["new"] * 4
    made = json.loads(run("compose", "--json").out)
    assert [one["title"] for one in made["used"]] == ["A", "B", "C", "Z"]
    (draft,) = drafts(publication)
    assert made["file"] == draft.relative_to(publication).as_posix()

    assert run("compose").out == "Nothing is new in the feeds; nothing was written.\n"
    assert blog.asked[-1][1]["if-none-match"] == '"1"', "asked whether it has changed"

    blog.pages["/feed"] = Page(
        rss(
            item("b", days=4, guid="other"),  # another GUID
            item("z", days=9),
            item("new", days=0.1),
            item("a", days=3, text="<p>All about a, put right.</p>"),  # edited; c is gone
        )
    )
    ran = run("feeds", "--json")
    assert statuses(ran) == [
        ("New", "new"),
        ("A", "changed"),
        ("B", "used"),
        ("Z", "used"),
        ("C", "vanished"),
    ]
    reasons = {entry["title"]: entry["reason"] for entry in entries(ran)}
    assert reasons["A"] == "changed since it was used in a"
    assert reasons["B"] == "used in a, under another GUID"
    assert reasons["C"] == "used in a, taken out of the feed"

    made = json.loads(run("compose", "--corrections", "--json").out)
    assert [one["title"] for one in made["used"]] == ["New", "A"]
    assert "in the issue “a”, has been changed since" in (publication / made["file"]).read_text()
    assert dict(statuses(run("feeds", "--json")))["A"] == "used", "its correction was offered"
    assert run("compose", "--corrections").out.startswith("Nothing is new")
    assert len(drafts(publication)) == 2
    assert "1 entry that was used is" not in run("feeds").err


def test_a_draft_from_a_real_looking_blog_passes_check(run: Run, blog: Site, publication: Path) -> None:
    text = (DATA / "rss20-wordpress.xml").read_text()
    blog.pages["/feed"] = Page(text.encode(), kind="application/rss+xml; charset=UTF-8")
    ran = run("compose", "--since", "2026-01-01")
    assert ran.code == 0, ran.err
    (draft,) = drafts(publication)
    assert "why-knees-creak" in draft.name
    slug = draft.stem[11:]
    checked = run("check", slug, "--json")
    errors = [problem for problem in json.loads(checked.out) if problem["level"] == "error"]
    assert (checked.code, errors) == (0, [])
    assert run("build", slug).code == 0
    assert run("build", slug, "--json").code == 0


def test_one_broken_feed_does_not_stop_the_others(run: Run, blog: Site, publication: Path) -> None:
    blog.pages |= {"/feed": Page(rss(item("knees"))), "/page": Page(b"<html><body>x", kind="text/html")}
    add_feed(publication, f"{blog.url}/page", "page")
    add_feed(publication, f"{blog.url}/none", "none")
    add_feed(publication, f"{blog.url}/feed", "private", "")
    ran = run("feeds")
    assert ran.code == 0
    for code in ("not-a-feed", "http-status", "private-address"):
        assert f"error[{code}]" in ran.err
    assert "newsletter.toml:" in ran.err
    made = run("compose", "--quiet")
    assert made.code == 0
    assert "error[not-a-feed]" in made.err
    assert len(drafts(publication)) == 1


def test_when_no_feed_can_be_read_it_is_to_be_tried_again(run: Run, blog: Site, publication: Path) -> None:
    blog.pages.clear()
    assert run("feeds").code == 75
    ran = run("compose")
    assert ran.code == 75
    assert "error[http-status]" in ran.err
    assert drafts(publication) == []


def test_a_copy_stands_in_for_a_feed_that_cannot_be_had(run: Run, blog: Site, publication: Path) -> None:
    blog.pages["/feed"] = Page(rss(item("knees")))
    assert run("feeds").code == 0
    for page in (Page(status=503), Page(b"<html>down"), Page(rss(item("x"))[:-60])):
        blog.pages["/feed"] = page
        ran = run("feeds", "--json")
        assert ran.code == 0
        assert statuses(ran) == [("Knees", "new")]
        assert "warning[" in ran.err
        assert "was used instead" in ran.err
        assert json.loads(ran.out)["feeds"][0]["copy_of"]
    (copy,) = (publication / ".cache" / "feeds").glob("*.feed")
    copy.write_bytes(b"damaged")
    assert run("feeds").code == 0, "what was left of it could be read"
    blog.pages["/feed"] = Page(status=304)
    assert run("feeds").code == 75, "nothing to be unchanged"


def test_a_truncated_feed_is_used_as_far_as_it_goes(run: Run, blog: Site) -> None:
    blog.pages["/feed"] = Page(rss(item("knees"), item("backs"))[:-90])
    ran = run("feeds", "--json")
    assert statuses(ran) == [("Knees", "new")]
    assert "warning[truncated-feed]" in ran.err


def test_a_feed_that_has_moved_says_where(run: Run, blog: Site) -> None:
    blog.pages |= {"/feed": Page(status=301, headers={"Location": "/new"}), "/new": Page(rss(item("knees")))}
    ran = run("feeds")
    assert ran.code == 0
    assert f"Write its new address: {blog.url}/new" in ran.err


def test_rules_and_kinds(run: Run, blog: Site, publication: Path) -> None:
    blog.pages |= {
        "/all": Page(rss(item("knees", more="<category>Health</category>"), item("ad"), item("other"))),
        "/changes": Page(rss(item("scans", text="<p>A number was wrong.</p>"))),
    }
    settings = publication / "newsletter.toml"
    settings.write_text(settings.read_text().partition("[feeds.")[0])
    add_feed(
        publication, f"{blog.url}/all", "all", 'allow_private = true\ninclude = "health|ad"\nexclude = "^ad$"'
    )
    add_feed(publication, f"{blog.url}/changes", "changes", 'allow_private = true\nkind = "updates"')
    assert statuses(run("feeds", "all", "--json")) == [
        ("Knees", "new"),
        ("Ad", "filtered"),
        ("Other", "filtered"),
    ]
    assert run("compose").code == 0
    (draft,) = drafts(publication)
    assert draft.read_text().endswith(
        "## Updates to the site\n\n- [Scans](https://blog.example.org/scans/): A number was wrong.\n"
    )


def test_choosing_entries(run: Run, blog: Site, publication: Path) -> None:
    blog.pages["/feed"] = Page(
        rss(
            item("knees"),
            item("backs"),
            item("old", days=400),
            item("undated", days=None, title="No date at all"),
        )
    )
    ran = run("compose", "--entry", "no date", "--entry", "https://blog.example.org/old", "--dry-run")
    assert ran.code == 0
    assert "## Old" in ran.out
    assert "## No date at all" in ran.out
    assert "Knees" not in ran.out
    assert drafts(publication) == []
    ran = run("compose", "--entry", "e")
    assert ran.code == 1
    assert "2 entries match “e”" in ran.err
    assert "No entry has “nonsense”" in run("compose", "--entry", "nonsense").err
    assert run("compose", "--entry", "https://blog.example.org/?p=knees").code == 0
    assert "cannot be taken: used in knees" in run("compose", "--entry", "knees").err
    assert (
        run(
            "compose",
            "--undated",
            "--max",
            "1",
            "--summary",
            "Mine",
            "--slug",
            "mine",
            "--date",
            "2026-12-01",
        ).code
        == 0
    )
    assert [path.name for path in drafts(publication)][-1] == "2026-12-01-mine.md"
    assert "title: Mine" in drafts(publication)[-1].read_text()
    assert dict(statuses(run("feeds", "--json")))["No date at all"] == "undated", "found no room, stays"


def test_changed_entries_are_no_new_ones(run: Run, blog: Site) -> None:
    blog.pages["/feed"] = Page(rss(item("knees")))
    assert run("compose").code == 0
    blog.pages["/feed"] = Page(rss(item("knees", text="<p>New words</p>")))
    assert "Next: newsletter compose --corrections" in run("feeds").err
    ran = run("compose", "--entry", "knees")
    assert ran.code == 1
    assert "--corrections" in ran.err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["compose", "--slug", "welcome"], 1, "The slug welcome is taken"),
        (["compose", "--slug", "Not One"], 1, "cannot be a slug"),
        (["compose", "--feed", "blgo"], 1, "Did you mean blog?"),
        (["feeds", "zzz"], 1, "There are blog."),
        (["feeds", "--since", "yesterday"], 2, "neither a date"),
    ],
)
def test_what_cannot_be_done(run: Run, blog: Site, words: list[str], code: int, said: str) -> None:
    blog.pages["/feed"] = Page(rss(item("knees")))
    ran = run(*words)
    assert ran.code == code
    assert said in ran.err


def test_slugs_are_made_to_differ(run: Run, blog: Site, publication: Path) -> None:
    blog.pages["/feed"] = Page(rss(item("welcome")))
    assert run("compose").code == 0
    blog.pages["/feed"] = Page(rss(item("日本", title="日本")))
    assert run("compose").code == 0
    assert [path.name[11:] for path in drafts(publication)] == ["new-on-the-site.md"]
    assert (publication / "issues").joinpath(f"{drafts(publication)[0].name[:11]}welcome-2.md").exists()


def test_without_feeds_it_is_said_how_to_add_one(run: Run, publication: Path) -> None:
    ran = run("compose")
    assert ran.code == 3
    assert "[feeds.blog]" in ran.err


def test_an_issue_that_hides_what_it_used_stops_the_gathering(
    run: Run, blog: Site, publication: Path
) -> None:
    (publication / "issues" / "2026-01-01-broken.md").write_text("---\nsources: 7\n---\n")
    blog.pages["/feed"] = Page(rss(item("knees")))
    ran = run("compose")
    assert ran.code == 1
    assert "issues/2026-01-01-broken.md:2" in ran.err


def test_two_at_once_do_not_take_the_same_entries(run: Run, blog: Site, publication: Path) -> None:
    blog.pages["/feed"] = Page(rss(item("knees")))
    with FeedCache(publication / ".cache" / "feeds").alone():
        assert run("compose").code == 75
    assert drafts(publication) == []


def test_pictures_come_along(run: Run, blog: Site, publication: Path) -> None:
    written = BytesIO()
    Image.new("RGB", (20, 10)).save(written, "WEBP")
    blog.pages |= {"/a.webp": Page(written.getvalue()), "/b/a.webp": Page(written.getvalue())}
    pictures = "".join(
        f"<p><img src='{blog.url}/{path}' alt='{path}'></p>" for path in ("a.webp", "b/a.webp", "c.png")
    )
    blog.pages["/feed"] = Page(rss(item("knees", text=pictures)))
    ran = run("compose", "--pictures")
    assert ran.code == 0
    assert "2 pictures beside the issue" in ran.err
    assert "warning[http-status]" in ran.err
    (draft,) = drafts(publication)
    assert sorted(path.name for path in draft.parent.iterdir()) == ["a-2.jpg", "a.jpg", "index.md"]
    assert "![a.webp](a.jpg)" in draft.read_text()
    assert f"[c.png]({blog.url}/c.png)" in draft.read_text()
    assert run("check", "knees").code == 0


# --- the list of feeds --------------------------------------------------------------------------------------


def test_the_list_is_exchanged_with_feed_readers(
    run: Run, blog: Site, publication: Path, tmp_path: Path
) -> None:
    settings = publication / "newsletter.toml"
    assert run("feeds", "--opml-export", str(tmp_path / "list.opml")).code == 0
    text = (tmp_path / "list.opml").read_text()
    assert f'xmlUrl="{blog.url}/feed"' in text
    more = '<outline title="{0}" xmlUrl="https://{1}.example.org/feed"/>'
    text = text.replace(
        "</body>", more.format("Blog", "a") + more.format("Grüße!", "b") + more.format("", "c") + "</body>"
    )
    (tmp_path / "list.opml").write_text(text)
    before = settings.read_text()
    ran = run("feeds", "--opml-import", str(tmp_path / "list.opml"), "--dry-run")
    assert "Would add [feeds.blog-2] https://a.example.org/feed" in ran.out
    assert settings.read_text() == before
    ran = run("feeds", "--opml-import", str(tmp_path / "list.opml"), "--json")
    assert json.loads(ran.out)["added"] == {
        "blog-2": "https://a.example.org/feed",
        "grusse": "https://b.example.org/feed",
        "c-example-org": "https://c.example.org/feed",
    }
    assert settings.read_text().startswith(before.rstrip())
    ran = run("feeds", "--opml-import", str(tmp_path / "list.opml"))
    assert "Nothing was added." in ran.err
    assert "4 feeds of the list were there already." in ran.err


def test_a_list_that_cannot_be_added(run: Run, publication: Path, tmp_path: Path) -> None:
    settings = publication / "newsletter.toml"
    settings.write_text(f'feeds = {{ a = {{ url = "https://a.example.org/" }} }}\n{settings.read_text()}')
    (tmp_path / "list.opml").write_text(
        '<opml><body><outline xmlUrl="https://b.example.org/"/></body></opml>'
    )
    ran = run("feeds", "--opml-import", str(tmp_path / "list.opml"))
    assert ran.code == 1
    assert "Give each feed a table of its own" in ran.err
    assert run("feeds", "--opml-import", "missing.opml").code == 1
