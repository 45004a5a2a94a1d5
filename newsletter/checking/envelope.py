"""Rules about what a reader sees before opening: the subject and the preheader."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.checking.rule import Finding, rule
from newsletter.checking.view import View
from newsletter.document import Merge
from newsletter.errors import Level
from newsletter.writing.merge import segments

SUBJECT_LENGTH = (10, 78)
PREHEADER_LENGTH = (40, 110)


@rule("subject-length", Level.WARNING, "The subject has 10 to 78 characters.")
def subject_length(view: View) -> Iterator[Finding]:
    """Longer ones are cut off in every inbox, shorter ones say nothing."""
    shortest, longest = SUBJECT_LENGTH
    length = len(_filled(view.issue.subject))
    if not shortest <= length <= longest:
        message = f"The subject has {length} characters; {shortest} to {longest} are read in full."
        yield Finding(view.line("subject"), message, "Say in a few words what the issue is about.")


@rule("missing-preheader", Level.WARNING, "The issue has a preheader.")
def missing_preheader(view: View) -> Iterator[Finding]:
    """Without one, inboxes show the first words of the mail, whatever they are."""
    if not view.issue.preheader:
        hint = "Add a line “preheader: …” with 40 to 110 characters that go on where the subject ends."
        yield Finding(view.line("preheader"), "The issue has no preheader.", hint)


@rule("preheader-length", Level.WARNING, "The preheader has 40 to 110 characters.")
def preheader_length(view: View) -> Iterator[Finding]:
    """Inboxes fill what is left with other words, and cut off what is too long."""
    shortest, longest = PREHEADER_LENGTH
    length = len(_filled(view.issue.preheader))
    if view.issue.preheader and not shortest <= length <= longest:
        message = f"The preheader has {length} characters instead of {shortest} to {longest}."
        yield Finding(view.line("preheader"), message, "Inboxes show it after the subject, in grey.")


@rule("preheader-repeats", Level.WARNING, "The preheader does not repeat the subject or the title.")
def preheader_repeats(view: View) -> Iterator[Finding]:
    """It stands right beside the subject."""
    issue = view.issue
    preheader = _bare(issue.preheader)
    if preheader and preheader in (_bare(issue.subject), _bare(issue.title)):
        message = "The preheader only repeats the subject."
        yield Finding(view.line("preheader"), message, "Say something more: it stands right beside it.")


def _filled(text: str) -> str:
    """`text` with the fallbacks of its merge fields."""
    return "".join((one.fallback or "") if isinstance(one, Merge) else one for one in segments(text))


def _bare(text: str) -> str:
    return text.casefold().strip(" .!?…")
