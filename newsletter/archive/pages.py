"""The HTML pages of the site: the front page, one page an issue, and one for addresses that lead nowhere."""

from __future__ import annotations

from collections.abc import Sequence

from newsletter.archive.entries import Entry, SiteFacts, years
from newsletter.rendering.theme import Theme

MANY_ISSUES = 12
"""More than this on the front page, and they are grouped by year."""

CONTENTS_ABOVE = 5
"""More nuggets than this, and an issue gets a list of contents."""


class Pages:
    """Fills the theme's `web/*.html.j2` templates.

    Every template is given `site` (SiteFacts), `root` (the way from the page to the site's root, "" or
    "../") and the function `day` (a date in words); what else, the method says.
    """

    def __init__(self, theme: Theme, facts: SiteFacts) -> None:
        self._theme = theme
        self._facts = facts

    def issue(self, entry: Entry) -> bytes:
        """The page of one issue: `web/issue.html.j2` with `entry` and `contents` (the nuggets to list)."""
        contents = entry.nuggets if len(entry.nuggets) > CONTENTS_ABOVE else ()
        return self._fill("issue", root="../", entry=entry, contents=contents)

    def front(self, entries: Sequence[Entry]) -> bytes:
        """The front page: `web/index.html.j2` with `newest` and `groups` of (year or None, entries)."""
        older = entries[1:]
        groups: list[tuple[int | None, Sequence[Entry]]] = [(None, older)] if older else []
        if len(entries) > MANY_ISSUES:
            groups = list(years(older))
        return self._fill("index", root="", newest=entries[0] if entries else None, groups=groups)

    def missing(self) -> bytes:
        """The page for addresses that lead nowhere: `web/404.html.j2`.

        A server shows it in the place of any address, so its links start from the root of the host.
        """
        return self._fill("404", root=self._facts.path)

    def _fill(self, template: str, **values: object) -> bytes:
        day = self._theme.words.day
        return self._theme.render(f"web/{template}.html.j2", site=self._facts, day=day, **values).encode()
