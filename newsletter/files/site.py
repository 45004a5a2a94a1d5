"""Puts the built site into its folder: keeps what is equal, replaces what differs, removes what is gone.

The folder remembers in a hidden list which files are ours; every other file is left alone and reported.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from newsletter.errors import BusyError, RefusedError, StorageError
from newsletter.files.atomic import TEMPORARY_PREFIX, TEMPORARY_SUFFIX, write_atomic
from newsletter.files.faults import read_fault, shown, write_fault

LIST_NAME = ".newsletter-files"
"""The hidden list of our files, one a line, in the output folder."""


@dataclass(frozen=True, slots=True)
class SiteReport:
    """What a build did: numbers of files written, left as they were and removed.

    `foreign` names the files in the folder that are not ours (hidden ones are not counted).
    """

    written: int
    unchanged: int
    removed: int
    foreign: tuple[str, ...] = ()


def write_site(
    output: Path,
    pages: Iterable[tuple[str, bytes]],
    pictures: Iterable[tuple[str, Path]] = (),
    *,
    publication: Path | None = None,
) -> SiteReport:
    """Makes `output` hold `pages` (path → bytes) and `pictures` (path → file to copy), no other file of ours.

    Paths are relative, with `/`. Pictures come first and removals last, so that a build which is killed
    leaves no page without its pictures; the next build mends the rest. `publication` is the publication's
    folder, which the site must not cover.

    Raises RefusedError when `output` is a place that must not be built into, or a file that is not ours is in
    the way; BusyError when another build is at it; StorageError when the disk does not do it.
    """
    _refuse_unsafe(output, publication)
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_fault(error, output) from error
    with _alone(output):
        folder = _Output(output)
        for path, source in pictures:
            folder.put_copy(path, source)
        for path, data in pages:
            folder.put(path, data)
        return folder.finish()


def _refuse_unsafe(output: Path, publication: Path | None) -> None:
    place = output.resolve()
    reason = ""
    with suppress(RuntimeError):  # somebody without a home folder cannot lose it
        if Path.home().resolve().is_relative_to(place):
            reason = "it is your home folder, or holds it"
    if (place / "newsletter.toml").exists():
        reason = "it is a publication: its newsletter.toml is there"
    elif publication is None and (place / ".git").exists():
        reason = "it is a repository"
    elif publication is not None:
        reason = reason or _inside(place, publication.resolve())
    if reason:
        raise RefusedError(
            f"The archive will not be built into {shown(output)}: {reason}.",
            file="newsletter.toml",
            code="unsafe-output",
            hint='Set `output` under [archive] to a folder of its own, such as "public".',
        )


def _inside(place: Path, publication: Path) -> str:
    """Why `place` must not hold the site of `publication`; "" when it may."""
    if publication.is_relative_to(place):
        return "the publication itself lies inside it"
    for name in ("issues", "subscribers", "templates"):
        if place.is_relative_to(publication / name):
            return f"the publication's {name} are kept there"
    return ""


@contextmanager
def _alone(output: Path) -> Iterator[None]:
    """Holds a lock on the folder, which ends with this process however it ends."""
    try:
        descriptor = os.open(output, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise write_fault(error, output) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BusyError(
                f"The archive in {shown(output)} is being built by another command just now.",
                hint="Wait until it is done, then run this one again.",
            ) from error
        yield
    finally:
        os.close(descriptor)


class _Output:
    """The output folder during one build."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._list = root / LIST_NAME
        self._ours = _read_list(self._list)
        self._now: dict[str, None] = {}
        self._made: set[Path] = {root}
        self._written = 0
        self._unchanged = 0

    def put(self, name: str, data: bytes) -> None:
        """Makes the file `name` hold `data`."""
        self._place(name, self._claim(name), data)

    def put_copy(self, name: str, source: Path) -> None:
        """Makes the file `name` a copy of `source`; equal size and time count as equal, as in rsync."""
        target = self._claim(name)
        try:
            wanted = source.stat()
            if name in self._ours and _same_stamp(target, wanted):
                self._unchanged += 1
                return
            data = source.read_bytes()
        except OSError as error:
            raise read_fault(error, source) from error
        self._place(name, target, data)
        with suppress(OSError):  # only saves work next time
            os.utime(target, ns=(wanted.st_atime_ns, wanted.st_mtime_ns))

    def _place(self, name: str, target: Path, data: bytes) -> None:
        if _holds(target, data):
            self._own(name)
            self._unchanged += 1
            return
        self._make_way(name, target)
        write_atomic(target, data, durable=False)
        self._written += 1

    def finish(self) -> SiteReport:
        """Removes what this build no longer has, and writes the list."""
        gone = [name for name in self._ours if name not in self._now]
        removed = 0
        for name in gone:
            try:
                (self._root / name).unlink()
                removed += 1
            except (FileNotFoundError, NotADirectoryError):
                pass
            except OSError as error:
                raise write_fault(error, self._root / name) from error
            self._prune(PurePosixPath(name).parent)
        write_atomic(self._list, "".join(f"{name}\n" for name in sorted(self._now)).encode(), durable=False)
        return SiteReport(self._written, self._unchanged, removed, tuple(self._foreign()))

    def _claim(self, name: str) -> Path:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or str(path) != name or "\n" in name:
            raise ValueError(f"not a path inside the site: {name!r}")
        if name in self._now:
            raise RefusedError(
                f"Two things of the archive would be the one file {name}.",
                code="same-file",
                hint="Rename a picture or an issue, so that each has its own address.",
            )
        self._now[name] = None
        return self._root / name

    def _make_way(self, name: str, target: Path) -> None:
        """Makes the folders of `target`, refuses to overwrite what is somebody else's, lists it as ours."""
        if name not in self._ours and os.path.lexists(target) and not target.is_dir():
            raise RefusedError(
                f"{shown(target)} is there already and was not made by this archive; it was left as it is.",
                file=shown(target),
                code="foreign-file",
                hint="Move it away, or set `output` under [archive] to another folder.",
            )
        parent = target.parent
        if parent not in self._made:
            try:
                parent.mkdir(parents=True, exist_ok=True)
                if not parent.resolve().is_relative_to(self._root.resolve()):
                    raise RefusedError(
                        f"{shown(parent)} leads out of the archive's folder; nothing was written through it.",
                        file=shown(parent),
                        code="output-leads-out",
                        hint="Remove the symbolic link.",
                    )
            except OSError as error:
                raise write_fault(error, target) from error
            self._made.add(parent)
        self._own(name)

    def _own(self, name: str) -> None:
        """Adds to the list before the file is there: a killed build then still knows its own files."""
        if name in self._ours:
            return
        self._ours[name] = None
        try:
            with self._list.open("a", encoding="utf-8") as file:
                file.write(f"{name}\n")
        except OSError as error:
            raise write_fault(error, self._list) from error

    def _prune(self, folder: PurePosixPath) -> None:
        """Removes folders that a removal left empty."""
        while folder.parts:
            try:
                (self._root / folder).rmdir()
            except OSError:
                return
            folder = folder.parent

    def _foreign(self) -> Iterator[str]:
        """Files that are not ours; leftovers of a killed build are cleared away in passing."""
        for here, folders, files in os.walk(self._root):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(files):
                path = Path(here) / name
                if name.startswith(TEMPORARY_PREFIX) and name.endswith(TEMPORARY_SUFFIX):
                    with suppress(OSError):
                        path.unlink()
                    continue
                relative = path.relative_to(self._root).as_posix()
                if not name.startswith(".") and relative not in self._now:
                    yield relative


def _holds(path: Path, data: bytes) -> bool:
    try:
        return not path.is_symlink() and path.stat().st_size == len(data) and path.read_bytes() == data
    except OSError:
        return False


def _same_stamp(path: Path, wanted: os.stat_result) -> bool:
    try:
        there = path.lstat()
    except OSError:
        return False
    return (there.st_size, there.st_mtime_ns) == (wanted.st_size, wanted.st_mtime_ns)


def _read_list(path: Path) -> dict[str, None]:
    """The files that earlier builds made; an unreadable list must not be taken for an empty one."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise StorageError(
            f"{shown(path)} cannot be read, so it is unknown which files there belong to the archive.",
            file=shown(path),
            code="unreadable",
            hint=f"Empty the folder {shown(path.parent)} yourself, then build again.",
        ) from error
    return {line: None for line in lines if line and not line.startswith("/") and ".." not in line.split("/")}
