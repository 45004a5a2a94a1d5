"""Rules about the day: an issue goes out once, on the day that it names, to those who may read it."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.checking.rule import Finding, rule
from newsletter.checking.view import View
from newsletter.errors import Level
from newsletter.model import IssueStatus


@rule("past-date", Level.WARNING, "An issue that is still to be sent has a date that is still to come.")
def past_date(view: View) -> Iterator[Finding]:
    """Readers and archive show the date; an old one was forgotten."""
    issue, today = view.issue, view.context.today
    waits = issue.status is not IssueStatus.ARCHIVED and view.context.sent_on is None
    if today and waits and issue.date < today:
        message = f"The date, {issue.date}, is past, and the issue has not been sent."
        hint = "Give it the day on which you send it; or “status: archived” if it only goes into the archive."
        yield Finding(view.line("date"), message, hint)


@rule("already-sent", Level.WARNING, "An issue is not written on after it was sent.")
def already_sent(view: View) -> Iterator[Finding]:
    """What is changed then reaches the archive, and no mailbox. Said of drafts, and of issues asked about."""
    sent_on = view.context.sent_on
    if sent_on and (view.context.named or view.issue.status is IssueStatus.DRAFT):
        message = f"This issue was sent on {sent_on}; readers will not get it again."
        hint = f"If something must be put right, write a new issue with “corrects: {view.issue.slug}”."
        yield Finding(view.line("status"), message, hint)


@rule("narrow-audience", Level.WARNING, "What stands on a public page is not kept from free readers.")
def narrow_audience(view: View) -> Iterator[Finding]:
    """With a canonical page everybody can read it there."""
    issue = view.issue
    if not issue.canonical:
        return
    page = f"on {issue.canonical} everybody can read it"
    hint = "Write “audience: everyone”, or take away “canonical” if that page shows less."
    if issue.audience != "everyone":
        yield Finding(view.line("audience"), f"Only some readers get this issue, but {page}.", hint)
    elif any(nugget.members_only for nugget in issue.body.nuggets) or view.members:
        line = min([place.line for place in view.members] or [view.line("canonical")])
        hint = "Take the members' part apart, or “canonical” away if that page shows less."
        yield Finding(line, f"Free readers do not get this part, but {page}.", hint)
