"""Posts in a folder of Markdown: Jekyll, Hugo, Eleventy and Buttondown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from newsletter.errors import NewsletterError
from newsletter.importing.matter import Matter, MatterError, read_day, read_matter
from newsletter.importing.posts import Files, LeftOut, Post

_SUFFIXES = frozenset({".md", ".markdown", ".mdown", ".mkd"})
_SKIPPED_FOLDERS = frozenset(
    {
        *(".git", ".github", "node_modules", "_site", "public", "themes", "layouts", "archetypes", "vendor"),
        *("_includes", "_layouts", "_data", "_sass", "resources", "__macosx"),
    }
)
_SKIPPED_NAMES = frozenset({"readme", "changelog", "license", "contributing", "_index", "404"})
_DATED = re.compile(r"(\d{4}-\d{1,2}-\d{1,2})[-_ ]*(.*)")
_TITLE = re.compile(r"^#[ \t]+(.+?)[ \t#]*$|^(\S.*)\n=+[ \t]*$", re.MULTILINE)
_DRAFT_FOLDERS = frozenset({"_drafts", "drafts"})
_UNFINISHED = frozenset({"draft", "drafts", "scheduled", "private", "deleted"})
_FOR_MEMBERS = frozenset({"premium", "paid", "members", "members_only", "subscriber_only"})
_FIXED_PATH = re.compile(r"/?[\w~./%-]+")


def read_folder(files: Files) -> Iterator[Post | LeftOut]:
    """Every Markdown file that could be a post, in order."""
    for name in files.names:
        path = PurePosixPath(name)
        if path.suffix.lower() not in _SUFFIXES or _is_skipped(path):
            continue
        try:
            yield _read(name, path, files.read(name).decode("utf-8-sig"))
        except UnicodeDecodeError:
            yield LeftOut(name, "it is not UTF-8", failed=True)
        except MatterError as error:
            yield LeftOut(name, str(error), failed=True)
        except NewsletterError as error:
            yield LeftOut(name, error.problems[0].message, failed=True)


def _is_skipped(path: PurePosixPath) -> bool:
    folders = {part.lower() for part in path.parts[:-1]}
    return bool(folders & _SKIPPED_FOLDERS) or path.stem.lower() in _SKIPPED_NAMES


def _read(name: str, path: PurePosixPath, text: str) -> Post | LeftOut:
    matter = read_matter(text.replace("\r\n", "\n").replace("\r", "\n"))
    own_name = path.parent.name if path.stem.lower() == "index" else path.stem
    dated = _DATED.fullmatch(own_name)
    if reason := _unfinished(path, matter):
        return LeftOut(name, reason)
    day = matter.day(
        "date", "publish_date", "publishdate", "published_at", "pubdate", "created", "creation_date"
    )
    day = day or (read_day(dated[1]) if dated else None)
    if day is None:
        if not matter.found:
            return LeftOut(name, "it has neither front matter nor a date in its name")
        return LeftOut(name, "it has no date: add one to its front matter", failed=True)
    heading = _TITLE.search(matter.text)
    stem = dated[2] if dated and dated[2] else own_name
    first = (heading[1] or heading[2]) if heading and heading.start() == _first_letter(matter.text) else ""
    address = matter.words("permalink", "url")
    fixed = _FIXED_PATH.fullmatch(urlsplit(address).path) is not None
    slug = matter.words("slug") or (PurePosixPath(address).stem if fixed else "") or stem
    return Post(
        file=name,
        title=matter.words("title", "subject", "name") or first or _spoken(stem),
        date=day,
        slug=slug if slug != "index" else stem,
        text=matter.text,
        line=matter.line,
        tags=matter.labels("tags", "tag", "categories", "category", "keywords"),
        description=matter.words("description", "preheader", "summary", "excerpt", "subtitle"),
        canonical=_web(matter.words("canonical", "canonical_url", "canonicalurl")),
        path=urlsplit(address).path if fixed else "",
        cover=_cover(matter),
        cover_alt=matter.words("image_alt", "cover_alt", "feature_image_alt"),
        members=matter.words("email_type", "visibility", "audience").lower() in _FOR_MEMBERS,
    )


def _unfinished(path: PurePosixPath, matter: Matter) -> str:
    if {part.lower() for part in path.parts} & _DRAFT_FOLDERS or matter.is_on("draft"):
        return "it is a draft"
    if matter.is_on("published") is False:
        return "it is not published"
    status = matter.words("status").lower()
    return f"it is marked as {status}" if status in _UNFINISHED else ""


def _cover(matter: Matter) -> str:
    value = matter.values.get("cover", "")
    nested = value.get("image", "") if isinstance(value, dict) else ""
    return nested or matter.words("image", "cover", "feature_image", "featured_image", "hero", "thumbnail")


def _web(address: str) -> str:
    return address if address.startswith(("https://", "http://")) else ""


def _first_letter(text: str) -> int:
    return len(text) - len(text.lstrip())


def _spoken(slug: str) -> str:
    words = re.sub(r"[-_]+", " ", slug).strip()
    return words[:1].upper() + words[1:] or "Untitled"
