"""The mail transactions on one connection: commands ahead of their answers, outcomes in order.

With PIPELINING (RFC 2920) the next envelope rides behind the last octet of the message before it, so that a
message takes one round trip. With CHUNKING as well (RFC 3030) whole messages follow one another, up to the
server's `window`, before the first of them is answered. Without either, one command at a time.

However it is done, a message's last octet is not sent before the desk has marked it, and only a message whose
last octet was sent can end in doubt: one at a time, or `window` of them.
"""

from __future__ import annotations

import asyncio

from newsletter.protocols import Desk
from newsletter.transports.envelope import dotted, mail_command, rcpt_command, unspeakable
from newsletter.transports.reckoning import Reckoning
from newsletter.transports.replies import Stage
from newsletter.transports.servers import Server
from newsletter.transports.session import Session
from newsletter.transports.started import Started
from newsletter.transports.supply import Supply, Transaction

_RSET = b"RSET\r\n"


class Exchange(Reckoning):
    """One session's transactions, until it ends in whatever way. Make one, `run` it, then `conclude`."""

    def __init__(self, session: Session, server: Server, desk: Desk, supply: Supply) -> None:
        super().__init__(session, server, desk)
        self._supply = supply
        self._idle = False
        self._slow = True

    @property
    def _windowed(self) -> bool:
        can, server = self._can, self._server
        return can.pipelining and can.chunking and server.proven and server.window > 1

    async def run(self) -> None:
        """Carries messages until there are no more, the desk has none for a long while, the connection has
        carried its share or is lost. Raises what the desk raises."""
        self._line.listen(self)
        self._supply.on_news = self._wake
        try:
            await self._carry_all()
        finally:
            self._supply.on_news = None
        if self._line.failure is not None:
            raise self._line.failure

    async def _carry_all(self) -> None:
        current: Transaction | None = None
        while True:
            if current is None:
                current = await self._next()
                if current is None:
                    break
                if self._windowed:
                    await self._push(current)
                    current = None
                    continue
                self._line.send(self._begin(current))
            while not (current.cleared or current.closed or self._line.lost):
                await self._news()
            current = await self._finish(current) if current.cleared and not self._line.lost else None
        await self._quiet()

    async def _next(self) -> Transaction | None:
        """Waits for a message that may go over this connection; None when it is at its end."""
        self._idle = False
        while not (self._line.lost or self._leaving or self._share_is_carried):
            if self._flying and not self._may_follow:
                await self._news()
                continue
            taken = self._take()
            if taken is not None:
                return taken
            if self._supply.ended or self._idle:
                return None
            await self._news(0 if self._flying else self._server.settings.idle)
        return None

    @property
    def _may_follow(self) -> bool:
        """Whether a message may be begun behind others: the first one goes alone, lest the connection is good
        for nothing."""
        return self.carried > 0 and self._can.pipelining and (self._room or not self._windowed)

    @property
    def _room(self) -> bool:
        return len(self._flying) < self._server.window and not self._line.unsent

    @property
    def _share_is_carried(self) -> bool:
        return self.carried + len(self._flying) >= self._server.share

    def _take(self) -> Transaction | None:
        """The next message that can be said here, if there is one now."""
        while (taken := self._supply.take()) is not None:
            outcome = unspeakable(self._can, taken.message)
            if outcome is None:
                return taken
            self._desk.settle(taken.message, outcome)
        return None

    def _begin(self, transaction: Transaction) -> bytes:
        """Takes the message up; gives what is to be sent now, and expects the answers to it."""
        can, message = self._can, transaction.message
        transaction.begin()
        steps = [(Stage.MAIL, mail_command(can, message)), (Stage.RCPT, rcpt_command(can, message))]
        if self._unfinished:
            steps.insert(0, (Stage.RESET, _RSET))
            self._unfinished = False
        if not can.chunking:
            steps.append((Stage.DATA, b"DATA\r\n"))
        elif not self._server.proven:
            # The first line alone: a server that does not know BDAT takes it for one more unknown command.
            transaction.rest = message.content.find(b"\n") + 1
            part = b"BDAT %d\r\n" % transaction.rest + message.content[: transaction.rest]
            steps.append((Stage.CHUNK, part))
        transaction.clears = steps[-1][0]
        self._flying.append(transaction)
        if not can.pipelining:
            self._todo.extend(steps)
            return self._step(transaction)
        self._expected.extend([(stage, transaction) for stage, _ in steps])
        return b"".join([octets for _, octets in steps])

    async def _finish(self, transaction: Transaction) -> Transaction | None:
        """Sends the message, its last octet after the desk's mark, with the next envelope right behind it.

        The desk may be long in finding a next message: what has not come by now does not ride along. Where
        the network is slow, everything but the last octet is sent before the mark is made, so that a line
        lost on the way leaves no doubt.
        """
        line, message = self._line, transaction.message
        before, ending = self._parts(transaction)
        if before and self._slow:
            line.send(before)
            self._slow = await self._all_sent()
            before = b""
            if line.lost:
                return None
        if not await self._desk.hand(message):
            self._flying.remove(transaction)
            if transaction.clears is Stage.RCPT:
                self._unfinished = True
            else:
                line.abort()  # the server waits for the rest: only dropping gets out of that
            return None
        transaction.handed = True
        if line.lost:
            return None
        follower = None
        self._expected.append((Stage.END, transaction))
        transaction.sent = True
        if self._may_follow and not (self._windowed or self._leaving or self._share_is_carried):
            follower = self._take()
        if follower is not None:
            ending += self._begin(follower)
        line.send(before, ending) if before else line.send(ending)
        self._slow = self._slow or line.unsent
        return follower

    def _parts(self, transaction: Transaction) -> tuple[bytes, bytes]:
        """What is still to be sent of a message: what may go before the mark, and what may not."""
        message = transaction.message
        if not self._can.chunking:
            return dotted(message), b".\r\n"
        rest = message.content[transaction.rest :]
        return b"", b"BDAT %d LAST\r\n" % len(rest) + rest

    async def _all_sent(self) -> bool:
        """Waits until everything has left; True when that took a while."""
        waited = False
        while self._line.unsent and not self._line.lost:
            waited = True
            await self._news()
        return waited

    async def _push(self, transaction: Transaction) -> None:
        """Sends whole messages behind those that are on their way, as many as there is room for.

        Each begins with RSET: after a refused message, servers are in different states (RFC 3030 2). Where
        the network cannot keep up, they are marked one by one, not ahead of time.
        """
        batch = [transaction]
        self._flying.append(transaction)
        while self._room and not (self._slow or self._share_is_carried):
            taken = self._take()
            if taken is None:
                break
            batch.append(taken)
            self._flying.append(taken)
        self._slow = False
        marks = [Started(self._desk.hand(one.message)) for one in batch]
        for one, mark in zip(batch, marks, strict=True):
            if not await mark:
                self._flying.remove(one)  # nothing of it is on the line
                continue
            one.handed = True
            self._slow = await self._all_sent() or self._slow
            if not self._line.lost:
                self._send_whole(one)

    def _send_whole(self, transaction: Transaction) -> None:
        message, can = transaction.message, self._can
        transaction.sent = True
        self._expected += (
            (Stage.RESET, transaction),
            (Stage.MAIL, transaction),
            (Stage.RCPT, transaction),
            (Stage.END, transaction),
        )
        envelope = mail_command(can, message) + rcpt_command(can, message)
        head = b"%b%bBDAT %d LAST\r\n" % (_RSET, envelope, len(message.content))
        self._line.send(head, message.content)

    async def _quiet(self) -> None:
        """Waits until every message on the way has its answer."""
        while self._flying and not self._line.lost:
            await self._news()

    async def _news(self, idle: float = 0.0) -> None:
        """Waits until something has happened, or for `idle` seconds."""
        loop = asyncio.get_running_loop()
        self._waiter = loop.create_future()
        alarm = loop.call_later(idle, self._nothing) if idle else None
        try:
            await self._waiter
        finally:
            self._waiter = None
            if alarm is not None:
                alarm.cancel()

    def _nothing(self) -> None:
        self._idle = True
        self._wake()
