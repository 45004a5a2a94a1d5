"""Building the public site of all issues that may be read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from newsletter.actions.check import require_no_errors_in
from newsletter.archive.site import PageSource, SiteFacts, build_site, picture_href, picture_name
from newsletter.files.site import SiteReport, write_site
from newsletter.model import IssueStatus
from newsletter.rendering.web import render_web

if TYPE_CHECKING:
    from newsletter.publication import Publication


@dataclass(frozen=True, slots=True)
class Archive:
    """What was built: `output` relative to the publication, how many issues it holds, how many drafts were
    left out, and what happened to the files."""

    output: str
    issues: int
    drafts: int
    report: SiteReport


def build_archive(publication: Publication) -> Archive:
    """Builds the site; files that are as they should be are left alone.

    Raises ContentError and ConfigurationError when a template is broken or a ready issue has errors,
    RefusedError or StorageError when the folder cannot take the site; the site that was there then stays.
    """
    issues = [publication.issue(file) for file in publication.issue_files]
    public = [issue for issue in issues if issue.status is not IssueStatus.DRAFT]
    require_no_errors_in(publication, [issue for issue in public if issue.status is IssueStatus.READY])
    words = publication.theme.words
    pages: list[PageSource] = []
    pictures: dict[tuple[str, Path], None] = {}
    for issue in public:
        known = publication.pictures(issue)
        body = render_web(
            issue, publication.bibliography(issue), known, picture_href=picture_href, words=words
        )
        pages.append(PageSource(issue, body))
        # all of them, also those that only members see: the mail shows pictures from here
        for src in known:
            pictures[f"{issue.slug}/{picture_name(src)}", publication.picture_folder(issue) / src] = None
    with publication.naming_templates():
        files = list(build_site(pages, publication.theme, site_facts(publication)))
    output = publication.settings.archive.output
    report = write_site(publication.folder / output, files, list(pictures), publication=publication.folder)
    return Archive(output, len(public), len(issues) - len(public), report)


def site_facts(publication: Publication) -> SiteFacts:
    """What the pages say about the publication."""
    settings = publication.settings.publication
    service = publication.settings.service.url
    return SiteFacts(
        title=settings.title,
        url=settings.url,
        language=settings.language,
        description=settings.description,
        author=settings.author,
        subscribe_url=service or f"mailto:{settings.reply_to or settings.from_address}?subject=subscribe",
    )
