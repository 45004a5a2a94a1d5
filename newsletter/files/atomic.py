"""Writes a file so that it is there whole or not at all, whatever happens to the process or the machine."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from newsletter.files.faults import write_fault

TEMPORARY_PREFIX = ".newsletter-"
TEMPORARY_SUFFIX = ".part"


def write_atomic(path: Path, data: bytes, *, mode: int = 0o644, durable: bool = True) -> None:
    """Writes `data` to `path`, in one step as seen by everybody else; what stood there before is replaced.

    The folder must exist. `mode` is what the file may be at most (the umask applies). With `durable` the file
    survives a power failure once this returns; without, only the death of the process (enough for files
    that can be made again). A symbolic link at `path` is itself replaced, not what it points to.

    Raises StorageError when the disk is full, read-only or forbidden, or a folder stands there; the old file
    is then untouched and nothing half written is left.
    """
    temporary = path.with_name(f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}{TEMPORARY_SUFFIX}")
    try:
        _write_new(temporary, data, mode, durable)
        temporary.replace(path)
        if durable:
            _sync_folder(path.parent)
    except OSError as error:
        raise write_fault(error, path) from error
    finally:
        # after the replacing it is gone; on an error or Ctrl-C it must not stay behind
        with suppress(OSError):
            temporary.unlink()


def _write_new(path: Path, data: bytes, mode: int, durable: bool) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with open(descriptor, "wb", buffering=0) as file:  # noqa: PTH123 - a descriptor, not a path
        rest = memoryview(data)
        while rest:
            rest = rest[file.write(rest) :]
        if durable:
            os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    """Makes the new name itself safe, as far as the file system can (some refuse, and need it not)."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
