"""`newsletter theme`: how mail and archive look."""

from __future__ import annotations

from dataclasses import asdict

import click

from newsletter.cli.output import counted
from newsletter.cli.session import Session, pass_session, talking
from newsletter.errors import Level


@click.group()
@talking
def theme() -> None:
    """How mail and archive look: list the themes, copy one to change it, check your own templates."""


@theme.command("list", short_help="Show which themes there are.")
@talking
@pass_session
def list_(session: Session) -> None:
    """Show which themes there are, which one this publication uses, and what it has put in their place."""
    from newsletter.actions.theme import list_themes, own_files

    output = session.output
    with session.publication() as publication:
        themes, own = list_themes(publication), own_files(publication)
    output.data(
        {
            "themes": [{"name": each.name, "about": each.about, "used": each.used} for each in themes],
            "own": [{"file": each.file, "instead": each.instead} for each in own],
        }
    )
    output.table([("*" if each.used else " ", each.name, each.about) for each in themes])
    for each in own:
        output.result(f"  {each.file}, over the theme's" if each.instead else f"  {each.file}")
    if own:
        output.next(session.command("theme check"))
    else:
        output.next(session.command("theme export --only email/footer.mjml.j2: to start with one part"))


@theme.command(short_help="Copy a theme into templates/, to change it.")
@click.argument("name", required=False)
@click.option(
    "--to",
    "folder",
    metavar="FOLDER",
    default="templates",
    show_default=True,
    help="Where to; relative to the publication.",
)
@click.option(
    "--only", multiple=True, metavar="FILE", help="Only this file of the theme; may be given several times."
)
@talking
@pass_session
def export(session: Session, name: str | None, folder: str, only: tuple[str, ...]) -> None:
    """Copy the theme NAME, or the one that the publication uses, to start an own one from.

    What lies in templates/ comes before the theme's own files of the same name. Delete what you do not
    change: it then stays as the theme has it, and gets better with the theme. No file is overwritten.
    """
    from newsletter.actions.theme import export_theme

    output = session.output
    with session.publication() as publication:
        exported = export_theme(publication, name or "", folder, only)
    output.data({"theme": exported.name, "folder": exported.folder, "files": list(exported.files)})
    place = output.place(exported.folder)
    output.result(f"{counted(len(exported.files), 'file')} of the theme {exported.name} in {place}/")
    for file in exported.files:
        output.detail(f"  {file}")
    output.next(session.command("theme check: when you have changed something"))


@theme.command(short_help="Try every template out.")
@talking
@pass_session
def check(session: Session) -> int:
    """Try every template out, with an issue that uses everything and with others that use nearly nothing.

    Finds templates that cannot be read or filled in, MJML that mail programs would not get as it is meant,
    unknown tokens and phrases, colours that are hard to read, and files that nothing uses. Exit code 1 when
    there are errors.
    """
    from newsletter.actions.theme_check import check_theme

    output = session.output
    with session.publication() as publication:
        problems = check_theme(publication)
    output.data([asdict(problem) for problem in problems])
    if not output.json:
        output.findings(problems)
    errors = sum(problem.level is Level.ERROR for problem in problems)
    warnings = len(problems) - errors
    counts = ((errors, "error"), (warnings, "warning"))
    found = ", ".join(counted(count, word) for count, word in counts if count)
    output.say(f"Theme checked: {found or 'nothing to mend'}.")
    output.next(session.command("theme check: again, when mended" if errors else "build"))
    return 1 if errors else 0
