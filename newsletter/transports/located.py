"""Any transport, with errors that point at the lines of newsletter.toml they are about."""

from __future__ import annotations

from dataclasses import replace

from newsletter.errors import CredentialsError, TransportError
from newsletter.protocols import Desk, Transport


class LocatedTransport:
    """Does what `transport` does; its errors are given `file` and a line.

    `line` is where the way out is described (host, folder), `login_line` where name and password are.
    """

    def __init__(self, transport: Transport, file: str, line: int, login_line: int = 0) -> None:
        self._transport = transport
        self._file = file
        self._line = line
        self._login_line = login_line or line

    @property
    def name(self) -> str:
        """As in `delivery.transport`."""
        return self._transport.name

    @property
    def lanes(self) -> int:
        """How many lanes may run at once."""
        return self._transport.lanes

    @property
    def repeatable(self) -> bool:
        """See `protocols.Transport.repeatable`."""
        return self._transport.repeatable

    async def check(self) -> None:
        """See `protocols.Transport.check`."""
        try:
            await self._transport.check()
        except TransportError as error:
            self._point(error)
            raise

    async def lane(self, desk: Desk) -> None:
        """See `protocols.Transport.lane`."""
        try:
            await self._transport.lane(desk)
        except TransportError as error:
            self._point(error)
            raise

    def _point(self, error: TransportError) -> None:
        line = self._login_line if isinstance(error, CredentialsError) else self._line
        error.problems = tuple(
            problem if problem.file else replace(problem, file=self._file, line=line)
            for problem in error.problems
        )
