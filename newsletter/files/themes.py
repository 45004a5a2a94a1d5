"""Themes on disk: the folders in the package, and a publication's own templates over them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import jinja2

from newsletter.errors import ConfigurationError
from newsletter.files.faults import read_fault
from newsletter.rendering.theme import Theme, make_theme
from newsletter.themes import BASE

FOLDER = Path(__file__).parents[1] / "themes"
TOKENS = "tokens.toml"
WORDS = "words.toml"
OWN = "templates"
"""The folder of a publication's own templates, and how problems name it."""


def open_theme(name: str, own: Path, language: str) -> Theme:
    """The theme `name` with the templates, tokens and words in the folder `own` over it.

    What the theme lacks comes from the plain one, whose templates can also be called by name, as in
    `{% include "plain/email/dark.css.j2" %}`. Raises ConfigurationError when a file of tokens or words
    has mistakes.
    """
    folders = _folders(name)
    loaders: list[jinja2.BaseLoader] = [jinja2.FileSystemLoader(folder) for folder in (own, *folders)]
    loaders.append(jinja2.PrefixLoader({BASE: loaders[-1]}))
    return make_theme(
        name,
        jinja2.ChoiceLoader(loaders),
        token_files(name, own),
        [*_texts(folders, WORDS), *_own(own, WORDS)],
        language,
    )


def token_files(name: str, own: Path) -> list[tuple[str, str]]:
    """The files that the tokens come from, with their text; later ones replace values of earlier ones."""
    return [*_texts(_folders(name), TOKENS), *_own(own, TOKENS)]


def theme_files(name: str) -> dict[str, Path]:
    """Every file that makes the theme `name`, by its path inside a theme, those of the plain one included
    that it has no own of."""
    found: dict[str, Path] = {}
    for folder in reversed(_folders(name)):
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                found[path.relative_to(folder).as_posix()] = path
    return dict(sorted(found.items()))


def _folders(name: str) -> list[Path]:
    """The folder of the theme, and that of the plain one behind it."""
    return [FOLDER / each for each in dict.fromkeys((name, BASE))]


def _texts(folders: list[Path], file: str) -> Iterator[tuple[str, str]]:
    """The files of that name, the plain theme's first."""
    for folder in reversed(folders):
        if (folder / file).exists():
            yield file, (folder / file).read_text(encoding="utf-8")


def _own(folder: Path, file: str) -> Iterator[tuple[str, str]]:
    try:
        yield f"{OWN}/{file}", (folder / file).read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise read_fault(error, folder / file) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"Byte {error.start + 1} is not UTF-8.",
            file=f"{OWN}/{file}",
            line=error.object.count(b"\n", 0, error.start) + 1,
            hint="Save the file as UTF-8: your editor asks for the encoding in its “Save as…” dialog.",
            code="not-utf-8",
        ) from error
