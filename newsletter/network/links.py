"""Following links to see whether anybody answers: several at a time, but each server only now and then."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import chain, zip_longest
from urllib.parse import urljoin, urlsplit

import requests
from urllib3.exceptions import HTTPError

from newsletter import __version__
from newsletter.checking.deadlinks import Answer
from newsletter.errors import TransportError
from newsletter.network.guard import PUBLIC_PORTS, Guard, GuardedAdapter

_MOST_REDIRECTS = 8
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PATIENCE = (5.0, 10.0)
_LONGEST = 20.0
"""Seconds for one address, with everything that it redirects to."""


class Pace:
    """Lets every server be asked only so often, whoever asks: `gap` seconds between two requests."""

    def __init__(self, gap: float) -> None:
        self._gap = gap
        self._next: dict[str, float] = {}
        self._lock = threading.Lock()

    def wait(self, host: str) -> None:
        """Waits until it is time for the next request to `host`."""
        with self._lock:
            now = time.monotonic()
            at = max(now, self._next.get(host, now))
            self._next[host] = at + self._gap
        time.sleep(at - now)


class LinkVisitor:
    """Goes to addresses, `lanes` at a time, each server at most every `gap` seconds.

    Servers in private networks and at unusual ports are not asked unless `allow_private`.
    """

    def __init__(self, *, lanes: int = 8, gap: float = 0.5, allow_private: bool = False) -> None:
        self._lanes = lanes
        self._pace = Pace(gap)
        self._allow_private = allow_private

    def visit(self, urls: Iterable[str]) -> Iterator[tuple[str, Answer]]:
        """Each address with what came of it, as the answers come in; without those that are not asked."""
        servers: dict[str, list[str]] = {}
        for url in dict.fromkeys(urls):
            if host := self._server(url):
                servers.setdefault(host, []).append(url)
        in_turn = chain.from_iterable(zip_longest(*servers.values()))
        pool = ThreadPoolExecutor(self._lanes, thread_name_prefix="links")
        try:
            waiting = {pool.submit(self._visit, url): url for url in in_turn if url is not None}
            for done in as_completed(waiting):
                yield waiting[done], done.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _server(self, url: str) -> str:
        """The server of the address; "" when it is not to be asked."""
        try:
            parts = urlsplit(url)
            usual = parts.port is None or parts.port in PUBLIC_PORTS
        except ValueError:
            return ""
        return (parts.hostname or "") if usual or self._allow_private else ""

    def _visit(self, url: str) -> Answer:
        """HEAD first, which costs a server least; GET where that is not understood, or brings bad news."""
        answer = self._try("HEAD", url)
        bad = answer.fault or answer.status >= 400
        return self._try("GET", url) if bad and not answer.lost else answer

    def _try(self, method: str, url: str) -> Answer:
        with Guard(allow_private=self._allow_private, seconds=_LONGEST) as guard:
            try:
                return self._ask(guard, method, url)
            except TransportError as error:
                return _refused(error)
            except (requests.RequestException, HTTPError, OSError, UnicodeError, ValueError) as error:
                slow = guard.expired or isinstance(error, requests.Timeout | TimeoutError)
                return Answer(fault="the server does not answer in time" if slow else _why(error))

    def _ask(self, guard: Guard, method: str, url: str) -> Answer:
        with requests.Session() as session:
            session.trust_env = (
                False  # no proxies, which would connect for us, and no passwords from ~/.netrc
            )
            session.headers["User-Agent"] = f"newsletter/{__version__} (looks whether links are alive)"
            for scheme in ("http://", "https://"):
                session.mount(scheme, GuardedAdapter(guard))
            for _ in range(_MOST_REDIRECTS + 1):
                parts = urlsplit(url)
                if parts.scheme not in ("http", "https") or not parts.hostname:
                    return Answer(fault="it leads to something that is no web page")
                self._pace.wait(parts.hostname)
                request = session.prepare_request(requests.Request(method, url))
                with session.send(request, stream=True, allow_redirects=False, timeout=_PATIENCE) as response:
                    location = response.headers.get("Location", "")
                    if response.status_code not in _REDIRECTS or not location:
                        return Answer(response.status_code)
                url = urljoin(url, location)
        return Answer(fault="it leads on and on")


def _refused(error: TransportError) -> Answer:
    """What the guard did not let through, or could not find."""
    problem, cause = error.problems[0], error.__cause__
    if problem.code == "private-address":
        return Answer(fault="it leads into a private network", lost=True)
    # the name server says that there is no such name; anything else may be our own network
    lost = isinstance(cause, socket.gaierror) and cause.errno in (socket.EAI_NONAME, socket.EAI_NODATA)
    return Answer(fault="there is no such server" if lost else "the server was not found", lost=lost)


def _why(error: Exception) -> str:
    if isinstance(error, requests.exceptions.SSLError):
        return "the server's certificate is not in order"
    if isinstance(error, requests.exceptions.InvalidURL | UnicodeError | requests.exceptions.MissingSchema):
        return "it is no address that can be opened"
    return "the server cannot be reached, or hung up"
