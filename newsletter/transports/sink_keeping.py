"""What the sink does with a message before it answers for it: a line in a journal, a file in a Maildir."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from newsletter.transports.maildir import Maildir, file_name


@dataclass(frozen=True, slots=True)
class Received:
    """A message as it came, but for the dots that protect its lines; `message_id` is "" when it has none."""

    message_id: str
    sender: str
    recipients: tuple[str, ...]
    content: bytes


Keep = Callable[[Received], "Awaitable[None] | None"]
"""Takes a message; what it gives back, if anything, is awaited before the message is answered for."""


class Journal:
    """Appends a line `message-id recipient` for each message, synced to disk, many messages in one go.

    Without `sync` nobody waits for the disk, and the lines are only sure to be there after `close`.
    """

    def __init__(self, path: Path, *, sync: bool = True) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._sync = sync
        self._lines: list[str] = []
        self._given = self._synced = 0
        self._writing: asyncio.Task[None] | None = None

    def keep(self, received: Received) -> Awaitable[None] | None:
        """Gives something to wait for: it is done when the message's lines are on the disk, and raises
        OSError when they cannot be."""
        self._lines += [f"{received.message_id} {recipient}\n" for recipient in received.recipients]
        self._given += 1
        return self._until(self._given) if self._sync else None

    def close(self) -> None:
        """Closes the file, after writing what nobody waits for."""
        if not self._sync:
            self._append("".join(self._lines).encode())
        os.close(self._descriptor)

    async def _until(self, mine: int) -> None:
        while self._synced < mine:
            if self._writing is None or self._writing.done():
                self._writing = asyncio.create_task(self._write())
            await asyncio.shield(self._writing)

    async def _write(self) -> None:
        octets, upto = "".join(self._lines).encode(), self._given
        self._lines.clear()
        await asyncio.to_thread(self._append, octets)
        self._synced = upto

    def _append(self, octets: bytes) -> None:
        while octets:
            octets = octets[os.write(self._descriptor, octets) :]
        if self._sync:
            os.fsync(self._descriptor)


def keeper(journal: Journal | None, maildir: Maildir | None) -> Keep | None:
    """Keeps messages in either place or both; None for neither."""
    if maildir is None:
        return journal.keep if journal else None

    async def keep(received: Received) -> None:
        await asyncio.to_thread(maildir.deliver, file_name(received.message_id), received.content)
        if journal is not None and (waiting := journal.keep(received)) is not None:
            await waiting

    return keep
