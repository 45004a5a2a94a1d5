"""`newsletter check`: what is wrong, and how to mend it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from newsletter.cli.output import counted
from newsletter.cli.session import Session, pass_session, talking
from newsletter.errors import Level, NewsletterError, Problem

if TYPE_CHECKING:
    from newsletter.actions.check import Checked, Visit
    from newsletter.publication import Publication


@click.command()
@click.argument("issue", required=False)
@click.option("--links", is_flag=True, help="Follow the links as well, and tell which are dead.")
@click.option(
    "--clients",
    metavar="NAMES",
    help="Look at the mail with the eyes of these mail programs too: gmail,outlook,apple,yahoo, or all.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "sarif"]),
    help="How to print what was found: for people, as --json does, or as SARIF 2.1.0 for code hosts.",
)
@talking
@pass_session
def check(session: Session, issue: str | None, links: bool, clients: str | None, form: str | None) -> int:
    """Find what is wrong with ISSUE, or with all issues.

    Prints one paragraph for each problem: file:line: level[code] message, and how to mend it. Exit code 1
    when there are errors; warnings alone do no harm. What each rule looks for, and how to set it, stands in
    docs/reference/rules.md.
    """
    from newsletter.actions.check import check_files
    from newsletter.actions.choose import find_issue

    output = session.output
    if form is not None:
        if output.json and form != "json":
            raise click.UsageError(f"--json and --format {form} do not go together.")
        output.json = form == "json"
    try:
        with session.publication() as publication:
            files = [find_issue(publication, issue)] if issue else publication.issue_files
            visit = _visitor(session, publication) if links else None
            programs = [name.strip() for name in (clients or "").split(",") if name.strip()]
            checked = check_files(publication, files, named=issue is not None, visit=visit, clients=programs)
    except NewsletterError as error:
        if not output.json and form != "sarif":
            raise
        _print(session, error.problems, form)
        return error.exit_code
    _print(session, checked.problems, form)
    return _conclude(session, checked, [file.slug for file in files])


def _print(session: Session, problems: Sequence[Problem], form: str | None) -> None:
    output = session.output
    if form == "sarif":
        from newsletter import __version__
        from newsletter.checking.sarif import to_sarif

        log = to_sarif(problems, __version__, output.place)
        output.result(json.dumps(log, ensure_ascii=False, indent=1))
    elif output.json:
        output.data([_data(problem) for problem in problems])
    else:
        output.findings(problems)


def _visitor(session: Session, publication: Publication) -> Visit:
    """Follows links with a display of how far it is, remembering good answers for a week."""
    from newsletter.checking.deadlinks import Answer
    from newsletter.network.link_cache import LinkCache
    from newsletter.network.links import LinkVisitor

    def visit(urls: Sequence[str]) -> dict[str, Answer]:
        cache, now = LinkCache(publication.folder / ".cache" / "links"), publication.clock.now()
        remembered = cache.load(now)
        answers = {url: remembered[url] for url in urls if url in remembered}
        todo = [url for url in urls if url not in answers]
        progress = session.output.progress("Links", len(todo))
        fresh: dict[str, Answer] = {}
        try:
            for done, (url, answer) in enumerate(LinkVisitor().visit(todo), start=1):
                fresh[url] = answer
                progress.update(done)
        finally:
            progress.finish()
            cache.save(fresh, now)
        return answers | fresh

    return visit


def _conclude(session: Session, checked: Checked, slugs: Sequence[str]) -> int:
    output = session.output
    errors, warnings = checked.count(Level.ERROR), checked.count(Level.WARNING)
    found = ", ".join(
        counted(count, word) for count, word in ((errors, "error"), (warnings, "warning")) if count
    )
    links = f" and {counted(checked.links, 'link')}" if checked.links else ""
    for extra in checked.extras:
        output.detail(extra)
    if checked.extras:
        extras = counted(len(checked.extras), "extra")
        output.say(
            f"{extras} of the look not shown everywhere, which the mail does well without (-v names them)."
        )
    output.say(f"{counted(checked.issues, 'issue')}{links} checked: {found or 'nothing to mend'}.")
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
