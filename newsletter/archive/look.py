"""The look of the site from the theme's tokens: the style sheet and the icon."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import escape

from newsletter.rendering.theme import Theme

_ROOT_PIXELS = 16
"""What browsers take for 1 rem; sizes in rem grow with the reader's own setting."""


def stylesheet(theme: Theme) -> bytes:
    """`style.css`: the tokens as custom properties, then `web/style.css`, which uses nothing else, and
    `web/own.css`."""
    tokens = theme.tokens
    light, dark = _colours(tokens["light"]), _colours(tokens["dark"])
    sizes = [f"--size-{_dashed(name)}: {_size(value)};" for name, value in tokens["sizes"].items()]
    fonts = [f"--font-{_dashed(name)}: {value};" for name, value in tokens["fonts"].items()]
    lines = [
        "/* Made from the theme's tokens: change those, not this file. */",
        ":root {",
        "  color-scheme: light dark;",
        *(f"  {line}" for line in [*light, *fonts, *sizes]),
        "}",
        "@media screen and (prefers-color-scheme: dark) {",
        "  :root {",
        *(f"    {line}" for line in dark),
        "  }",
        "}",
        "",
    ]
    return ("\n".join(lines) + theme.source("web/style.css") + theme.source("web/own.css")).encode()


def icon(theme: Theme, title: str) -> bytes:
    """`icon.svg`: the first letter of the publication's name on the accent colour, for tabs and bookmarks."""
    colours = theme.tokens["light"]
    letter = next((character for character in title if character.isalnum()), "•").upper()
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">\n'
        f'<rect width="64" height="64" rx="12" fill="{escape(colours["accent"])}"/>\n'
        f'<text x="32" y="46" font-family="{escape(theme.tokens["fonts"]["body"])}" font-size="40"'
        f' text-anchor="middle" fill="{escape(colours["on_accent"])}">{escape(letter)}</text>\n'
        "</svg>\n"
    ).encode()


def _colours(tokens: Mapping[str, str | int]) -> list[str]:
    return [f"--{_dashed(name)}: {value};" for name, value in tokens.items()]


def _size(value: str | int) -> str:
    """Pixels as rem; a bare number, such as a line height, as it is."""
    return f"{value / _ROOT_PIXELS:g}rem" if isinstance(value, int) else value


def _dashed(name: str) -> str:
    return name.replace("_", "-")
