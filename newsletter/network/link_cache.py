"""What is remembered of links that were followed: a page that was there is left in peace for a week."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from newsletter.checking.deadlinks import Answer
from newsletter.files.atomic import write_atomic
from newsletter.files.faults import write_fault

FRESH = timedelta(days=7)
"""For so long a good answer counts. Bad ones are not remembered: what was mended shows at once."""


class LinkCache:
    """A file of answers in `folder`; it may be deleted at any time."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "answers.json"

    def load(self, now: datetime) -> dict[str, Answer]:
        """The answers that still count, by address; none when the file cannot be read."""
        return {url: Answer(status) for url, (status, _) in self._read(now).items()}

    def save(self, answers: Mapping[str, Answer], now: datetime) -> None:
        """Remembers the good ones among these answers, which were given now. Raises StorageError."""
        good = {url: [one.status, now.isoformat()] for url, one in answers.items() if 200 <= one.status < 400}
        if not good:
            return
        kept = {url: [status, at.isoformat()] for url, (status, at) in self._read(now).items()}
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise write_fault(error, self._path.parent) from error
        text = json.dumps(kept | good, indent=0, sort_keys=True)
        write_atomic(self._path, text.encode(), mode=0o600, durable=False)

    def _read(self, now: datetime) -> dict[str, tuple[int, datetime]]:
        try:
            read = json.loads(self._path.read_bytes())
            found = ((url, int(status), datetime.fromisoformat(at)) for url, (status, at) in read.items())
            return {url: (status, at) for url, status, at in found if now - FRESH < at <= now}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}
