"""`newsletter check`: what is wrong, and how to mend it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from newsletter.cli.output import counted
from newsletter.cli.session import Session, pass_session, talking
from newsletter.errors import Level, NewsletterError, Problem

if TYPE_CHECKING:
    from newsletter.actions.check import Checked


@click.command()
@click.argument("issue", required=False)
@talking
@pass_session
def check(session: Session, issue: str | None) -> int:
    """Find what is wrong with ISSUE, or with all issues.

    Prints one paragraph for each problem: file:line: level[code] message, and how to mend it. Exit code 1
    when there are errors; warnings alone do no harm.
    """
    from newsletter.actions.check import check_files
    from newsletter.actions.choose import find_issue

    output = session.output
    try:
        with session.publication() as publication:
            files = [find_issue(publication, issue)] if issue else publication.issue_files
            checked = check_files(publication, files)
    except NewsletterError as error:
        if not output.json:
            raise
        output.data([_data(problem) for problem in error.problems])
        return error.exit_code
    output.data([_data(problem) for problem in checked.problems])
    if not output.json:
        output.findings(checked.problems)
    return _conclude(session, checked, [file.slug for file in files])


def _conclude(session: Session, checked: Checked, slugs: Sequence[str]) -> int:
    output = session.output
    errors, warnings = checked.count(Level.ERROR), checked.count(Level.WARNING)
    found = ", ".join(
        counted(count, word) for count, word in ((errors, "error"), (warnings, "warning")) if count
    )
    output.say(f"{counted(checked.issues, 'issue')} checked: {found or 'nothing to mend'}.")
    if errors:
        output.next(session.command(f"check{f' {slugs[0]}' if len(slugs) == 1 else ''}: again, when mended"))
    elif slugs:
        output.next(session.command(f"build {slugs[-1]}"))
    else:
        output.next(session.command('new "TITLE"'))
    return 1 if errors else 0


def _data(problem: Problem) -> dict[str, Any]:
    return {
        "code": problem.code,
        "level": str(problem.level),
        "file": problem.file,
        "line": problem.line,
        "message": problem.message,
        "hint": problem.hint,
    }
