"""A small archive made by hand, and a reader of HTML that notices what browsers forgive."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from posixpath import normpath
from urllib.parse import unquote, urljoin, urlsplit

import jinja2

from newsletter.archive.site import PageSource, SiteFacts, build_site
from newsletter.document import Body, Nugget, Text
from newsletter.model import Issue, IssueStatus
from newsletter.rendering.theme import Theme, make_theme
from newsletter.rendering.web import WebBody, WebNugget, WebReference

THEME = Path(__file__).parents[2] / "newsletter" / "themes" / "plain"
FACTS = SiteFacts(
    title="Pain & Plain <Words>",
    url="https://pain.example.org/letters/",
    language="en",
    description="What research says, in plain words.",
    author="Ada Example",
    subscribe_url="https://subscribe.example.org/",
)


def plain_theme(own: str = "", templates: dict[str, str] | None = None) -> Theme:
    """The plain theme, with tokens and templates of a publication's own over it."""
    loader = jinja2.ChoiceLoader([jinja2.DictLoader(templates or {}), jinja2.FileSystemLoader(THEME)])
    tokens = (THEME / "tokens.toml").read_text(encoding="utf-8")
    words = (THEME / "words.toml").read_text(encoding="utf-8")
    return make_theme(
        "plain", loader, [("tokens.toml", tokens), ("templates/tokens.toml", own)], [("words.toml", words)]
    )


def web_nugget(anchor: str, html: str = "<p>Words.</p>\n", *, members_only: bool = False) -> WebNugget:
    return WebNugget(anchor, f"About <em>{anchor}</em>", f"About {anchor}", html, members_only)


def page(slug: str, day: str = "2026-11-24", *, body: WebBody | None = None, **fields: object) -> PageSource:
    """An issue of `day` and its page; `fields` replace those of the issue."""
    nuggets = (Nugget((Text("One"),), "one", ()), Nugget((Text("Two"),), "two", ()))
    issue = Issue(
        slug=slug,
        file=f"issues/{day}-{slug}.md",
        title=f"The issue {slug}",
        subject="",
        date=date.fromisoformat(day),
        body=Body(nuggets=nuggets),
        status=IssueStatus.READY,
    )
    made = body or WebBody(
        intro="<p>An opening.</p>\n",
        nuggets=(
            web_nugget("one", '<p>As he wrote (<a href="#ref-warren1978">Warren 1978</a>).</p>\n'),
            web_nugget(
                "two",
                '<figure class="figure">\n<img src="clot%20a.png" alt="" width="9" height="9">\n</figure>\n',
            ),
        ),
        references=(WebReference("warren1978", 1, 'Warren. <a href="https://doi.org/10.1016/x">doi</a>'),),
        summary="An opening.",
        words=660,
        pictures=("clot a.png",),
    )
    return PageSource(replace(issue, **fields), made)  # type: ignore[arg-type]  # fields are named by tests


def site(*pages: PageSource, facts: SiteFacts = FACTS, theme: Theme | None = None) -> dict[str, bytes]:
    """All files of the site."""
    return dict(build_site(pages, theme or plain_theme(), facts))


VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)


class Page(HTMLParser):
    """Reads a page strictly: every element is closed, in order, and no id or attribute comes twice."""

    def __init__(self, html: bytes | str) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.tags: defaultdict[str, list[dict[str, str]]] = defaultdict(list)
        self.text = ""
        self._open: list[str] = []
        self.feed(html.decode() if isinstance(html, bytes) else html)
        self.close()
        self.faults += [f"<{tag}> is never closed" for tag in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if len(values) < len(attrs):
            self.faults.append(f"an attribute twice: {self.get_starttag_text()}")
        if (identifier := values.get("id")) is not None:
            if identifier in self.ids or not identifier or " " in identifier:
                self.faults.append(f"id {identifier!r} twice, empty or with a space")
            self.ids.add(identifier)
        self.tags[tag].append(values)
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if tag == "link" and values.get("rel") in {"stylesheet", "icon"}:
            self.loaded.append(values["href"])
        if "src" in values:
            self.loaded.append(values["src"])
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.faults.append(f"</{tag}> closes nothing")

    def handle_data(self, data: str) -> None:
        self.text += data

    def meta(self, name: str) -> list[str]:
        """The contents of the meta elements called `name`."""
        return [one["content"] for one in self.tags["meta"] if name in (one.get("name"), one.get("property"))]

    def link(self, relation: str) -> list[str]:
        """The addresses of the link elements of this relation."""
        return [one["href"] for one in self.tags["link"] if one.get("rel") == relation]


def broken_links(
    files: dict[str, bytes], facts: SiteFacts = FACTS, pictures: frozenset[str] = frozenset()
) -> list[str]:
    """Every link inside the site that leads to no file or no anchor, or is not relative."""
    pages = {name: Page(data) for name, data in files.items() if name.endswith(".html")}
    broken = []
    for name, one in pages.items():
        for href in [*one.links, *one.loaded, *one.link("prev"), *one.link("next"), *one.link("alternate")]:
            whole = urljoin(facts.url + name, href)
            if not whole.startswith(facts.url):
                if urlsplit(href).netloc == urlsplit(facts.url).netloc:
                    broken.append(f"{name}: {href}")
                continue
            if urlsplit(href).scheme:
                broken.append(f"{name}: {href} is absolute")
            target = unquote(urlsplit(whole).path.removeprefix(urlsplit(facts.url).path))
            target = normpath(target) if target else "."
            fragment = urlsplit(whole).fragment
            if target not in files and target not in pictures:
                broken.append(f"{name}: {href}")
            elif fragment and (target not in pages or fragment not in pages[target].ids):
                broken.append(f"{name}: {href} (anchor)")
    return broken
