"""Which column of a list holds what, by the names in its first line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

NAMES: Final = {
    "email": ("email", "e mail", "email address", "e mail address", "subscriber email", "mail", "address"),
    "first_name": ("first name", "firstname", "fname", "first", "given name", "forename"),
    "last_name": ("last name", "lastname", "lname", "last", "surname", "family name"),
    "name": ("name", "full name", "fullname", "display name"),
    "tier": ("tier", "plan", "tiers", "membership", "subscriber type", "subscription type"),
    "tags": ("tags", "tag", "labels", "label", "groups"),
    "joined": (
        "joined", "joined at", "created at", "created", "subscribed at", "subscribed on", "subscription date",
        "signup date", "sign up date", "creation date", "date joined", "date added", "optin time",
        "confirm time",
    ),
    "status": ("status", "state", "subscription status"),
}  # fmt: skip
"""What each column may be called, the surest name first: case, blanks, `-` and `_` do not matter."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The place of each column, -1 where there is none; `fields` are the publisher's own: place and name."""

    width: int
    email: int
    first_name: int = -1
    last_name: int = -1
    name: int = -1
    tier: int = -1
    tags: int = -1
    joined: int = -1
    status: int = -1
    fields: tuple[tuple[int, str], ...] = ()


def find_columns(header: Sequence[str]) -> Columns | None:
    """The columns that `header` names; None when none of them is for addresses.

    A column nobody knows becomes a field, named as a merge field is ("Favourite colour" is
    `favourite_colour`), and so does a second column for the same thing.
    """
    names = [_plain(cell) for cell in header]
    found = {role: place for role, words in NAMES.items() if (place := _place(names, words)) >= 0}
    if "email" not in found:
        return None
    taken = set(found.values())
    fields: dict[str, int] = {}
    for place, name in enumerate(names):
        if place not in taken:
            field = base = name.replace(" ", "_") or f"column_{place + 1}"
            again = 1
            while field in fields or field in NAMES:
                again += 1
                field = f"{base}_{again}"
            fields[field] = place
    own = tuple((place, field) for field, place in fields.items())
    return Columns(width=len(header), fields=own, **found)


def _place(names: Sequence[str], words: Sequence[str]) -> int:
    return next((names.index(word) for word in words if word in names), -1)


def _plain(cell: str) -> str:
    return re.sub(r"[\W_]+", " ", cell).strip().lower()
