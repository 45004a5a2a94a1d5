"""`newsletter archive`: the public site."""

from __future__ import annotations

import click

from newsletter.cli.output import counted
from newsletter.cli.session import Session, pass_session, talking


@click.command()
@talking
@pass_session
def archive(session: Session) -> None:
    """Build the public site of all issues that are not drafts.

    Members' parts are left out. Files that are as they should be are not touched.
    """
    from newsletter.actions.archive import build_archive

    output = session.output
    with session.publication() as publication:
        built = build_archive(publication)
    report = built.report
    issues, written = counted(built.issues, "issue"), counted(report.written, "file")
    output.result(
        f"{issues} in {output.place(built.output)}/: "
        f"{written} written, {report.unchanged} unchanged, {report.removed} removed."
    )
    output.data(
        {
            "output": built.output,
            "issues": built.issues,
            "drafts": built.drafts,
            "written": report.written,
            "unchanged": report.unchanged,
            "removed": report.removed,
            "foreign": list(report.foreign),
        }
    )
    if built.drafts:
        output.say(f"Left out: {counted(built.drafts, 'draft')}.")
    for name in report.foreign:
        output.detail(f"Not ours, left alone: {output.place(f'{built.output}/{name}')}")
    output.next(f"open {output.place(f'{built.output}/index.html')} in a browser")
