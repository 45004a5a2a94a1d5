"""One BibTeX entry, as pybtex gives it, becomes a reference."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from newsletter.model import Name, Reference
from newsletter.writing.cleaning import clean
from newsletter.writing.names import OTHERS
from newsletter.writing.tex import plain_tex

if TYPE_CHECKING:
    from pybtex.database import Person

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


def to_reference(
    key: str,
    kind: str,
    fields: Mapping[str, str],
    persons: Mapping[str, tuple[Name, ...]],
    file: str,
    line: int,
) -> Reference:
    """The reference called `key`, from an entry of the type `kind` (`article`, …) on `line` of `file`.

    The names of `fields` are in lower case. Raises ValueError when a value is not TeX.
    """

    def first(*names: str) -> str:
        return next((value for name in names if (value := plain_tex(fields.get(name, "")))), "")

    url = clean(fields.get("url", "").replace("\\", "").strip("{}"))
    archive, eprint = first("eprinttype", "archiveprefix").lower(), first("eprint")
    if not url and archive == "arxiv" and eprint:
        url = f"https://arxiv.org/abs/{eprint}"
    return Reference(
        key=key,
        kind=_kind(kind, fields),
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
        doi=bare_doi(first("doi")) or doi_in(url),
        pmid=first("pmid") or (eprint if archive == "pubmed" else ""),
        url=url,
        accessed=first("urldate"),
        file=file,
        line=line,
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


def doi_in(url: str) -> str:
    """The DOI that an address stands for; "" for every other address."""
    doi = bare_doi(url)
    return unquote(doi) if doi != url else ""


def to_names(persons: Iterable[Person]) -> tuple[Name, ...]:
    """The names of authors or editors. Raises ValueError when one is not TeX."""
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
