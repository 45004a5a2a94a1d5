"""Starting: a publication from the scaffold, an issue from its template."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING

from newsletter.errors import Problem, RefusedError
from newsletter.files.atomic import write_atomic
from newsletter.files.faults import write_fault
from newsletter.writing.cleaning import clean

if TYPE_CHECKING:
    from newsletter.publication import Publication

DATE = "DATE"
"""Stands for the day of creation in the scaffold's file names and texts."""

LONGEST_SLUG = 60
PRIVATE_FOLDERS = frozenset({"subscribers"})

# letters that Unicode does not take apart into a plain letter and a mark
_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "ø": "o", "œ": "oe", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ħ": "h", "ı": "i"}
)


@dataclass(frozen=True, slots=True)
class NewPublication:
    """A publication that was just made: its folder, and its files relative to it."""

    folder: Path
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NewIssue:
    """An issue that was just made; `file` is relative to the publication."""

    path: Path
    file: str
    slug: str


def create_publication(folder: Path, today: date) -> NewPublication:
    """Copies the scaffold into `folder`, which may hold other things but none of its files.

    Raises RefusedError when it does, StorageError when the disk does not do it; what was made until then is
    removed again.
    """
    texts = {
        name.replace(DATE, today.isoformat()): text.replace(DATE, today.isoformat())
        for name, text in _scaffold(files("newsletter") / "scaffold")
    }
    taken = [name for name in texts if (folder / name).exists()]
    if (folder / "newsletter.toml").exists():
        raise RefusedError(
            f"There is a publication in {folder} already.",
            hint="Choose another folder, or go on with this one: newsletter check.",
            code="exists",
        )
    if taken:
        raise RefusedError.of(
            [
                Problem("exists", "This file is there already; nothing was written.", str(folder / name))
                for name in taken
            ]
        )
    made: list[Path] = []
    try:
        for name, text in texts.items():
            _make_folders((folder / name).parent, made)
            made.append(folder / name)
            write_atomic(folder / name, text.encode())
    except BaseException:
        for path in reversed(made):
            _remove(path)
        raise
    return NewPublication(folder, tuple(texts))


def _scaffold(folder: Traversable, at: str = "") -> Iterator[tuple[str, str]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _scaffold(entry, f"{at}{entry.name}/")
        else:
            yield f"{at}{entry.name}", entry.read_text(encoding="utf-8")


def _make_folders(folder: Path, made: list[Path]) -> None:
    """Makes `folder` and what is missing above it, noting each in `made`."""
    if folder.is_dir():
        return
    _make_folders(folder.parent, made)
    try:
        folder.mkdir(mode=0o700 if folder.name in PRIVATE_FOLDERS else 0o777)
    except OSError as error:
        raise write_fault(error, folder) from error
    made.append(folder)


def _remove(path: Path) -> None:
    if path.is_dir():
        path.rmdir()
    else:
        path.unlink(missing_ok=True)


_YAML_WORDS = frozenset({"yes", "no", "on", "off", "true", "false", "null", "y", "n"})

_TEMPLATE = """\
---
title: {title}
preheader:
date: {date}
status: draft
tags: []
---

Hello {{{{ first_name or "there" }}}},

What is this issue about, and why now?

## The first piece

Write here.
"""


def create_issue(publication: Publication, title: str, day: date, slug: str = "") -> NewIssue:
    """Writes `issues/DATE-slug.md`, a draft; the slug is made from the title unless given.

    Raises RefusedError when no slug can be made or an issue has it already, StorageError when the disk does
    not do it.
    """
    words = " ".join(clean(" ".join(title.split())).split())
    if not words:
        raise RefusedError(
            "An issue needs a title.", hint='For example: newsletter new "Six documented cases"'
        )
    chosen = slug or make_slug(words)
    if not chosen or make_slug(chosen) != chosen:
        raise RefusedError(
            f"“{chosen}” cannot be a slug." if chosen else f"No slug can be made from “{words}”.",
            hint="Choose one of small letters a-z, digits and hyphens: --slug short-name",
            code="slug",
        )
    taken = next((issue for issue in publication.issue_files if issue.slug == chosen), None)
    if taken:
        raise RefusedError(
            f"The slug {chosen} is taken.",
            file=taken.file,
            hint="Each issue has its own address. Choose another title, or a slug: --slug short-name",
            code="exists",
        )
    path = publication.folder / "issues" / f"{day.isoformat()}-{chosen}.md"
    made: list[Path] = []
    _make_folders(path.parent, made)
    write_atomic(path, _TEMPLATE.format(title=_yaml_text(words), date=day.isoformat()).encode())
    return NewIssue(path, path.relative_to(publication.folder).as_posix(), chosen)


def make_slug(title: str) -> str:
    """The title in a-z, 0-9 and hyphens, cut at a word; "" when it has no letter that could be kept."""
    apart = unicodedata.normalize("NFKD", title).casefold().translate(_LETTERS)
    plain = "".join(letter for letter in apart if not unicodedata.combining(letter) and letter not in "'’")
    slug = ""
    for word in re.findall(r"[a-z0-9]+", plain):
        longer = f"{slug}-{word}" if slug else word[:LONGEST_SLUG]
        if len(longer) > LONGEST_SLUG:
            break
        slug = longer
    return slug


def _yaml_text(text: str) -> str:
    """A title as YAML: bare where nothing in it could mean something else, in quotation marks otherwise."""
    bare = re.fullmatch(r"[A-Za-z][\w ,.?!()’“”–—-]*", text) and text.casefold() not in _YAML_WORDS
    return text if bare else json.dumps(text, ensure_ascii=False)
