"""What every command is given: where to work, what to print on, and the publication once it is needed."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from newsletter.cli.output import Output

if TYPE_CHECKING:
    from newsletter.publication import Publication

SETTINGS = "newsletter.toml"

_Function = TypeVar("_Function", bound=Callable[..., Any])


@dataclass
class Session:
    """One run of the command line."""

    output: Output
    environ: Mapping[str, str]
    folder: Path = Path()

    @contextmanager
    def publication(self) -> Iterator[Publication]:
        """The publication that the command works on; closed at the end of the block."""
        from newsletter.clock import SystemClock
        from newsletter.publication import Publication

        self._look_above()
        publication = Publication.open(self.folder, environ=self.environ, clock=SystemClock())
        try:
            yield publication
        finally:
            publication.close()

    def _look_above(self) -> None:
        """From inside a publication's folders, the publication is meant, as with git."""
        if self.folder != Path() or Path(SETTINGS).exists():
            return
        for above in Path.cwd().parents:
            if (above / SETTINGS).is_file():
                self.folder = self.output.folder = Path(os.path.relpath(above))
                return

    def command(self, words: str) -> str:
        """A command to name to the person, with -C where they need it: `newsletter -C demo send`."""
        given = "" if self.folder == Path() else f" -C {shlex.quote(str(self.folder))}"
        return f"newsletter{given} {words}"


pass_session = click.make_pass_decorator(Session)


def talking(command: _Function) -> _Function:
    """Gives a command the options --json, --quiet and --verbose, which may stand before or after its name."""

    def switch(name: str) -> Callable[[click.Context, click.Parameter, bool], None]:
        def set_on(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
            if value:
                setattr(context.ensure_object(Session).output, name, True)

        return set_on

    for flags, name, words in (
        (("-v", "--verbose"), "verbose", "Say more."),
        (("-q", "--quiet"), "quiet", "Say nothing but results and errors."),
        (("--json",), "json", "Print the result as JSON."),
    ):
        option = click.option(
            *flags, is_flag=True, expose_value=False, is_eager=True, callback=switch(name), help=words
        )
        command = option(command)
    return command
