"""`newsletter build`: an issue compiled into files to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from newsletter.cli.output import size_text
from newsletter.cli.session import Session, pass_session, talking

if TYPE_CHECKING:
    from newsletter.actions.build import Build

NEARLY_FULL = 80
"""Per cent of the budget from which on it is worth a word."""


@click.command()
@click.argument("issue", required=False)
@click.option("--clients", is_flag=True, help="Show it as some mail programs do, in build/SLUG/clients/.")
@talking
@pass_session
def build(session: Session, issue: str | None, clients: bool) -> None:
    """Compile ISSUE (the newest one, if none is named) into build/SLUG/.

    For each tier there is what readers get: email.html, email.txt and message.eml. Gmail shows only the first
    100 kB or so of a mail's HTML, so how much of that is used is shown as well.

    --clients adds pages that show the free mail as Gmail does, as Outlook for Windows does, without pictures,
    with its colours turned over by force, and as text alone.
    """
    from newsletter.actions.build import build_issue
    from newsletter.actions.choose import find_issue, newest_issue

    output = session.output
    with session.publication() as publication:
        file = find_issue(publication, issue) if issue else newest_issue(publication)
        if not issue:
            output.say(f"The newest issue is {file.slug}.")
        built = build_issue(publication, publication.issue(file), clients=clients)
    output.problems(built.warnings)
    if output.json:
        output.data(_data(built))
    else:
        _show(session, built)
    output.next(session.command(f"send {file.slug} --dry-run"))


def _show(session: Session, built: Build) -> None:
    output = session.output
    output.result(built.issue.title)
    output.result(f"Edition {built.digest[:12]}, in {output.place(built.folder)}/")
    rows = []
    for tier in built.tiers:
        share = 100 * tier.html // built.limit
        weight = f"{size_text(tier.html)} of {size_text(built.limit)} HTML ({share} %)"
        rows.append((f"  {tier.tier}", weight, f"{size_text(tier.text)} text", f"{tier.tier}/email.html"))
        if share >= NEARLY_FULL:
            output.say(f"The mail for {tier.tier} readers is nearly as large as Gmail shows.")
    output.table(rows)
    for file in built.simulated:
        output.result(f"  {output.place(file)}")


def _data(built: Build) -> dict[str, Any]:
    return {
        "issue": built.issue.slug,
        "edition": built.digest,
        "folder": built.folder,
        "limit": built.limit,
        "clients": list(built.simulated),
        "tiers": {
            str(tier.tier): {
                "subject": tier.subject,
                "html_bytes": tier.html,
                "text_bytes": tier.text,
                "message_bytes": tier.message,
                "files": list(tier.files),
            }
            for tier in built.tiers
        },
    }
