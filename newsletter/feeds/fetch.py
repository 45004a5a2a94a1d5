"""Fetches feeds and pictures from the web: what has changed, not too much of it, and in good time."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import requests
from urllib3.exceptions import HTTPError

from newsletter import __version__
from newsletter.errors import TransportError
from newsletter.network.guard import Guard, GuardedAdapter

MOST_REDIRECTS = 5
MEGABYTE = 1_000_000
FEEDS = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.9,"
    " application/json;q=0.8, */*;q=0.5"
)
PICTURES = "image/png, image/jpeg, image/gif, image/*;q=0.8"

_CHUNK = 65_536
_PERMANENT = frozenset({301, 308})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_GZIP_OR_ZLIB = 47


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how much: seconds to connect, between two pieces and altogether; bytes after unpacking.

    `allow_private` permits servers in one's own network, and any port.
    """

    connect: float = 5.0
    read: float = 10.0
    total: float = 15.0
    size: int = 5 * MEGABYTE
    allow_private: bool = False


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer. `url` is where it came from in the end, `moved_to` the new address when the server said that
    the old one is no longer used. With `unchanged` there is no body. Not `complete`: the line broke."""

    url: str
    body: bytes = b""
    content_type: str = ""
    etag: str = ""
    last_modified: str = ""
    moved_to: str = ""
    unchanged: bool = False
    complete: bool = True


def fetch(
    url: str, limits: Limits, *, accept: str = FEEDS, etag: str = "", last_modified: str = ""
) -> Fetched:
    """What is at `url` now; with `etag` or `last_modified`, only if it has changed since.

    Raises TransportError, with a code and a mend, for everything that can go wrong on the way.
    """
    with Guard(allow_private=limits.allow_private, seconds=limits.total) as guard, _session(guard) as session:
        headers = {"Accept": accept, "Accept-Encoding": "gzip"}
        if etag:
            headers["If-None-Match"] = etag
        if last_modified:
            headers["If-Modified-Since"] = last_modified
        try:
            found = _follow(session, url, headers, limits)
        except (requests.RequestException, HTTPError, OSError, UnicodeError, ValueError) as error:
            raise _fault(error, url, limits, expired=guard.expired) from error
        if guard.expired:  # the end of the body was not the server's
            raise _fault(TimeoutError(), url, limits, expired=True)
        return found


def _session(guard: Guard) -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # no proxies, which would connect for us, and no passwords from ~/.netrc
    session.headers["User-Agent"] = f"newsletter/{__version__}"
    adapter = GuardedAdapter(guard)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


def _follow(session: requests.Session, url: str, headers: Mapping[str, str], limits: Limits) -> Fetched:
    here, moved_to, for_good = url, "", True
    for _ in range(MOST_REDIRECTS + 1):
        if urlsplit(here).scheme not in ("http", "https"):
            raise TransportError(f"{shown(here)} is not a web address.", code="bad-address")
        request = session.prepare_request(requests.Request("GET", here, headers=dict(headers)))
        with session.send(
            request, stream=True, allow_redirects=False, timeout=(limits.connect, limits.read)
        ) as response:
            target = response.headers.get("Location", "")
            if response.status_code not in _REDIRECTS or not target:
                return _answer(response, here, moved_to, limits)
            for_good = for_good and response.status_code in _PERMANENT
        here = urljoin(here, target)
        moved_to = here if for_good else moved_to
    raise TransportError(
        f"{shown(url)} leads on and on, more than {MOST_REDIRECTS} times.",
        hint="Open it in a browser, and use the address that it ends at.",
        code="too-many-redirects",
    )


def _answer(response: requests.Response, url: str, moved_to: str, limits: Limits) -> Fetched:
    headers, status = response.headers, response.status_code
    if status == 304:
        return Fetched(url, moved_to=moved_to, unchanged=True)
    if status != 200:
        raise _refusal(status, url, headers.get("Retry-After", ""))
    body, complete = _body(response, url, limits)
    return Fetched(
        url,
        body,
        content_type=headers.get("Content-Type", ""),
        etag=headers.get("ETag", ""),
        last_modified=headers.get("Last-Modified", ""),
        moved_to=moved_to,
        complete=complete,
    )


def _body(response: requests.Response, url: str, limits: Limits) -> tuple[bytes, bool]:
    """The body, and whether it is whole. It is unpacked here, piece by piece, so that a small answer cannot
    become a huge one."""
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip", "x-gzip", "deflate", ""):
        raise TransportError(
            f"{shown(url)} came packed as {encoding}, for which nobody asked.", code="encoding"
        )
    length = response.headers.get("Content-Length", "")
    if encoding in ("identity", "") and length.isdigit() and int(length) > limits.size:
        raise _too_large(url, limits)
    unpack = None if encoding in ("identity", "") else zlib.decompressobj(_GZIP_OR_ZLIB)
    body = bytearray()
    complete = True
    while True:
        try:
            piece = response.raw.read1(_CHUNK, decode_content=False)
        except (HTTPError, OSError):
            if not body:
                raise
            complete = False
            break
        if not piece:
            break
        if unpack is not None:
            try:
                piece = unpack.decompress(piece, limits.size + 1 - len(body))
            except zlib.error as error:
                raise TransportError(f"{shown(url)} came damaged: {error}.", code="encoding") from error
        body += piece
        if len(body) > limits.size or (unpack is not None and unpack.unconsumed_tail):
            raise _too_large(url, limits)
    return bytes(body), complete and (unpack is None or unpack.eof)


def shown(url: str) -> str:
    """An address for messages, without the part that may hold a reader's key."""
    return url.partition("?")[0]


