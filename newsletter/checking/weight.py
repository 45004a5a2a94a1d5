"""Rules about the finished mail: Gmail cuts off what is larger than 102,400 bytes of HTML."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from newsletter.checking.rule import Finding, Rulebook
from newsletter.errors import Level
from newsletter.model import Issue
from newsletter.rendering.budget import HTML_LIMIT, Weight
from newsletter.writing.walk import plain

HEAVY_MAIL = HTML_LIMIT * 4 // 5
"""Bytes from which on a mail is so near the limit that another paragraph may be one too many."""

HEAVY_BLOCK = HTML_LIMIT * 2 // 5
"""Bytes that a single nugget may take."""


@dataclass(frozen=True, slots=True)
class Mail:
    """An issue, and what its renditions weigh."""

    issue: Issue
    weights: Sequence[Weight]


MAIL_RULES: Rulebook[Mail] = Rulebook("In the finished mail")


@MAIL_RULES.rule(
    "heavy-mail", Level.WARNING, "A mail takes at most 81,920 of the 102,400 bytes that Gmail shows."
)
def heavy_mail(mail: Mail) -> Iterator[Finding]:
    """Over the limit, the end is hidden, and with it the link for leaving; that is an error."""
    for weight in mail.weights:
        if weight.html > HEAVY_MAIL:
            line = _line(mail.issue, weight.blocks[0][0]) if weight.blocks else 0
            listed = ", ".join(f"“{title}” {size:,}" for title, size in weight.blocks[:3])
            yield Finding(
                line,
                f"The mail for {weight.tier} readers has {weight.html:,} bytes of HTML; Gmail cuts it off at "
                f"{HTML_LIMIT:,}.",
                f"Largest blocks, in bytes: {listed}." if listed else "Shorten it, or make two issues of it.",
            )


@MAIL_RULES.rule("heavy-block", Level.WARNING, "A nugget takes at most 40,960 of the 102,400 bytes.")
def heavy_block(mail: Mail) -> Iterator[Finding]:
    """It leaves too little room for the others."""
    sizes: dict[str, int] = {}
    for weight in mail.weights:
        for title, size in weight.blocks:
            sizes[title] = max(size, sizes.get(title, 0))
    for title, size in sizes.items():
        if size > HEAVY_BLOCK:
            message = f"“{title}” takes {size:,} of the {HTML_LIMIT:,} bytes that a mail may have."
            hint = "Give a part of it in the mail, and link to the whole."
            yield Finding(_line(mail.issue, title), message, hint)


def _line(issue: Issue, title: str) -> int:
    """The line of the nugget that is called so; 0 for a part that no nugget is, such as the sources."""
    return next((one.line for one in issue.body.nuggets if plain(one.title).strip() == title), 0)
