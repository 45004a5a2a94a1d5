"""The mail transactions on one connection: commands ahead of their answers, outcomes in order.

With PIPELINING (RFC 2920) the next envelope rides behind the last octet of the message before it, so that a
message takes one round trip. With CHUNKING as well (RFC 3030) whole messages follow one another, up to the
server's `window`, before the first of them is answered. Without either, one command at a time.

However it is done, a message's last octet is not sent before the desk has marked it, and only a message whose
last octet was sent can end in doubt: one at a time, or `window` of them.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import replace

from newsletter.errors import TransportError
from newsletter.model import Fault, Outcome, OutcomeKind
from newsletter.protocols import Desk
from newsletter.transports.dialogue import Loss, Reply
from newsletter.transports.envelope import dotted, mail_command, rcpt_command, unspeakable
from newsletter.transports.replies import Stage, classify
from newsletter.transports.servers import Server
from newsletter.transports.session import Session
from newsletter.transports.started import Started
from newsletter.transports.supply import Supply, Transaction

_CLOSING = 421
_RSET = b"RSET\r\n"


class Exchange:
    """One session's transactions, until it ends in whatever way. Make one, `run` it, then `conclude`."""

    def __init__(self, session: Session, server: Server, desk: Desk, supply: Supply) -> None:
        self.carried = 0
        """Messages that the server took or turned down."""
        self.trouble = ""
        """Why messages came to nothing on this connection; "" when none did."""
        self.learnt = False
        """True when the server proved unable to do what it offers, and will not be asked for it again."""
        self.given_up: list[Transaction] = []
        """Messages that this connection was nothing for, none of them handed over."""
        self._line = session.line
        self._server = server
        self._desk = desk
        self._supply = supply
        self._can = server.abilities(session)
        self._patience = server.settings.patience
        self._flying: deque[Transaction] = deque()
        self._expected: deque[tuple[Stage, Transaction]] = deque()
        self._todo: deque[tuple[Stage, bytes]] = deque()
        self._unfinished = False
        self._farewell = False
        self._leaving = False
        self._idle = False
        self._slow = True
        self._waiter: asyncio.Future[None] | None = None

    @property
    def _windowed(self) -> bool:
        can, server = self._can, self._server
        return can.pipelining and can.chunking and server.proven and server.window > 1

    # --- the pump: what to send, and when ----------------------------------------------------------------

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
                if not self._can.pipelining:
                    await self._quiet()
                self._line.send(self._begin(current))
            while not (current.cleared or current.closed or self._line.lost):
                await self._news()
            current = await self._finish(current) if current.cleared and not self._line.lost else None
        await self._quiet()

    async def _next(self) -> Transaction | None:
        """Waits for a message that may go over this connection; None when it is at its end."""
        self._idle = False
        while not (self._line.lost or self._leaving or self._share_is_carried):
            if self._flying and (self._first or (self._windowed and not self._room)):
                await self._news()  # the first message goes alone: the connection may be good for nothing
                continue
            taken = self._take()
            if taken is not None:
                return taken
            if self._supply.ended or self._idle:
                return None
            await self._news(0 if self._flying else self._server.settings.idle)
        return None

    @property
    def _first(self) -> bool:
        return not self.carried

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

    def _step(self, transaction: Transaction) -> bytes:
        stage, octets = self._todo.popleft()
        self._expected.append((stage, transaction))
        return octets

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
        alone = self._first or self._windowed or self._leaving or self._share_is_carried
        if self._can.pipelining and not alone:
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

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # --- what the line tells -----------------------------------------------------------------------------

    def changed(self) -> None:
        """See `dialogue.Listener`."""
        self._wake()

    def patience(self) -> float:
        """See `dialogue.Listener`."""
        if self._expected:
            return self._patience.verdict if self._expected[0][0] is Stage.END else self._patience.answer
        return self._patience.verdict if self._line.unsent else 0

    def heard(self, reply: Reply) -> None:
        """See `dialogue.Listener`."""
        code = reply.code
        if not self._expected:
            self._interrupted(reply)
            return
        stage, transaction = self._expected.popleft()
        if code == _CLOSING:
            self._farewell = True
        if code >= 400:
            self._refused(stage, transaction, reply)
        elif not stage.goes_on(code):
            raise TransportError(f"{stage.asked} was answered with {reply}", code="nonsense")
        elif stage is Stage.END:
            self._close(transaction, transaction.refusal or _outcome(reply, stage))
        elif stage is transaction.clears:
            self._cleared(stage, transaction)
        elif self._todo:
            self._line.send(self._step(transaction))

    def _cleared(self, stage: Stage, transaction: Transaction) -> None:
        if transaction.refusal is not None:
            self._line.abort()  # it wants content for nobody; an empty message would be worse
            return
        if stage is Stage.CHUNK:
            self._server.proven = True
        transaction.cleared = True
        self._wake()

    def _interrupted(self, reply: Reply) -> None:
        """The server spoke unasked: it is leaving, or it does not want the message that is under way."""
        if reply.code >= 400 and self._flying and self._flying[-1].cleared:
            self._flying[-1].refusal = _outcome(reply, Stage.END)
        elif reply.code != _CLOSING:
            raise TransportError("it answers without being asked", code="nonsense")
        self._farewell = True
        self._line.abort(str(reply))

    def _refused(self, stage: Stage, transaction: Transaction, reply: Reply) -> None:
        closing = reply.code == _CLOSING
        if transaction.refusal is None:
            transaction.refusal = _outcome(reply, stage)
            if not closing and (stage is Stage.RESET or self._server.suspect(stage, reply.code, self._can)):
                self._misunderstood(stage, transaction, reply)
                return
        if stage is Stage.END:
            self._close(transaction, transaction.refusal)
        elif not transaction.sent and (stage is transaction.clears or self._todo or closing):
            self._todo.clear()
            self._unfinished = True
            if transaction.refusal.fault is Fault.LINE:
                self._give_up(transaction, str(reply))
            else:
                self._close(transaction, transaction.refusal)
        if closing:
            self._line.abort(str(reply))

    def _misunderstood(self, stage: Stage, transaction: Transaction, reply: Reply) -> None:
        """The server cannot do what it offered, or no longer follows: nothing more is said on this line.

        While nothing of the message was handed over, it may be tried again. Behind whole messages in a row,
        answers may have lost step with what they answer: none of those still due can be believed.
        """
        self.learnt = True
        if stage is Stage.END:
            said = transaction.refusal or _outcome(reply, stage)
            self._close(transaction, replace(said, kind=OutcomeKind.DEFERRED, fault=Fault.LINE))
        elif transaction.sent:
            transaction.refusal = None
            self._server.distrust("CHUNKING")
        else:
            self._give_up(transaction, str(reply))
        self._line.abort(f"{stage.asked} was answered with {reply}")

    # --- how a message ends ------------------------------------------------------------------------------

    def _close(self, transaction: Transaction, outcome: Outcome) -> None:
        """Settles a message that is through with this connection."""
        self._flying.remove(transaction)
        transaction.closed = True
        if outcome.fault is Fault.LINE or outcome.kind is OutcomeKind.DOUBTFUL:
            self.trouble = outcome.reply
            self._leaving = True
        else:
            self.carried += 1
        self._desk.settle(transaction.message, outcome)
        self._wake()

    def _give_up(self, transaction: Transaction, why: str) -> None:
        """This connection is nothing for the message, which was not handed over; another one may be."""
        self._flying.remove(transaction)
        transaction.closed = True
        self.given_up.append(transaction)
        self.trouble = why
        self._leaving = True
        self._wake()

    def conclude(self, stopped: str = "") -> None:
        """Settles what is left when the line was lost, or is to be given up now (`stopped` says why).

        What was sent and not answered is in doubt, unless it is certain that it did not arrive: the server
        had taken its leave before it came to it, or its end had not left this machine.
        """
        line = self._line
        line.listen(None)
        if stopped:
            line.abort(stopped)
        if not line.lost:
            return
        if not stopped:
            self._learn()
        doubtful = 0
        for transaction in list(self._flying):
            unsent = line.unsent and transaction is self._flying[-1]
            if transaction.refusal is not None and (
                transaction.handed or transaction.refusal.fault is not Fault.LINE
            ):
                self._close(transaction, transaction.refusal)
            elif transaction.sent and not self._farewell and not unsent:
                doubtful += 1
                self._close(transaction, Outcome(OutcomeKind.DOUBTFUL, reply=line.lost))
            elif transaction.handed or stopped:
                self._close(transaction, Outcome(OutcomeKind.DEFERRED, reply=line.lost, fault=Fault.LINE))
            else:
                self._give_up(transaction, line.lost)
        if self._farewell or line.loss is Loss.CLOSED:
            self._server.hung_up(self.carried, doubtful)

    def _learn(self) -> None:
        """A server that answers a group of commands with nonsense or not to its end gets them one by one."""
        awaited = self._expected[0][1] if self._expected else None
        if (
            self._can.pipelining
            and awaited is not None
            and not awaited.sent
            and self._line.loss in (Loss.NONSENSE, Loss.SILENCE)
        ):
            self.learnt = self._server.distrust("PIPELINING", "CHUNKING") or self.learnt


def _outcome(reply: Reply, stage: Stage) -> Outcome:
    enhanced, words = reply.parts()
    return classify(reply.code, enhanced, words, stage)
