"""One SMTP connection as octets: replies read strictly, whatever the other side says (RFC 5321 4.2)."""

from __future__ import annotations

import asyncio
import os
import re
import ssl
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from math import inf
from typing import Protocol, cast

from newsletter.errors import TransportError

LONGEST_LINE = 4096
"""Octets in one line of a reply; the standard says 512, servers with long links say more."""

MOST_LINES = 100
"""Lines in one reply."""

MOST_REPLIES = 100
"""Replies waiting to be read: more than any group of commands can cause."""

_CLOSE_PATIENCE = 2.0
_READ_SIZE = 32_768

_CODES = {b"%d" % code: code for code in range(200, 600)}
_ENHANCED = re.compile(r"([245])\.\d{1,3}\.\d{1,3}(?: +|$)")
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f]+")


@dataclass(slots=True)
class Reply:
    """What the server answered; `octets` are its lines without the code."""

    code: int
    octets: tuple[bytes, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """The text, line by line, control characters made spaces."""
        return tuple(_UNPRINTABLE.sub(" ", line.decode("utf-8", "replace")) for line in self.octets)

    def parts(self) -> tuple[str, str]:
        """The RFC 3463 code, "" when there is none or it contradicts `code`; and the text in one line without
        such codes."""
        enhanced, words = "", []
        for number, line in enumerate(self.lines):
            match = _ENHANCED.match(line)
            if match is None:
                words.append(line.strip())
                continue
            if not number and match[1] == str(self.code)[0]:
                enhanced = match[0].rstrip()
            words.append(line[match.end() :].strip())
        return enhanced, " ".join(filter(None, words))

    def __str__(self) -> str:
        return " ".join(filter(None, (str(self.code), *self.parts())))


class ReplyReader:
    """Cuts replies out of octets as they come in, in pieces of any size."""

    def __init__(self) -> None:
        self._rest = b""
        self._code = 0
        self._lines: list[bytes] = []

    @property
    def pending(self) -> bool:
        """True when a part of a reply is held."""
        return bool(self._rest or self._lines)

    def feed(self, octets: bytes) -> Iterator[Reply]:
        """Gives the replies that `octets` complete, then raises TransportError if what follows is none."""
        lines = (self._rest + octets).split(b"\n")
        self._rest = lines.pop()
        for whole in lines:
            line = whole.removesuffix(b"\r")
            code, mark = _CODES.get(line[:3]), line[3:4]
            if code is None or mark not in (b" ", b"-", b"") or len(line) > LONGEST_LINE:
                raise _nonsense(f"it said {line[:60].decode('utf-8', 'replace')!r}")
            if mark != b"-" and not self._lines:
                yield Reply(code, (line[4:],))
                continue
            if self._lines and code != self._code:
                raise _nonsense(f"one reply has the codes {self._code} and {code}")
            if len(self._lines) >= MOST_LINES:
                raise _nonsense(f"a reply has more than {MOST_LINES} lines")
            self._code = code
            self._lines.append(line[4:])
            if mark != b"-":
                reply = Reply(code, tuple(self._lines))
                self._lines.clear()
                yield reply
        if len(self._rest) > LONGEST_LINE:
            raise _nonsense("a reply line has no end")


class Loss(Enum):
    """How a connection came to its end: we dropped it, they closed it, or we gave up on what they said or did
    not say."""

    DROPPED = auto()
    CLOSED = auto()
    NONSENSE = auto()
    SILENCE = auto()


class Listener(Protocol):
    """Somebody who is told what happens on a line at the moment when it happens."""

    def heard(self, reply: Reply) -> None:
        """A reply came."""
        ...

    def changed(self) -> None:
        """The line was lost, or everything that was given to it has left."""
        ...

    def patience(self) -> float:
        """How many seconds there may be silence from now on; 0 when no reply is due."""
        ...


class Line(asyncio.BufferedProtocol):
    """The connection: sends octets, passes on the replies, knows when it is lost. `peer` names it in errors.

    Replies are queued for `reply` until somebody listens.
    """

    def __init__(self, peer: str) -> None:
        self.unsent = False
        """True while octets wait here because the network does not take them; stays so on a lost line."""
        self.failure: Exception | None = None
        """What the listener raised, if anything; the line is then lost."""
        self.loss: Loss | None = None
        self._peer = peer
        self._reader = ReplyReader()
        self._replies: deque[Reply] = deque()
        self._listener: Listener | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._lost = ""
        self._loop = asyncio.get_running_loop()
        self._closed = self._loop.create_future()
        self._transport: asyncio.Transport | None = None
        self._socket = -1
        self._buffer = memoryview(bytearray(_READ_SIZE))
        self._deadline = inf
        self._patience = 0.0
        self._alarm: asyncio.TimerHandle | None = None

    # asyncio calls these

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        self._use(cast(asyncio.Transport, transport))  # TCP and TLS ones all are

    def get_buffer(self, _sizehint: int) -> memoryview:
        """See `asyncio.BufferedProtocol`."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """See `asyncio.BufferedProtocol`."""
        self._take(bytes(self._buffer[:nbytes]))

    def eof_received(self) -> None:
        """See `asyncio.Protocol`."""
        self._lose(f"{self._peer} closed the connection", Loss.CLOSED)

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        if exc is not None and not self._lost:
            self._read_last_words()
        what = f"dropped the connection ({exc})" if exc else "closed the connection"
        self._lose(f"{self._peer} {what}", Loss.CLOSED)
        if self._alarm is not None:
            self._alarm.cancel()
        if not self._closed.done():
            self._closed.set_result(None)

    def pause_writing(self) -> None:
        """See `asyncio.Protocol`."""
        self.unsent = True

    def resume_writing(self) -> None:
        """See `asyncio.Protocol`."""
        self.unsent = False
        if self._listener is not None:
            self._listener.changed()
            self._expect(self._listener.patience())

    # the transport calls these

    @property
    def usable(self) -> bool:
        """True while the connection stands and the server has said nothing that nobody asked for."""
        return not self._lost and not self._replies and not self._reader.pending

    @property
    def lost(self) -> str:
        """Why the connection is gone; "" while it stands."""
        return self._lost

    @property
    def peer_host(self) -> str:
        """The other side's IP address."""
        name = self._transport.get_extra_info("peername") if self._transport else None
        return str(name[0]) if name else ""

    def listen(self, listener: Listener | None) -> None:
        """From now on `listener` is told everything at once; None brings the queue back."""
        self._listener = listener
        if listener is None:
            self._expect(0)

    def send(self, *octets: bytes) -> None:
        """Gives octets to the connection; they leave in the background. Nothing happens on a lost one."""
        if self._transport is None or self._lost:
            return
        rest = octets[0] if len(octets) == 1 else self._write_together(octets)
        if rest:
            self._transport.write(rest)
        if self._listener is not None:
            self._expect(self._listener.patience())

    async def reply(self, patience: float) -> Reply:
        """The next reply; TransportError when none comes within `patience` seconds or ever."""
        if not self._replies:
            if not self._lost:
                self._expect(patience)
                self._waiter = self._loop.create_future()
                try:
                    await self._waiter
                finally:
                    self._waiter = None
                    self._expect(0)
            if not self._replies:
                raise TransportError(self._lost, code="line-lost")
        return self._replies.popleft()

    async def encrypt(self, context: ssl.SSLContext, host: str, patience: float) -> None:
        """Changes over to TLS after the server's go-ahead (RFC 3207).

        Anything that came behind the go-ahead is a forgery from before the encryption: TransportError.
        """
        transport = self._transport
        if not self.usable or transport is None:
            self.abort()
            raise TransportError(
                f"{self._peer} said more than it may before encryption began",
                hint="somebody may be tampering with the connection; nothing was sent",
                code="starttls-injection",
            )
        encrypted = await self._loop.start_tls(
            transport, self, context, server_hostname=host, ssl_handshake_timeout=patience
        )
        if encrypted is None:
            raise ConnectionResetError(f"{self._peer} closed the connection")
        self._use(encrypted)

    def abort(self, why: str = "") -> None:
        """Drops the connection at once; octets that have not left yet never will."""
        self._lose(why or f"the connection to {self._peer} was dropped")

    async def close(self) -> None:
        """Ends the connection in an orderly way; never fails."""
        self._lost = self._lost or f"the connection to {self._peer} was closed"
        if self._transport is not None:
            self._transport.close()
            await asyncio.wait([self._closed], timeout=_CLOSE_PATIENCE)
            self._transport.abort()

    def _use(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        encrypted = transport.get_extra_info("sslcontext") is not None
        self._socket = -1 if encrypted else transport.get_extra_info("socket").fileno()
        transport.set_write_buffer_limits(high=1, low=0)  # `unsent` is then exact, but for the last octet

    def _write_together(self, octets: Sequence[bytes]) -> bytes:
        """Writes several pieces without copying them into one, as asyncio does from Python 3.12 on.

        Gives what the network did not take; all of it when the pieces have to go another way.
        """
        transport = self._transport
        together = self._socket >= 0 and transport is not None and not transport.is_closing()
        if together and not self.unsent:
            with suppress(OSError):  # asyncio will meet it again, and knows what to do
                sent = os.writev(self._socket, octets)
                return b"".join(octets)[sent:] if sent < sum(map(len, octets)) else b""
        return b"".join(octets)

    def _take(self, data: bytes) -> None:
        """Passes on the replies in `data`; those before an error still count."""
        try:
            for reply in self._reader.feed(data):
                if self._lost:
                    return
                if self._listener is not None:
                    self._listener.heard(reply)
                elif len(self._replies) >= MOST_REPLIES:
                    raise _nonsense("it answers without being asked")
                else:
                    self._replies.append(reply)
        except TransportError as error:
            self._lose(f"{self._peer} does not speak SMTP: {error.problems[0].message}", Loss.NONSENSE)
        except Exception as error:
            self.failure = error  # the listener's; asyncio would only log it
            self._lose(f"the connection to {self._peer} was dropped")
        if self._listener is not None:
            if not self._lost:
                self._expect(self._listener.patience())
        elif self._replies:
            self._wake()

    def _read_last_words(self) -> None:
        """What the server had said before it cut the line, and asyncio gave up over a failed write."""
        if self._socket < 0:
            return  # encrypted octets cannot be read behind the back of the encryption
        with suppress(OSError):
            while data := os.read(self._socket, _READ_SIZE):
                self._take(data)

    def _expect(self, patience: float) -> None:
        """Begins to count the seconds of silence; 0 stops counting.

        One alarm serves many replies: it looks, when it goes off, whether the deadline has moved.
        """
        if not patience:
            self._deadline = inf
            return
        self._patience = patience
        self._deadline = self._loop.time() + patience
        if self._alarm is None or self._alarm.when() > self._deadline:
            if self._alarm is not None:
                self._alarm.cancel()
            self._alarm = self._loop.call_at(self._deadline, self._look)

    def _look(self) -> None:
        self._alarm = None
        if self._loop.time() >= self._deadline:
            self._lose(f"no answer from {self._peer} within {self._patience:g} s", Loss.SILENCE)
        elif self._deadline < inf:
            self._alarm = self._loop.call_at(self._deadline, self._look)

    def _lose(self, why: str, loss: Loss = Loss.DROPPED) -> None:
        if self._lost:
            return
        self._lost, self.loss = why, loss
        if self._transport is not None:
            self._transport.abort()
        if self._listener is not None:
            self._listener.changed()
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def _nonsense(what: str) -> TransportError:
    return TransportError(what, code="nonsense")
