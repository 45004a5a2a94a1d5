"""Tells what is being imported, where its site was, and where its pictures are."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from newsletter.errors import ContentError, NewsletterError
from newsletter.importing.folder import read_folder
from newsletter.importing.ghost import find_ghost, read_ghost
from newsletter.importing.posts import Files, LeftOut, Post
from newsletter.importing.substack import TABLE, read_substack

_CONFIGURATIONS = ("_config.yml", "_config.yaml", "hugo.toml", "hugo.yaml", "config.toml", "config.yaml")
_ADDRESS = re.compile(
    r"^[ \t]*(?:url|baseurl)[ \t]*[:=][ \t]*[\"']?(https?://[^\s\"'#]+)", re.IGNORECASE | re.MULTILINE
)
_ROOTS = ("", "static", "src", "public", "assets", "content", "content/images", "images")
"""Where the pictures of a site may lie, seen from its root."""


@dataclass(frozen=True, slots=True)
class Export:
    """What was found: the kind of export in words, and its posts."""

    kind: str
    posts: tuple[Post | LeftOut, ...]


def read_export(files: Files) -> Export:
    """The posts in `files`, whatever wrote them. Raises ContentError when there are none."""
    if any(PurePosixPath(name).name == TABLE for name in files.names):
        return Export("an export of Substack", tuple(read_substack(files)))
    if ghost := find_ghost(files):
        return Export("an export of Ghost", tuple(read_ghost(*ghost)))
    posts = tuple(read_folder(files))
    if not posts:
        raise ContentError(
            "There is nothing here that could be imported.",
            hint="Name a folder of Markdown (Jekyll, Hugo, Eleventy, Buttondown),\n"
            "or the export of Substack (ZIP) or Ghost (JSON or ZIP).",
            code="nothing-to-import",
        )
    return Export("a folder of Markdown", posts)


def find_site(files: Files) -> str:
    """The address that the site's own configuration names, with a slash at its end; "" when none does."""
    for name in files.names:
        if PurePosixPath(name).name in _CONFIGURATIONS and name.count("/") <= 2:
            try:
                match = _ADDRESS.search(files.read(name).decode("utf-8", "replace"))
            except NewsletterError:
                continue
            if match:
                return match[1].rstrip("/") + "/"
    return ""


class Pictures:
    """Finds pictures among the files, as the pages of a site name them."""

    def __init__(self, files: Files) -> None:
        self._names = frozenset(files.names)

    def find(self, post: str, src: str, site: str) -> str | None:
        """The file that the picture `src` in the post `post` means; None when it is not among them."""
        if site and src.startswith(site):
            src = f"/{src[len(site) :]}"
        parts = urlsplit(src)
        if parts.scheme or parts.netloc:
            return None
        path = unquote(parts.path)
        return next((name for name in self._candidates(post, path) if name in self._names), None)

    def _candidates(self, post: str, path: str) -> Iterator[str]:
        folder = posixpath.dirname(post)
        if not path.startswith("/"):
            yield posixpath.normpath(posixpath.join(folder, path))
            stem = posixpath.splitext(post)[0]
            yield posixpath.normpath(posixpath.join(stem, path))  # Hugo serves pages as folders
        bare = path.lstrip("/")
        above = folder
        while True:
            for root in _ROOTS:
                yield posixpath.normpath(posixpath.join(above, root, bare))
            if not above:
                return
            above = posixpath.dirname(above)
