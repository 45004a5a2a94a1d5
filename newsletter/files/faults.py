"""What the operating system says about a file, in words that tell how to mend it."""

from __future__ import annotations

import errno
import shlex
from pathlib import Path

from newsletter.errors import StorageError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_FORBIDDEN = frozenset({errno.EACCES, errno.EPERM})


def shown(path: Path) -> str:
    """`path` as a person would type it here: relative to the working folder when it lies below."""
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)


def write_fault(error: OSError, path: Path) -> StorageError:
    """The error to raise when `path` could not be written, with the mend for each common cause."""
    name, folder = shown(path), shlex.quote(shown(path.parent))
    code, message, hint = "disk", f"{name} could not be written: {error.strerror or error}.", ""
    if error.errno in _FULL:
        code = "disk-full"
        message = f"{name} was not written: the disk is full."
        hint = f"Free some space on the disk that holds {folder}, then run the command again."
    elif error.errno == errno.EFBIG:
        code = "file-too-large"
        message = f"{name} was not written: it would be larger than this system lets a file become."
        hint = "Raise the limit (`ulimit -f`), then run the command again."
    elif error.errno == errno.EROFS:
        code = "read-only"
        message = f"{name} was not written: its disk is mounted read-only."
        hint = "Choose a folder on another disk, or have this one mounted for writing."
    elif error.errno in _FORBIDDEN:
        code = "not-allowed"
        message = (
            f"{name} was not written: you may not write in {'this folder' if folder == '.' else folder}."
        )
        hint = f"Give yourself the right to (`chmod u+w {folder}`), or choose another folder."
    elif error.errno == errno.EISDIR:
        code = "is-a-folder"
        message = f"{name} was not written: a folder of that name stands there."
        hint = "Move or rename the folder, then run the command again."
    elif error.errno in (errno.ENOTDIR, errno.EEXIST):
        code = "not-a-folder"
        message = f"{name} was not written: a file stands where one of its folders should be."
        hint = f"Look along {folder} for the file, and move or rename it."
    elif error.errno == errno.ENOENT:
        code = "no-folder"
        message = f"{name} was not written: the folder {folder} does not exist."
        hint = f"Make it (`mkdir -p {folder}`), then run the command again."
    elif error.errno == errno.ENAMETOOLONG:
        code = "name-too-long"
        message = f"{name} was not written: the name is longer than this disk allows."
        hint = "Choose a shorter name."
    elif error.errno == errno.EIO:
        hint = "The disk itself reports a fault: save what you can to another one, and have it looked at."
    return StorageError(message, file=name, hint=hint, code=code)


def read_fault(error: OSError, path: Path) -> StorageError:
    """The error to raise when `path` is there but could not be read."""
    name = shown(path)
    if error.errno in _FORBIDDEN:
        message, hint = (
            f"{name} may not be read by you.",
            f"Give yourself the right to (`chmod u+r {shlex.quote(name)}`).",
        )
    elif error.errno == errno.ENOENT:
        message, hint = f"{name} is not there.", "Was it moved or renamed?"
    else:
        message, hint = f"{name} could not be read: {error.strerror or error}.", ""
    return StorageError(message, file=name, hint=hint, code="unreadable")
