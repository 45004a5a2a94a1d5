"""Bringing older writing into the issues, as archived ones that can never be sent by accident."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from newsletter.actions.create import make_slug
from newsletter.errors import Level, NewsletterError, Problem
from newsletter.feeds.pictures import FetchedPicture, fetch_picture, prepare_picture
from newsletter.files.exports import open_files
from newsletter.files.new_issue import free_name, write_issue
from newsletter.importing.convert import Converted, convert, write_issue_text
from newsletter.importing.posts import Files, LeftOut, Post
from newsletter.importing.source import Pictures, find_site, read_export
from newsletter.publication import ISSUES
from newsletter.writing.issue import Source, parse_issue

if TYPE_CHECKING:
    from newsletter.publication import Publication


class Fate(StrEnum):
    """What became of a file."""

    IMPORTED = "imported"
    THERE = "there already"
    LEFT_OUT = "left out"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Result:
    """One file: what became of it and why, the issue it is now, and what could not be kept of it."""

    file: str
    fate: Fate
    reason: str = ""
    issue: str = ""
    pictures: int = 0
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """What to import: `site` is the address of the old site, "" to take it from its configuration;
    `download`: fetch pictures that lie on the web; `write`: not only look."""

    path: Path
    site: str = ""
    download: bool = False
    write: bool = True


def import_posts(publication: Publication, request: Request) -> tuple[str, Iterator[Result]]:
    """What kind of export it is, and what becomes of each file, told while it is done.

    Issues that are there already (same slug and date) stay as they are, so that an import can be repeated.
    Raises ContentError when there is nothing to import and, on the way, StorageError.
    """
    files = open_files(request.path)
    export = read_export(files)
    site = request.site or find_site(files)
    return export.kind, _Importer(publication, request, files, site).results(export.posts)


class _Importer:
    """Imports one post after the other."""

    def __init__(self, publication: Publication, request: Request, files: Files, site: str) -> None:
        self._request = request
        self._files = files
        self._pictures = Pictures(files)
        self._known = bool(site)
        site = site or publication.settings.publication.url
        self._site = site if site.endswith("/") else f"{site}/"
        self._issues = publication.folder / ISSUES
        self._taken: dict[str, date] = {file.slug: file.date for file in publication.issue_files}

    def results(self, posts: Iterable[Post | LeftOut]) -> Iterator[Result]:
        for post in posts:
            if isinstance(post, LeftOut):
                yield Result(post.file, Fate.FAILED if post.failed else Fate.LEFT_OUT, post.reason)
            else:
                yield self._import(post)

    def _import(self, post: Post) -> Result:
        slug = self._slug(post)
        if slug is None:
            return Result(post.file, Fate.THERE, "an issue of that day and name exists")
        converted = convert(post, self._site, known=self._known)
        pictures, problems = self._find_pictures(converted)
        text = write_issue_text(converted, {src: one.name for src, one in pictures.items()})
        name = f"{post.date.isoformat()}-{slug}"
        issue, found = parse_issue(Source(f"{ISSUES}/{name}.md", slug, post.date, text))
        if issue is None:
            errors = tuple(problem for problem in found if problem.level is Level.ERROR)
            return Result(post.file, Fate.FAILED, "what would be written could not be read", problems=errors)
        file = ""
        if self._request.write:
            beside = {one.name: one.data for one in pictures.values()}
            file = write_issue(self._issues, name, text, beside)
        self._taken[slug] = post.date
        lost = (*converted.problems, *problems)
        return Result(
            post.file,
            Fate.IMPORTED,
            issue=file or f"{ISSUES}/{name}.md",
            pictures=len(pictures),
            problems=lost,
        )

    def _slug(self, post: Post) -> str | None:
        """A slug that no other issue has; None when this very post is there already."""
        wanted = make_slug(post.slug) or make_slug(post.title) or "post"
        candidate, number = wanted, 1
        while candidate in self._taken:
            if self._taken[candidate] == post.date:
                return None
            number += 1
            candidate = f"{wanted}-{number}"
        return candidate

    def _find_pictures(self, converted: Converted) -> tuple[Mapping[str, FetchedPicture], list[Problem]]:
        """The pictures by their names in the text, with names beside the issue that differ."""
        found: dict[str, FetchedPicture] = {}
        problems: list[Problem] = []
        for src in converted.pictures:
            try:
                picture = self._picture(converted, src)
            except NewsletterError as error:
                problems.append(_lost(converted.post, src, error.problems[0].message))
                continue
            if picture is None:
                if "://" not in src:
                    where = ", and shown from the old site" if self._known else ""
                    problems.append(_lost(converted.post, src, f"it is not among the files{where}"))
                continue
            found[src] = replace(picture, name=free_name(picture.name, {one.name for one in found.values()}))
        return found, problems

    def _picture(self, converted: Converted, src: str) -> FetchedPicture | None:
        """The picture from among the files or, if wanted, from the web; None when it is not to be had."""
        name = self._pictures.find(converted.post.file, src, self._site)
        if name is not None and name.lower().endswith(".svg"):
            return FetchedPicture(
                f"{make_slug(PurePosixPath(name).stem) or 'picture'}.svg", self._files.read(name)
            )
        if name is not None:
            return prepare_picture(name, self._files.read(name))
        address = urljoin(converted.base, src) if self._known else src
        if self._request.download and address.startswith(("https://", "http://")):
            return fetch_picture(address, allow_private=False)
        return None


def _lost(post: Post, src: str, why: str) -> Problem:
    return Problem(
        "lost-picture",
        f"The picture {src} was not taken along: {why.rstrip('.')}.",
        post.file,
        hint="Put it beside the issue yourself, if it still matters.",
        level=Level.WARNING,
    )
