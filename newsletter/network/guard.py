"""Connections to strangers' servers: only to addresses that were looked at, and never beyond a deadline."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from threading import Timer
from types import TracebackType
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from newsletter.errors import TransportError

PUBLIC_PORTS = frozenset({80, 443})
_NAT64 = IPv6Network("64:ff9b::/96")


class Guard:
    """Opens connections for one fetch, which may take `seconds` altogether.

    Unless `allow_private`, hosts must have an address that is reached through the public internet, and ports
    are those of the web. A name is looked up once for each connection, and the connection goes to the very
    address that was judged, so that a name server cannot give another one in between.
    """

    def __init__(self, *, allow_private: bool, seconds: float) -> None:
        self.allow_private = allow_private
        self.expired = False
        self._sockets: list[socket.socket] = []
        self._timer = Timer(seconds, self._expire)
        self._timer.daemon = True

    def __enter__(self) -> Guard:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()

    def _expire(self) -> None:
        """A server that sends a byte now and then would keep any timeout of single reads from striking."""
        self.expired = True
        for opened in self._sockets:
            try:
                opened.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # it is closed already

    def connect(self, host: str, port: int, timeout: float | None) -> socket.socket:
        """A connection to `host`. Raises TransportError when it may not be opened, OSError when it cannot."""
        if not self.allow_private and port not in PUBLIC_PORTS:
            raise TransportError(
                f"Port {port} of {host} is not one of the web.",
                hint="If you trust that server, set allow_private = true for this feed.",
                code="private-address",
            )
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise TransportError(
                f"There is no server called {host}, or the network is down.",
                hint="Look for a slip of the pen, and whether your browser can open it.",
                code="unknown-host",
            ) from error
        usable = [entry for entry in found if self.allow_private or is_public(str(entry[4][0]))]
        if not usable:
            raise TransportError(
                f"{host} is inside a private network ({found[0][4][0]}).",
                hint="If it is yours and meant to be read, set allow_private = true for this feed.",
                code="private-address",
            )
        return self._first_that_answers(usable, timeout)

    def _first_that_answers(self, found: list[Any], timeout: float | None) -> socket.socket:
        last = OSError("no time left")
        for family, kind, protocol, _, address in found:
            if self.expired:
                break
            opened = socket.socket(family, kind, protocol)
            try:
                opened.settimeout(timeout)
                opened.connect(address)
                opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError as error:
                opened.close()
                last = error
                continue
            self._sockets.append(opened)
            return opened
        raise last


def is_public(address: str) -> bool:
    """True for an address of one place in the public internet, also when it is written inside another."""
    found = ip_address(address.partition("%")[0])
    return all(one.is_global and not one.is_multicast for one in (found, *_inside(found)))


def _inside(address: IPv4Address | IPv6Address) -> list[IPv4Address]:
    """The IPv4 addresses that gateways would make of an IPv6 address."""
    if isinstance(address, IPv4Address):
        return []
    found = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64:
        found.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return [one for one in found if one is not None]


class GuardedAdapter(HTTPAdapter):
    """Lets requests open its connections through a guard."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        """Makes the pools; requests calls it."""
        super().init_poolmanager(*arguments, **named)
        guard = self._guard

        class Plain(HTTPConnection):
            def _new_conn(self) -> socket.socket:
                return guard.connect(self.host, self.port or 80, _seconds(self.timeout))

        class Encrypted(HTTPSConnection):
            def _new_conn(self) -> socket.socket:
                return guard.connect(self.host, self.port or 443, _seconds(self.timeout))

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class EncryptedPool(HTTPSConnectionPool):
            ConnectionCls = Encrypted

        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": EncryptedPool}


def _seconds(timeout: object) -> float | None:
    return timeout if isinstance(timeout, int | float) else None
