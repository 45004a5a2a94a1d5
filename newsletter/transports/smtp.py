"""The smtp transport: hands messages to a mail server, with as few round trips as the server allows."""

from __future__ import annotations

import re
import ssl

from newsletter.errors import TransportError
from newsletter.model import Fault, Message, Outcome, OutcomeKind
from newsletter.protocols import Desk
from newsletter.transports.replies import Stage, classify
from newsletter.transports.session import Session, SmtpSettings, check_settings, open_session, tls_context

_CLOSING = 421
_SPEAKABLE = re.compile(r"[ -~]*")


class SmtpTransport:
    """Sends through one SMTP server, one connection a lane.

    Making one raises ConfigurationError when the settings would send unencrypted mail beyond this machine, or
    name certificates that cannot be read.
    """

    name = "smtp"
    repeatable = False

    def __init__(self, settings: SmtpSettings) -> None:
        check_settings(settings)
        self._settings = settings
        self._context = None if settings.security == "none" else tls_context(settings)

    @property
    def lanes(self) -> int:
        """As many as there may be connections."""
        return self._settings.connections

    async def check(self) -> None:
        """Connects, encrypts, logs in and leaves again; see `protocols.Transport.check`."""
        session = await open_session(self._settings, self._context)
        await session.quit(self._settings.patience.goodbye)

    async def lane(self, desk: Desk) -> None:
        """See `protocols.Transport.lane`.

        A connection that the server closes after it has carried messages is replaced; one that fails at its
        first message ends the lane.
        """
        await _Lane(self._settings, self._context, desk).run()


class _Lane:
    """One connection at a time and the message that is on it."""

    def __init__(self, settings: SmtpSettings, context: ssl.SSLContext | None, desk: Desk) -> None:
        self._settings = settings
        self._patience = settings.patience
        self._context = context
        self._desk = desk
        self._session: Session | None = None
        self._handed = False

    async def run(self) -> None:
        """Takes messages until there are no more."""
        try:
            while True:
                session = await self._ready()
                message = await self._desk.next()
                if message is None:
                    await session.quit(self._patience.goodbye)
                    return
                await self._deliver(message)
        finally:
            self._drop()

    def _drop(self) -> None:
        if self._session is not None:
            self._session.line.abort()

    async def _ready(self) -> Session:
        """A session that can take a message: the one we have, or a new one."""
        session = self._session
        if session is not None and session.carried >= self._settings.per_connection:
            await session.quit(self._patience.goodbye)
        if session is None or not session.line.usable:
            self._drop()
            self._session = session = await open_session(self._settings, self._context)
        return session

    async def _deliver(self, message: Message) -> None:
        """Carries one message and settles it, unless the desk declined it."""
        self._handed = False
        try:
            session, outcome = await self._attempt(message)
        except BaseException as error:
            self._drop()
            why = str(error.args[0]) if isinstance(error, TransportError) else "stopped before the end"
            self._desk.settle(message, self._broken(why))
            raise
        if outcome is None:
            return
        self._desk.settle(message, outcome)
        if outcome.fault is not Fault.LINE and outcome.kind is not OutcomeKind.DOUBTFUL:
            session.carried += 1
        elif not session.carried:
            raise TransportError(f"{self._settings.peer}: {outcome.reply}", code="line-lost")

    async def _attempt(self, message: Message) -> tuple[Session, Outcome | None]:
        session = await self._ready()  # once more: it may have been a long wait for the message
        outcome = await self._carry(session, message)
        if outcome is not None and outcome.fault is Fault.LINE and not self._handed and session.carried:
            # Servers hang up between messages for reasons of their own: this one goes over a new connection.
            self._drop()
            session = await self._ready()
            outcome = await self._carry(session, message)
        return session, outcome

    async def _carry(self, session: Session, message: Message) -> Outcome | None:
        """The whole transaction; None when the desk declined the message."""
        try:
            refusal = await self._envelope(session, message)
            if refusal is not None:
                return refusal
            if not await self._desk.hand(message):
                session.line.abort()  # the server waits for the content: only dropping gets out of that
                return None
            self._handed = True
            session.line.send(_stuffed(message), b".\r\n")
            reply = await session.line.reply(self._patience.verdict)
            if reply.code == _CLOSING:
                session.line.abort()
            elif reply.code < 400 and not Stage.DOT.goes_on(reply.code):
                raise TransportError(f"the message was answered with {reply}", code="nonsense")
        except TransportError as error:
            session.line.abort()
            return self._broken(str(error.args[0]))
        return classify(reply.code, reply.enhanced, reply.words, Stage.DOT)

    async def _envelope(self, session: Session, message: Message) -> Outcome | None:
        """MAIL, RCPT and DATA, in one group where the server takes them so (RFC 2920).

        None when the server now waits for the content, else what its refusal amounts to.
        """
        unspeakable = _unspeakable(session, message)
        if unspeakable is not None:
            return unspeakable
        steps = _commands(session, message)
        at_once = "PIPELINING" in session.offers
        if at_once:
            session.line.send(*(octets for _, octets in steps))
        refusal: Outcome | None = None
        for stage, octets in steps:
            if not at_once:
                if refusal is not None:
                    break
                session.line.send(octets)
            reply = await session.line.reply(self._patience.answer)
            if reply.code >= 400:
                refusal = refusal or classify(reply.code, reply.enhanced, reply.words, stage)
                if reply.code == _CLOSING:
                    session.line.abort()
                    break
            elif not stage.goes_on(reply.code):
                raise TransportError(f"{stage.value[0]} was answered with {reply}", code="nonsense")
            elif stage is Stage.DATA and refusal is not None:
                session.line.abort()  # it wants content for nobody; an empty message would be worse
        session.unfinished = refusal is not None
        return refusal

    def _broken(self, why: str) -> Outcome:
        """What a broken line means for the message on it."""
        if self._handed:
            return Outcome(OutcomeKind.DOUBTFUL, reply=why)
        return Outcome(OutcomeKind.DEFERRED, reply=why, fault=Fault.LINE)


def _commands(session: Session, message: Message) -> list[tuple[Stage, bytes]]:
    size = f" SIZE={len(message.content)}" if "SIZE" in session.offers else ""
    steps = [
        (Stage.MAIL, f"MAIL FROM:<{message.sender}>{size}\r\n".encode("ascii")),
        (Stage.RCPT, f"RCPT TO:<{message.recipient}>\r\n".encode("ascii")),
        (Stage.DATA, b"DATA\r\n"),
    ]
    if session.unfinished:
        steps.insert(0, (Stage.RESET, b"RSET\r\n"))
    return steps


def _unspeakable(session: Session, message: Message) -> Outcome | None:
    """Why this message cannot even be tried, or None."""
    if not _SPEAKABLE.fullmatch(message.sender + message.recipient):
        return Outcome(OutcomeKind.REFUSED, reply="the address cannot be said in SMTP", fault=Fault.RECIPIENT)
    limit, size = session.size_limit, len(message.content)
    if limit and size > limit:
        said = f"the message has {size:,} octets, and the server takes {limit:,} at most"
        return Outcome(OutcomeKind.DEFERRED, 552, "5.3.4", said, fault=Fault.SENDER)
    return None


def _stuffed(message: Message) -> bytes:
    """The content as it travels: a full stop more where a line begins with one (RFC 5321 4.5.2)."""
    content = message.content
    if not message.dotless and (b"\n." in content or content.startswith(b".")):
        content = content.replace(b"\n.", b"\n..")
        return b"." + content if content.startswith(b".") else content
    return content
