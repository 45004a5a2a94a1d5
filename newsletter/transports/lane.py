"""One lane of the smtp transport: a connection, and a new one where the last one ended too soon."""

from __future__ import annotations

from newsletter.errors import TransportError
from newsletter.model import Fault, Message, Outcome, OutcomeKind
from newsletter.protocols import Desk
from newsletter.transports.exchange import Exchange
from newsletter.transports.gate import Gate
from newsletter.transports.servers import Server, Servers
from newsletter.transports.session import Session
from newsletter.transports.supply import Supply, Transaction

_MOST_TRIES = 3
"""Connections that a message is tried on before it has to wait; the same number for all of them."""


class Lane:
    """Carries the desk's messages until there are no more."""

    def __init__(self, servers: Servers, desk: Desk, gate: Gate) -> None:
        self._servers = servers
        self._desk = desk
        self._gate = gate
        self._supply = Supply(desk, gate)
        self._why = "stopped before the end"

    async def run(self) -> None:
        """See `protocols.Transport.lane`."""
        if not await self._gate.enter():
            return
        done = False
        try:
            while True:
                server, session = await self._servers.open()
                await self._use(server, session)
                if not await self._supply.some():
                    done = True
                    return
        except TransportError as error:
            self._why = str(error.args[0])
            raise
        finally:
            for transaction in await self._supply.stop():
                self._put_off(transaction.message)
            self._gate.leave(asking=self._supply.idle, done=done)

    async def _use(self, server: Server, session: Session) -> None:
        """Carries what one connection can carry. Raises TransportError when that is nothing at all."""
        exchange = Exchange(session, server, self._desk, self._supply)
        try:
            await exchange.run()
        except BaseException as error:
            exchange.conclude(str(error.args[0]) if isinstance(error, TransportError) else self._why)
            raise
        finally:
            server.closed()
        exchange.conclude()
        if not session.line.lost:
            await session.quit(server.settings.patience.goodbye)
        some = exchange.carried > 0 or exchange.learnt
        for transaction in reversed(exchange.given_up):
            self._again(transaction, exchange.trouble, worth_it=some)
        if exchange.trouble and not some:
            raise TransportError(f"{server.settings.peer}: {exchange.trouble}", code="line-lost")

    def _again(self, transaction: Transaction, why: str, *, worth_it: bool) -> None:
        transaction.tries += 1
        if worth_it and transaction.tries < _MOST_TRIES:
            self._supply.give_back(transaction)
        elif transaction.refusal is not None:
            self._desk.settle(transaction.message, transaction.refusal)
        else:
            self._put_off(transaction.message, why)

    def _put_off(self, message: Message, why: str = "") -> None:
        self._desk.settle(message, Outcome(OutcomeKind.DEFERRED, reply=why or self._why, fault=Fault.LINE))
