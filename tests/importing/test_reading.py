import json
from datetime import date

import pytest

from newsletter.errors import ContentError
from newsletter.importing.folder import read_folder
from newsletter.importing.source import Pictures, find_site, read_export
from tests.importing.holding import Held, a_post, left_out

TABLE = "post_id,post_date,is_published,email_sent_at,type,audience,title,subtitle,podcast_url\n"


def one(text: str | bytes, name: str = "2020-01-02-a-post.md") -> object:
    (found,) = read_folder(Held({name: text}))
    return found


def test_a_post_as_jekyll_has_it() -> None:
    post = a_post(one("---\ntitle: T\n---\nbody", "_posts/2020-01-02-a-post.markdown"))  # type: ignore[arg-type]
    assert (post.title, post.date, post.slug, post.text, post.line) == (
        "T",
        date(2020, 1, 2),
        "a-post",
        "body",
        4,
    )


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("# From a heading #\n\nx", "From a heading"),
        ("From above\n==========\n\nx", "From above"),
        ("x\n\n# Later", "A post"),
        ("---\nsubject: From the mail\n---\n# Other", "From the mail"),
    ],
)
def test_titles(text: str, title: str) -> None:
    assert a_post(one(text)).title == title  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("keys", "name", "slug", "path"),
    [
        ("", "2020-01-02-a.md", "a", ""),
        ("slug: b", "2020-01-02-a.md", "b", ""),
        ("permalink: /x/c/", "2020-01-02-a.md", "c", "/x/c/"),
        ("permalink: /x/c/index.html", "2020-01-02-a.md", "a", "/x/c/index.html"),
        ("permalink: /:title/", "2020-01-02-a.md", "a", ""),
        ("url: https://x.example/d", "a.md", "d", "/d"),
        ("", "posts/2020-01-02-bundle/index.md", "bundle", ""),
        ("", "posts/2020-01-02.md", "2020-01-02", ""),
    ],
)
def test_slugs_and_addresses(keys: str, name: str, slug: str, path: str) -> None:
    post = a_post(one(f"---\ntitle: T\ndate: 2020-01-02\n{keys}\n---\n", name))  # type: ignore[arg-type]
    assert (post.slug, post.path) == (slug, path)


@pytest.mark.parametrize(
    ("text", "name", "reason", "failed"),
    [
        ("---\ndraft: true\n---\n", "a.md", "it is a draft", False),
        ("---\ntitle: x\n---\n", "_drafts/a.md", "it is a draft", False),
        ("---\npublished: false\n---\n", "a.md", "it is not published", False),
        ("---\nstatus: scheduled\n---\n", "a.md", "it is marked as scheduled", False),
        ("no front matter", "a.md", "it has neither front matter nor a date in its name", False),
        ("---\ntitle: x\n---\n", "a.md", "it has no date: add one to its front matter", True),
        (b"\xff\xfe", "a.md", "it is not UTF-8", True),
        ("---\n- x\n---\n", "a.md", "its front matter is not a set of keys", True),
        ("!", "a.md", "It cannot be read.", True),
    ],
)
def test_what_is_left_out_and_why(text: str | bytes, name: str, reason: str, failed: bool) -> None:
    found = left_out(one(text, name))  # type: ignore[arg-type]
    assert (found.reason, found.failed) == (reason, failed)


def test_what_is_no_post_is_not_even_mentioned() -> None:
    names = [
        "README.md",
        "_index.md",
        "node_modules/a.md",
        "_site/b.md",
        "themes/x/c.md",
        "a.txt",
        "LICENSE.md",
    ]
    assert list(read_folder(Held(dict.fromkeys(names, "x")))) == []


def test_everything_else_that_front_matter_tells() -> None:
    text = """---
title: T
date: 2020-01-02
tags: [a]
categories: b c
excerpt: Short
canonical_url: https://x.example/
cover: {image: pic.png}
email_type: premium
---
"""
    post = a_post(one(text))  # type: ignore[arg-type]
    assert (post.tags, post.description) == (("a", "b", "c"), "Short")
    assert (post.canonical, post.cover, post.members) == ("https://x.example/", "pic.png", True)


