"""A web server on loopback whose pages can be changed between requests."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Page:
    """What to answer. With an `etag` or `modified`, requests that know it get 304. `act` takes over."""

    body: bytes = b""
    status: int = 200
    kind: str = "application/xml"
    etag: str = ""
    modified: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    act: Callable[[BaseHTTPRequestHandler], None] | None = None


@dataclass
class Site:
    """Where it is, its pages by their paths, and what was asked: path and headers."""

    url: str
    pages: dict[str, Page] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)


@contextmanager
def serving() -> Iterator[Site]:
    """A site on 127.0.0.1."""
    site = Site("")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            page = site.pages.get(self.path.partition("?")[0], Page(b"not here", 404))
            if page.act is not None:
                page.act(self)
                return
            known = page.etag and self.headers.get("If-None-Match") == page.etag
            known = known or (page.modified and self.headers.get("If-Modified-Since") == page.modified)
            body = b"" if known else page.body
            self.send_response(304 if known else page.status)
            given = {"Content-Type": page.kind, "ETag": page.etag, "Last-Modified": page.modified}
            for name, value in (given | {"Content-Length": str(len(body))} | dict(page.headers)).items():
                if value:
                    self.send_header(name, value)
            self.end_headers()
            try:
                self.wfile.write(body)
            except OSError:
                return  # nobody wants to hear the rest

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    site.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
