"""BibTeX files become references.

Entries are cut apart here and read by pybtex one at a time, so that a broken entry spoils no other, each
problem has its line, and only the entries that are wanted cost time: half a millisecond each.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from newsletter.errors import Level, Problem
from newsletter.model import Reference
from newsletter.writing.bibtex_entry import to_names, to_reference

if TYPE_CHECKING:
    from pybtex.database import Entry

# begins with a plain character, and looks back only then: ten times as fast over a large file
_ENTRY = re.compile(r"@(?<![^\s})]@)[ \t]*([A-Za-z]+)\s*[{(]\s*([^\s,{}()=\"#%]*)")
_NOT_ENTRIES = frozenset({"string", "preamble", "comment"})
_CONTEXT = re.compile(r"^syntax error in line \d+: |(?<=string) in line \d+:")
_PERSONS = ("author", "editor")

_INSIDE = r"[^{}]++"
for _ in range(4):  # as deep as braces stand in braces; what is deeper is left to pybtex
    _INSIDE = rf"(?:[^{{}}]++|\{{{_INSIDE}\}})*+"
_WELL_FORMED = re.compile(
    r"@\s*[A-Za-z]+\s*\{[^,{}]+(?:,\s*[\w.:-]+\s*=\s*"
    rf"(?:\{{{_INSIDE}\}}|\"(?:[^\"{{}}]++|\{{{_INSIDE}\}})*+\"|\d+"
    r"|(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec))\s*(?=[,}]))*+,?\s*\}[^{}]*+"
)
"""An entry in which surely nothing is wrong with braces, quotes and commas; most are, and need no reading."""


@dataclass(frozen=True, slots=True)
class _Raw:
    """One entry as it stands in the file."""

    kind: str
    key: str
    text: str
    line: int


class BibtexFile:
    """A BibTeX file, cut into entries once. Each is read when it is first wanted, and only then.

    `lines` are the keys of the file in its order, each with the line on which its entry begins. An entry that
    cannot be read becomes a warning (citing it is an error anyway), and so does a key that stands in the file
    a second time; the first entry counts.
    """

    def __init__(self, text: str, file: str) -> None:
        self._file = file
        self._raws: dict[str, _Raw] = {}
        self._others: list[_Raw] = []
        strings = []
        for raw in _split(text):
            if raw.kind in _NOT_ENTRIES:
                strings += [raw.text] if raw.kind == "string" else []
            elif raw.key in self._raws or not raw.key:
                self._others.append(raw)
            else:
                self._raws[raw.key] = raw
        self._strings = "".join(strings)
        self.lines = {key: raw.line for key, raw in self._raws.items()}
        self._entries: dict[str, Entry | None] = {}
        self._references: dict[str, Reference | None] = {}
        self._problems: dict[str, list[Problem]] = {}

    def read(self, wanted: Collection[str] | None = None) -> tuple[list[Reference], list[Problem]]:
        """The references of these keys (None: all), in the order of the file, and what is wrong with them."""
        keys = list(self.lines)
        if wanted is not None:
            keys = sorted((key for key in wanted if key in self.lines), key=self.lines.__getitem__)
        found = [self._reference(self._raws[key]) for key in keys]
        problems = [problem for key in keys for problem in self._problems.get(key, ())]
        return [one for one in found if one is not None], _by_line(problems)

    def survey(self) -> list[Problem]:
        """What is wrong with the file as a whole: entries without an end or a key, keys that are used twice.

        Reads only the entries that look odd, so that it takes no time over thousands.
        """
        problems = [self._unusable(raw) for raw in self._others]
        for raw in self._raws.values():
            if _WELL_FORMED.fullmatch(raw.text) is None:
                self._reference(raw)
                problems += self._problems.get(raw.key, ())
        return _by_line(problems)

    def _unusable(self, raw: _Raw) -> Problem:
        if not raw.key:
            return self._broken(raw, "it has no key")
        message = f"The key {raw.key} was used before, in line {self.lines[raw.key]}; that entry counts."
        hint = "Rename or delete one."
        return Problem("doubled-reference", message, self._file, raw.line, hint, Level.WARNING)

    def _reference(self, raw: _Raw) -> Reference | None:
        if raw.key not in self._references:
            self._references[raw.key] = None
            entry = self._entry(raw)
            if entry is not None:
                try:
                    fields = self._fields(entry)
                    persons = {role: to_names(entry.persons.get(role, ())) for role in _PERSONS}
                    self._references[raw.key] = to_reference(
                        raw.key, raw.kind, fields, persons, self._file, raw.line
                    )
                except ValueError as error:
                    self._note(raw, self._broken(raw, str(error)))
        return self._references[raw.key]

    def _entry(self, raw: _Raw) -> Entry | None:
        if raw.key not in self._entries:
            self._entries[raw.key] = None
            self._entries[raw.key] = self._parse(raw)
        return self._entries[raw.key]

    def _parse(self, raw: _Raw) -> Entry | None:
        # slow to import, and only publications with references need it
        from pybtex.database import BibliographyDataError
        from pybtex.database.input.bibtex import Parser, UndefinedMacro
        from pybtex.exceptions import PybtexError

        errors: list[Exception] = []

        class Collecting(Parser):  # type: ignore[misc] # pybtex is untyped
            def handle_error(self, error: Exception) -> None:
                errors.append(error)

        try:
            entries = Collecting().parse_string(self._strings + raw.text).entries
        except PybtexError as error:  # a name with too many commas goes past handle_error
            errors.append(error)
            entries = {}
        broken = [one for one in errors if not isinstance(one, BibliographyDataError | UndefinedMacro)]
        if broken or raw.key not in entries:
            why = _CONTEXT.sub("", str(broken[0])) if broken else "it is not closed"
            self._note(raw, self._broken(raw, why))
            return None
        for oddity in errors:
            self._note(raw, self._odd(raw, _CONTEXT.sub("", str(oddity))))
        return entries[raw.key]

    def _fields(self, entry: Entry) -> dict[str, str]:
        """The entry's fields in lower case, completed from the entry that `crossref` names."""
        fields = {name.lower(): value for name, value in entry.fields.items()}
        parent = self._raws.get(fields.get("crossref", ""))
        inherited = self._entry(parent) if parent else None
        if inherited is not None and inherited is not entry:
            outer = {name.lower(): value for name, value in inherited.fields.items()}
            outer["booktitle"] = outer.pop("title", "")
            fields = {**outer, **fields}
            if "editor" not in entry.persons and "editor" in inherited.persons:
                entry.persons["editor"] = inherited.persons["editor"]
        return fields

    def _note(self, raw: _Raw, problem: Problem) -> None:
        self._problems.setdefault(raw.key, []).append(problem)

    def _odd(self, raw: _Raw, what: str) -> Problem:
        message = f"The reference {raw.key} has an oddity: {what}."
        hint = "Put the value in braces, or delete what is double; until then that value is left out."
        return Problem("odd-reference", message, self._file, raw.line, hint, Level.WARNING)

    def _broken(self, raw: _Raw, why: str) -> Problem:
        what = f"The reference {raw.key}" if raw.key else "A reference"
        message = f"{what} cannot be read: {why}."
        hint = "Look for a brace, a quotation mark or a comma that is missing in this entry."
        return Problem("broken-reference", message, self._file, raw.line, hint, Level.WARNING)


def read_bibtex(
    text: str, file: str, wanted: Collection[str] | None = None
) -> tuple[list[Reference], list[Problem]]:
    """The references of these keys in a BibTeX file, and what is wrong with them; None: all of the file."""
    opened = BibtexFile(text, file)
    references, problems = opened.read(wanted)
    if wanted is None:
        problems = _by_line(dict.fromkeys([*problems, *opened.survey()]))
    return references, problems


def _by_line(problems: Iterable[Problem]) -> list[Problem]:
    return sorted(problems, key=lambda problem: problem.line)


def _split(text: str) -> Iterator[_Raw]:
    """Cuts the file where an `@type{key` begins; text between entries is comment, as BibTeX has it."""
    found = list(_ENTRY.finditer(text))
    line, counted = 1, 0
    for number, match in enumerate(found):
        start = match.start()
        line += text.count("\n", counted, start)
        counted = start
        end = found[number + 1].start() if number + 1 < len(found) else len(text)
        yield _Raw(match[1].lower(), match[2], text[start:end], line)
