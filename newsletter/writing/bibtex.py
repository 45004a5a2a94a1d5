"""BibTeX files become references.

Entries are cut apart here and read by pybtex one at a time, so that a broken entry spoils no other, each
problem has its line, and only the entries that are wanted cost time.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from newsletter.errors import Level, Problem
from newsletter.model import Name, Reference
from newsletter.writing.cleaning import clean
from newsletter.writing.names import OTHERS
from newsletter.writing.tex import plain_tex

if TYPE_CHECKING:
    from pybtex.database import Entry, Person

# begins with a plain character, and looks back only then: ten times as fast over a large file
_ENTRY = re.compile(r"@(?<![^\s})]@)[ \t]*([A-Za-z]+)\s*[{(]\s*([^\s,{}()=\"#%]*)")
_NOT_ENTRIES = frozenset({"string", "preamble", "comment"})
_CONTEXT = re.compile(r"^syntax error in line \d+: |(?<=string) in line \d+:")
_PERSONS = ("author", "editor")
_KINDS = {
    "article": "article-journal",
    "book": "book",
    "booklet": "book",
    "collection": "book",
    "conference": "paper-conference",
    "dataset": "dataset",
    "inbook": "chapter",
    "incollection": "chapter",
    "inproceedings": "paper-conference",
    "manual": "report",
    "mastersthesis": "thesis",
    "online": "webpage",
    "electronic": "webpage",
    "phdthesis": "thesis",
    "preprint": "article",
    "proceedings": "book",
    "report": "report",
    "techreport": "report",
    "thesis": "thesis",
    "unpublished": "article",
    "www": "webpage",
}
_CONTAINERS = ("journal", "journaltitle", "booktitle", "howpublished", "archiveprefix", "eprinttype")
_PUBLISHERS = ("publisher", "school", "institution", "organization")


@dataclass(frozen=True, slots=True)
class _Raw:
    """One entry as it stands in the file."""

    kind: str
    key: str
    text: str
    line: int


def read_bibtex(
    text: str, file: str, wanted: Collection[str] | None = None
) -> tuple[list[Reference], list[Problem]]:
    """The references in a BibTeX file, in its order, and what is wrong with it.

    With `wanted` only the entries with these keys are read (and what they refer to by `crossref`), for each
    takes half a millisecond. An entry that cannot be read becomes a warning with its line (citing it is an
    error anyway), and so does a key that stands in the file a second time; the first entry counts.
    """
    entries = list(_split(text))
    problems = list(_doubled(entries, file))
    raws: dict[str, _Raw] = {}
    for raw in entries:
        if raw.kind not in _NOT_ENTRIES:
            raws.setdefault(raw.key, raw)
    reader = _Reader(raws, [raw.text for raw in entries if raw.kind == "string"], file)
    references = [reader.reference(raw) for raw in raws.values() if wanted is None or raw.key in wanted]
    return [one for one in references if one is not None], sorted(
        [*problems, *reader.problems], key=lambda problem: problem.line
    )


def bibtex_keys(text: str) -> list[str]:
    """The keys of all entries of a BibTeX file, quickly; for suggestions where a key is unknown."""
    return list(dict.fromkeys(raw.key for raw in _split(text) if raw.kind not in _NOT_ENTRIES))


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


def _doubled(entries: list[_Raw], file: str) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for raw in entries:
        if raw.kind in _NOT_ENTRIES or not raw.key:
            continue
        if raw.key in first:
            message = f"The key {raw.key} was used before, in line {first[raw.key]}; that entry counts."
            yield Problem(
                "doubled-reference", message, file, raw.line, "Rename or delete one.", Level.WARNING
            )
        first.setdefault(raw.key, raw.line)


class _Reader:
    """Reads single entries through pybtex, each only once."""

    def __init__(self, raws: Mapping[str, _Raw], strings: list[str], file: str) -> None:
        self.problems: list[Problem] = []
        self._raws = raws
        self._file = file
        self._strings = "".join(strings)
        self._known: dict[str, Entry | None] = {}

    def reference(self, raw: _Raw) -> Reference | None:
        entry = self._entry(raw)
        if entry is None:
            return None
        fields = self._fields(entry)
        try:
            persons = {role: _names(entry.persons.get(role, ())) for role in _PERSONS}
            return _reference(raw, fields, persons, self._file)
        except ValueError as error:
            self._broken(raw, str(error))
            return None

    def _entry(self, raw: _Raw) -> Entry | None:
        if raw.key not in self._known:
            self._known[raw.key] = None
            if raw.key:
                self._known[raw.key] = self._parse(raw)
            else:
                self._broken(raw, "it has no key")
        return self._known[raw.key]

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
            self._broken(raw, _CONTEXT.sub("", str(broken[0])) if broken else "it is not closed")
            return None
        for oddity in errors:
            self._odd(raw, _CONTEXT.sub("", str(oddity)))
        return entries[raw.key]

    def _odd(self, raw: _Raw, what: str) -> None:
        message = f"The reference {raw.key} has an oddity: {what}."
        hint = "Put the value in braces, or delete what is double; until then that value is left out."
        self.problems.append(Problem("odd-reference", message, self._file, raw.line, hint, Level.WARNING))

    def _broken(self, raw: _Raw, why: str) -> None:
        message = (
            f"The reference {raw.key} cannot be read: {why}."
            if raw.key
            else f"A reference cannot be read: {why}."
        )
        hint = "Look for a brace, a quotation mark or a comma that is missing in this entry."
        self.problems.append(Problem("broken-reference", message, self._file, raw.line, hint, Level.WARNING))

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


def _reference(
    raw: _Raw, fields: Mapping[str, str], persons: Mapping[str, tuple[Name, ...]], file: str
) -> Reference:
    def first(*names: str) -> str:
        return next((value for name in names if (value := plain_tex(fields.get(name, "")))), "")

    return Reference(
        key=raw.key,
        kind=_kind(raw.kind, fields),
        title=first("title"),
        authors=persons["author"],
        editors=persons["editor"],
        year=first("year") or first("date")[:4],
        container=first(*_CONTAINERS),
        volume=first("volume"),
        number=first("number", "issue"),
        pages=_pages(first("pages")),
        edition=first("edition"),
        publisher=first(*_PUBLISHERS),
        place=first("address", "location"),
        doi=bare_doi(first("doi")),
        pmid=first("pmid"),
        url=clean(fields.get("url", "").replace("\\", "").strip("{}")),
        accessed=first("urldate"),
        file=file,
        line=raw.line,
    )


def _kind(kind: str, fields: Mapping[str, str]) -> str:
    if kind == "misc":
        if "eprint" in fields or "archiveprefix" in fields:
            return "article"
        return "webpage" if "url" in fields or "howpublished" in fields else "document"
    return _KINDS.get(kind, "document")


def _pages(pages: str) -> str:
    return re.sub(r"(?<=\w)\s*[-–]+\s*(?=\w)", "–", pages)


def bare_doi(doi: str) -> str:
    """A DOI without the address or the word that often stands before it."""
    return re.sub(r"^(?:https?://(?:dx\.)?doi\.org/|doi:\s*)", "", doi.strip(), flags=re.IGNORECASE)


def _names(persons: Iterable[Person]) -> tuple[Name, ...]:
    names = [name for name in map(_name, persons) if name.family or name.given or name.literal]
    if names and names[-1] == Name("others"):
        names[-1] = OTHERS  # BibTeX's way of writing “et al.”
    return tuple(names)


def _name(person: Person) -> Name:
    def words(parts: list[Any]) -> str:
        return plain_tex(" ".join(parts))

    last = person.last_names
    given = words([*person.first_names, *person.middle_names])
    if not given and not person.prelast_names and len(last) == 1 and last[0].startswith("{"):
        return Name(literal=words(last))
    return Name(words(last), given, words(person.prelast_names), words(person.lineage_names))
