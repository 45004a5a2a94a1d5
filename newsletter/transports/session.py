"""Opening an SMTP session: connecting, encrypting, logging in (RFC 5321 3.1, RFC 3207, RFC 8314)."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import re
import socket
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from newsletter.delivery.headers import a_labels
from newsletter.errors import ConfigurationError, ContentError, TransportError
from newsletter.transports.dialogue import Reply
from newsletter.transports.line import Line
from newsletter.transports.login import AUTO, log_in

_EHLO_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f.:IPv]+\]")
_REFUSED = re.compile(rf"\[Errno {errno.ECONNREFUSED}\]")
_SIDE_BY_SIDE = 0.25  # seconds before the next address of the same host is tried as well (RFC 8305)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds (RFC 5321 4.5.3.2): `answer` after each command, `verdict` after the last
    octet of a message, when giving up would leave it in doubt."""

    connect: float = 30
    greeting: float = 60
    answer: float = 60
    verdict: float = 600
    goodbye: float = 5


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """Where and how to hand messages over.

    `security` is "tls" (from the start), "starttls" or "none" (this machine only). `ehlo_name` is what we
    call ourselves: a domain of the publication's, never the machine's name. `username` "" means no login;
    `auth` is the way to log in (see `login`), and `fresh_password` gives what may change during a run, as the
    token for XOAUTH2 does. `ca_file` holds the certificates to trust instead of the system's.
    `per_connection` is how many messages one connection carries before a new one is opened, `in_flight` how
    many of them may be unanswered where the server takes them in a row (CHUNKING), `idle` after how many
    seconds without a message it is closed. `weight` is the share of connections among several servers, 0 for
    a spare. `dsn` asks for reports of failure (RFC 3461).
    """

    host: str
    port: int
    security: str
    ehlo_name: str
    username: str = ""
    password: str = field(default="", repr=False)
    fresh_password: Callable[[], str] | None = field(default=None, repr=False)
    auth: str = AUTO
    ca_file: Path | None = None
    connections: int = 8
    per_connection: int = 100
    in_flight: int = 8
    idle: float = 30
    weight: int = 1
    dsn: bool = False
    patience: Patience = Patience()

    @property
    def peer(self) -> str:
        """The server as errors name it."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Session:
    """A connection that may carry messages, and what the server offers: EHLO keywords in capitals with their
    parameters."""

    line: Line
    offers: Mapping[str, str]

    async def quit(self, patience: float) -> None:
        """Says goodbye and closes; never fails, because nothing hangs on it."""
        self.line.send(b"QUIT\r\n")
        with suppress(TransportError):
            await self.line.reply(patience)
        await self.line.close()


def check_settings(settings: SmtpSettings) -> None:
    """Raises ConfigurationError for settings that must not be used.

    Among them: security "none" with a host that is not this machine (RFC 8314 3), an EHLO name that is none.
    """
    if settings.security not in ("tls", "starttls", "none"):
        raise ConfigurationError(
            f"security cannot be {settings.security!r}", hint="use tls, starttls or none", code="bad-security"
        )
    name = settings.host.rstrip(".").lower()
    if settings.security == "none" and name != "localhost" and not _is_loopback(settings.host):
        raise ConfigurationError(
            f"mail to {settings.peer} would travel unencrypted",
            hint='set security = "tls" (port 465) or "starttls" (port 587) in [delivery.smtp]; '
            '"none" is for a server on this machine only',
            code="plaintext",
        )
    if not _EHLO_NAME.fullmatch(_introduction(settings)):
        raise ConfigurationError(
            f"{settings.ehlo_name!r} is no name to introduce ourselves with",
            hint="use a domain name of yours",
            code="bad-ehlo-name",
        )


def tls_context(settings: SmtpSettings) -> ssl.SSLContext:
    """TLS 1.2 or later with certificates verified; ConfigurationError when `ca_file` cannot be used."""
    try:
        return ssl.create_default_context(cafile=settings.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            f"the certificates in {settings.ca_file} cannot be read: {error}",
            hint="ca_file in [delivery.smtp] names a file of certificates in PEM format",
            code="bad-ca-file",
        ) from error


async def open_session(settings: SmtpSettings, context: ssl.SSLContext | None) -> Session:
    """Connects and goes as far as being allowed to send; `context` is None only for security "none".

    Raises TransportError when the way is closed, CredentialsError when the login is not accepted.
    """
    line = await _connect(settings, context if settings.security == "tls" else None)
    try:
        return await _introduce(settings, line, context)
    except BaseException:
        line.abort()
        raise


async def _introduce(settings: SmtpSettings, line: Line, context: ssl.SSLContext | None) -> Session:
    if settings.security == "none" and not _is_loopback(line.peer_host):
        raise ConfigurationError(
            f"{settings.host} is not this machine but {line.peer_host}: mail would travel unencrypted",
            hint='set security = "tls" or "starttls" in [delivery.smtp]',
            code="plaintext",
        )
    _expect(220, await _greeting(settings, line), settings, "greets with")
    offers = await _ehlo(settings, line)
    if settings.security == "starttls" and context is not None:
        if "STARTTLS" not in offers:
            raise TransportError(
                f"{settings.peer} offers no encryption (STARTTLS), so nothing was sent",
                hint='security = "tls" with port 465 may work; otherwise ask whoever runs the server',
                code="no-starttls",
            )
        line.send(b"STARTTLS\r\n")
        _expect(220, await line.reply(settings.patience.answer), settings, "declines STARTTLS with")
        try:
            await line.encrypt(context, settings.host, settings.patience.connect)
        except OSError as error:
            raise _unreachable(settings, error) from error
        offers = await _ehlo(settings, line)
    if settings.username:
        await log_in(
            line,
            offers.get("AUTH", ""),
            settings.username,
            settings.fresh_password() if settings.fresh_password else settings.password,
            auth=settings.auth,
            peer=settings.peer,
            patience=settings.patience.answer,
        )
    return Session(line, offers)


async def _connect(settings: SmtpSettings, context: ssl.SSLContext | None) -> Line:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(settings.patience.connect):
            _, line = await loop.create_connection(
                lambda: Line(settings.peer),
                settings.host,
                settings.port,
                ssl=context,
                server_hostname=settings.host if context else None,
                happy_eyeballs_delay=_SIDE_BY_SIDE,
            )
    except (OSError, UnicodeError) as error:  # UnicodeError: a host that cannot be a domain name
        raise _unreachable(settings, error) from error
    return line


async def _greeting(settings: SmtpSettings, line: Line) -> Reply:
    try:
        return await line.reply(settings.patience.greeting)
    except TransportError as error:
        hint = 'if this port wants encryption from the start, set security = "tls" in [delivery.smtp]'
        said = error.problems[0]
        raise TransportError(
            said.message, hint="" if settings.security == "tls" else hint, code=said.code
        ) from error


async def _ehlo(settings: SmtpSettings, line: Line) -> dict[str, str]:
    line.send(f"EHLO {_introduction(settings)}\r\n".encode("ascii"))
    reply = await line.reply(settings.patience.answer)
    _expect(250, reply, settings, "answers EHLO with")
    pairs = (offer.strip().partition(" ") for offer in reply.lines[1:])
    return {keyword.upper(): parameters for keyword, _, parameters in pairs}


def _introduction(settings: SmtpSettings) -> str:
    """Our name as EHLO can say it: an international domain in ASCII."""
    try:
        return settings.ehlo_name if settings.ehlo_name.isascii() else a_labels(settings.ehlo_name)
    except ContentError:
        return ""


def _expect(code: int, reply: Reply, settings: SmtpSettings, verb: str) -> None:
    if reply.code != code:
        raise TransportError(f"{settings.peer} {verb}: {reply}", code="turned-away")


def _unreachable(settings: SmtpSettings, error: OSError | UnicodeError) -> TransportError:
    """The failure to connect in words; the order matters, for most of these are kinds of the next."""
    peer = settings.peer
    look = "are host and port in [delivery.smtp] right, and is the server running?"
    if isinstance(error, ssl.SSLCertVerificationError):
        return TransportError(
            f"the certificate of {peer} cannot be trusted: {error.verify_message}",
            hint="host in [delivery.smtp] must be a name that the certificate is for; "
            "for an authority of your own set ca_file",
            code="certificate",
        )
    if isinstance(error, ssl.SSLError):
        return TransportError(
            f"{peer} does not speak TLS as we do: {error.reason or error}",
            hint='port 465 goes with security = "tls", port 587 with "starttls"',
            code="tls",
        )
    if isinstance(error, (socket.gaierror, UnicodeError)):
        return TransportError(f"there is no host named {settings.host}", hint=look, code="no-host")
    if isinstance(error, TimeoutError):
        return TransportError(
            f"{peer} did not answer within {settings.patience.connect:g} s", hint=look, code="no-answer"
        )
    if isinstance(error, ConnectionRefusedError) or _REFUSED.search(str(error)):
        return TransportError(f"nobody listens at {peer}", hint=look, code="nobody-listens")
    return TransportError(f"{peer} cannot be reached: {error}", hint=look, code="unreachable")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
