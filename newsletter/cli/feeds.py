"""`newsletter feeds`: what the feeds hold that no issue has used, and the list of feeds itself."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from newsletter.cli.days import SINCE, first_day
from newsletter.cli.output import counted
from newsletter.cli.session import Session, pass_session, talking

if TYPE_CHECKING:
    from collections.abc import Sequence

    from newsletter.actions.feeds import FeedReport
    from newsletter.gathering.decide import Verdict
    from newsletter.publication import Publication

_TITLE_WIDTH = 60


@click.command()
@click.argument("names", metavar="[NAME ...]", nargs=-1)
@SINCE
@click.option(
    "--opml-export", metavar="FILE", type=click.Path(path_type=Path), help="Write the list of feeds as OPML."
)
@click.option(
    "--opml-import",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Add the feeds of an OPML list to newsletter.toml.",
)
@click.option("--dry-run", is_flag=True, help="With --opml-import: only say what would be added.")
@talking
@pass_session
def feeds(
    session: Session,
    names: tuple[str, ...],
    since: date | int | None,
    opml_export: Path | None,
    opml_import: Path | None,
    dry_run: bool,
) -> int:
    """Show what the feeds hold that no issue has used, and why each other entry is left out.

    What was used is read from the `sources` of the issues. A feed that cannot be read is reported, and does
    not stop the others; the exit code is 75 only when none can be read.
    """
    with session.publication() as publication:
        if opml_import is not None:
            return _import(session, publication, opml_import, dry_run)
        if opml_export is not None:
            return _export(session, publication, opml_export)
        return _list(session, publication, names, first_day(since, publication.today()))


def _list(session: Session, publication: Publication, names: Sequence[str], since: date | None) -> int:
    from newsletter.actions.feeds import look_into_feeds
    from newsletter.errors import TransportError
    from newsletter.gathering.decide import EntryStatus

    output = session.output
    reports = look_into_feeds(publication, names=names, since=since)
    output.data({"feeds": [_feed_data(report) for report in reports]})
    for report in reports:
        _show(session, report)
        output.problems(report.problems)
    if not any(report.feed for report in reports):
        return TransportError.exit_code
    verdicts = [one for report in reports if report.decision for one in report.decision.verdicts]
    new = sum(one.status is EntryStatus.NEW for one in verdicts)
    undated = sum(one.status is EntryStatus.UNDATED for one in verdicts)
    changed = sum(one.status is EntryStatus.CHANGED for one in verdicts)
    steps = []
    if new:
        steps.append(
            f"{session.command('compose')}: a draft issue from {counted(new, 'new entry', 'new entries')}"
        )
    if undated:
        steps.append(f"{session.command('compose --undated')}: with those that have no date")
    if changed:
        steps.append(f"{session.command('compose --corrections')}: with a note of what was changed")
    if not new:
        output.say("Nothing is new.")
    output.next(*steps or [session.command('new "TITLE"')])
    return 0


def _show(session: Session, report: FeedReport) -> None:
    from newsletter.gathering.decide import EntryStatus

    output, decision = session.output, report.decision
    if output.json:
        return
    output.result(f"{report.name}: {report.settings.url.partition('?')[0]} ({report.settings.kind})")
    if decision is None:
        return
    first = "; no issue has used it yet" if decision.first else ""
    output.say(f"  entries since {decision.since} are new{first}")
    verdicts = decision.verdicts
    if not output.verbose:
        verdicts = tuple(one for one in verdicts if one.status is not EntryStatus.VANISHED or one.gone)
    output.table([_row(one) for one in verdicts])
    if folded := len(decision.verdicts) - len(verdicts):
        entries = counted(folded, "entry that was used is", "entries that were used are")
        output.say(f"  {entries} no longer in the feed (-v lists them)")


def _row(verdict: Verdict) -> tuple[str, str, str, str]:
    from newsletter.gathering.draft import title_of
    from newsletter.gathering.shortening import cut_line

    entry = verdict.entry
    day = entry.date.date().isoformat() if entry.date else "-"
    return f"  {verdict.status}", day, cut_line(title_of(entry), _TITLE_WIDTH), verdict.reason


def _feed_data(report: FeedReport) -> dict[str, Any]:
    decision = report.decision
    return {
        "feed": report.name,
        "url": report.settings.url,
        "kind": report.settings.kind,
        "read": report.feed is not None,
        "copy_of": report.copy_of.isoformat(timespec="seconds") if report.copy_of else None,
        "since": decision.since.isoformat() if decision else None,
        "first": decision.first if decision else None,
        "problems": [
            {
                "code": problem.code,
                "level": str(problem.level),
                "message": problem.message,
                "hint": problem.hint,
            }
            for problem in report.problems
        ],
        "entries": [_entry_data(verdict) for verdict in decision.verdicts] if decision else [],
    }


def _entry_data(verdict: Verdict) -> dict[str, Any]:
    entry = verdict.entry
    return {
        "status": str(verdict.status),
        "reason": verdict.reason,
        "issue": verdict.issue or None,
        "guid": entry.guid,
        "url": entry.url,
        "title": entry.title,
        "date": entry.date.isoformat(timespec="seconds") if entry.date else None,
        "author": entry.author,
        "tags": list(entry.tags),
        "hash": entry.content_hash,
    }


def _export(session: Session, publication: Publication, file: Path) -> int:
    from newsletter.actions.feed_list import export_feeds

    count = export_feeds(publication, file)
    session.output.result(f"{counted(count, 'feed')} in {file}.")
    session.output.data({"file": str(file), "feeds": count})
    session.output.next(session.command("feeds"))
    return 0


def _import(session: Session, publication: Publication, file: Path, dry_run: bool) -> int:
    from newsletter.actions.feed_list import import_feeds

    output = session.output
    done = import_feeds(publication, file, dry_run=dry_run)
    for name, url in done.added.items():
        output.result(f"{'Would add' if dry_run else 'Added'} [feeds.{name}] {url}")
    output.data({"added": done.added, "known": list(done.known), "dry_run": dry_run})
    if done.known:
        output.say(f"{counted(len(done.known), 'feed')} of the list were there already.")
    if not done.added:
        output.say("Nothing was added.")
    output.next(session.command("feeds"))
    return 0
