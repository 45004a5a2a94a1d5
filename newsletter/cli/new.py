"""`newsletter new`: a new draft issue."""

from __future__ import annotations

from datetime import datetime

import click

from newsletter.cli.session import Session, pass_session, talking


@click.command()
@click.argument("title", nargs=-1, required=True)
@click.option(
    "--date", "day", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="Its day [default: today]."
)
@click.option("--slug", default="", metavar="SLUG", help="Its name in addresses [default: from the title].")
@talking
@pass_session
def new(session: Session, title: tuple[str, ...], day: datetime | None, slug: str) -> None:
    """Start a new issue called TITLE, as a draft."""
    from newsletter.actions.create import create_issue

    output = session.output
    with session.publication() as publication:
        made = create_issue(publication, " ".join(title), day.date() if day else publication.today(), slug)
    output.result(output.place(made.file))
    output.data({"issue": made.slug, "file": made.file})
    output.say("Write it, and set `status: ready` when it may go out.")
    output.next(session.command(f"check {made.slug}"))
