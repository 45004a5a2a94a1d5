"""The command line: talks to people, and leaves the doing to `actions`.

`newsletter --help` must answer at once, so nothing is imported here that it does not need; not even click.
"""

import sys

from newsletter.cli import table


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; gives the exit code (`docs/reference/commands.md` lists them)."""
    given = sys.argv[1:] if arguments is None else arguments
    if given in (["--help"], ["-h"]):
        sys.stdout.write(table.help_text())
        return 0
    from newsletter.cli.app import run

    return run(given)
