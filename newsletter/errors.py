"""The error tree: everything a person can mend, said with what happened, where, and how to mend it.

    NewsletterError                 1   failed
    ├── ConfigurationError          3   newsletter.toml, templates' settings, credentials
    ├── ContentError                1   an issue, a reference file, a subscriber file
    ├── RefusedError                1   a command declined, with the reason (draft, changed edition, …)
    ├── StorageError                1   database or disk
    ├── TransportError              75  the way out is closed for now
    │   └── CredentialsError        3   the server does not accept who we say we are
    ├── BusyError                   75  somebody else is at it
    └── Interrupted                 130 Ctrl-C or SIGTERM, everything saved

Bugs are not in this tree: they pass through.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar


class Level(StrEnum):
    """How bad a problem is: an error stops the command, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend.

    `file` is a path as the publisher would type it (relative to the publication where possible), or "" when
    no file is concerned; `line` counts from 1, or is 0 when the whole file is meant. `code` is a short,
    stable, kebab-case name such as `unknown-key`; `hint` says how to mend it.
    """

    code: str
    message: str
    file: str = ""
    line: int = 0
    hint: str = ""
    level: Level = Level.ERROR

    def __str__(self) -> str:
        where = (
            f"{self.file}:{self.line}: " if self.file and self.line else f"{self.file}: " if self.file else ""
        )
        hint = f"\n    {self.hint}" if self.hint else ""
        return f"{where}{self.level}[{self.code}] {self.message}{hint}"


class NewsletterError(Exception):
    """Something went wrong that a person can mend; carries one or more problems and the exit code."""

    exit_code: ClassVar[int] = 1
    code: ClassVar[str] = "failed"

    def __init__(
        self, message: str, *, file: str = "", line: int = 0, hint: str = "", code: str = ""
    ) -> None:
        super().__init__(message)
        self.problems: tuple[Problem, ...] = (
            Problem(code=code or self.code, message=message, file=file, line=line, hint=hint),
        )

    @classmethod
    def of(cls, problems: Sequence[Problem]) -> NewsletterError:
        """One error for several problems found together; `problems` must not be empty."""
        error = cls(problems[0].message)
        error.problems = tuple(problems)
        return error

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class ConfigurationError(NewsletterError):
    """The publication's settings are missing, broken or contradict each other."""

    exit_code = 3
    code = "configuration"


class ContentError(NewsletterError):
    """What somebody wrote (an issue, references, a list of readers) cannot be used as it stands."""

    code = "content"


class RefusedError(NewsletterError):
    """The command was understood and declined, with the reason; nothing was changed."""

    code = "refused"


class StorageError(NewsletterError):
    """The database or the disk did not do what was asked; what was committed before is safe."""

    code = "storage"


class TransportError(NewsletterError):
    """The way out is closed for now: nobody listens, the line dropped, the server says later."""

    exit_code = 75
    code = "transport"


class CredentialsError(TransportError):
    """The server does not accept our name, password or certificate."""

    exit_code = 3
    code = "credentials"


class BusyError(NewsletterError):
    """Another process is doing this very thing; try again when it is done."""

    exit_code = 75
    code = "busy"


class Interrupted(NewsletterError):  # noqa: N818 - an interruption is not an error of anybody's
    """Stopped by the person or the system; everything is saved and can go on."""

    exit_code = 130
    code = "interrupted"
