"""The server's side of one SMTP connection, for the sink: quick, pipelined, late and faulty on request."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Awaitable, Callable
from typing import cast

from newsletter.transports.sink_conduct import LONGEST_MESSAGE, Conduct
from newsletter.transports.sink_dialogue import SinkDialogue, Then
from newsletter.transports.sink_keeping import Keep, Received

LONGEST_COMMAND = 12_288

_MESSAGE_ID = re.compile(rb"^message-id:[ \t\r\n]*(<[^<>\r\n]+>)", re.IGNORECASE | re.MULTILINE)
_HEADER_GLANCE = 16_384
_READ_SIZE = 1 << 18


class SinkSession(asyncio.BufferedProtocol):
    """One client.

    Input is worked off as far as it goes; what takes time becomes a task, and the rest waits for it. `number`
    numbers the sink's messages, `gone` is called when the connection is.
    """

    _buffer = memoryview(bytearray(_READ_SIZE))  # for all: each piece is taken out before the next comes in

    def __init__(
        self, conduct: Conduct, keep: Keep, number: Callable[[], int], gone: Callable[[SinkSession], None]
    ) -> None:
        self._conduct = conduct
        self._keep = keep
        self._number = number
        self._gone = gone
        self._dialogue = SinkDialogue(conduct, encrypted=conduct.tls is not None and not conduct.starttls)
        self._transport: asyncio.Transport | None = None
        self._task: asyncio.Task[None] | None = None
        self._over = False
        self._input = bytearray()
        self._scanned = 0
        self._dotted = False
        self._chunks: list[bytes] = []
        self._replies: list[str] = []
        self._late: deque[bytes] = deque()

    # asyncio calls these

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        self._transport = cast(asyncio.Transport, transport)
        if self._conduct.greeting_delay:
            self._later(asyncio.sleep(self._conduct.greeting_delay), lambda: self._say("220 sink ESMTP"))
        else:
            self._say("220 sink ESMTP")
            self._work()

    def get_buffer(self, _sizehint: int) -> memoryview:
        """See `asyncio.BufferedProtocol`."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """See `asyncio.BufferedProtocol`."""
        self._input += self._buffer[:nbytes]
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
        while self._task is None and self._transport is not None and not self._over and self._step():
            pass
        self._flush()

    def _step(self) -> bool:
        """Works off one command, message or chunk; False when there is none whole."""
        match self._dialogue.then:
            case Then.CONTENT:
                return self._take_content()
            case Then.CHUNK:
                return self._take_chunk()
            case _:
                return self._take_line()

    def _take_line(self) -> bool:
        end = self._input.find(b"\r\n")
        if (len(self._input) if end < 0 else end) > LONGEST_COMMAND:
            self._close("500 5.5.2 Line too long")
        if end < 0 or self._over:
            return False
        line = self._input[:end].decode("utf-8", "replace")
        del self._input[: end + 2]
        self._replies += self._dialogue.answer(line)
        then = self._dialogue.then
        if self._input and not self._conduct.pipelining and then is not Then.CHUNK:
            self._close("421 4.7.0 Pipelining was not offered")
        elif then is Then.END:
            self._close()
        elif then is Then.TLS:
            self._encrypt()
        return True

    def _take_content(self) -> bool:
        if self._scanned == 0 and self._input.startswith(b"."):
            if self._input.startswith(b".\r\n"):
                return self._end_content(0, 3)
            self._dotted = len(self._input) > 1
        at = self._scanned
        while (at := self._input.find(b"\r\n.", at)) >= 0:
            behind = self._input[at + 3 : at + 5]
            if behind == b"\r\n":
                return self._end_content(at + 2, at + 5)
            if len(behind) < 2:
                break
            self._dotted = True
            at += 3
        self._scanned = at if at >= 0 else max(0, len(self._input) - 2)
        if self._scanned > LONGEST_MESSAGE:
            self._close("552 5.3.4 Message too big")
        return False

    def _end_content(self, length: int, rest: int) -> bool:
        content = self._cut(length, rest)
        if self._dotted:
            content = content.removeprefix(b".").replace(b"\r\n.", b"\r\n")
        self._scanned, self._dotted = 0, False
        self._take(content)
        return True

    def _take_chunk(self) -> bool:
        dialogue = self._dialogue
        if len(self._input) < dialogue.chunk:
            if dialogue.chunk > LONGEST_MESSAGE:
                self._close("552 5.3.4 Message too big")
            return False
        chunk = self._cut(dialogue.chunk, dialogue.chunk)
        dialogue.then = Then.LINE
        refusal = dialogue.refuse_chunk()
        if refusal:
            self._chunks.clear()
            self._say(refusal)
        elif not dialogue.last:
            self._chunks.append(chunk)
            self._say(f"250 2.0.0 {len(chunk)} octets")
        else:
            content = b"".join((*self._chunks, chunk)) if self._chunks else chunk
            self._chunks.clear()
            self._take(content)
        return True

    def _cut(self, length: int, rest: int) -> bytes:
        with memoryview(self._input) as view:
            content = bytes(view[:length])
        del self._input[:rest]
        return content

    def _take(self, content: bytes) -> None:
        dialogue = self._dialogue
        found = _MESSAGE_ID.search(content, 0, _HEADER_GLANCE)
        message_id = found[1].decode("utf-8", "replace") if found else ""
        received = Received(message_id, dialogue.sender or "", tuple(dialogue.recipients), content)
        dialogue.then = Then.LINE
        dialogue.taken += 1
        dialogue.forget()
        number = self._number()
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

    def _say(self, line: str) -> None:
        self._replies.append(line)

    def _flush(self) -> None:
        if not self._replies or self._transport is None:
            self._replies.clear()
            return
        octets = "".join(f"{line}\r\n" for line in self._replies).encode()
        self._replies.clear()
        if self._conduct.round_trip:
            self._late.append(octets)
            asyncio.get_running_loop().call_later(self._conduct.round_trip, self._say_late)
        else:
            self._transport.write(octets)

    def _say_late(self) -> None:
        octets = self._late.popleft()
        if self._transport is not None:
            self._transport.write(octets)
            if self._over and not self._late:
                self._transport.close()

    def _close(self, line: str = "") -> None:
        if line:
            self._say(line)
        self._over = True
        self._flush()
        if self._transport is not None and not self._late:
            self._transport.close()

    def _encrypt(self) -> None:
        context, transport = self._conduct.tls, self._transport
        if context is None or transport is None:
            self._close("454 4.7.0 No certificate here")
            return
        transport.pause_reading()
        self._input.clear()  # whatever came behind the command was not encrypted

        async def encrypt() -> None:
            loop = asyncio.get_running_loop()
            self._transport = await loop.start_tls(transport, self, context, server_side=True)
            self._dialogue.encrypted = True

        self._later(encrypt(), lambda: None)