def test_an_export_of_substack() -> None:
    rows = (
        '1.first,2021-03-04T12:00:00.000Z,true,,newsletter,everyone,"First, post",Sub,\n'
        "2.second,,false,,newsletter,everyone,Draft,,\n"
        "3.third,2021-03-05,true,,newsletter,only_paid,,,\n"
        "4.gone,2021-03-05,true,,newsletter,everyone,Gone,,\n"
        "5.undated,,true,,newsletter,everyone,Undated,,\n"
        "6.broken,2021-03-05,true,,newsletter,everyone,Broken,,\n"
        "7.draft,,false,,newsletter,everyone,,,\n"
    )
    pages: dict[str, str | bytes] = {
        f"x/posts/{key}.html": "<p>x</p>" for key in ("1.first", "3.third", "5.undated", "7.draft")
    }
    pages |= {"x/posts.csv": f"\ufeff{TABLE}{rows}", "x/posts/6.broken.html": "!"}
    export = read_export(Held(pages))
    assert export.kind == "an export of Substack"
    first, second, third, gone, undated, broken, draft = export.posts
    assert a_post(first).title == "First, post"
    assert (a_post(first).slug, a_post(first).path, a_post(first).description) == ("first", "/p/first", "Sub")
    assert a_post(first).html
    assert left_out(second).reason == left_out(draft).reason == "it was not published"
    assert (a_post(third).title, a_post(third).members) == ("Third", True)
    assert (left_out(gone).failed, left_out(undated).failed, left_out(broken).failed) == (True, True, True)


def test_an_export_of_ghost() -> None:
    posts = [
        {"id": "1", "title": "T", "slug": "t", "html": '<a href="__GHOST_URL__/x/">x</a>',
         "status": "published", "type": "post", "published_at": "2021-06-07T08:00:00.000Z",
         "visibility": "paid", "feature_image": "__GHOST_URL__/content/images/a.png", "custom_excerpt": None},
        {"id": "2", "status": "draft", "slug": "d"},
        {"id": "3", "status": "published", "type": "page", "slug": "about"},
        {"id": "4", "status": "sent", "published_at": "nonsense", "html": "x"},
        {"id": "5", "status": "sent", "published_at": "2021-01-01", "html": None, "slug": "empty"},
        "odd",
    ]  # fmt: skip
    tables = {
        "posts": posts,
        "tags": [{"id": "a", "name": "Pain"}, {"id": "b", "name": "#hidden"}],
        "posts_tags": [{"post_id": "1", "tag_id": "a"}, {"post_id": "1", "tag_id": "b"}, {"post_id": "1"}],
        "posts_meta": [{"post_id": "1", "feature_image_alt": "Alt", "email_subject": "Mail"}],
    }
    others: dict[str, str | bytes] = {
        "a.json": "{",
        "b.json": "[]",
        "deep/er/c.json": "{}",
        "d.json": '{"db": []}',
    }
    for document in ({"db": [{"data": tables}]}, {"data": tables}):
        export = read_export(Held(others | {"ghost.json": json.dumps(document)}))
        assert export.kind == "an export of Ghost"
        first, draft, page, undated, empty = export.posts
        post = a_post(first)
        assert (post.title, post.date, post.tags, post.members) == ("T", date(2021, 6, 7), ("Pain",), True)
        assert (post.text, post.path, post.description) == ('<a href="/x/">x</a>', "/t/", "Mail")
        assert (post.cover, post.cover_alt) == ("/content/images/a.png", "Alt")
        assert left_out(draft).reason == "it is marked as draft"
        assert left_out(page).reason == "it is a page, not a post"
        assert left_out(undated).failed
        assert left_out(empty).reason == "the export holds no text of it"


def test_nothing_to_import() -> None:
    with pytest.raises(ContentError, match="nothing here"):
        read_export(Held({"a.txt": "x"}))


@pytest.mark.parametrize(
    ("files", "site"),
    [
        ({"_config.yml": "title: x\nurl: 'https://x.example.org/' # y\n"}, "https://x.example.org/"),
        ({"a/hugo.toml": 'baseURL = "https://y.example.org/blog"'}, "https://y.example.org/blog/"),
        ({"config.yaml": "baseURL: /"}, ""),
        ({"_config.yml": "!"}, ""),
        ({"a/b/c/d/_config.yml": "url: https://x.example.org"}, ""),
        ({}, ""),
    ],
)
def test_the_address_of_the_old_site(files: dict[str, str | bytes], site: str) -> None:
    assert find_site(Held(files)) == site


@pytest.mark.parametrize(
    ("src", "found"),
    [
        ("pic.png", "content/posts/b/pic.png"),
        ("./pic.png", "content/posts/b/pic.png"),
        ("../other.png", "content/posts/other.png"),
        ("inner.png", "content/posts/b/index/inner.png"),
        ("/img/a%20b.png?w=1", "static/img/a b.png"),
        ("/assets/c.png", "assets/c.png"),
        ("https://x.example.org/assets/c.png", "assets/c.png"),
        ("https://other.example.org/assets/c.png", None),
        ("../../../../etc/passwd", None),
        ("/none.png", None),
    ],
)
def test_where_pictures_are(src: str, found: str | None) -> None:
    names = ["content/posts/b/pic.png", "content/posts/other.png", "static/img/a b.png", "assets/c.png"]
    files = Held(dict.fromkeys([*names, "content/posts/b/index/inner.png"], b"x"))
    assert Pictures(files).find("content/posts/b/index.md", src, "https://x.example.org/") == found
