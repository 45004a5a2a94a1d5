"""One request to a provider's API: a connection of its own, in a thread, limited in time and size."""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from ipaddress import ip_address
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests

from newsletter.errors import ConfigurationError

LARGEST_ANSWER = 16_000_000
"""Octets; an answer about 500 messages has a hundredth of it."""

_TOKEN = re.compile(r"[!-~]{1,1000}")
_LONGEST_REPLY = 500
_BLOCK = 65_536

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: to connect, for silence (`read`) and for the whole answer, and `grace` for an answer that is
    still out when the lane is cancelled."""

    connect: float = 15.0
    read: float = 60.0
    whole: float = 120.0
    grace: float = 3.0


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: the HTTP status, the header fields (names in lower case) and the body."""

    status: int
    headers: Mapping[str, str]
    data: bytes

    def json(self) -> Any:
        """The body as JSON; None when it is none."""
        try:
            return json.loads(self.data)
        except (ValueError, RecursionError):
            return None


class NotSentError(Exception):
    """The request cannot have been understood: its last octet never left."""


class NoAnswerError(Exception):
    """The request left whole, and nobody knows what became of it."""


class _Outgoing(BytesIO):
    """A body that notes whether it was read to its end, that is: whether its last octet may have left."""

    drained = False

    def __init__(self, body: bytes) -> None:
        super().__init__(body)
        self._size = len(body)

    def __len__(self) -> int:
        return self._size

    def read(self, size: int | None = -1) -> bytes:
        octets = super().read(size)
        self.drained = self.drained or self.tell() >= self._size
        return octets


class Caller:
    """Calls one API at `endpoint`. `token` is what must never be shown.

    Making one raises ConfigurationError when the token cannot be one, without repeating it.
    """

    def __init__(self, endpoint: str, token: str, patience: Patience) -> None:
        if not _TOKEN.fullmatch(token):
            raise ConfigurationError(
                "the token holds spaces, line breaks or characters that no token has",
                hint="copy it again from the provider's page",
                code="bad-token",
            )
        self.patience = patience
        self._endpoint = endpoint.rstrip("/")
        self._token = token

    def call(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None) -> Reply:
        """The answer, whatever its status. Blocks.

        Raises NotSentError or NoAnswerError, whose messages hold no secrets.
        """
        outgoing = _Outgoing(body) if body is not None else None
        try:
            # Every request gets a connection of its own: on one that was kept, a server that had hung up
            # meanwhile could not be told from one that took the request and hung up.
            with requests.Session() as session:
                session.trust_env = not _loopback(self._endpoint)  # proxies are for the world outside
                return self._exchange(session, method, path, headers, outgoing)
        except (requests.RequestException, OSError) as error:
            why = self.harmless(_plain(error))
            if outgoing is None or not outgoing.drained:
                raise NotSentError(why) from None  # the causes hold the whole request
            raise NoAnswerError(why) from None

    def _exchange(
        self,
        session: requests.Session,
        method: str,
        path: str,
        headers: Mapping[str, str],
        outgoing: _Outgoing | None,
    ) -> Reply:
        latest = time.monotonic() + self.patience.whole
        response = session.request(
            method,
            self._endpoint + path,
            data=outgoing,
            headers={**headers, "Accept": "application/json", "Connection": "close"},
            timeout=(self.patience.connect, self.patience.read),
            allow_redirects=False,
            auth=lambda request: request,  # else a line of ~/.netrc would replace the token
            stream=True,
        )
        with response:
            data = b""
            for block in response.iter_content(_BLOCK):
                data += block
                if len(data) > LARGEST_ANSWER or time.monotonic() > latest:
                    raise requests.ReadTimeout("the answer does not end")
            return Reply(
                response.status_code, {name.lower(): value for name, value in response.headers.items()}, data
            )

    def harmless(self, words: str) -> str:
        """`words` of somebody else, on one line, not too long, and without our token."""
        shown = words.replace(self._token, "…")
        return " ".join("".join(c if c.isprintable() else " " for c in shown).split())[:_LONGEST_REPLY]


def _plain(error: Exception) -> str:
    """What went wrong, in a few words."""
    if isinstance(error, requests.exceptions.SSLError):
        return f"no protected connection: {_innermost(error)}"
    if isinstance(error, requests.ConnectTimeout):
        return "no connection in time"
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    return f"the connection failed: {_innermost(error)}"


def _innermost(error: BaseException) -> str:
    """The words of the operating system or the TLS library, without the layers around them."""
    seen = error
    while (inner := seen.__cause__ or seen.__context__) is not None and inner is not seen:
        seen = inner
    return str(getattr(seen, "strerror", None) or seen) or type(seen).__name__


def _loopback(endpoint: str) -> bool:
    host = urlsplit(endpoint).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def in_thread(work: Callable[[], Result]) -> asyncio.Future[Result]:
    """Runs `work` in a thread of its own, which does not keep the program from ending."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Result] = loop.create_future()

    def tell(result: Result | None, error: Exception | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]  # no error, so there is a result

    def run() -> None:
        result, failure = None, None
        try:
            result = work()
        except Exception as error:
            failure = error
        try:
            loop.call_soon_threadsafe(tell, result, failure)
        except RuntimeError:
            return  # the loop has ended: nobody waits for this any more

    threading.Thread(target=run, name="api-call", daemon=True).start()
    return future
