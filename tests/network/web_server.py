"""An https server on loopback that answers what it is told."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import trustme


@dataclass
class WebServer:
    """Where it is, and what it was asked: method, path and body."""

    url: str
    asked: list[tuple[str, str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Page:
    """What to answer; `date` is the time the server believes it is, "" for none."""

    status: int = 200
    location: str = ""
    date: str | None = None


@contextmanager
def web_server(
    pages: Mapping[str, Page], authority: trustme.CA, host: str = "localhost"
) -> Iterator[WebServer]:
    """Answers "METHOD path" by `pages`, and 404 elsewhere; its certificate is for `host`."""
    server = WebServer("")

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            server.asked.append((self.command, self.path, body))
            page = pages.get(f"{self.command} {self.path}", Page(404))
            self.send_response_only(page.status)
            date = format_datetime(datetime.now(UTC), usegmt=True) if page.date is None else page.date
            if date:
                self.send_header("Date", date)
            if page.location:
                self.send_header("Location", page.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST = do_HEAD = _answer  # noqa: N815 - the names that http.server asks for

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listening.daemon_threads = True
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(host).configure_cert(context)
    listening.socket = context.wrap_socket(listening.socket, server_side=True)
    server.url = f"https://localhost:{listening.server_address[1]}/"
    threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield server
    finally:
        listening.shutdown()
        listening.server_close()
