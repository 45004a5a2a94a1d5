"""How the readers of an issue's text tell what is wrong with it."""

from __future__ import annotations

from typing import Protocol

from newsletter.errors import Level


class Report(Protocol):
    """Where the readers leave what is wrong."""

    def __call__(self, code: str, message: str, line: int, hint: str, level: Level = Level.ERROR) -> None:
        """Notes a problem; `line` counts from 1 in the file."""
        ...
