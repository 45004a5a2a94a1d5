"""How the names of authors are written: in a citation, and in a reference of either style."""

from __future__ import annotations

import re
from collections.abc import Sequence

from newsletter.model import Name

OTHERS = Name(literal="et al.")
"""Stands at the end of a list that somebody cut short."""

_MOST_HARVARD = 7
_MOST_VANCOUVER = 6


def short_names(names: Sequence[Name]) -> str:
    """The names as a citation has them: “Warren”, “Warren and Lim”, “Warren et al.”."""
    families = [family(name) for name in names]
    if len(families) > 2 or OTHERS in names:
        return f"{families[0]} et al."
    return " and ".join(families)


def harvard_names(names: Sequence[Name]) -> str:
    """“van der Berg, J. A., Lim, C. & Warren, J.”; of more than seven the first six."""
    written = [_inverted(name, ", ", spaced=True) for name in names]
    if len(written) > _MOST_HARVARD:
        return f"{', '.join(written[: _MOST_HARVARD - 1])}, et al."
    if len(written) > 1 and OTHERS not in names:
        return f"{', '.join(written[:-1])} & {written[-1]}"
    return ", ".join(written)


def vancouver_names(names: Sequence[Name]) -> str:
    """“van der Berg JA, Lim C, Warren J”; of more than six the first six."""
    written = [_inverted(name, " ", spaced=False) for name in names]
    if len(written) > _MOST_VANCOUVER:
        return f"{', '.join(written[:_MOST_VANCOUVER])}, et al."
    return ", ".join(written)


def family(name: Name) -> str:
    """The family name with its particle, or whatever stands for it."""
    return name.literal or f"{name.particle} {name.family}".strip() or name.given


def _inverted(name: Name, comma: str, *, spaced: bool) -> str:
    if name.literal or not (name.family or name.particle):
        return family(name)
    initials = _initials(name.given, spaced=spaced)
    parts = [family(name), *([initials] if initials else [])]
    if name.suffix:
        parts.append(name.suffix)
    return comma.join(parts)


def _initials(given: str, *, spaced: bool) -> str:
    """“Jean-Luc Marie” as “J.-L. M.” or, not spaced, “JLM”."""
    words = []
    for word in given.split():
        # “J.B.” are two names, “Jean-Luc” is one of two parts
        for one in filter(None, re.split(r"(?<=\.)(?=\w)", word)):
            parts = [part for part in one.replace("‐", "-").split("-") if part[:1].isalpha()]
            words.append([part[0].upper() for part in parts])
    if spaced:
        return " ".join("-".join(f"{letter}." for letter in letters) for letters in words if letters)
    return "".join(letter for letters in words for letter in letters)
