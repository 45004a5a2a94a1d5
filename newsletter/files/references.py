"""The reference files of a publication: references.bib, references.json and retracted.txt in its `issues`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from newsletter.errors import Problem
from newsletter.files.faults import read_fault
from newsletter.files.issues import decode
from newsletter.model import Issue, Reference
from newsletter.writing.references import BibtexFile, read_csl_json
from newsletter.writing.retractions import read_retracted
from newsletter.writing.walk import citations

BIBTEX = "references.bib"
CSL_JSON = "references.json"
RETRACTED = "retracted.txt"


def cited_keys(issue: Issue) -> set[str]:
    """The keys of all works that the issue cites."""
    return {cite.key for citation, _ in citations(issue.body) for cite in citation.cites}


@dataclass(frozen=True)
class ReferenceFiles:
    """The reference files in `folder` (the publication's `issues`); each of them may be missing.

    Files are read once, works when they are first wanted. Raises ContentError when a file is not UTF-8,
    StorageError when it cannot be read.
    """

    folder: Path

    def read(self, wanted: Collection[str] | None = None) -> tuple[dict[str, Reference], list[Problem]]:
        """The works of these keys (None: all), and what is wrong with them.

        A work that stands in both files counts as it is in BibTeX.
        """
        found, problems = self._bibtex.read(wanted)
        works = {work.key: work for work in found}
        others, _ = self._csl_json
        for key in others if wanted is None else wanted:
            if key in others:
                works.setdefault(key, others[key])
        return works, problems

    def survey(self) -> list[Problem]:
        """What is wrong with the files as a whole; quick also where they hold thousands of works."""
        return [*self._bibtex.survey(), *self._csl_json[1], *self._retracted[1]]

    @cached_property
    def places(self) -> dict[str, tuple[str, int]]:
        """Where each work stands: file and line, by its key."""
        places = {key: (self._name(BIBTEX), line) for key, line in self._bibtex.lines.items()}
        for key, work in self._csl_json[0].items():
            places.setdefault(key, (work.file, work.line))
        return places

    @property
    def retracted(self) -> frozenset[str]:
        """The DOIs of works that were retracted, in lower case."""
        return self._retracted[0]

    @cached_property
    def _bibtex(self) -> BibtexFile:
        return BibtexFile(self._text(BIBTEX), self._name(BIBTEX))

    @cached_property
    def _csl_json(self) -> tuple[dict[str, Reference], list[Problem]]:
        text = self._text(CSL_JSON)
        works, problems = read_csl_json(text, self._name(CSL_JSON)) if text else ([], [])
        return {work.key: work for work in works}, problems

    @cached_property
    def _retracted(self) -> tuple[frozenset[str], list[Problem]]:
        return read_retracted(self._text(RETRACTED), self._name(RETRACTED))

    def _name(self, name: str) -> str:
        return f"{self.folder.name}/{name}"

    def _text(self, name: str) -> str:
        try:
            text = decode((self.folder / name).read_bytes(), self._name(name))
            return text.removeprefix("\ufeff")
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise read_fault(error, self.folder / name) from error
