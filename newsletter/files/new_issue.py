"""Puts a new issue into the folder of issues, with its pictures beside it: all of it, or nothing."""

from __future__ import annotations

import shutil
from collections.abc import Container, Mapping
from pathlib import Path

from newsletter.files.atomic import write_atomic
from newsletter.files.faults import write_fault


def write_issue(issues: Path, name: str, text: str, pictures: Mapping[str, bytes]) -> str:
    """Writes `name.md` or, with pictures, the folder `name`; gives the file relative to the publication.

    Raises StorageError; nothing half written is then left.
    """
    if not pictures:
        write_atomic(issues / f"{name}.md", text.encode())
        return f"{issues.name}/{name}.md"
    making = issues / f".{name}.part"
    shutil.rmtree(making, ignore_errors=True)  # of a run that was killed
    try:
        making.mkdir()
        for picture, data in pictures.items():
            write_atomic(making / picture, data)
        write_atomic(making / "index.md", text.encode())
        making.rename(issues / name)
    except OSError as error:
        raise write_fault(error, issues / name) from error
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return f"{issues.name}/{name}/index.md"


def free_name(name: str, taken: Container[str]) -> str:
    """`name`, or `name` with a number before its ending, so that it is none of `taken`."""
    stem, _, ending = name.rpartition(".")
    candidate, number = name, 1
    while candidate in taken:
        number += 1
        candidate = f"{stem}-{number}.{ending}"
    return candidate
