"""Rules about the words themselves: what was left over from writing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.checking.rule import Finding, rule
from newsletter.checking.view import View
from newsletter.errors import Level

_PLACEHOLDER = re.compile(r"\b(?:(?:TK)+|TODO|FIXME|XXX+)\b|\b(?i:lorem ipsum)\b")
_REPEATED = re.compile(r"\b([^\W\d_]+)\s+(\1)\b", re.IGNORECASE)
_MAY_REPEAT = frozenset({"had", "that", "blah", "bye", "ha"})


@rule("placeholder", Level.WARNING, "No placeholders are left: TK, TODO, lorem ipsum.")
def placeholder(view: View) -> Iterator[Finding]:
    """What was to be filled in later."""
    issue = view.issue
    texts = [(getattr(issue, name), view.line(name)) for name in ("title", "subject", "preheader")]
    if issue.subject == issue.title:
        del texts[1]
    texts += [(text, place.line) for text, place in view.texts]
    for text, line in texts:
        for match in _PLACEHOLDER.finditer(text):
            yield Finding(
                line, f"“{match[0]}” looks like something to be filled in.", "Write what belongs there."
            )


@rule("repeated-word", Level.WARNING, "No word stands twice by mistake.")
def repeated_word(view: View) -> Iterator[Finding]:
    """“The the” hides at line ends."""
    for text, place in view.passages:
        if place.quoted:
            continue
        for match in _REPEATED.finditer(text):
            is_name = match[2][0].isupper() and match[2] == match[1]
            if match[1].lower() not in _MAY_REPEAT and not is_name:
                yield Finding(place.line, f"“{match[0]}”: the word stands twice.", "Delete one.")
