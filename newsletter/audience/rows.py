"""Reads a list of readers from the lines of a CSV or TSV file, row by row, whatever program wrote it."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from newsletter.audience.addresses import CONTROL, Address, examine, parse_mailbox, shown
from newsletter.audience.cells import STATUSES, TIERS, moment_of, tags_of
from newsletter.audience.columns import Columns, find_columns
from newsletter.audience.seen import FirstLines
from newsletter.errors import ContentError
from newsletter.model import Status, Tier

if TYPE_CHECKING:
    from _csv import Reader


class Row(NamedTuple):
    """One reader in a list (a tuple, because an import makes a million of them).

    `line` counts from 1. None and "" mean that the list does not say. `notes` are things in the row that were
    not understood and left aside.
    """

    line: int
    address: Address
    first_name: str = ""
    last_name: str = ""
    name: str = ""
    tier: Tier | None = None
    tags: tuple[str, ...] = ()
    fields: Mapping[str, str] = MappingProxyType({})
    joined: datetime | None = None
    status: Status | None = None
    notes: tuple[str, ...] = ()


class Rejected(NamedTuple):
    """A row that cannot be taken: `value` is what stood there as address, `reason` the end of a sentence.

    `duplicate_of` is the line that had the same address before, 0 when the reason is another.
    """

    line: int
    value: str
    reason: str
    duplicate_of: int = 0


def read_rows(lines: Iterable[str], *, file: str = "") -> Iterator[Row | Rejected]:
    """Reads the rows one by one, in order; memory grows only with the set of addresses seen.

    `lines` are those of a text file opened with newline="" and best with encoding="utf-8" and
    errors="surrogateescape": lines that are not UTF-8 are then taken for Windows-1252, as Excel writes them.
    The first line names the columns (see `columns.NAMES`); without it, the file is one column of addresses.
    Comma, semicolon, tab or `|` may separate. `file` is its name for messages.

    A row with a broken address, a standing that is not known (the reader may have left), or an address that
    an earlier row had is rejected; a tier or date that is not known is left aside with a note.
    Raises ContentError when there is no column of addresses or the file is something else altogether; what
    is wrong with single rows never stops the reading.
    """
    text = _readable(lines, file)
    first, skipped, delimiter = _first_line(text, file)
    reader = csv.reader(chain((first,), text), delimiter=delimiter, strict=True)
    try:
        header = next(reader)
    except csv.Error as error:
        raise ContentError(
            f"The first line cannot be read: {_said(error)}.", file=file, line=skipped + 1, code="bad-header"
        ) from error
    columns = find_columns(header)
    if columns is not None:
        return _rows(reader, skipped, columns)
    if isinstance(_mailbox(header[0])[0], Address) and not any(cell.strip() for cell in header[1:]):
        again = csv.reader(chain((first,), text), delimiter=delimiter, strict=True)
        return _rows(again, skipped, Columns(width=len(header), email=0))
    raise _no_addresses(header, file, skipped + 1)


_DELIMITERS: Final = (",", ";", "\t", "|")
_SEPARATOR_LINE = re.compile(r"sep=(.)\s*", re.IGNORECASE)
_SURROGATE = re.compile("[\ud800-\udfff]")
_UTF16_MARKS = ("\udcff\udcfe", "\udcfe\udcff")
_NO_FIELDS: Final[Mapping[str, str]] = MappingProxyType({})


def _readable(lines: Iterable[str], file: str) -> Iterator[str]:
    """The lines without byte order mark, and with what was not UTF-8 read as Windows-1252."""
    number = 0
    try:
        for number, line in enumerate(lines, start=1):
            if number == 1:
                line = line.removeprefix("\ufeff")
                _expect_text(line, file)
            if line.isascii() or not _SURROGATE.search(line):
                yield line
            else:
                yield line.encode("utf-8", "surrogateescape").decode("cp1252", "replace")
    except UnicodeError as error:
        raise ContentError(
            "The file is not UTF-8 text.",
            file=file,
            line=number + 1,
            hint="Save it as CSV UTF-8.",
            code="not-text",
        ) from error


def _expect_text(line: str, file: str) -> None:
    if line.startswith("PK\x03\x04"):
        what, hint = (
            "a spreadsheet or an archive",
            "Unpack it, or save the sheet as CSV UTF-8, and import that.",
        )
    elif line.startswith(_UTF16_MARKS) or "\0" in line:
        what, hint = "not UTF-8 text", "Save it as CSV UTF-8, and import that."
    else:
        return
    raise ContentError(f"The file is {what}.", file=file, line=1, hint=hint, code="not-text")


def _first_line(text: Iterator[str], file: str) -> tuple[str, int, str]:
    """The first line that is not blank, how many stood before it, and what separates its cells."""
    declared = ""
    for skipped, line in enumerate(text):
        if not declared and (mark := _SEPARATOR_LINE.fullmatch(line)):  # Excel's own way of saying it
            declared = mark[1]
        elif line.strip(" \t\r\n,;|"):
            return line, skipped, declared or max(_DELIMITERS, key=lambda d: _fitness(line, d))
    raise ContentError("The file is empty.", file=file, code="empty-file")


def _fitness(line: str, delimiter: str) -> tuple[bool, int]:
    cells = next(csv.reader((line,), delimiter=delimiter))
    return find_columns(cells) is not None, len(cells)


def _no_addresses(header: list[str], file: str, line: int) -> ContentError:
    if any(isinstance(_mailbox(cell)[0], Address) for cell in header):
        return ContentError(
            "The first line does not name the columns.",
            file=file,
            line=line,
            hint="Put a line with their names first, for example: email,first_name,tier",
            code="no-header",
        )
    named = ", ".join(f"“{shown(cell.strip())}”" for cell in header[:12]) + (" …" if len(header) > 12 else "")
    return ContentError(
        f"No column is for addresses; the first line has {named}.",
        file=file,
        line=line,
        hint="Name the column that holds them `email`.",
        code="no-address-column",
    )


def _said(error: csv.Error) -> str:
    """What the csv module says, in words."""
    words = str(error)
    if "unexpected end" in words:
        return "a quotation mark opens here and never closes"
    if "field limit" in words:
        return "a cell is longer than 131,072 characters, perhaps because a quotation mark never closes"
    return "its quotation marks do not match"


def _rows(reader: Reader, skipped: int, columns: Columns) -> Iterator[Row | Rejected]:
    read = _row_reader(columns)
    while True:
        line = skipped + reader.line_num + 1
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Rejected(line, "", _said(error))
            continue
        if any(record):
            yield read(line, record)


def _row_reader(columns: Columns) -> Callable[[int, list[str]], Row | Rejected]:
    """The function that makes a row of a record; what is the same for all rows is looked up once."""
    width, email, own = columns.width, columns.email, columns.fields
    at_first, at_last, at_name = columns.first_name, columns.last_name, columns.name
    at_tier, at_tags, at_joined, at_status = columns.tier, columns.tags, columns.joined, columns.status
    seen = FirstLines()

    def read(line: int, record: list[str]) -> Row | Rejected:
        if len(record) != width:
            if any(cell.strip() for cell in record[width:]):
                told = f"it has {len(record)} cells, and the first line names {width}"
                return Rejected(line, shown(record[email]), told)
            record += [""] * (width - len(record))
        cell, name = record[email], ""
        address = examine(cell)
        if isinstance(address, str):
            address, name = _mailbox(cell)
            if isinstance(address, str):
                return Rejected(line, shown(cell), address)
        first = seen.line_of(address.key, line)
        if first != line:
            return Rejected(line, address.email, f"line {first} has the same address", first)
        record.append("")  # what a column that is not there (-1) holds
        first_name, last_name = record[at_first].strip(), record[at_last].strip()
        name = record[at_name].strip() or name
        tags = tags_of(cell) if (cell := record[at_tags]) else ()
        fields = _fields(record, own) if own else _NO_FIELDS
        spoken = f"{first_name}{last_name}{name}{cell}{''.join(fields.values()) if fields else ''}"
        if not spoken.isprintable() and CONTROL.search(spoken):
            return Rejected(line, address.email, "a line break or another control character is in its cells")
        tier, joined, status = None, None, None
        notes: tuple[str, ...] = ()
        if cell := record[at_status].strip():
            status = STATUSES.get(cell.lower())
            if status is None:
                return Rejected(line, address.email, f"its status “{shown(cell)}” is none that is known here")
        if cell := record[at_tier].strip():
            tier = TIERS.get(cell.lower())
            if tier is None:
                notes = (f"the tier “{shown(cell)}” is not known and was left aside",)
        if cell := record[at_joined].strip():
            joined = moment_of(cell)
            if joined is None:
                notes += (f"the date “{shown(cell)}” can be read in no or in two ways and was left aside",)
        return Row(line, address, first_name, last_name, name, tier, tags, fields, joined, status, notes)

    return read


def _fields(record: list[str], places: tuple[tuple[int, str], ...]) -> Mapping[str, str]:
    found = {name: " ".join(record[place].split()) for place, name in places}
    return {name: value for name, value in found.items() if value}


def _mailbox(cell: str) -> tuple[Address | str, str]:
    """The address in a cell, or what is wrong with it, and the name that may stand beside it."""
    if "<" in cell:
        try:
            name, address = parse_mailbox(cell)
        except ContentError:
            pass
        else:
            return address, name
    return examine(cell), ""
