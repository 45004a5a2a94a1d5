"""Rules about a theme's colours: words must stand out from what they stand on (WCAG 2.2, 1.4.3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from newsletter.checking.rule import Finding, Rulebook
from newsletter.config.lines import key_lines
from newsletter.errors import Level

CONTRAST = 4.5
"""How many times as bright the lighter of two colours must be."""

_SCHEMES = ("light", "dark")
_PAIRS = (
    ("text", "background"),
    ("text", "surface"),
    ("muted", "background"),
    ("muted", "surface"),
    ("accent", "background"),
    ("accent", "surface"),
    ("on_accent", "accent"),
)
"""Words, and what they stand on."""


@dataclass(frozen=True, slots=True)
class Palette:
    """A theme's tokens, and the files they come from with their text, the one that counts last."""

    tokens: Mapping[str, Mapping[str, str | int]]
    sources: Sequence[tuple[str, str]]


THEME_RULES: Rulebook[Palette] = Rulebook("In the theme")


@THEME_RULES.rule(
    "low-contrast", Level.WARNING, "Words stand out from their ground by 4.5 to 1, in both schemes."
)
def low_contrast(palette: Palette) -> Iterator[Finding]:
    """Many readers' eyes, and every telephone in the sun, need that much."""
    for scheme in _SCHEMES:
        colours = palette.tokens.get(scheme, {})
        for words, ground in _PAIRS:
            if words not in colours or ground not in colours:
                continue
            ratio = contrast(str(colours[words]), str(colours[ground]))
            if ratio < CONTRAST:
                file, line = _place(palette.sources, scheme, words, ground)
                message = (
                    f"{scheme}.{words} on {scheme}.{ground} has a contrast of {ratio:.1f} to 1; "
                    f"{CONTRAST} to 1 is readable."
                )
                brighter = "lighter" if scheme == "dark" else "darker"
                yield Finding(line, message, f"Make {words} {brighter}, or change what it stands on.", file)


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, six hexadecimal digits each, from 1 to 21 (WCAG 2.2, contrast ratio)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour.lstrip("#")[at : at + 2], 16) / 255 for at in (0, 2, 4))
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _place(sources: Sequence[tuple[str, str]], scheme: str, *names: str) -> tuple[str, int]:
    """File and line where one of the colours is set last."""
    for file, text in reversed(sources):
        lines = key_lines(text)
        for name in names:
            if (scheme, name) in lines:
                return file, lines[scheme, name]
    return "", 0
