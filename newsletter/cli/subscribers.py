"""`newsletter subscribers`: the list."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from newsletter.cli.output import counted
from newsletter.cli.session import Session, pass_session, talking
from newsletter.errors import Level

if TYPE_CHECKING:
    from newsletter.actions.subscribers import Import
    from newsletter.audience.intake import RowResult
    from newsletter.model import Subscriber

TIERS = ("free", "member")
STATUSES = ("unconfirmed", "active", "paused", "unsubscribed", "bounced", "complained")
WORTH_WATCHING = 5000
"""Lines of a file from which on its import is worth a progress display."""


@click.group()
@talking
def subscribers() -> None:
    """The list of readers: add one, import a file of them, list them."""


@subscribers.command(short_help="Add one reader.")
@click.argument("address")
@click.option("--name", default="", help="The full name.")
@click.option("--first-name", default="", help="For {{ first_name }}.")
@click.option("--last-name", default="", help="For {{ last_name }}.")
@click.option("--tier", type=click.Choice(TIERS), default="free", show_default=True, help="What they get.")
@click.option("--tag", "tags", multiple=True, help="A label; may be given several times.")
@click.option("--field", "fields", multiple=True, metavar="NAME=VALUE", help="A field of your own.")
@click.option(
    "--source", default="added by hand", show_default=True, help="Where the consent comes from; it is kept."
)
@talking
@pass_session
def add(session: Session, /, address: str, tier: str, fields: tuple[str, ...], **given: Any) -> None:
    """Add one reader: ADDRESS, or "Name <address>".

    Add only people who asked for it.
    """
    from newsletter.actions.subscribers import add_subscriber
    from newsletter.model import Tier

    pairs = [field.partition("=") for field in fields]
    if any(not sign for _, sign, _ in pairs):
        raise click.UsageError("--field wants NAME=VALUE, as in --field city=Vienna.")
    with session.publication() as publication:
        added = add_subscriber(
            publication,
            address,
            tier=Tier(tier),
            fields={name.strip(): value.strip() for name, _, value in pairs},
            **given,
        )
    session.output.result(f"{added.email} is on the list ({added.tier}).")
    session.output.data(_data(added))
    session.output.next(session.command("subscribers list"))


@subscribers.command("import", short_help="Take in a CSV file of readers.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say for each row what would be done, and do nothing.")
@click.option("--source", default="", help="Where the consent comes from; it is kept [default: the file].")
@talking
@pass_session
def import_(session: Session, file: Path, dry_run: bool, source: str) -> int:
    """Take in the readers in FILE: CSV with at least a column of addresses.

    Known columns are email, name, first_name, last_name, tier, tags and joined; others become fields. Who is
    on the list already is brought up to date, who left stays away. Importing a file again changes nothing.
    """
    from newsletter.actions.subscribers import count_lines, import_file

    output = session.output
    path = file if file.exists() or not (session.folder / file).exists() else session.folder / file
    lines = count_lines(path)
    progress = output.progress("Importing", lines) if lines >= WORTH_WATCHING else None

    def row(result: RowResult) -> None:
        reason = f" ({result.reason})" if result.reason else ""
        output.result(f"line {result.line}: {result.value}: {result.verdict}{reason}")

    with session.publication() as publication:
        done = import_file(
            publication,
            path,
            dry_run=dry_run,
            source=source,
            on_result=row if dry_run and not output.json else None,
            on_progress=progress.update if progress else None,
        )
        if progress:
            progress.finish()
    output.problems(done.problems)
    _report(session, done)
    return 1 if any(problem.level is Level.ERROR for problem in done.problems) else 0


def _report(session: Session, done: Import) -> None:
    output, report = session.output, done.report
    counts = ", ".join(f"{count:,} {verdict}" for verdict, count in report.counts.items() if count)
    would = " Nothing was written." if done.dry_run else ""
    output.result(f"{done.file}: {counted(report.total, 'row')}{f': {counts}' if counts else ''}.{would}")
    output.data(
        {
            "file": done.file,
            "dry_run": done.dry_run,
            "rows": report.total,
            **{str(verdict): count for verdict, count in report.counts.items()},
            "left_out": [
                {
                    "line": result.line,
                    "value": result.value,
                    "result": str(result.verdict),
                    "reason": result.reason,
                }
                for result in report.rejections
            ],
            "remarks": [
                {"line": result.line, "value": result.value, "reason": result.reason}
                for result in report.remarks
            ],
        }
    )
    if not done.dry_run or output.json:  # a dry run has said it row by row
        output.problems(done.remarks)
    broken = any(problem.level is Level.ERROR for problem in done.problems)
    if done.dry_run or broken:
        again = ": again, when mended" if broken else ""
        output.next(session.command(f"subscribers import {done.file}{again}"))
    else:
        output.next(session.command("subscribers list"), session.command("check"))


@subscribers.command("list", short_help="List the readers.")
@click.option("--tier", type=click.Choice(TIERS), help="Only this tier.")
@click.option("--status", type=click.Choice(STATUSES), help="Only this status.")
@click.option("--tag", help="Only readers with this tag.")
@talking
@pass_session
def list_(session: Session, tier: str | None, status: str | None, tag: str | None) -> None:
    """List the readers, in the order in which they came."""
    from newsletter.model import Status, Tier

    output = session.output
    count = 0
    with session.publication() as publication:
        found = publication.subscribers.list(
            tier=Tier(tier) if tier else None, status=Status(status) if status else None, tag=tag
        )
        for subscriber in found:
            count += 1
            if output.json:
                output.data(_data(subscriber))
            else:
                tags = ", ".join(subscriber.tags)
                line = f"{subscriber.email:<36}  {subscriber.tier:<6}  {subscriber.status:<12}  {tags}"
                output.result(line.rstrip())
    output.say(f"{counted(count, 'reader')}.")
    if count:
        output.next(session.command("build"), session.command("send ISSUE --dry-run"))
    else:
        output.next(session.command("subscribers add ADDRESS"), session.command("subscribers import FILE"))


def _data(subscriber: Subscriber) -> dict[str, Any]:
    return {
        "email": subscriber.email,
        "name": subscriber.name,
        "first_name": subscriber.first_name,
        "last_name": subscriber.last_name,
        "tier": str(subscriber.tier),
        "status": str(subscriber.status),
        "tags": list(subscriber.tags),
        "fields": dict(subscriber.fields),
        "joined": subscriber.joined_at.isoformat() if subscriber.joined_at else None,
    }
