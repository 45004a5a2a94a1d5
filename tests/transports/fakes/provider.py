"""What the fake providers share: a strict HTTP server on loopback that misbehaves as it is told.

Every request is held against the provider's documented schema; what does not fit is answered as the provider
would, and remembered in `complaints`, which a good test finds empty.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import parseaddr
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

TOKEN = "a-token-that-nobody-may-see"


class SchemaError(Exception):
    """What is wrong with a request."""


class Provider(ABC):
    """A provider's server. `plan` says how the next POST requests are treated, one word each:

    - "ok"; "429", "429:SECONDS"; "401", "422", "413", "500", "503": answered so, and nothing is taken;
    - "cut-early": hangs up before the body is read; "cut": after it, taking nothing; "cut-taken": taking all;
    - "500-taken", "nonsense", "half", "endless": takes all, and answers so; "slow:SECONDS": after a while.
    """

    path: ClassVar[str]

    def __init__(self, journal: Path | None = None) -> None:
        self.plan: list[str] = []
        self.taken: list[dict[str, Any]] = []
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.complaints: list[str] = []
        self.delay = 0.0
        self.lock = threading.Lock()
        self._journal = os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND) if journal else None

    def take(self, item: dict[str, Any], delivery: str, to: str) -> None:
        """Accepts a message for good."""
        self.taken.append(item)
        if self._journal is not None:
            os.write(self._journal, f"{delivery} {parseaddr(to)[1]}\n".encode())

    def need(self, fits: object, what: str) -> None:
        if not fits:
            raise SchemaError(what)

    @abstractmethod
    def known(self, headers: dict[str, str]) -> bool:
        """Whether the token is right."""

    @abstractmethod
    def process(self, headers: dict[str, str], body: bytes) -> tuple[int, object]:
        """Status and answer; takes what is right. SchemaError when the request is not as documented."""

    @abstractmethod
    def error(self, status: int) -> object:
        """The documented body of an error."""

    @abstractmethod
    def get(self, path: str) -> tuple[int, object]:
        """The answer to a GET with the right token."""


def handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def say(self, status: int, answer: object, *extra: tuple[str, str]) -> None:
            data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            for name, value in extra:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def hang_up(self) -> None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

        def do_GET(self) -> None:
            if not provider.known(self.lowered()):
                self.say(401, provider.error(401))
                return
            self.say(*provider.get(self.path))

        def lowered(self) -> dict[str, str]:
            return {name.lower(): value for name, value in self.headers.items()}

        def do_POST(self) -> None:
            with provider.lock:
                conduct, _, seconds = (provider.plan.pop(0) if provider.plan else "ok").partition(":")
            if conduct == "cut-early":
                self.hang_up()
                return
            headers = self.lowered()
            body = self.rfile.read(int(headers["content-length"]))
            provider.requests.append((headers, body))
            if conduct == "cut":
                self.hang_up()
            elif self.path != provider.path or headers.get("content-type") != "application/json":
                self.say(404, provider.error(404))
            elif not provider.known(headers):
                self.say(401, provider.error(401))
            elif conduct == "429":
                self.say(429, provider.error(429), *([("Retry-After", seconds)] if seconds else []))
            elif conduct in ("401", "413", "422", "500", "503"):
                self.say(int(conduct), provider.error(int(conduct)))
            else:
                self.carry_out(conduct, seconds, headers, body)

        def carry_out(self, conduct: str, seconds: str, headers: dict[str, str], body: bytes) -> None:
            try:
                with provider.lock:
                    status, answer = provider.process(headers, body)
            except (SchemaError, KeyError, TypeError, ValueError) as error:
                provider.complaints.append(repr(error))
                self.say(422, provider.error(422))
                return
            time.sleep(provider.delay)
            if conduct == "cut-taken":
                self.hang_up()
                return
            if conduct == "500-taken":
                self.say(500, provider.error(500))
                return
            if conduct == "nonsense":
                self.say(200, b"<html>It works!</html>")
                return
            if conduct == "half":
                self.send_response(200)
                self.send_header("Content-Length", "1000")
                self.end_headers()
                self.wfile.write(b'[{"ErrorCode"')
                self.hang_up()
                return
            if conduct == "endless":
                self.send_response(200)
                self.end_headers()
                while True:
                    self.wfile.write(b" " * 100_000)
            if conduct == "slow":
                time.sleep(float(seconds))
            self.say(status, answer)

    return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 50

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was killed or gave up is no news."""


@contextmanager
def serving(provider: Provider) -> Iterator[str]:
    """The endpoint of a provider that runs in threads."""
    server = _Server(("127.0.0.1", 0), handler(provider))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def main(cls: type[Provider]) -> None:
    """Runs a provider as a process: prints its port, notes each message that it takes in a journal."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--journal", type=Path, required=True)
    parser.add_argument("--delay", type=float, default=0.0)
    arguments = parser.parse_args()
    provider = cls(arguments.journal)
    provider.delay = arguments.delay
    server = _Server(("127.0.0.1", 0), handler(provider))
    print(server.server_address[1], flush=True)
    try:
        server.serve_forever(0.02)
    except KeyboardInterrupt:
        sys.exit(0)
