"""`newsletter import-posts`: older writing into the issues."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from newsletter.cli.output import counted
from newsletter.cli.session import Session, pass_session, talking

if TYPE_CHECKING:
    from newsletter.actions.import_posts import Result


@click.command("import-posts")
@click.argument("path", metavar="PATH", type=click.Path(path_type=Path))
@click.option(
    "--site", default="", metavar="URL", help="Where the posts stood on the web, for links among them."
)
@click.option("--pictures", is_flag=True, help="Download pictures that lie on the web, too.")
@click.option("--dry-run", is_flag=True, help="Only say what would become of each file.")
@talking
@pass_session
def import_posts(session: Session, path: Path, site: str, pictures: bool, dry_run: bool) -> int:
    """Bring older writing from PATH into issues/, as archived issues, which cannot be sent.

    PATH is a folder of Markdown (Jekyll, Hugo, Eleventy, Buttondown; a ZIP file of it will do), or the export
    of Substack or Ghost. Dates, slugs, tags and pictures are kept. What is there already stays as it is.
    """
    from newsletter.actions.import_posts import Fate, Request
    from newsletter.actions.import_posts import import_posts as action

    output = session.output
    if site and not site.startswith(("https://", "http://")):
        raise click.BadParameter("Write the address in full: https://example.org/", param_hint="--site")
    with session.publication() as publication:
        kind, results = action(publication, Request(path, site, pictures, write=not dry_run))
        output.say(f"{path} is {kind}.")
        fates: Counter[Fate] = Counter()
        for result in results:
            fates[result.fate] += 1
            _tell(session, result, dry_run)
    counts = [f"{fates[fate]:,} {fate}" for fate in Fate if fates[fate]]
    output.say(f"{', '.join(counts)}." + (" Nothing was written." if dry_run else ""))
    if fates[Fate.IMPORTED]:
        words = f"import-posts {path}" if dry_run else "check"
        output.next(session.command(words))
    return 1 if fates[Fate.FAILED] else 0


def _tell(session: Session, result: Result, dry_run: bool) -> None:
    from newsletter.actions.import_posts import Fate

    output = session.output
    output.data(_data(result))
    if result.fate is Fate.IMPORTED:
        pictures = f", {counted(result.pictures, 'picture')}" if result.pictures else ""
        verb = "would become" if dry_run else "is now"
        output.result(f"{result.file}: {verb} {output.place(result.issue)}{pictures}")
    else:
        output.result(f"{result.file}: {result.fate}, {result.reason}")
    output.problems(result.problems)


def _data(result: Result) -> dict[str, Any]:
    return {
        "file": result.file,
        "result": str(result.fate),
        "reason": result.reason or None,
        "issue": result.issue or None,
        "pictures": result.pictures,
        "problems": [
            {"code": one.code, "file": one.file, "line": one.line, "message": one.message}
            for one in result.problems
        ],
    }
