"""Rules about merge fields, in the text and in the subject."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from newsletter.checking.rule import Finding, rule
from newsletter.checking.view import View
from newsletter.delivery.merging import FILTERS
from newsletter.errors import Level
from newsletter.model import CONDITIONS, UNSUBSCRIBE_URL
from newsletter.writing.merge import segments

ALWAYS_FILLED = frozenset({"email", "tier", UNSUBSCRIBE_URL})
"""Merge fields that every subscriber has a value for."""


@rule("unknown-merge-field", Level.ERROR, "Every merge field is one that the publication has.")
def unknown_merge_field(view: View) -> Iterator[Finding]:
    """An unknown field would leave a hole in every single mail."""
    for merge in view.merges:
        choice = () if merge.then is None else CONDITIONS
        known = (*view.context.known_fields, *choice)
        if merge.name not in known:
            close = get_close_matches(merge.name, known, n=1)
            hint = f"Did you mean “{close[0]}”?" if close else f"The fields are {', '.join(known)}."
            yield Finding(merge.line, f"There is no merge field “{merge.name}”.", hint)


@rule("unknown-merge-filter", Level.ERROR, "Every filter of a merge field is one that there is.")
def unknown_merge_filter(view: View) -> Iterator[Finding]:
    """A field can be changed on its way: `{{ first_name | title }}`."""
    for merge in view.merges:
        for name in merge.filters:
            if name not in FILTERS:
                close = get_close_matches(name, FILTERS, n=1)
                hint = f"Did you mean “{close[0]}”?" if close else f"The filters are {', '.join(FILTERS)}."
                yield Finding(merge.line, f"There is no filter “{name}” for merge fields.", hint)


@rule(
    "merge-without-fallback",
    Level.WARNING,
    "A merge field says what stands there when a reader has no value.",
)
def merge_without_fallback(view: View) -> Iterator[Finding]:
    """Many readers never told their name."""
    for merge in view.merges:
        if not merge.fallback and merge.then is None and merge.name not in ALWAYS_FILLED:
            message = f"Readers without a value for “{merge.name}” will see nothing in its place."
            yield Finding(merge.line, message, f'Write {{{{ {merge.name} or "…" }}}}.')


@rule("bad-merge-field", Level.ERROR, "Two braces in the subject or preheader belong to a merge field.")
def bad_merge_field(view: View) -> Iterator[Finding]:
    """In the text the same is found while reading it."""
    for name in ("subject", "preheader"):
        rest = "".join(one for one in segments(getattr(view.issue, name)) if isinstance(one, str))
        if "{{" in rest or "}}" in rest:
            message = f"The {name} holds two braces, but no merge field."
            yield Finding(view.line(name), message, 'Write {{ first_name or "there" }}.')
