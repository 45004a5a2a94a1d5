"""Rules about how an issue is built: nuggets, headings, members' parts, and its ties to other issues."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from newsletter.checking.rule import Finding, rule
from newsletter.checking.view import View
from newsletter.document import Members, Nugget, Rule, Source
from newsletter.errors import Level
from newsletter.writing.walk import plain

NUGGET_WORDS = (40, 450)


@rule("empty-issue", Level.ERROR, "The issue has a text.")
def empty_issue(view: View) -> Iterator[Finding]:
    """There would be nothing to send."""
    body = view.issue.body
    if not body.nuggets and not body.intro:
        yield Finding(0, "The issue is empty.", "Write a nugget: a heading with ## and its text.")


@rule("no-nuggets", Level.WARNING, "The issue has nuggets.")
def no_nuggets(view: View) -> Iterator[Finding]:
    """Without headings nobody can link to a part of it."""
    body = view.issue.body
    if body.intro and not body.nuggets:
        yield Finding(0, "The issue has no nuggets.", "Give each part a heading with ##.")


@rule("empty-nugget", Level.ERROR, "Every nugget has a text.")
def empty_nugget(view: View) -> Iterator[Finding]:
    """A heading alone looks like a mistake, and is one."""
    for nugget in view.issue.body.nuggets:
        if _is_empty(nugget):
            message = f"The nugget “{plain(nugget.title)}” is empty."
            yield Finding(nugget.line, message, "Write its text, or delete the heading.")


@rule("nugget-length", Level.WARNING, "A nugget has 40 to 450 words.")
def nugget_length(view: View) -> Iterator[Finding]:
    """Shorter ones belong in another, longer ones are two."""
    shortest, longest = NUGGET_WORDS
    for nugget in view.issue.body.nuggets:
        words = view.words.get(nugget.anchor, 0)
        if not shortest <= words <= longest and not _is_empty(nugget):
            has = f"{words} word{'' if words == 1 else 's'}"
            message = f"The nugget “{plain(nugget.title)}” has {has}; {shortest} to {longest} read well."
            hint = "Join it to another nugget." if words < shortest else "Make two of it, or shorten it."
            yield Finding(nugget.line, message, hint)


@rule("heading-levels", Level.WARNING, "Headings inside a nugget skip no level.")
def heading_levels(view: View) -> Iterator[Finding]:
    """Screen readers announce the levels."""
    nugget: Nugget | None = None
    level = 2
    for heading, place in view.headings:
        if place.nugget is not nugget:
            nugget, level = place.nugget, 2
        if heading.level > level + 1:
            wanted = "#" * (level + 1)
            message = f"The heading “{plain(heading.children)}” skips a level."
            yield Finding(heading.line, message, f"Begin it with {wanted}.")
        level = heading.level


@rule("needless-members-part", Level.WARNING, "An issue for members has no members' parts.")
def needless_members_part(view: View) -> Iterator[Finding]:
    """There is nobody to keep them from."""
    if view.issue.audience == "members":
        lines = [place.line for place in view.members]
        lines += [nugget.line for nugget in view.issue.body.nuggets if nugget.members_only]
        for line in sorted(lines):
            hint = "Take the ::: lines away, or write “audience: everyone”."
            yield Finding(line, "This members' part stands in an issue that only members get.", hint)


@rule("nothing-for-free", Level.WARNING, "An issue for everyone has something for free readers.")
def nothing_for_free(view: View) -> Iterator[Finding]:
    """They would get a mail without content."""
    body = view.issue.body
    blocks = [*body.intro, *(block for one in body.nuggets if not one.members_only for block in one.blocks)]
    has_members = any(nugget.members_only for nugget in body.nuggets) or bool(view.members)
    if view.issue.audience != "members" and has_members and all(isinstance(one, Members) for one in blocks):
        hint = "Write a few sentences before the members' part, or “audience: members”."
        yield Finding(view.line("audience"), "Free readers get nothing but a note about membership.", hint)


@rule("unknown-correction", Level.ERROR, "The issue that this one corrects exists.")
def unknown_correction(view: View) -> Iterator[Finding]:
    """The archive links the two."""
    slug, others = view.issue.corrects, view.context.others
    if slug and slug not in others:
        close = get_close_matches(slug, others, n=1)
        hint = f"Did you mean “{close[0]}”?" if close else "Write the slug of an earlier issue."
        yield Finding(view.line("corrects"), f"There is no other issue “{slug}”.", hint)


def _is_empty(nugget: Nugget) -> bool:
    return all(isinstance(block, Rule | Source) for block in nugget.blocks)
