"""The list: adding a reader, and taking in a file of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from newsletter.audience.addresses import parse_mailbox
from newsletter.audience.intake import ImportReport, RowResult, Verdict
from newsletter.audience.rows import read_rows
from newsletter.errors import Level, Problem, RefusedError
from newsletter.files.faults import read_fault, shown
from newsletter.model import Subscriber, Tier

if TYPE_CHECKING:
    from newsletter.publication import Publication

BROKEN_ROW = "Mend the row and import the file again: what was taken in already stays as it is."


@dataclass(frozen=True, slots=True)
class Import:
    """What an import did, or with `dry_run` would do; `file` as the person would type it."""

    file: str
    dry_run: bool
    report: ImportReport
    problems: tuple[Problem, ...]
    """Rows that were left out: errors for what cannot be read, warnings for the others."""
    remarks: tuple[Problem, ...]
    """Rows that were taken in, with something to say about them: warnings."""


def add_subscriber(
    publication: Publication,
    mailbox: str,
    *,
    name: str = "",
    first_name: str = "",
    last_name: str = "",
    tier: Tier = Tier.FREE,
    tags: Sequence[str] = (),
    fields: Mapping[str, str] | None = None,
    source: str,
) -> Subscriber:
    """Adds one reader; `mailbox` is an address, or a name with an address in angle brackets.

    Raises ContentError for what is no address, RefusedError for somebody who is on the list already or left,
    and for fields that newsletter.toml does not name.
    """
    found, address = parse_mailbox(mailbox)
    known = publication.settings.subscribers.fields
    for field in fields or {}:
        if field not in known:
            near = get_close_matches(field, known, 1)
            raise RefusedError(
                f"Subscribers have no field {field}.",
                file=publication.settings.file,
                line=publication.settings.line("subscribers.fields", "subscribers"),
                hint=f"Did you mean {near[0]}?" if near else f'Name it there: fields = ["{field}"]',
                code="unknown-field",
            )
    return publication.subscribers.add(
        address,
        source=source,
        name=name or found,
        first_name=first_name,
        last_name=last_name,
        tier=tier,
        tags=tags,
        fields=fields,
    )


def import_file(
    publication: Publication,
    path: Path,
    *,
    dry_run: bool = False,
    source: str = "",
    on_result: Callable[[RowResult], None] | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> Import:
    """Takes in a CSV file of readers; rows that cannot be used are left out and told of.

    Raises ContentError when the file holds no addresses, StorageError when it cannot be read.
    """
    file = shown(path)
    report = publication.subscribers.import_rows(
        read_rows(_lines(path), file=file),
        source or f"file {path.name}",
        dry_run=dry_run,
        on_result=on_result,
        on_progress=on_progress,
    )
    return Import(
        file,
        dry_run,
        report,
        tuple(_problem(result, file) for result in report.rejections),
        tuple(_remark(result, file) for result in report.remarks),
    )


def _lines(path: Path) -> Iterator[str]:
    try:
        # what is not UTF-8 is told apart by the reader, as old spreadsheets write it
        with path.open(encoding="utf-8", errors="surrogateescape", newline="") as lines:
            yield from lines
    except OSError as error:
        raise read_fault(error, path) from error


def count_lines(path: Path) -> int:
    """How many lines a file has, for showing progress; 0 when it cannot be read, or only once (a pipe)."""
    if not path.is_file():
        return 0
    try:
        with path.open("rb") as file:
            return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))
    except OSError:
        return 0


def _remark(result: RowResult, file: str) -> Problem:
    return Problem("row-remark", f"{result.value}: {result.reason}.", file, result.line, level=Level.WARNING)


def _problem(result: RowResult, file: str) -> Problem:
    broken = result.verdict is Verdict.INVALID
    return Problem(
        code=f"{result.verdict}-row",
        message=f"{f'“{result.value}”' if result.value else 'The row'} was left out: {result.reason}.",
        file=file,
        line=result.line,
        hint=BROKEN_ROW if broken else "",
        level=Level.ERROR if broken else Level.WARNING,
    )
