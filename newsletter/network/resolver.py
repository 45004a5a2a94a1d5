"""Look-ups in the DNS through dnspython (extra `dns`)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from newsletter.checking.dns.answers import Answer, Kind, Status
from newsletter.errors import ConfigurationError, ContentError

if TYPE_CHECKING:
    from dns.resolver import Resolver

INSTALL = "pip install 'newsletter[dns]'"
"""Brings the library that looking things up needs."""

_TRY, _LIFETIME = 3.0, 6.0
"""Seconds for one try with one name server, and for a whole look-up."""

_GIVE_UP_AFTER = 2
"""Look-ups without any answer after which the others are not tried: there is no network."""

_PAYLOAD = 1232
"""Octets of an answer that still fit one packet; longer ones come over TCP."""


class DnsLookUp:
    """Looks records up (see `checking.dns.answers.LookUp`), each only once.

    `name_server` is an address to ask instead of the system's name servers, with or without a port
    ("192.0.2.53", "127.0.0.1:5353", "[::1]:5353"). Making one raises ConfigurationError when dnspython is not
    installed or the system names no server, ContentError when `name_server` is no address.
    """

    def __init__(self, name_server: str = "") -> None:
        try:
            import dns.resolver
        except ImportError as error:
            raise ConfigurationError(
                "Looking at the DNS needs the library dnspython, which is not installed.",
                hint=f"Install it: {INSTALL}",
                code="missing-extra",
            ) from error
        try:
            resolver = dns.resolver.Resolver(configure=not name_server)
        except dns.resolver.NoResolverConfiguration as error:
            raise ConfigurationError(
                "This machine names no server to ask about the DNS.",
                hint="Look at /etc/resolv.conf, or name one: newsletter doctor --name-server ADDRESS",
                code="no-name-server",
            ) from error
        if name_server:
            address, resolver.port = server_address(name_server)
            resolver.nameservers = [address]
        resolver.timeout, resolver.lifetime = _TRY, _LIFETIME
        resolver.use_edns(0, 0, _PAYLOAD)
        self._resolver: Resolver = resolver
        self._known: dict[tuple[str, Kind], Answer] = {}
        self._silent = 0

    def __call__(self, name: str, kind: Kind) -> Answer:
        """The records of this kind at `name`; never raises."""
        key = (name.lower(), kind)
        if key not in self._known:
            self._known[key] = self._ask(name, kind)
        return self._known[key]

    def _ask(self, name: str, kind: Kind) -> Answer:
        from dns.exception import DNSException, Timeout
        from dns.resolver import NXDOMAIN, NoNameservers

        if self._silent >= _GIVE_UP_AFTER:
            return Answer(Status.FAILED, why="no name server answers")
        try:
            found = self._resolver.resolve(name, kind, search=False, raise_on_no_answer=False)
        except NXDOMAIN:
            return Answer(Status.ABSENT)
        except Timeout:
            self._silent += 1
            return Answer(Status.FAILED, why="no name server answers")
        except NoNameservers:
            return Answer(Status.FAILED, why="the name servers answer with an error")
        except DNSException as error:  # a name that cannot be one, an endless chain of aliases
            return Answer(Status.FAILED, why=str(error).rstrip("."))
        self._silent = 0
        values = _values(kind, found.rrset or ())
        return Answer(Status.FOUND if values else Status.EMPTY, values)


def _values(kind: Kind, records: Iterable[Any]) -> tuple[str, ...]:
    """The records as text; each kind of them has attributes of its own, which only dnspython knows.

    In an order of ours, because name servers give them in any.
    """
    if kind == "MX":
        ordered = sorted(records, key=lambda record: (record.preference, record.exchange))
        return tuple(_name(record.exchange) for record in ordered)
    if kind == "TXT":
        return tuple(sorted(b"".join(record.strings).decode("utf-8", "replace") for record in records))
    if kind == "PTR":
        return tuple(sorted(_name(record.target) for record in records))
    return tuple(sorted(record.address for record in records))


def _name(name: object) -> str:
    return str(name).rstrip(".").lower()


_SERVER = re.compile(
    r"\[(?P<six>[0-9A-Fa-f:.]+)\](?::(?P<port>\d{1,5}))?|(?P<four>[^:]+)(?::(?P<port4>\d{1,5}))?"
)


def server_address(text: str) -> tuple[str, int]:
    """Address and port of a name server as a person writes them; ContentError when there is no address."""
    match = _SERVER.fullmatch(text)
    host = (match["six"] or match["four"]) if match else text
    port = (match["port"] or match["port4"]) if match else None
    try:
        return str(ip_address(host)), int(port or 53)
    except ValueError as error:
        raise ContentError(
            f"{text} is not the address of a name server.",
            hint="Write an address, with a port if need be: 192.0.2.53 or 127.0.0.1:5353.",
            code="bad-address",
        ) from error
