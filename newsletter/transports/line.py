"""One SMTP connection as octets: sent at once, answers passed on at once, silence noticed."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from enum import Enum, auto
from math import inf
from typing import Protocol, cast

from newsletter.errors import TransportError
from newsletter.transports.dialogue import Reply, ReplyReader, nonsense

MOST_REPLIES = 100
"""Replies waiting to be read while nobody listens: more than any command can cause."""

_CLOSE_PATIENCE = 2.0
_READ_SIZE = 32_768


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
                    raise nonsense("it answers without being asked")
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
