"""The tables of the mail servers that take the messages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Literal, TypeAlias, TypeVar

from newsletter.config import kinds
from newsletter.config.describing import key
from newsletter.config.values import Secret
from newsletter.errors import Problem

Security: TypeAlias = Literal["tls", "starttls", "none"]
Auth: TypeAlias = Literal["auto", "plain", "login", "cram-md5", "xoauth2"]

DEFAULT_PORTS = {"tls": 465, "starttls": 587, "none": 25}


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServerSettings:
    """Another mail server, which takes a share of the connections or stands by. NAME is your choice."""

    host: str = field(
        default="",
        metadata=key(kinds.HOST, "The server.", otherwise='none; needed with `transport = "smtp"`'),
    )
    port: int = field(
        default=0,
        metadata=key(
            kinds.whole(1, 65535),
            "Its port.",
            otherwise="465 with `tls`, 587 with `starttls`, 25 with `none`",
        ),
    )
    security: Security = field(
        default="tls",
        metadata=key(
            kinds.one_of("tls", "starttls", "none"),
            "How the connection is protected. `none` is only allowed to this machine itself.",
        ),
    )
    username: str = field(
        default="",
        metadata=key(kinds.TEXT, "The name to log in with.", otherwise="none; no login is tried"),
    )
    password: Secret | None = field(
        default=None,
        metadata=key(
            kinds.SECRET,
            "The password that goes with it, or for `xoauth2` the access token.",
            otherwise="none",
        ),
    )
    auth: Auth = field(
        default="auto",
        metadata=key(
            kinds.one_of("auto", "plain", "login", "cram-md5", "xoauth2"),
            "The way to log in. `auto` takes the first of `plain`, `login` and `cram-md5` that the server "
            "offers. For `xoauth2` the token is read anew at each login.",
        ),
    )
    ca_file: str = field(
        default="",
        metadata=key(
            kinds.PATH,
            "Certificates (PEM) to trust instead of the system's, for a server of your own.",
            otherwise="the system's",
        ),
    )
    weight: int = field(
        default=1,
        metadata=key(
            kinds.whole(0, 100),
            "Its share of the connections among several servers. `0` is a spare, used while no other opens.",
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSettings(SmtpServerSettings):
    """A mail server that takes the messages, and what holds for all of them if there are several."""

    hello: str = field(
        default="",
        metadata=key(
            kinds.HOST, "The name this machine greets the server with.", otherwise="the domain of `from`"
        ),
    )
    timeout: int = field(
        default=60, metadata=key(kinds.whole(1, 3600), "Seconds to wait for an answer of the server.")
    )
    in_flight: int = field(
        default=8,
        metadata=key(
            kinds.whole(1, 64),
            "How many messages may be on their way on one connection, where the server takes them in a row "
            "(PIPELINING and CHUNKING); elsewhere it is one. After a crash, so many for each connection may "
            "be in doubt.",
        ),
    )
    per_connection: int = field(
        default=100,
        metadata=key(
            kinds.whole(1, 1_000_000), "How many messages one connection carries before it is replaced."
        ),
    )
    idle: int = field(
        default=30,
        metadata=key(kinds.whole(1, 3600), "Seconds without a message after which a connection is closed."),
    )
    dsn: bool = field(
        default=False,
        metadata=key(
            kinds.FLAG,
            "Asks for a report of each failed delivery, with headers only and the reader's address "
            "(RFC 3461), where the server offers it.",
            otherwise="`false`",
        ),
    )
    servers: Mapping[str, SmtpServerSettings] = field(
        default_factory=dict, metadata={"named": SmtpServerSettings}
    )

    def all(self) -> Iterator[tuple[str, SmtpServerSettings]]:
        """All servers, this one first, each with the dotted path of its table."""
        yield "delivery.smtp", self
        for name, server in self.servers.items():
            yield f"delivery.smtp.servers.{name}", server


_Server = TypeVar("_Server", bound=SmtpServerSettings)


def completed(smtp: SmtpSettings, hello: str) -> SmtpSettings:
    """With the defaults that follow from other keys filled in."""
    servers = {name: _with_port(server) for name, server in smtp.servers.items()}
    return replace(_with_port(smtp), hello=smtp.hello or hello, servers=servers)


def _with_port(server: _Server) -> _Server:
    return replace(server, port=server.port or DEFAULT_PORTS[server.security])


def contradictions(
    smtp: SmtpSettings, file: str, line: Callable[..., int], *, used: bool
) -> Iterator[Problem]:
    """What is wrong only when several keys are looked at together. `line` finds a key by dotted paths; `used`
    means that this is the transport."""
    for path, server in smtp.all():
        if not server.host and (used or server is not smtp):
            why = ', and delivery.transport is "smtp"' if server is smtp else ""
            instead = ', or set transport = "outbox"' if server is smtp else ", or remove the table"
            yield Problem(
                "missing-key",
                f"{path}.host is missing{why}.",
                file,
                line(path, "delivery.transport"),
                f'Add host = "…" under [{path}]{instead}.',
            )
        if server.security == "none" and server.host and not _loopback(server.host):
            yield Problem(
                "unprotected",
                f'{path}.security is "none", so anybody on the way to {server.host} could read the mail.',
                file,
                line(f"{path}.security"),
                'Write security = "tls" (port 465) or "starttls" (port 587). '
                '"none" is for this machine alone.',
            )
        yield from _half_logins(path, server, file, line)


def _half_logins(
    path: str, server: SmtpServerSettings, file: str, line: Callable[..., int]
) -> Iterator[Problem]:
    if server.username and server.password is None:
        yield Problem(
            "missing-key",
            f"{path}.username is set, but there is no password to go with it.",
            file,
            line(f"{path}.username"),
            'Add password = "env:SMTP_PASSWORD", or remove username to send without a login.',
        )
    if not server.username and (server.password is not None or server.auth != "auto"):
        name = "auth" if server.password is None else "password"
        yield Problem(
            "missing-key",
            f"{path}.{name} is set, but there is no username to go with it.",
            file,
            line(f"{path}.{name}"),
            f'Add username = "…", or remove {name} to send without a login.',
        )


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
