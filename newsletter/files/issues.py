"""Finds the issue files of a publication and reads them; what they say is `writing`'s affair."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from newsletter.errors import ContentError, Problem
from newsletter.files.faults import read_fault
from newsletter.writing.issue import Source

_NAME = re.compile(r"(?P<date>\d{4}-\d{2}-\d{2})-(?P<slug>[a-z0-9]+(?:-[a-z0-9]+)*)")
_DATED = re.compile(r"\d{4}-\d{1,2}-\d{1,2}(?!\d)")
_NOT_ISSUES = frozenset({"readme.md", "references.md"})
_MARKDOWN = frozenset({".md", ".markdown", ".mdown", ".mkd"})
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class IssueFile:
    """One issue on disk: where it is, how it is called (`file`, relative to the publication), and what its
    name says. `folder` holds its pictures."""

    path: Path
    file: str
    slug: str
    date: date
    folder: Path

    def read(self) -> Source:
        """The issue with its text; ContentError when it is not UTF-8, StorageError when it cannot be read."""
        try:
            data = self.path.read_bytes()
        except OSError as error:
            raise read_fault(error, self.path) from error
        return Source(file=self.file, slug=self.slug, date=self.date, text=decode(data, self.file))


def decode(data: bytes, file: str) -> str:
    """`data` as text; ContentError with line and position of the first byte that is not UTF-8 in `file`."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        if data.startswith(_UTF_16):
            line, message = 0, f"{file} is saved as UTF-16."
        else:
            line = data[: error.start].count(b"\n") + 1
            byte = data[error.start : error.start + 1]
            message = f"Byte {error.start + 1} (0x{byte.hex()}{_as_latin(byte)}) is not UTF-8."
        raise ContentError(
            message,
            file=file,
            line=line,
            code="not-utf-8",
            hint="Save it as UTF-8: your editor asks for the encoding in its “Save as…” dialog.",
        ) from error


def find_issues(folder: Path) -> list[IssueFile]:
    """The issues in `folder` (the publication's `issues`), oldest first; nothing is read yet.

    An issue is `DATE-slug.md` or `DATE-slug/index.md`. Left out silently: README.md, references, other kinds
    of files, folders without an index.md, and names that begin with `_` or `.`.

    Raises ContentError with every name that does not fit and every slug used twice, and when `folder` is not
    there.
    """
    try:
        entries = sorted(folder.iterdir(), key=lambda path: path.name)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ContentError(
            f"There is no folder {folder.name}/.",
            file=f"{folder.name}/",
            code="no-issues-folder",
            hint=f"Make it (`mkdir {folder.name}`) and write the first issue with `newsletter new TITLE`.",
        ) from error
    except OSError as error:
        raise read_fault(error, folder) from error
    found: list[IssueFile] = []
    problems: list[Problem] = []
    for path, name in _candidates(entries):
        file = path.relative_to(folder.parent).as_posix()
        match _read_name(name, file):
            case Problem() as problem:
                problems.append(problem)
            case (day, slug):
                found.append(IssueFile(path, file, slug, day, path.parent))
    problems += _duplicates(found)
    if problems:
        raise ContentError.of(problems)
    return sorted(found, key=lambda issue: (issue.date, issue.slug))


def _candidates(entries: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    """What must be an issue, with the name that should tell its date and slug."""
    paths = [path for path in entries if not path.name.startswith(("_", "."))]
    names = {path.name for path in paths}
    for path in paths:
        if path.is_dir():
            index = path / "index.md"
            # a dated folder beside an issue of the same name only holds pictures
            if index.exists() or (_NAME.fullmatch(path.name) and f"{path.name}.md" not in names):
                yield index, path.name
        elif path.suffix.lower() in _MARKDOWN and path.name.lower() not in _NOT_ISSUES:
            yield path, path.stem if path.suffix == ".md" else path.name


def _read_name(name: str, file: str) -> Problem | tuple[date, str]:
    matched = _NAME.fullmatch(name)
    if matched is None:
        return Problem(
            code="issue-name",
            message=f"“{name}” is not the name of an issue, a date and a slug of a-z, 0-9 and hyphens.",
            file=file,
            hint=_naming_hint(name, file),
        )
    try:
        return date.fromisoformat(matched["date"]), matched["slug"]
    except ValueError:
        return Problem(
            code="issue-date",
            message=f"There is no day {matched['date']}.",
            file=file,
            hint="Rename it with the day on which the issue goes out, as in 2026-11-24-six-clots.md.",
        )


def _naming_hint(name: str, file: str) -> str:
    stem = Path(name).stem if Path(name).suffix.lower() in _MARKDOWN else name
    dated = _DATED.match(stem)
    day = "-".join(part.zfill(2) for part in dated[0].split("-")) if dated else "DATE"
    plain = (
        unicodedata.normalize("NFKD", stem[dated.end() if dated else 0 :]).encode("ascii", "ignore").decode()
    )
    slug = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-") or "slug"
    ending = "/index.md" if file.endswith("/index.md") else ".md"
    return f"Rename it, for example to {day}-{slug}{ending}; a name that begins with “_” is left alone."


def _duplicates(found: Iterable[IssueFile]) -> Iterator[Problem]:
    by_slug: defaultdict[str, list[IssueFile]] = defaultdict(list)
    for issue in found:
        by_slug[issue.slug].append(issue)
    for slug, issues in by_slug.items():
        if len(issues) > 1:
            files = ", ".join(issue.file for issue in issues)
            yield Problem(
                code="duplicate-slug",
                message=f"{len(issues)} issues have the slug “{slug}”: {files}.",
                file=issues[1].file,
                hint="Each issue has its own address in the archive: rename all but one.",
            )


def _as_latin(byte: bytes) -> str:
    """What the byte would be in Windows-1252, the usual culprit, as a help in finding it."""
    character = byte.decode("cp1252", errors="ignore")
    return f", perhaps “{character}”" if character.isprintable() and character else ""
