"""Days on the command line: a date, or how far back from today."""

from __future__ import annotations

import re
from datetime import date, timedelta

import click

_AGE = re.compile(r"(\d{1,4})([dw])")


def read_since(_context: click.Context, _parameter: click.Parameter, value: str | None) -> date | int | None:
    """Reads `2026-11-24`, or a number of days (`30d`) or weeks (`8w`) back, as an option's callback."""
    if value is None:
        return None
    if match := _AGE.fullmatch(value):
        return int(match[1]) * (7 if match[2] == "w" else 1)
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        message = f"{value} is neither a date, as 2026-11-24, nor a length of time, as 30d or 8w."
        raise click.BadParameter(message) from error


def first_day(given: date | int | None, today: date) -> date | None:
    """The day that was meant; None when none was given."""
    return today - timedelta(days=given) if isinstance(given, int) else given


SINCE = click.option(
    "--since", metavar="DATE", callback=read_since, help="Look back to DATE, or so far: 30d, 8w."
)
"""The option that several commands have."""
