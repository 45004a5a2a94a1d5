"""What comes back on a connection: each answer brought to its message, each message to its outcome."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import replace

from newsletter.errors import TransportError
from newsletter.model import Fault, Outcome, OutcomeKind
from newsletter.protocols import Desk
from newsletter.transports.dialogue import Reply
from newsletter.transports.line import Loss
from newsletter.transports.replies import Stage, classify
from newsletter.transports.servers import Server
from newsletter.transports.session import Session
from newsletter.transports.supply import Transaction

_CLOSING = 421


class Reckoning:
    """The messages under way on one session, and the answers that are due. `conclude` it in the end.

    Answers come in the order of the commands (RFC 5321 4.1.4), so that nothing but a queue is needed to tell
    what each is about.
    """

    def __init__(self, session: Session, server: Server, desk: Desk) -> None:
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
        self._can = server.abilities(session)
        self._patience = server.settings.patience
        self._flying: deque[Transaction] = deque()
        self._expected: deque[tuple[Stage, Transaction]] = deque()
        self._todo: deque[tuple[Stage, bytes]] = deque()
        self._unfinished = False
        self._farewell = False
        self._leaving = False
        self._waiter: asyncio.Future[None] | None = None

    # --- what the line tells -----------------------------------------------------------------------------

    def changed(self) -> None:
        """See `line.Listener`."""
        self._wake()

    def patience(self) -> float:
        """See `line.Listener`."""
        if self._expected:
            return self._patience.verdict if self._expected[0][0] is Stage.END else self._patience.answer
        return self._patience.verdict if self._line.unsent else 0

    def heard(self, reply: Reply) -> None:
        """See `line.Listener`."""
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
            if not closing and self._suspicious(stage, transaction, reply.code):
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

    def _suspicious(self, stage: Stage, transaction: Transaction, code: int) -> bool:
        if stage is Stage.RESET:
            return True
        if transaction.sent and stage is Stage.RCPT:
            return False  # behind whole messages only what cannot be about the reader is a sign
        return self._server.suspect(stage, code, self._can)

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
        if self.trouble and not stopped:
            left = self._farewell or line.loss is Loss.CLOSED
            self._server.lost(self.carried if left else 0, doubtful)

    def _learn(self) -> None:
        """A server that answers a group of commands with nonsense or not to its end gets them one by one."""
        awaited = self._expected[0][1] if self._expected else None
        if (
            self._can.pipelining
            and awaited is not None
            and not awaited.sent
            and self._line.loss in (Loss.NONSENSE, Loss.SILENCE)
        ):
            self._server.distrust("PIPELINING", "CHUNKING")
            self.learnt = True

    def _step(self, transaction: Transaction) -> bytes:
        stage, octets = self._todo.popleft()
        self._expected.append((stage, transaction))
        return octets

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def _outcome(reply: Reply, stage: Stage) -> Outcome:
    enhanced, words = reply.parts()
    return classify(reply.code, enhanced, words, stage)
