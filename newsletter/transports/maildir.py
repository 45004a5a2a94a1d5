"""A Maildir to deliver into: a message is there whole and synced to disk, or not at all. Blocking calls."""

from __future__ import annotations

import errno
import hashlib
import os
import re
from contextlib import suppress
from pathlib import Path

_FOLDER_MODE = 0o700
_FILE_MODE = 0o600
_SAFE_ID = re.compile(r"<([A-Za-z0-9][A-Za-z0-9.-]{0,63}@[A-Za-z0-9.-]{1,128})>")


def file_name(message_id: str) -> str:
    """The file of a message: its Message-ID where that makes a safe name, else a hash of it."""
    safe = _SAFE_ID.fullmatch(message_id)
    return safe[1] if safe else hashlib.sha256(message_id.encode("utf-8", "surrogateescape")).hexdigest()


class Maildir:
    """The folder `path` with `tmp`, `new` and `cur` inside, made on demand and private to its owner."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._tmp, self._new, self._cur = path / "tmp", path / "new", path / "cur"
        self._read: tuple[int, frozenset[str]] = (-1, frozenset())

    def prepare(self) -> None:
        """Makes the folders that are missing and tries whether they can be written; OSError when not."""
        missing = [folder for folder in (self._path, self._tmp, self._new, self._cur) if not folder.is_dir()]
        for folder in missing:
            folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)  # lanes may come at once
        if missing:
            _sync_folder(self._path)
            _sync_folder(self._path.parent)
        for folder in (self._tmp, self._new):
            probe = folder / f".probe-{os.getpid()}"
            probe.touch(mode=_FILE_MODE)
            probe.unlink(missing_ok=True)

    def look(self) -> None:
        """Tries what `prepare` would do as far as can be, making nothing; OSError when it would fail."""
        for folder in (self._tmp, self._new):
            place = folder
            while not place.exists():
                place = place.parent
            if not place.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(place))
            if not os.access(place, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(place))

    def deliver(self, name: str, content: bytes) -> bool:
        """Stores `content` as `new/<name>`; False when a message of that name was there before, read or not.

        Returns after content and name are synced to disk. After an OSError the call may be repeated.
        """
        target = self._new / name
        if target.exists() or name in self._names_read():
            return False
        draft = self._tmp / name
        try:
            # A leftover of a killed process has the same name and is overwritten.
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _FILE_MODE)
            with os.fdopen(descriptor, "wb", buffering=0) as file:
                rest = memoryview(content)
                while rest:
                    rest = rest[file.write(rest) :]
                os.fsync(descriptor)
            draft.rename(target)
        except OSError:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
            raise
        _sync_folder(self._new)
        return True

    def _names_read(self) -> frozenset[str]:
        """The messages that a mail program moved to `cur`, without the flags that it added to their names."""
        changed = self._cur.stat().st_mtime_ns
        if self._read[0] != changed:
            self._read = (changed, frozenset(entry.name.partition(":2,")[0] for entry in self._cur.iterdir()))
        return self._read[1]


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
