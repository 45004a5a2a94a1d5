"""What happens when the program itself is wrong: one calm line, and the details in a file."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from newsletter import __version__
from newsletter.errors import Problem


def report(error: Exception, arguments: Sequence[str], environ: Mapping[str, str]) -> Problem:
    """Writes the traceback to a log file and gives the line that names it."""
    now = datetime.now(UTC)
    text = "".join(
        (
            f"newsletter {__version__}, Python {platform.python_version()}, {sys.platform}, {now}\n",
            f"newsletter {' '.join('(address)' if '@' in word else word for word in arguments)}\n\n",
            *traceback.format_exception(error),
        )
    )
    log = _write(text, f"crash-{now:%Y%m%dT%H%M%SZ}-{os.getpid()}.log", environ)
    hint = f"The details are in {log}. Please send that file along when you report it."
    return Problem(
        "bug",
        f"This should not have happened ({type(error).__name__}). It is our mistake, not yours.",
        hint=hint if log else "The details could not be written anywhere: is the disk full?",
    )


def _write(text: str, name: str, environ: Mapping[str, str]) -> Path | None:
    """The file written: in the user's folder for such things or, failing that, the temporary one."""
    state = environ.get("XDG_STATE_HOME") or str(Path(environ.get("HOME", "/nonexistent"), ".local", "state"))
    for folder in (Path(state, "newsletter"), Path(tempfile.gettempdir())):
        path = folder / name
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.touch(mode=0o600, exist_ok=False)
            path.write_text(text, encoding="utf-8")
        except OSError:
            continue
        return path
    return None
