"""An MJML document that can point at any of its characters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn, TypeAlias

from newsletter.errors import ConfigurationError, Problem

Locate: TypeAlias = Callable[[str], tuple[str, int] | None]
"""Finds the template and line that a line of a filled-in template came from."""


@dataclass(frozen=True, slots=True)
class Source:
    """The text of a filled-in template, and the template that it came from."""

    mjml: str
    file: str
    locate: Locate | None

    def character(self, octets: int) -> int:
        """The index of the character at which the UTF-8 octet number `octets` stands."""
        return len(self.mjml.encode()[:octets].decode(errors="ignore"))

    def line(self, at: int) -> int:
        """The line on which a character stands, counted from 1."""
        return self.mjml.count("\n", 0, at) + 1

    def problem(self, at: int, message: str, hint: str = "") -> Problem:
        """A problem at a character, which is shown with the line it stands on and a mark under it."""
        start = self.mjml.rfind("\n", 0, at) + 1
        line = self.mjml[start:].partition("\n")[0]
        file, number = self.file, self.line(at)
        if self.locate:  # a line of the filled-in template is no line of the template
            file, number = self.locate(line) or (self.file, 0)
        cut = max(0, at - start - 60)
        place = (
            f"Line {self.line(at)}, column {at - start + 1} of the filled-in template:\n"
            f"    {line[cut : cut + 100]}\n    {' ' * (at - start - cut)}^"
        )
        return Problem("mjml", message, file, number, f"{hint}\n    {place}" if hint else place)

    def refuse(self, at: int, message: str, hint: str = "") -> NoReturn:
        """Raises ConfigurationError for a problem at a character."""
        raise ConfigurationError.of([self.problem(at, message, hint)])
