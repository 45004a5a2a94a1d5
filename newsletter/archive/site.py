"""Builds the whole public site from the issues: a pure function from issues to the bytes of every file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from newsletter.archive.entries import Entry, PageSource, SiteFacts, make_entries, picture_href, picture_name
from newsletter.archive.feed import feed
from newsletter.archive.look import icon, stylesheet
from newsletter.archive.pages import Pages
from newsletter.archive.sitemap import robots, sitemap
from newsletter.rendering.theme import Theme

__all__ = ["PageSource", "SiteFacts", "build_site", "picture_href", "picture_name"]


def build_site(pages: Sequence[PageSource], theme: Theme, facts: SiteFacts) -> Iterator[tuple[str, bytes]]:
    """Every file of the site as (path relative to its root, bytes), pictures apart; in any order of `pages`.

    Pages link to each other relatively and with `index.html` written out, so that the site reads the same
    from a server and from a folder. What points to a page comes after it: an index never names a page
    that is not yet there.

    Raises RefusedError, before anything is built, when a draft is among the issues; ConfigurationError when
    a template of the theme is missing or broken.
    """
    return _files(make_entries(pages, facts), theme, facts)


def _files(entries: Sequence[Entry], theme: Theme, facts: SiteFacts) -> Iterator[tuple[str, bytes]]:
    listed = [entry for entry in entries if entry.is_listed]
    made = Pages(theme, facts)
    yield "style.css", stylesheet(theme)
    yield "icon.svg", icon(theme, facts.title)
    for entry in entries:
        yield f"{entry.issue.slug}/index.html", made.issue(entry)
    yield "index.html", made.front(listed)
    yield "feed.xml", feed(listed, facts, theme.words)
    yield "sitemap.xml", sitemap(listed, facts)
    yield "robots.txt", robots(facts)
    yield "404.html", made.missing()
