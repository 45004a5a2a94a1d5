"""Rules about citations and quotations: every claim can be traced."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from newsletter.checking.rule import Finding, rule
from newsletter.checking.view import View
from newsletter.document import Citation
from newsletter.errors import Level
from newsletter.writing.walk import Place, walk_nodes


@rule("unknown-citation", Level.ERROR, "Every citation names a key that a reference has.")
def unknown_citation(view: View) -> Iterator[Finding]:
    """The reader would see a question mark and a key."""
    for citation, place in view.citations:
        for cite in citation.cites:
            if cite.key not in view.context.references:
                known = view.context.known_keys
                close = get_close_matches(cite.key, known, n=1)
                hint = f"Did you mean “{close[0]}”?" if close else "Add it to issues/references.bib."
                message = f"There is no reference with the key “{cite.key}”."
                yield Finding(citation.line or place.line, message, hint)


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
