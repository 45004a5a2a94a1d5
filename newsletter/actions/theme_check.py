"""Tries a theme out: every template is filled in with an issue that uses everything, and with sparse ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from difflib import get_close_matches
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from newsletter.archive.site import PageSource, SiteFacts, build_site, picture_href
from newsletter.checking.colours import THEME_RULES, Palette
from newsletter.checking.specimen import PICTURES, REFERENCES, specimen
from newsletter.document import Body
from newsletter.errors import Level, NewsletterError, Problem
from newsletter.files.themes import OWN, theme_files, token_files
from newsletter.model import Identity, Issue, Tier
from newsletter.rendering.edition import Compositor, Facts
from newsletter.rendering.web import WebBody, render_web
from newsletter.writing.citations import STYLES, Bibliography

if TYPE_CHECKING:
    from newsletter.publication import Publication
    from newsletter.rendering.theme import Theme

MANY = 14
"""So many issues that the front page groups them by year."""

_BASE_NAMES = "plain/"
_CHECKED_ENDINGS = (".j2", ".css", ".toml")


def check_theme(publication: Publication) -> list[Problem]:
    """Everything that is wrong with the publication's templates, tokens and words, by file and line.

    Templates of the package's themes are tried out as well: an own one can break them.
    """
    try:
        theme = publication.theme
    except NewsletterError as error:
        return list(error.problems)
    problems: list[Problem] = []
    own = publication.folder / OWN
    for attempt in (*_compiling(theme), *_mails(publication, theme), *_sites(publication, theme)):
        try:
            with publication.naming_templates():
                attempt()
        except NewsletterError as error:
            problems += error.problems
    palette = Palette(theme.tokens, token_files(theme.name, own))
    problems += THEME_RULES.problems(palette, f"{OWN}/tokens.toml")
    problems += _strays(publication, theme)
    once = {(each.file, each.line, each.message): each for each in reversed(problems)}
    return sorted(once.values(), key=lambda each: (each.file, each.line, each.message))


def _names(theme: Theme) -> list[str]:
    """The templates, each by its first name."""
    names = theme.environment.list_templates(extensions=["j2"])
    return [name for name in names if not name.startswith(_BASE_NAMES)]


def _compiling(theme: Theme) -> Iterator[Callable[[], object]]:
    for name in _names(theme):
        yield partial(theme.compile, name)


def _mails(publication: Publication, theme: Theme) -> Iterator[Callable[[], object]]:
    """An issue with everything, one with nothing, and others that lack this or that."""
    full, facts = specimen(), publication.facts
    identity = publication.identity_for(full)
    body = full.body
    opened = tuple(replace(nugget, members_only=False) for nugget in body.nuggets)
    closed = tuple(replace(nugget, members_only=True) for nugget in body.nuggets)
    sparse = replace(facts, url="", author="", postal_address="", description="", unsubscribe_available=False)
    nowhere = replace(identity, issue_url="", archive_url="", unsubscribe_base="")
    for issue, about, sender in (
        (full, replace(facts, unsubscribe_available=True), identity),
        (full, replace(facts, language="he"), identity),
        (replace(full, body=Body(), preheader=""), sparse, nowhere),
        (replace(full, body=Body(nuggets=opened[:1])), facts, identity),
        (replace(full, body=Body(body.intro, body.notes, closed)), facts, identity),
    ):
        for style in STYLES:
            bibliography = Bibliography(issue.body, REFERENCES, style)
            for tier in Tier:
                for form in (Compositor.html, Compositor.text):  # each on its own: one may hide another
                    yield partial(_mail, theme, issue, bibliography, about, sender, tier, form)


def _mail(
    theme: Theme,
    issue: Issue,
    bibliography: Bibliography,
    facts: Facts,
    identity: Identity,
    tier: Tier,
    form: Callable[[Compositor, Tier], object],
) -> None:
    form(Compositor(issue, bibliography, PICTURES, theme, facts, identity), tier)


def _sites(publication: Publication, theme: Theme) -> Iterator[Callable[[], object]]:
    """An archive without issues, one with many of all kinds, and one that says little about itself."""
    full = specimen()
    issues = [
        replace(full, slug=f"{full.slug}-{number}", date=full.date - timedelta(days=60 * number))
        for number in range(MANY)
    ]
    issues[1] = replace(issues[1], corrects=issues[2].slug)
    issues[3] = replace(issues[3], audience="members")
    issues[4] = replace(issues[4], audience="segment:some")
    issues[5] = replace(issues[5], preheader="", tags=(), body=Body())
    settings = publication.settings.publication
    told = SiteFacts(
        settings.title, settings.url, settings.language, "About it.", "An Author", "https://example.org/"
    )
    by_mail = replace(told, subscribe_url="mailto:list@example.org")
    silent = replace(told, description="", author="", subscribe_url="", language="he")
    for facts, shown in ((told, issues), (by_mail, issues[:1]), (silent, issues[:2]), (told, [])):
        yield _site(theme, facts, shown)


def _site(theme: Theme, facts: SiteFacts, issues: list[Issue]) -> Callable[[], object]:
    def build() -> None:
        pages = [PageSource(issue, _page(theme, issue)) for issue in issues]
        for _ in build_site(pages, theme, facts):
            pass

    return build


def _page(theme: Theme, issue: Issue) -> WebBody:
    bibliography = Bibliography(issue.body, REFERENCES)
    return render_web(issue, bibliography, PICTURES, picture_href=picture_href, words=theme.words)


def _strays(publication: Publication, theme: Theme) -> Iterator[Problem]:
    """Own files that nothing uses: most have a typing error in their name."""
    folder = publication.folder / OWN
    known = theme_files(theme.name)
    named = {target for name in _names(theme) for _, target in _named_in(theme, name)}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if name in known or name in named or not name.endswith(_CHECKED_ENDINGS) or not path.is_file():
            continue
        near = get_close_matches(name, known, 1) or [
            each for each in known if PurePosixPath(each).name == path.name
        ]
        hint = f"Did you mean {OWN}/{near[0]}?" if near else "Take it out, or include it in a template."
        yield Problem("unused-template", "Nothing uses this file.", f"{OWN}/{name}", 0, hint, Level.WARNING)


def _named_in(theme: Theme, name: str) -> Iterator[tuple[int, str]]:
    try:
        yield from theme.named_in(name)
    except NewsletterError:
        return  # it cannot be read, which is told already
