"""Runs a command, and turns whatever goes wrong into a message and an exit code."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import click
from click.exceptions import NoSuchCommand

from newsletter import __version__
from newsletter.cli import table
from newsletter.cli.output import standard_output
from newsletter.cli.session import Session, talking
from newsletter.errors import NewsletterError, Problem

NAME = "newsletter"
USAGE_ERROR = 2
CLOSED_PIPE = 141
"""What a shell reports for a program that SIGPIPE ended, which is what happened in effect."""
INTERRUPTED = 130


class _Commands(click.Group):
    """The commands of the table, each imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(table.COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in table.COMMANDS:
            return None
        module = import_module(f"newsletter.cli.{table.COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in table.COMMANDS and not args[0].startswith("-"):
            raise NoSuchCommand(args[0], possibilities=table.COMMANDS, ctx=ctx)
        return super().resolve_command(ctx, args)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        formatter.write(table.help_text())


@click.command(NAME, cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("-C", "folder", metavar="DIR", type=click.Path(path_type=Path), default=Path())
@talking
@click.version_option(__version__, prog_name=NAME, message="%(prog)s %(version)s")
@click.pass_obj
def group(session: Session, folder: Path) -> None:
    """Write in Markdown, check, send and archive a newsletter from plain files."""
    session.folder = session.output.folder = folder


def run(arguments: Sequence[str]) -> int:
    """Runs the command that `arguments` name; gives the exit code."""
    output = standard_output(os.environ)
    session = Session(output, os.environ)
    if instruction := os.environ.get("_NEWSLETTER_COMPLETE"):
        from click.shell_completion import shell_complete

        return shell_complete(group, {"obj": session}, NAME, "_NEWSLETTER_COMPLETE", instruction)
    try:
        code = _invoke(arguments, session)
        output.stdout.flush()
    except BrokenPipeError:
        _let_go_of_stdout()
        return CLOSED_PIPE
    except (KeyboardInterrupt, click.Abort):
        print("\nInterrupted.", file=output.stderr)
        return INTERRUPTED
    except click.ClickException as error:
        error.show(output.stderr)
        return error.exit_code
    except NewsletterError as error:
        output.problems(error.problems)
        return error.exit_code
    except OSError as error:
        output.problems([_os_problem(error)])
        return NewsletterError.exit_code
    except Exception as error:
        from newsletter.cli.crash import report

        output.problems([report(error, arguments, session.environ)])
        return NewsletterError.exit_code
    return code


def _invoke(arguments: Sequence[str], session: Session) -> int:
    try:
        with group.make_context(NAME, list(arguments), obj=session) as context:
            result: Any = group.invoke(context)
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    return int(result or 0)


def _os_problem(error: OSError) -> Problem:
    """What the operating system says, for the places where nobody knew more about it."""
    said = os.strerror(error.errno) if error.errno else str(error)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        hint = "Make room on the disk, then try again."
    elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        hint = "Look whether you may write there (ls -l)."
    else:
        hint = "Look at the file or folder that is named here."
    return Problem("system", f"The system says: {said}.", str(error.filename or ""), hint=hint)


def _let_go_of_stdout() -> None:
    """Whoever read our output has left; without this, Python would complain about it at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
