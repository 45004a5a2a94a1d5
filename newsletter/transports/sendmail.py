"""The sendmail transport: hands each message to a program on this machine, which takes it from there.

Postfix, Exim, OpenSMTPD, msmtp and others bring such a program, most often as /usr/sbin/sendmail.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import signal
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO

from newsletter.config.providers import RECIPIENT, SENDER
from newsletter.errors import TransportError
from newsletter.model import Fault, Message, Outcome, OutcomeKind
from newsletter.protocols import Desk

_REPLY = 500
_LAST_BREATH = 1.0
_SPEAKABLE = re.compile(r"(?!-)[!-~]+")
_GO_ON = "then give the same command again: nobody is skipped or mailed twice"

_LATER = (OutcomeKind.DEFERRED, "", Fault.LINE)
_OURS = (OutcomeKind.DEFERRED, "", Fault.SENDER)
_MEANINGS = {
    0: (OutcomeKind.ACCEPTED, "", Fault.NONE),
    67: (OutcomeKind.REFUSED, "5.1.1", Fault.RECIPIENT),  # EX_NOUSER
    68: (OutcomeKind.REFUSED, "5.1.2", Fault.RECIPIENT),  # EX_NOHOST
    69: _LATER,  # EX_UNAVAILABLE
    70: _LATER,  # EX_SOFTWARE
    71: _LATER,  # EX_OSERR
    74: _LATER,  # EX_IOERR
    75: _LATER,  # EX_TEMPFAIL
    76: _LATER,  # EX_PROTOCOL
}
"""What exit codes mean (sysexits.h). Any other is about the command or its settings: ours to mend."""


@dataclass(frozen=True, slots=True)
class SendmailSettings:
    """`command` is the program and its arguments, with `{sender}` and `{recipient}` where the envelope goes;
    `processes` how many may run at once, `patience` the seconds that one may take."""

    command: tuple[str, ...]
    processes: int = 4
    patience: float = 120.0
    grace: float = 3.0


class SendmailTransport:
    """Runs a command for each message.

    A message is handed before its command is started. Nothing later would do: the end of its input is the
    sign for the program to send, and should this process be killed, the system gives that sign in its stead.
    For the same reason, the input is a file that is complete before the program begins to read.
    """

    name = "sendmail"
    repeatable = False

    def __init__(self, settings: SendmailSettings) -> None:
        self._settings = settings

    @property
    def lanes(self) -> int:
        """As many as there may be processes."""
        return self._settings.processes

    async def check(self) -> None:
        """Looks whether the program is there and may be run; TransportError when not."""
        program = self._settings.command[0]
        if shutil.which(program) is None:
            raise TransportError(
                f"there is no program {program} that could be run",
                hint=f"install a mail server, or name another command in [delivery.sendmail], {_GO_ON}",
                code="no-program",
            )

    async def lane(self, desk: Desk) -> None:
        """See `protocols.Transport.lane`."""
        await self.check()
        while (message := await desk.next()) is not None:
            unspeakable = _unspeakable(message)
            if unspeakable is not None:
                desk.settle(message, unspeakable)
                continue
            try:
                handed = await desk.hand(message)
            except BaseException:
                desk.settle(message, Outcome(OutcomeKind.DEFERRED, reply="not started", fault=Fault.LINE))
                raise
            if handed:
                await self._deliver(desk, message)

    async def _deliver(self, desk: Desk, message: Message) -> None:
        with TemporaryFile() as mail, TemporaryFile() as said:
            try:
                process = await self._start(message, mail, said)
            except OSError as error:
                why = f"{self._settings.command[0]} cannot be started: {error.strerror or error}"
                desk.settle(message, Outcome(OutcomeKind.DEFERRED, reply=why, fault=Fault.LINE))
                raise TransportError(why, hint=f"see to it, {_GO_ON}", code="no-program") from error
            except BaseException:
                desk.settle(message, _doubtful("stopped while the program was being started"))
                raise
            ended = await self._wait(desk, message, process, said)
            desk.settle(message, ended)

    async def _start(self, message: Message, mail: IO[bytes], said: IO[bytes]) -> asyncio.subprocess.Process:
        mail.write(message.content.replace(b"\r\n", b"\n"))  # programs on this machine want its line ends
        mail.seek(0)
        return await asyncio.create_subprocess_exec(
            *_arguments(self._settings.command, message),
            stdin=mail,
            stdout=said,
            stderr=said,
            start_new_session=True,  # Ctrl-C is meant for us, not for a program with a mail in its hands
        )

    async def _wait(
        self, desk: Desk, message: Message, process: asyncio.subprocess.Process, said: IO[bytes]
    ) -> Outcome:
        waiting = asyncio.ensure_future(process.wait())
        try:
            await asyncio.wait([waiting], timeout=self._settings.patience)
            killed = await _put_down(process)
        except BaseException:
            killed = process.returncode is None
            with suppress(asyncio.CancelledError):  # a second wish to stop: at once
                await asyncio.wait([waiting], timeout=self._settings.grace)
                killed = await _put_down(process)
            desk.settle(message, self._outcome(process, said, "stopped before the program ended" * killed))
            raise
        return self._outcome(process, said, "the program did not end in time" * killed)

    def _outcome(self, process: asyncio.subprocess.Process, said: IO[bytes], why_killed: str) -> Outcome:
        code = process.returncode
        if why_killed or code is None:
            return _doubtful(why_killed)
        if code < 0:
            return _doubtful(f"the program was ended by {_signal_name(-code)}")
        said.seek(0)
        words = " ".join(said.read(_REPLY).decode("utf-8", "replace").split())
        kind, enhanced, fault = _MEANINGS.get(code, _OURS)
        if kind is not OutcomeKind.ACCEPTED:
            words = words or f"{self._settings.command[0]} ended with code {code}"
        return Outcome(kind, code, enhanced, words, fault=fault)


def _arguments(command: Sequence[str], message: Message) -> list[str]:
    values = {SENDER: message.sender or "<>", RECIPIENT: message.recipient}
    words = [command[0]]
    for word in command[1:]:
        filled = word
        for name, value in values.items():
            filled = filled.replace(name, value)
        words.append(filled)
    return words


def _unspeakable(message: Message) -> Outcome | None:
    """An address that a program could take for an option, or that holds what no address does."""
    said = "the address cannot be given to a program"
    if not _SPEAKABLE.fullmatch(message.recipient):
        return Outcome(OutcomeKind.REFUSED, reply=said, fault=Fault.RECIPIENT)
    if message.sender and not _SPEAKABLE.fullmatch(message.sender):
        return Outcome(OutcomeKind.DEFERRED, reply=f"{message.sender!r}: {said}", fault=Fault.SENDER)
    return None


async def _put_down(process: asyncio.subprocess.Process) -> bool:
    """Kills a program that is still running; True when that was so."""
    if process.returncode is not None:
        return False
    with suppress(ProcessLookupError):
        process.kill()
    with suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), _LAST_BREATH)
    return True


def _doubtful(why: str) -> Outcome:
    return Outcome(OutcomeKind.DOUBTFUL, reply=why)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
