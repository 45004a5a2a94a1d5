"""The files of a folder or of a ZIP file, read one at a time and never unpacked to the disk."""

from __future__ import annotations

import zipfile
from pathlib import Path, PurePosixPath

from newsletter.errors import ContentError
from newsletter.files.faults import read_fault

_SINGLE = frozenset({".json", ".md", ".markdown"})
MOST_FILES = 50_000
LARGEST_FILE = 50_000_000
"""In bytes, unpacked; a ZIP file of a few kilobytes can claim to hold terabytes."""


class FolderFiles:
    """A folder with everything in it, or `only` one of its files. Hidden things and links that lead out of
    the folder are left aside."""

    def __init__(self, folder: Path, only: str = "") -> None:
        self._folder = folder
        self._root = folder.resolve()
        self._names = (only,) if only else tuple(sorted(self._walk(folder)))

    @property
    def names(self) -> tuple[str, ...]:
        """The paths, relative, with slashes."""
        return self._names

    def _walk(self, folder: Path) -> list[str]:
        found: list[str] = []
        todo = [folder]
        while todo:
            here = todo.pop()
            try:
                entries = sorted(here.iterdir())
            except OSError as error:
                raise read_fault(error, here) from error
            for path in entries:
                if path.name.startswith(".") or path.name == "node_modules":
                    continue
                if path.is_symlink() and not path.resolve().is_relative_to(self._root):
                    continue
                if path.is_dir() and not path.is_symlink():
                    todo.append(path)
                elif path.is_file():
                    found.append(path.relative_to(folder).as_posix())
            _require_not_too_many(len(found))
        return found

    def read(self, name: str) -> bytes:
        """What a file holds."""
        path = self._folder / name
        try:
            if path.stat().st_size > LARGEST_FILE:
                raise _too_large(name)
            return path.read_bytes()
        except OSError as error:
            raise read_fault(error, path) from error


class ZipFiles:
    """A ZIP file; names that would lead out of a folder do not matter, since nothing is unpacked."""

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except OSError as error:
            raise read_fault(error, path) from error
        except zipfile.BadZipFile as error:
            raise ContentError(
                "This is not a ZIP file, or a damaged one.", file=str(path), code="not-zip"
            ) from error
        infos = {info.filename: info for info in self._zip.infolist() if not info.is_dir()}
        _require_not_too_many(len(infos))
        self._infos = {name: infos[name] for name in sorted(infos) if not _is_hidden(name)}

    @property
    def names(self) -> tuple[str, ...]:
        """The paths, relative, with slashes."""
        return tuple(self._infos)

    def read(self, name: str) -> bytes:
        """What a file holds."""
        try:
            with self._zip.open(self._infos[name]) as opened:
                data = opened.read(LARGEST_FILE + 1)
        except (
            zipfile.BadZipFile,
            NotImplementedError,
            RuntimeError,
            OSError,
            EOFError,
            ValueError,
        ) as error:
            raise ContentError(f"It cannot be unpacked: {error}.", file=name, code="damaged") from error
        if len(data) > LARGEST_FILE:
            raise _too_large(name)
        return data


def open_files(path: Path) -> FolderFiles | ZipFiles:
    """The files at `path`: a folder, a ZIP file or a single file of text.

    Raises ContentError when it is none of them, StorageError when it cannot be read.
    """
    if path.is_dir():
        return FolderFiles(path)
    if path.is_file() and path.suffix.lower() in _SINGLE:
        return FolderFiles(path.parent, path.name)
    if not path.exists():
        raise ContentError("There is nothing of that name.", file=str(path), code="not-there")
    return ZipFiles(path)


def _is_hidden(name: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(name).parts)


def _require_not_too_many(count: int) -> None:
    if count > MOST_FILES:
        raise ContentError(
            f"There are more than {MOST_FILES:,} files.",
            hint="Name the folder with the posts itself.",
            code="too-many-files",
        )


def _too_large(name: str) -> ContentError:
    return ContentError(f"It has more than {LARGEST_FILE // 1_000_000} MB.", file=name, code="file-too-large")
