"""The server's side of one SMTP connection, for the sink: quick, pipelined, faulty on request (RFC 5321)."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, cast

from newsletter.transports.login import LoginDesk
from newsletter.transports.sink_keeping import Keep, Received

LONGEST_COMMAND = 12_288
LONGEST_MESSAGE = 50_000_000

_PATH = re.compile(r"(?:FROM|TO):\s*<([^<>]*)>", re.IGNORECASE)
_MESSAGE_ID = re.compile(rb"^message-id:[ \t\r\n]*(<[^<>\r\n]+>)", re.IGNORECASE | re.MULTILINE)
_HEADER_GLANCE = 16_384


@dataclass(frozen=True, slots=True)
class Conduct:
    """How the sink behaves: by default well, offering all that it can.

    `delay` (before answering for a message) and `greeting_delay` are seconds. `drop_after_dot` n cuts the
    connection at every nth message, which is kept but not answered for; `close_after` n says 421 instead of
    taking more than n messages on one connection; `refuse` pairs patterns, searched in recipients, with
    replies. `tls` is used from the start, or with `starttls` when the client asks for it.
    """

    pipelining: bool = True
    tls: ssl.SSLContext | None = None
    starttls: bool = False
    login: tuple[str, str] | None = None
    delay: float = 0.0
    greeting_delay: float = 0.0
    drop_after_dot: int = 0
    close_after: int = 0
    refuse: Sequence[tuple[re.Pattern[str], str]] = ()


class SinkSession(asyncio.Protocol):
    """One client.

    Input is worked off as far as it goes; what takes time becomes a task, and the rest waits for it. `number`
    numbers the sink's messages, `gone` is called when the connection is.
    """

    def __init__(
        self, conduct: Conduct, keep: Keep, number: Callable[[], int], gone: Callable[[SinkSession], None]
    ) -> None:
        self._conduct = conduct
        self._keep = keep
        self._number = number
        self._gone = gone
        self._transport: asyncio.Transport | None = None
        self._task: asyncio.Task[None] | None = None
        self._input = bytearray()
        self._scanned = 0
        self._replies: list[str] = []
        self._in_content = False
        self._login: LoginDesk | None = None
        self._logged_in = conduct.login is None
        self._encrypted = conduct.tls is not None and not conduct.starttls
        self._sender: str | None = None
        self._recipients: list[str] = []
        self._taken = 0

    # asyncio calls these

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        self._transport = cast(asyncio.Transport, transport)
        if self._conduct.greeting_delay:
            self._later(asyncio.sleep(self._conduct.greeting_delay), lambda: self._say("220 sink ESMTP"))
        else:
            self._say("220 sink ESMTP")
            self._work()

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        self._input += data
        self._work()

    def connection_lost(self, _exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        self._transport = None
        if self._task is None:
            self._gone(self)

    # the sink calls this

    async def stop(self) -> None:
        """Cuts the connection and waits for what was being kept."""
        if self._transport is not None:
            self._transport.abort()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    # input

    def _work(self) -> None:
        while self._task is None and self._transport is not None and self._step():
            pass
        self._flush()

    def _step(self) -> bool:
        """Works off one command or message; False when there is none whole."""
        if self._in_content:
            return self._take_content()
        end = self._input.find(b"\r\n")
        if (len(self._input) if end < 0 else end) > LONGEST_COMMAND:
            self._close("500 5.5.2 Line too long")
        if end < 0 or self._transport is None:
            return False
        line = self._input[:end].decode("utf-8", "replace")
        del self._input[: end + 2]
        if self._input and not self._conduct.pipelining:
            self._close("421 4.7.0 Pipelining was not offered")
        elif self._login is not None:
            self._answer_login(self._login.take(line))
        else:
            verb, _, argument = line.partition(" ")
            command = self._COMMANDS.get(verb.upper())
            if command is None:
                self._say("502 5.5.2 Unknown command")
            else:
                command(self, argument.strip())
        return True

    def _take_content(self) -> bool:
        if self._input.startswith(b".\r\n"):
            length, rest = 0, 3
        else:
            at = self._input.find(b"\r\n.\r\n", self._scanned)
            if at < 0:
                self._scanned = max(0, len(self._input) - 4)
                if self._scanned > LONGEST_MESSAGE:
                    self._close("552 5.3.4 Message too big")
                return False
            length, rest = at + 2, at + 5
        content = bytes(self._input[:length])
        del self._input[:rest]
        self._scanned = 0
        self._in_content = False
        if content.startswith(b".") or b"\n." in content:
            content = content.removeprefix(b".").replace(b"\n.", b"\n")
        found = _MESSAGE_ID.search(content, 0, _HEADER_GLANCE)
        message_id = found[1].decode("utf-8", "replace") if found else ""
        self._take(Received(message_id, self._sender or "", tuple(self._recipients), content))
        self._forget()
        return True

    def _take(self, received: Received) -> None:
        number = self._number()
        self._taken += 1
        cut = self._conduct.drop_after_dot and number % self._conduct.drop_after_dot == 0
        keeping = self._keep(received)

        def answer() -> None:
            if cut and self._transport is not None:
                self._transport.abort()
            else:
                self._say(f"250 2.0.0 Ok: queued as {number:06d}")

        async def wait() -> None:
            if keeping is not None:
                await keeping
            if self._conduct.delay:
                await asyncio.sleep(self._conduct.delay)

        if keeping is None and not self._conduct.delay:
            answer()
        else:
            self._later(wait(), answer)

    def _later(self, work: Awaitable[None], then: Callable[[], None]) -> None:
        """Holds the dialogue up until `work` is done."""
        self._flush()

        async def run() -> None:
            try:
                await work
            except OSError as error:
                self._say(f"451 4.3.0 {error.strerror or 'trouble here'}")
            else:
                then()
            finally:
                self._task = None
            if self._transport is None:
                self._gone(self)
            self._work()

        self._task = asyncio.get_running_loop().create_task(run())

    # output

    def _say(self, *lines: str) -> None:
        self._replies += lines

    def _flush(self) -> None:
        if self._replies and self._transport is not None:
            self._transport.write("".join(f"{line}\r\n" for line in self._replies).encode())
        self._replies.clear()

    def _close(self, line: str) -> None:
        self._say(line)
        self._flush()
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    # commands

    def _ehlo(self, argument: str) -> None:
        self._forget()
        offers = [f"SIZE {LONGEST_MESSAGE}", "8BITMIME", "ENHANCEDSTATUSCODES"]
        if self._conduct.pipelining:
            offers.append("PIPELINING")
        if self._conduct.starttls and not self._encrypted:
            offers.append("STARTTLS")
        if self._conduct.login:
            offers.append("AUTH PLAIN LOGIN")
        self._say(f"250-sink greets {argument}", *(f"250-{offer}" for offer in offers[:-1]))
        self._say(f"250 {offers[-1]}")

    def _helo(self, _argument: str) -> None:
        self._forget()
        self._say("250 sink")

    def _mail(self, argument: str) -> None:
        path = _PATH.match(argument)
        if not self._logged_in:
            self._say("530 5.7.0 Authentication required")
        elif self._conduct.close_after and self._taken >= self._conduct.close_after:
            self._close("421 4.7.0 Too many messages on this connection")
        elif self._sender is not None:
            self._say("503 5.5.1 One at a time")
        elif path is None:
            self._say("501 5.5.4 MAIL FROM:<address>")
        else:
            self._sender = path[1]
            self._say("250 2.1.0 Ok")

    def _rcpt(self, argument: str) -> None:
        path = _PATH.match(argument)
        if self._sender is None:
            self._say("503 5.5.1 MAIL first")
        elif path is None or not path[1]:
            self._say("501 5.5.4 RCPT TO:<address>")
        else:
            for pattern, reply in self._conduct.refuse:
                if pattern.search(path[1]):
                    self._say(reply)
                    return
            self._recipients.append(path[1])
            self._say("250 2.1.5 Ok")

    def _data(self, _argument: str) -> None:
        if not self._recipients:
            self._say("503 5.5.1 No valid recipients")
        else:
            self._in_content = True
            self._say("354 End with a dot on a line of its own")

    def _rset(self, _argument: str) -> None:
        self._forget()
        self._say("250 2.0.0 Ok")

    def _noop(self, _argument: str) -> None:
        self._say("250 2.0.0 Ok")

    def _quit(self, _argument: str) -> None:
        self._close("221 2.0.0 Bye")

    def _forget(self) -> None:
        self._sender = None
        self._recipients.clear()

    # encryption and login

    def _starttls(self, _argument: str) -> None:
        context, transport = self._conduct.tls, self._transport
        if context is None or transport is None or self._encrypted or not self._conduct.starttls:
            self._say("503 5.5.1 Not here")
            return
        self._say("220 2.0.0 Go ahead")
        transport.pause_reading()
        self._input.clear()  # whatever came behind the command was not encrypted

        async def encrypt() -> None:
            loop = asyncio.get_running_loop()
            self._transport = await loop.start_tls(transport, self, context, server_side=True)
            self._encrypted = True

        self._forget()
        self._later(encrypt(), lambda: None)

    def _auth(self, argument: str) -> None:
        if self._conduct.login is None:
            self._say("503 5.5.1 Not here")
            return
        self._login = LoginDesk(*self._conduct.login)
        self._answer_login(self._login.begin(argument))

    def _answer_login(self, reply: str) -> None:
        self._say(reply)
        if not reply.startswith("334"):
            self._login = None
            self._logged_in = self._logged_in or reply.startswith("235")

    _COMMANDS: ClassVar[Mapping[str, Callable[[SinkSession, str], None]]] = {
        "EHLO": _ehlo,
        "HELO": _helo,
        "MAIL": _mail,
        "RCPT": _rcpt,
        "DATA": _data,
        "RSET": _rset,
        "NOOP": _noop,
        "QUIT": _quit,
        "STARTTLS": _starttls,
        "AUTH": _auth,
    }
