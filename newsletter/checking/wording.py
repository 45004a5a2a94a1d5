"""Rules about the words themselves: what was left over from writing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.checking.rule import Finding, rule
from newsletter.checking.view import View
from newsletter.errors import Level

_PLACEHOLDER = re.compile(r"\b(?:(?:TK)+|TODO|FIXME|XXX+)\b|\b(?i:lorem ipsum)\b")
_REPEATED = re.compile(r"\b([^\W\d_]+)\s+(\1)\b", re.IGNORECASE)
_FILE = (
    r"(?:files?|documents?|pictures?|photos?|images?|tables?|charts?|figures?|spreadsheets?|papers?|pdfs?"
    r"|articles?|forms?|reports?|handouts?|slides?|lists?|letters?|cop(?:y|ies))"
)
_ELSEWHERE = r"(?!\s+(?:to|at|by|with|from|on|onto|in|into)\b)"
"""As in “attached to the bone”."""
_ATTACHED = re.compile(
    rf"\b(?:I|we)(?:['’]ve|\s+have|\s+am|\s+are)?(?:\s+also)?\s+(?:attach|enclose)(?:ed|d|ing)?\b{_ELSEWHERE}"
    r"|\b(?:see|find|open|read|view)\s+(?:(?:the|my|our|an|this)\s+)?(?:attached|enclosed|attachments?)\b"
    rf"|\battached\s+{_FILE}\b|\b{_FILE}\s+(?:is|are)\s+attached\b{_ELSEWHERE}"
    r"|\b(?:attached|enclosed)\s+(?:is|are|you|please)\b|\(attached\)|\battachments?\s+(?:below|above)\b",
    re.IGNORECASE,
)
_MAY_ATTACH = re.compile("attach|enclos", re.IGNORECASE)
"""What every such phrase holds; looking for this first is twenty times as quick."""
_YEAR = r"(?:19|20)\d\d"
_COPYRIGHT = re.compile(
    rf"(?:©|\(c\)|\bcopyright\b(?:\s*©)?)\s*(?P<first>{_YEAR})(?:\s*[-–]\s*(?P<last>{_YEAR}))?(?!\d)",
    re.IGNORECASE,
)
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
    for passage in view.passages:
        if passage.place.quoted:
            continue
        for match in _REPEATED.finditer(passage.words):
            is_name = match[2][0].isupper() and match[2] == match[1]
            if match[1].lower() not in _MAY_REPEAT and not is_name:
                yield Finding(passage.place.line, f"“{match[0]}”: the word stands twice.", "Delete one.")


@rule("missing-attachment", Level.WARNING, "The text speaks of no attachment, for there is none.")
def missing_attachment(view: View) -> Iterator[Finding]:
    """The mail goes out without files; pictures stand in it, everything else is linked."""
    for passage in view.passages:
        if passage.place.quoted or passage.is_credit or not _MAY_ATTACH.search(passage.words):
            continue
        for match in _ATTACHED.finditer(passage.words):
            message = f"“{match[0]}”: the mail has no attachment."
            yield Finding(passage.place.line, message, "Put the file on the web and link to it.")


@rule("stale-copyright", Level.WARNING, "A copyright year is not that of an earlier template.")
def stale_copyright(view: View) -> Iterator[Finding]:
    """Captions and credits may name the year of somebody else's work."""
    year = view.issue.date.year
    for passage in view.passages:
        if passage.place.quoted or passage.is_credit:
            continue
        for match in _COPYRIGHT.finditer(passage.words):
            if int(match["last"] or match["first"]) < year:
                message = f"“{match[0]}” is out of date in an issue of {year}."
                yield Finding(passage.place.line, message, f"Write {year}, or leave the year out.")
