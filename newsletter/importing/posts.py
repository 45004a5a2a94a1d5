"""What an older post is, wherever it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Protocol


class Files(Protocol):
    """The files that are imported from: a folder or a ZIP file."""

    @property
    def names(self) -> tuple[str, ...]:
        """The paths of all files, relative, with slashes, in order."""
        ...

    def read(self, name: str) -> bytes:
        """What a file holds. Raises ContentError or StorageError."""
        ...


@dataclass(frozen=True, slots=True)
class Post:
    """One post as it was found.

    `file` is where it came from. `text` is Markdown or, if `html`, HTML, and begins on line `line` of the
    file. `slug` is as it was written, not yet one of ours; `path` its address on the old site, from the root,
    "" when not known. `cover` is a picture that belongs on top. `members`: only for those who paid.
    """

    file: str
    title: str
    date: date
    slug: str
    text: str
    html: bool = False
    line: int = 1
    tags: tuple[str, ...] = ()
    description: str = ""
    canonical: str = ""
    path: str = ""
    cover: str = ""
    cover_alt: str = ""
    members: bool = False


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that does not become an issue, and why; `failed` if it should have become one."""

    file: str
    reason: str
    failed: bool = False
