"""`newsletter init`: a new publication."""

from __future__ import annotations

from pathlib import Path

import click

from newsletter.cli.session import Session, pass_session, talking


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@talking
@pass_session
def init(session: Session, folder: Path) -> None:
    """Start a new publication in the folder DIR, which is made if need be.

    It holds a sample issue and three invented readers, and can check, build, send (into a folder on this
    machine) and archive at once.
    """
    from newsletter.actions.create import create_publication
    from newsletter.clock import SystemClock

    output = session.output
    made = create_publication(session.folder / folder, SystemClock().now().astimezone().date())
    for file in made.files:
        output.detail(str(made.folder / file))
    output.result(f"A new publication is in {made.folder}.")
    output.data({"folder": str(made.folder), "files": list(made.files)})
    there = "" if made.folder.resolve() == Path.cwd() else f" -C {made.folder}"
    output.say("Open newsletter.toml there and give it its name and addresses.")
    output.next(f"newsletter{there} check")
