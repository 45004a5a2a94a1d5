"""One SMTP connection as octets: replies read strictly, whatever the other side says (RFC 5321 4.2)."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections import deque
from dataclasses import dataclass
from typing import cast

from newsletter.errors import TransportError

LONGEST_LINE = 4096
"""Octets in one line of a reply; the standard says 512, servers with long links say more."""

MOST_LINES = 100
"""Lines in one reply."""

MOST_REPLIES = 100
"""Replies waiting to be read: more than any group of commands can cause."""

_CLOSE_PATIENCE = 2.0

_REPLY_LINE = re.compile(rb"([2-5][0-9][0-9])(?:([ -])(.*))?", re.DOTALL)
_ENHANCED = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})(?: +|$)")
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f]+")


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server answered: `lines` without the code, control characters made spaces."""

    code: int
    lines: tuple[str, ...]

    @property
    def enhanced(self) -> str:
        """The RFC 3463 code at the start of the text, "" when there is none or it contradicts `code`."""
        match = _ENHANCED.match(self.lines[0])
        if match is None or match[1] != str(self.code)[0]:
            return ""
        return f"{match[1]}.{match[2]}.{match[3]}"

    @property
    def words(self) -> str:
        """The text in one line, without enhanced codes."""
        return " ".join(filter(None, (_ENHANCED.sub("", line, count=1).strip() for line in self.lines)))

    def __str__(self) -> str:
        return " ".join(filter(None, (str(self.code), self.enhanced, self.words)))


class ReplyReader:
    """Cuts replies out of octets as they come in, in pieces of any size."""

    def __init__(self) -> None:
        self._octets = bytearray()
        self._code = 0
        self._lines: list[str] = []

    @property
    def pending(self) -> bool:
        """True when a part of a reply is held."""
        return bool(self._octets or self._lines)

    def feed(self, octets: bytes) -> list[Reply]:
        """The replies that `octets` complete; TransportError when they are no SMTP replies."""
        self._octets += octets
        replies: list[Reply] = []
        while (end := self._octets.find(b"\n")) >= 0:
            line = bytes(self._octets[:end]).removesuffix(b"\r")
            del self._octets[: end + 1]
            reply = self._take(line)
            if reply is not None:
                replies.append(reply)
        if len(self._octets) > LONGEST_LINE:
            raise _nonsense("a reply line has no end")
        return replies

    def _take(self, line: bytes) -> Reply | None:
        match = _REPLY_LINE.fullmatch(line)
        if match is None or len(line) > LONGEST_LINE:
            raise _nonsense(f"it said {line[:60].decode('utf-8', 'replace')!r}")
        code = int(match[1])
        if self._lines and code != self._code:
            raise _nonsense(f"one reply has the codes {self._code} and {code}")
        self._code = code
        self._lines.append(_UNPRINTABLE.sub(" ", (match[3] or b"").decode("utf-8", "replace")))
        if match[2] == b"-":
            if len(self._lines) >= MOST_LINES:
                raise _nonsense(f"a reply has more than {MOST_LINES} lines")
            return None
        reply = Reply(code, tuple(self._lines))
        self._lines.clear()
        return reply


class Line(asyncio.Protocol):
    """The connection: sends octets, queues the replies, knows when it is lost. `peer` names it in errors."""

    def __init__(self, peer: str) -> None:
        self._peer = peer
        self._reader = ReplyReader()
        self._replies: deque[Reply] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._lost = ""
        self._closed = asyncio.get_running_loop().create_future()
        self._transport: asyncio.Transport | None = None

    # asyncio calls these four

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        self._transport = cast(asyncio.Transport, transport)  # TCP and TLS ones all are

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        if self._lost:
            return
        try:
            self._replies.extend(self._reader.feed(data))
            if len(self._replies) > MOST_REPLIES:
                raise _nonsense("it answers without being asked")
        except TransportError as error:
            self._lose(f"{self._peer} does not speak SMTP: {error.problems[0].message}")
        if self._replies:
            self._wake()

    def eof_received(self) -> None:
        """See `asyncio.Protocol`."""
        self._note("closed the connection")

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        self._note(f"dropped the connection ({exc})" if exc else "closed the connection")
        if not self._closed.done():
            self._closed.set_result(None)

    # the transport calls these

    @property
    def usable(self) -> bool:
        """True while the connection stands and the server has said nothing that nobody asked for."""
        return not self._lost and not self._replies and not self._reader.pending

    @property
    def peer_host(self) -> str:
        """The other side's IP address."""
        name = self._transport.get_extra_info("peername") if self._transport else None
        return str(name[0]) if name else ""

    def send(self, *octets: bytes) -> None:
        """Gives octets to the connection; they leave in the background. Nothing happens on a lost one."""
        if self._transport is not None and not self._lost:
            self._transport.writelines(octets)

    async def reply(self, patience: float) -> Reply:
        """The next reply; TransportError when none comes within `patience` seconds or ever."""
        if not self._replies:
            if not self._lost:
                await self._news(patience)
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
        loop = asyncio.get_running_loop()
        encrypted = await loop.start_tls(
            transport, self, context, server_hostname=host, ssl_handshake_timeout=patience
        )
        if encrypted is None:
            raise ConnectionResetError(f"{self._peer} closed the connection")
        self._transport = encrypted

    def abort(self) -> None:
        """Drops the connection at once; octets that have not left yet never will."""
        self._lose(f"the connection to {self._peer} was dropped")

    async def close(self) -> None:
        """Ends the connection in an orderly way; never fails."""
        self._lost = self._lost or f"the connection to {self._peer} was closed"
        if self._transport is not None:
            self._transport.close()
            await asyncio.wait([self._closed], timeout=_CLOSE_PATIENCE)
            self._transport.abort()

    async def _news(self, patience: float) -> None:
        """Waits until there is a reply or the connection is lost."""
        loop = asyncio.get_running_loop()
        self._waiter = loop.create_future()
        alarm = loop.call_later(patience, self._lose, f"no answer from {self._peer} within {patience:g} s")
        try:
            await self._waiter
        finally:
            alarm.cancel()
            self._waiter = None

    def _note(self, what: str) -> None:
        self._lost = self._lost or f"{self._peer} {what}"
        self._wake()

    def _lose(self, why: str) -> None:
        self._lost = self._lost or why
        if self._transport is not None:
            self._transport.abort()
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def _nonsense(what: str) -> TransportError:
    return TransportError(what, code="nonsense")
