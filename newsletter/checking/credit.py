"""Rules about citations and quotations: every claim can be traced."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from newsletter.checking.rule import Finding, rule
from newsletter.checking.view import View
from newsletter.document import Citation
from newsletter.errors import Level
from newsletter.model import Reference
from newsletter.writing.walk import Place, walk_nodes

_MOST_SUGGESTIONS = 20
"""For so many unknown keys the nearest is looked for: among thousands that takes a moment for each."""


@rule("unknown-citation", Level.ERROR, "Every citation names a key that a reference has.")
def unknown_citation(view: View) -> Iterator[Finding]:
    """The reader would see a question mark and a key."""
    known = view.context.references
    unknown = [
        (cite.key, citation.line or place.line)
        for citation, place in view.citations
        for cite in citation.cites
        if cite.key not in known
    ]
    missing = dict.fromkeys(key for key, _ in unknown)
    # a key that is there and cannot be read is no good suggestion
    suggestions = [key for key in view.context.known_keys if key not in missing] if missing else []
    close = {key: get_close_matches(key, suggestions, n=1) for key in list(missing)[:_MOST_SUGGESTIONS]}
    for key, line in unknown:
        near = close.get(key)
        hint = f"Did you mean “{near[0]}”?" if near else "Add it to issues/references.bib."
        yield Finding(line, f"There is no reference with the key “{key}”.", hint)


@rule("retracted-reference", Level.WARNING, "No work that is cited was retracted (issues/retracted.txt).")
def retracted_reference(view: View) -> Iterator[Finding]:
    """Readers should at least be told; better, nothing rests on it."""
    for work, line in _cited(view):
        if work.doi.lower() in view.context.retracted:
            hint = "Cite something else, or say in the text that it was retracted."
            yield Finding(line, f"The work “{work.key}” was retracted (doi:{work.doi}).", hint)


@rule("missing-doi", Level.WARNING, "An article that is cited has a DOI, or at least a number in PubMed.")
def missing_doi(view: View) -> Iterator[Finding]:
    """It is the address that lasts."""
    for work, line in _cited(view):
        if work.kind == "article-journal" and not work.doi and not work.pmid:
            hint = "Look for it on https://search.crossref.org, and add a line “doi = {…}”."
            message = f"The article “{work.key}” has no DOI."
            yield Finding(work.line or line, message, hint, work.file)


@rule("quotation-without-source", Level.WARNING, "A quotation has an attribution, a citation or a source.")
def quotation_without_source(view: View) -> Iterator[Finding]:
    """Readers should be able to look up what is quoted."""
    for quotation, place in view.quotations:
        anchor = place.nugget.anchor if place.nugget else ""
        if quotation.attribution or place.quoted or anchor in view.credited:
            continue
        if not any(isinstance(node, Citation) for node, _ in walk_nodes(quotation.blocks, Place())):
            hint = "End it with a line “— Author, year”, or add a line “Source: [@key]” to the nugget."
            yield Finding(quotation.line, "Nothing says whom this quotation is from.", hint)


def _cited(view: View) -> Iterator[tuple[Reference, int]]:
    """The works that the issue cites, each with the line of its first citation."""
    seen: set[str] = set()
    for citation, place in view.citations:
        for cite in citation.cites:
            work = view.context.references.get(cite.key)
            if work is not None and cite.key not in seen:
                seen.add(cite.key)
                yield work, citation.line or place.line
