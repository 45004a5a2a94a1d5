"""A list of retracted works: one DOI on each line, as the publisher keeps it beside the references."""

from __future__ import annotations

import re

from newsletter.errors import Level, Problem
from newsletter.writing.bibtex_entry import bare_doi
from newsletter.writing.cleaning import clean_source

_DOI = re.compile(r"10\.\d{4,9}/\S+")


def read_retracted(text: str, file: str) -> tuple[frozenset[str], list[Problem]]:
    """The DOIs in `text`, in lower case (they are compared so), and lines that are none, as warnings.

    Empty lines and what follows a `#` with a space before it, or at the start of a line, are comment.
    """
    found: set[str] = set()
    text, problems = clean_source(text, file)
    for number, line in enumerate(text.split("\n"), start=1):
        words = re.split(r"(?:^|\s)#", line, maxsplit=1)[0].strip()
        if not words:
            continue
        doi = bare_doi(words).lower()
        if _DOI.fullmatch(doi):
            found.add(doi)
        else:
            hint = "Write one DOI on each line: 10.1016/s0140-6736(78)91540-4"
            message = f"“{words[:60]}” is not a DOI."
            problems.append(Problem("bad-doi", message, file, number, hint, Level.WARNING))
    return frozenset(found), problems
