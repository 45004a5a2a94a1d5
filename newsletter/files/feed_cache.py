"""The last good copy of each feed, for asking “has it changed?” and for days without a network.

Only a convenience: what was used stands in the issues, and the folder may be deleted at any time.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from newsletter.errors import BusyError
from newsletter.files.atomic import write_atomic
from newsletter.files.faults import write_fault


@dataclass(frozen=True, slots=True)
class Copy:
    """A feed as it was at `fetched_at`; `url` is where it came from in the end."""

    url: str
    body: bytes
    fetched_at: datetime
    content_type: str = ""
    etag: str = ""
    last_modified: str = ""


class FeedCache:
    """A folder with one file a feed: a line of JSON about it, then the feed itself."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, url: str) -> Copy | None:
        """The copy of the feed at `url`; None when there is none that could be used."""
        try:
            head, _, body = self._path(url).read_bytes().partition(b"\n")
            facts = json.loads(head)
            if facts["address"] != url or facts["digest"] != hashlib.sha256(body).hexdigest():
                return None
            return Copy(
                url=str(facts["url"]),
                body=body,
                fetched_at=datetime.fromisoformat(facts["fetched_at"]),
                content_type=str(facts["content_type"]),
                etag=str(facts["etag"]),
                last_modified=str(facts["last_modified"]),
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def save(self, url: str, copy: Copy) -> None:
        """Keeps a copy of the feed at `url`. Raises StorageError."""
        facts = {
            "address": url,
            "url": copy.url,
            "fetched_at": copy.fetched_at.isoformat(),
            "content_type": copy.content_type,
            "etag": copy.etag,
            "last_modified": copy.last_modified,
            "digest": hashlib.sha256(copy.body).hexdigest(),
        }
        self._make_folder()
        write_atomic(
            self._path(url), json.dumps(facts).encode() + b"\n" + copy.body, mode=0o600, durable=False
        )

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keeps other processes from gathering at the same time; BusyError when one is at it already."""
        self._make_folder()
        descriptor = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise BusyError(
                    "Another process is making a draft from the feeds.", hint="Try again when it is done."
                ) from error
            yield
        finally:
            with suppress(OSError):
                os.close(descriptor)

    def _path(self, url: str) -> Path:
        return self._folder / f"{hashlib.sha256(url.encode()).hexdigest()[:32]}.feed"

    def _make_folder(self) -> None:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise write_fault(error, self._folder) from error