def _too_large(url: str, limits: Limits) -> TransportError:
    return TransportError(
        f"{shown(url)} holds more than {limits.size / MEGABYTE:g} MB.",
        hint="If that is right, raise size_limit for this feed.",
        code="too-large",
    )


_REFUSALS = {
    401: ("asks for a password", "Use the address that your browser shows when you read the feed."),
    403: ("does not let us in", "Ask whoever runs the site whether programs may read the feed."),
    404: ("is not there", "Look on the site for the address of the feed."),
    410: ("is gone for good", "Take the feed out of newsletter.toml."),
    429: ("has been asked too often", "Try again later."),
}


def _refusal(status: int, url: str, retry_after: str) -> TransportError:
    said, hint = _REFUSALS.get(
        status, ("cannot be had now", "Try again later.") if status >= 500 else ("", "")
    )
    if retry_after.isdigit():
        hint = f"Try again in {retry_after} seconds."
    return TransportError(
        f"{shown(url)} {said or 'gave an odd answer'} (HTTP {status}).", hint=hint, code="http-status"
    )


_LATER = "Look whether your browser can open it, or try again later."


def _fault(error: Exception, url: str, limits: Limits, *, expired: bool) -> TransportError:
    if expired:
        message = f"{shown(url)} took longer than {limits.total:g} seconds."
        return TransportError(message, hint=_LATER, code="timeout")
    if isinstance(error, requests.Timeout | TimeoutError):
        return TransportError(f"{shown(url)} does not answer.", hint=_LATER, code="timeout")
    if isinstance(error, requests.exceptions.SSLError):
        return TransportError(
            f"{shown(url)} cannot prove who it is: its certificate is not in order.",
            hint="Open the address in a browser, which says more.",
            code="certificate",
        )
    if isinstance(error, requests.ConnectionError | HTTPError | OSError) and not isinstance(
        error, ValueError
    ):
        message = f"{shown(url)} cannot be reached, or hung up."
        return TransportError(message, hint=_LATER, code="no-connection")
    message = f"{shown(url)} is not an address that can be opened."
    return TransportError(message, hint="Copy it from your browser.", code="bad-address")
