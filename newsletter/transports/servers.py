"""The mail servers of a publication: which one a connection goes to, and what a run has learnt of each."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from math import inf

from newsletter.errors import CredentialsError, TransportError
from newsletter.transports.envelope import Abilities
from newsletter.transports.replies import Stage
from newsletter.transports.session import Session, SmtpSettings, check_settings, open_session, tls_context

_REST = 5.0
_LONGEST_REST = 300.0
_NOT_UNDERSTOOD = frozenset({500, 501, 502, 503, 504, 555})


class Server:
    """One server, for the length of a run.

    It is taken at its word until it fails at what it offers; from then on it is spoken to more plainly.
    `window` is how many messages may be handed over and unanswered on one connection, `share` how many one
    connection carries. `proven` means that a part of a message, sent along with its envelope, was understood
    (RFC 3030): a server that does not know BDAT would take content for commands.
    """

    def __init__(self, settings: SmtpSettings) -> None:
        check_settings(settings)
        self.settings = settings
        self.context: ssl.SSLContext | None = None if settings.security == "none" else tls_context(settings)
        self.window = settings.in_flight
        self.share = settings.per_connection
        self.proven = False
        self.connections = 0
        self.rests_until = 0.0
        self._failures = 0
        self._distrusted: set[str] = set()
        self._last_carried = 0

    def abilities(self, session: Session) -> Abilities:
        """What may be asked of it on this connection."""
        return Abilities.of(session.offers, self._distrusted, reports=self.settings.dsn)

    def suspect(self, stage: Stage, code: int, used: Abilities) -> bool:
        """Looks whether a refusal means that the server cannot do what it offered and what was used.

        True: it is not asked for that again, and the message may be tried once more in plainer words.
        """
        if code not in _NOT_UNDERSTOOD:
            return False
        if stage is Stage.CHUNK or (stage is Stage.END and used.chunking):
            self.distrust("CHUNKING")
            return True
        if stage is Stage.END or (stage is Stage.RCPT and code == 501):  # about the message, the address
            return False
        self.distrust("PIPELINING", "CHUNKING", "SIZE", "DSN")
        return used.pipelining or used.chunking or used.size or used.reports

    def distrust(self, *keywords: str) -> None:
        """Never asks for these abilities again."""
        self._distrusted.update(keywords)

    def lost(self, carried: int, doubtful: int) -> None:
        """Learns from a connection that was lost with messages on it.

        `carried` is how many it had carried when the server ended it by itself, else 0: the second time that
        this happens after the same number, it is taken for the server's limit. When the answers to several
        messages were lost, there will never again be more than one on the way.
        """
        if doubtful > 1:
            self.window = 1
        if carried and carried == self._last_carried:
            self.share = min(self.share, carried)
        self._last_carried = carried

    async def open(self) -> Session:
        """A session with it; see `open_session`. Remembers failures, so that others are preferred."""
        self.connections += 1
        try:
            session = await open_session(self.settings, self.context)
        except BaseException as error:
            self.connections -= 1
            if isinstance(error, TransportError):
                self._failures += 1
                rest = min(_REST * 2 ** (self._failures - 1), _LONGEST_REST)
                closed = isinstance(error, CredentialsError)
                self.rests_until = inf if closed else asyncio.get_running_loop().time() + rest
            raise
        self._failures = 0
        self.rests_until = 0.0
        return session

    def closed(self) -> None:
        """One of its connections has ended."""
        self.connections -= 1


class Servers:
    """All of them. Connections are shared out by weight; one of weight 0 is a spare for when no other opens.

    A server that does not open is left alone for a while, longer each time; one that does not accept our
    login, for the rest of the run.
    """

    def __init__(self, settings: Sequence[SmtpSettings]) -> None:
        self._servers = [Server(one) for one in settings]

    async def open(self) -> tuple[Server, Session]:
        """A session with the first server that opens. The last one's error when none does."""
        now = asyncio.get_running_loop().time()
        awake = [server for server in self._servers if server.rests_until <= now]
        failed: TransportError | None = None
        for server in sorted(awake or self._servers, key=_preference):
            try:
                return server, await server.open()
            except TransportError as error:
                failed = error
        assert failed is not None  # noqa: S101 - there is at least one server
        raise failed

    async def check(self) -> None:
        """Opens and leaves each of them.

        Raises CredentialsError when one does not let us in, TransportError when none opens at all.
        """
        failures: list[TransportError] = []
        for server in self._servers:
            try:
                session = await server.open()
            except CredentialsError:
                raise
            except TransportError as error:
                failures.append(error)
            else:
                server.closed()
                await session.quit(server.settings.patience.goodbye)
        if len(failures) == len(self._servers):
            raise failures[0]


def _preference(server: Server) -> tuple[bool, float]:
    weight = server.settings.weight
    return (weight == 0, server.connections / weight if weight else server.connections)
