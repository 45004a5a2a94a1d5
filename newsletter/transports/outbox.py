"""The embedded transport: messages go into a Maildir on this machine, which any mail program can open."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable
from pathlib import Path

from newsletter.errors import TransportError
from newsletter.model import Fault, Message, Outcome, OutcomeKind
from newsletter.protocols import Desk
from newsletter.transports.maildir import Maildir, file_name

_GO_ON = "then give the same command again: nobody is skipped or mailed twice"
_HINTS = {
    errno.ENOSPC: ("disk-full", "the disk is full", f"free some space, {_GO_ON}"),
    errno.EDQUOT: ("disk-full", "your share of the disk is full", f"free some space, {_GO_ON}"),
    errno.EROFS: ("read-only", "the file system is read-only", f"mount it for writing, {_GO_ON}"),
    errno.EACCES: (
        "read-only",
        "no permission to write there",
        f"make the folder writable for you, {_GO_ON}",
    ),
    errno.EPERM: ("read-only", "no permission to write there", f"make the folder writable for you, {_GO_ON}"),
    errno.EEXIST: ("no-folder", "a file stands where the folder should be", f"move that file away, {_GO_ON}"),
    errno.ENOTDIR: (
        "no-folder",
        "a file stands where the folder should be",
        f"move that file away, {_GO_ON}",
    ),
}


class OutboxTransport:
    """Writes each message to the Maildir at `path`, under a name made from its Message-ID.

    That name makes it repeatable: a message found there, read or unread, counts as accepted.
    """

    name = "outbox"
    lanes = 4  # files are synced to disk one by one; a few threads at it keep the disk busy
    repeatable = True

    def __init__(self, path: Path) -> None:
        self._path = path
        self._maildir = Maildir(path)

    async def check(self) -> None:
        """Looks whether the Maildir can be written or made, and makes nothing; TransportError when not."""
        await self._try(self._maildir.look)

    async def _try(self, attempt: Callable[[], None]) -> None:
        try:
            await asyncio.to_thread(attempt)
        except OSError as error:
            raise self._closed(error) from error

    async def lane(self, desk: Desk) -> None:
        """See `protocols.Transport.lane`."""
        await self._try(self._maildir.prepare)
        while (message := await desk.next()) is not None:
            try:
                handed = await desk.hand(message)
            except BaseException:
                desk.settle(message, Outcome(OutcomeKind.DEFERRED, reply="not written", fault=Fault.LINE))
                raise
            if handed:
                await self._write(desk, message)

    async def _write(self, desk: Desk, message: Message) -> None:
        name = file_name(message.message_id)
        # files have this machine's line ends: mutt, for one, shows the CR of a CRLF
        content = message.content.replace(b"\r\n", b"\n")
        writing = asyncio.ensure_future(asyncio.to_thread(self._maildir.deliver, name, content))
        try:
            await asyncio.shield(writing)
        except OSError:
            pass  # told below, with the outcome
        except asyncio.CancelledError:
            # A thread cannot be stopped half-way: wait for the truth about this message.
            try:
                await asyncio.wait([writing])
            finally:
                desk.settle(message, self._outcome(writing, name))
            raise
        desk.settle(message, self._outcome(writing, name))
        error = writing.exception()
        if isinstance(error, OSError):
            raise self._closed(error) from error

    def _outcome(self, writing: asyncio.Future[bool], name: str) -> Outcome:
        if not writing.done():
            return Outcome(OutcomeKind.DOUBTFUL, reply="stopped while the file was being written")
        if error := writing.exception():
            reply = (error.strerror if isinstance(error, OSError) else None) or str(error)
            return Outcome(OutcomeKind.DEFERRED, reply=reply, fault=Fault.LINE)
        return Outcome(OutcomeKind.ACCEPTED, provider_id=name)

    def _closed(self, error: OSError) -> TransportError:
        code, what, hint = _HINTS.get(
            error.errno or 0, ("outbox", error.strerror or str(error), f"see to the folder, {_GO_ON}")
        )
        return TransportError(f"the outbox {self._path} cannot be written: {what}", hint=hint, code=code)
