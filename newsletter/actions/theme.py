"""Themes: which there are, and a copy of one to start an own from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from newsletter.errors import ConfigurationError, Problem, RefusedError
from newsletter.files.atomic import write_atomic
from newsletter.files.faults import write_fault
from newsletter.files.themes import OWN, theme_files
from newsletter.themes import THEMES

if TYPE_CHECKING:
    from newsletter.publication import Publication


@dataclass(frozen=True, slots=True)
class ListedTheme:
    """A theme, and whether the publication uses it."""

    name: str
    about: str
    used: bool


@dataclass(frozen=True, slots=True)
class OwnFile:
    """A file in the publication's templates/: `instead` when the theme has one of that name."""

    file: str
    instead: bool


@dataclass(frozen=True, slots=True)
class ExportedTheme:
    """What was copied where: `folder` relative to the publication, `files` relative to the folder."""

    name: str
    folder: str
    files: tuple[str, ...]


def list_themes(publication: Publication) -> list[ListedTheme]:
    """The themes there are."""
    used = publication.settings.publication.theme
    return [ListedTheme(name, about, name == used) for name, about in THEMES.items()]


def own_files(publication: Publication) -> list[OwnFile]:
    """What the publication has put into its templates/."""
    known = theme_files(publication.settings.publication.theme)
    folder = publication.folder / OWN
    found = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return [OwnFile(f"{OWN}/{name}", name in known) for name in found]


def export_theme(
    publication: Publication, name: str = "", to: str = OWN, only: Sequence[str] = ()
) -> ExportedTheme:
    """Copies the theme `name` (the publication's own choice, if none is named) into the folder `to`, or of it
    the files `only`.

    Raises ConfigurationError when there is no such theme or file, RefusedError when a file is in the way:
    then nothing is written.
    """
    name = name or publication.settings.publication.theme
    if name not in THEMES:
        raise ConfigurationError(
            f"There is no theme {name}.", hint=_near(name, list(THEMES)), code="no-theme"
        )
    files = theme_files(name)
    wanted = list(dict.fromkeys(only)) or list(files)
    missing = [each for each in wanted if each not in files]
    if missing:
        raise ConfigurationError.of(
            [
                Problem("no-file", f"The theme has no {each}.", hint=_near(each, list(files)))
                for each in missing
            ]
        )
    folder = publication.folder / to
    taken = [each for each in wanted if (folder / each).exists()]
    if taken:
        message = "This file is there already; nothing was written."
        hint = "Move it out of the way, or choose another folder: --to FOLDER."
        raise RefusedError.of(
            [Problem("exists", message, (Path(to) / each).as_posix(), hint=hint) for each in taken]
        )
    for each in wanted:
        target = folder / each
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise write_fault(error, Path(error.filename or target.parent)) from error
        write_atomic(target, files[each].read_bytes(), durable=False)
    return ExportedTheme(name, Path(to).as_posix(), tuple(wanted))


def _near(name: str, names: Sequence[str]) -> str:
    near = get_close_matches(name, names, 1)
    return f'Did you mean "{near[0]}"?' if near else f"There are: {', '.join(names)}."
