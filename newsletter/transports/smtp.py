"""The smtp transport: hands messages to mail servers, with as few round trips as they allow."""

from __future__ import annotations

from newsletter.protocols import Desk
from newsletter.transports.gate import Gate
from newsletter.transports.lane import Lane
from newsletter.transports.servers import Servers
from newsletter.transports.session import SmtpSettings

_LARGE_BLOCK = 1 << 24
"""Octets that are taken from the system and given back, untouched, before anything is sent: the C library's
allocator (glibc's) learns from that to keep the memory that messages are made in. It would give it back after
each of them, and have it cleared and mapped for the next, which takes as long as sending one."""


class SmtpTransport:
    """Sends through one SMTP server or several, one connection a lane, opened as they are needed.

    `connections` counts over all servers; it is the first one's that holds. At most `connections` times the
    largest `in_flight` messages can end in doubt when the sender dies, and no more than `connections` where
    servers do not offer CHUNKING.

    Making one raises ConfigurationError when the settings would send unencrypted mail beyond this machine, or
    name certificates that cannot be read.
    """

    name = "smtp"
    repeatable = False

    def __init__(self, settings: SmtpSettings, *others: SmtpSettings) -> None:
        self._servers = Servers((settings, *others))
        self._connections = settings.connections
        self._gate = Gate()

    @property
    def lanes(self) -> int:
        """As many as there may be connections."""
        return self._connections

    async def check(self) -> None:
        """Connects to each server, encrypts, logs in and leaves again; see `protocols.Transport.check`."""
        await self._servers.check()

    async def lane(self, desk: Desk) -> None:
        """See `protocols.Transport.lane`.

        A connection that ends after it has carried messages is replaced; one that fails at its first message
        ends the lane.
        """
        bytes(_LARGE_BLOCK)
        await Lane(self._servers, desk, self._gate).run()
