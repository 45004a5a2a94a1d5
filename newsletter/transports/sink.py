"""A small, fast SMTP server that keeps what it gets: for demonstrations, drills and tests only.

`python -m newsletter.transports.sink --journal FILE` prints its port on the first line and serves until it is
told to stop. It misbehaves on request: that is how the sending side proves that it loses and repeats nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import signal
import ssl
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from newsletter.transports.maildir import Maildir
from newsletter.transports.sink_conduct import Conduct
from newsletter.transports.sink_keeping import Journal, Keep, keeper
from newsletter.transports.sink_session import SinkSession


class Sink:
    """The server. Messages go to `keep`, which says when they are safe."""

    def __init__(self, keep: Keep, conduct: Conduct | None = None) -> None:
        self._conduct = conduct or Conduct()
        self._keep = keep
        self._numbers = count(1)
        self._sessions: set[SinkSession] = set()
        self._server: asyncio.Server | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Listens, and gives the port (a free one for 0)."""
        loop = asyncio.get_running_loop()
        context = None if self._conduct.starttls else self._conduct.tls
        self._server = await loop.create_server(self._session, host, port, ssl=context)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Stops listening and cuts all connections."""
        if self._server is not None:
            self._server.close()
        await asyncio.gather(*(session.stop() for session in self._sessions))
        if self._server is not None:
            await self._server.wait_closed()

    def _session(self) -> SinkSession:
        session = SinkSession(self._conduct, self._keep, self._numbers.__next__, self._sessions.discard)
        self._sessions.add(session)
        return session


async def serve(host: str, port: int, conduct: Conduct, book: Journal | None, maildir: Path | None) -> None:
    """Prints the port and serves until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    box = Maildir(maildir) if maildir else None
    if box is not None:
        box.prepare()
    sink = Sink(keeper(book, box) or (lambda _received: None), conduct)
    print(await sink.start(host, port), flush=True)
    await stop.wait()
    await sink.stop()
    if book is not None:
        book.close()


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m newsletter.transports.sink", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 takes a free one")
    parser.add_argument("--journal", type=Path, help="file that gets a line for each message")
    parser.add_argument("--no-sync", action="store_true", help="write the journal at the end, unsynced")
    parser.add_argument("--maildir", type=Path, help="folder that gets the messages")
    parser.add_argument(
        "--round-trip", type=float, default=0.0, metavar="MS", help="milliseconds that each reply is late"
    )
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before a message is answered for")
    parser.add_argument("--greeting-delay", type=float, default=0.0, help="seconds before the greeting")
    parser.add_argument(
        "--drop-after-dot", type=int, default=0, metavar="N", help="hang up at every Nth message"
    )
    parser.add_argument("--close-after", type=int, default=0, metavar="N", help="421 after N messages")
    parser.add_argument("--refuse", action="append", default=[], metavar="PATTERN=REPLY", type=_refusal)
    parser.add_argument("--no-pipelining", action="store_true", help="take one command at a time")
    parser.add_argument("--no-chunking", action="store_true", help="take messages by DATA only")
    parser.add_argument("--certificate", type=Path, metavar="FILE", help="speak TLS: PEM with key and chain")
    parser.add_argument("--starttls", action="store_true", help="speak TLS only when asked")
    parser.add_argument("--login", metavar="NAME:PASSWORD", help="take mail only after this login")
    return parser.parse_args(argv)


def _refusal(argument: str) -> tuple[re.Pattern[str], str]:
    pattern, separator, reply = argument.partition("=")
    if not separator or not re.fullmatch(r"[45]\d\d .+", reply):
        raise argparse.ArgumentTypeError("wanted: PATTERN=REPLY, such as gone=550 5.1.1 No such user")
    return re.compile(pattern), reply


def main(argv: Sequence[str] | None = None) -> None:
    """The command line of the sink."""
    arguments = _arguments(argv)
    context = None
    if arguments.certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(arguments.certificate)
    name, separator, password = (arguments.login or "").partition(":")
    conduct = Conduct(
        pipelining=not arguments.no_pipelining,
        chunking=not arguments.no_chunking,
        tls=context,
        starttls=arguments.starttls,
        login=(name, password) if separator else None,
        round_trip=arguments.round_trip / 1000,
        delay=arguments.delay,
        greeting_delay=arguments.greeting_delay,
        drop_after_dot=arguments.drop_after_dot,
        close_after=arguments.close_after,
        refuse=arguments.refuse,
    )
    journal = Journal(arguments.journal, sync=not arguments.no_sync) if arguments.journal else None
    asyncio.run(serve(arguments.host, arguments.port, conduct, journal, arguments.maildir))


if __name__ == "__main__":
    main()
