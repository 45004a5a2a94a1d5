"""The reference files of a publication: issues/references.bib and issues/references.json."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from newsletter.document import Citation
from newsletter.errors import Problem
from newsletter.files.faults import read_fault
from newsletter.files.issues import decode
from newsletter.model import Issue, Reference
from newsletter.writing.references import bibtex_keys, read_bibtex, read_csl_json
from newsletter.writing.walk import walk

BIBTEX = "references.bib"
CSL_JSON = "references.json"


def cited_keys(issue: Issue) -> set[str]:
    """The keys of all works that the issue cites."""
    return {cite.key for node, _ in walk(issue.body) if isinstance(node, Citation) for cite in node.cites}


@dataclass(frozen=True)
class ReferenceFiles:
    """The reference files in `folder` (the publication's `issues`); either, both or neither may be there.

    Raises ContentError when one is not UTF-8, StorageError when it cannot be read.
    """

    folder: Path

    def read(self, wanted: Collection[str] | None = None) -> tuple[dict[str, Reference], list[Problem]]:
        """The works by key, and what is wrong with the files; with `wanted`, only those of these keys.

        A work that stands in both files counts as it is in BibTeX.
        """
        found, problems = read_bibtex(self._bibtex, self._name(BIBTEX), wanted)
        works = {work.key: work for work in found}
        others, more = self._csl_json
        for work in others:
            if wanted is None or work.key in wanted:
                works.setdefault(work.key, work)
        return works, [*problems, *more]

    @cached_property
    def keys(self) -> list[str]:
        """The keys of all works."""
        others, _ = self._csl_json
        return list(dict.fromkeys((*bibtex_keys(self._bibtex), *(work.key for work in others))))

    @cached_property
    def _bibtex(self) -> str:
        return self._text(BIBTEX)

    @cached_property
    def _csl_json(self) -> tuple[list[Reference], list[Problem]]:
        text = self._text(CSL_JSON)
        return read_csl_json(text, self._name(CSL_JSON)) if text else ([], [])

    def _name(self, name: str) -> str:
        return f"{self.folder.name}/{name}"

    def _text(self, name: str) -> str:
        try:
            return decode((self.folder / name).read_bytes(), self._name(name))
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise read_fault(error, self.folder / name) from error
