"""Encryption and login against our sink, against aiosmtpd and against servers that cheat."""

from __future__ import annotations

import asyncio
import hmac
import socket
from base64 import b64decode, b64encode
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from newsletter.errors import ConfigurationError, CredentialsError, TransportError
from newsletter.model import OutcomeKind
from newsletter.transports.sink_conduct import Conduct
from newsletter.transports.smtp import SmtpTransport
from tests.transports.conftest import Certificates
from tests.transports.parts import Script, desk_of, dialogue, scripted, settings_for, sink

USER, PASSWORD = "ada", "pass wörd"
PLAIN = b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode()


def run(work: Callable[[], Awaitable[None]]) -> None:
    async def limited() -> None:
        async with asyncio.timeout(30):
            await work()

    asyncio.run(limited())


class Box:
    """An aiosmtpd handler that keeps what it gets."""

    def __init__(self) -> None:
        self.contents: list[bytes] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        self.contents.append(envelope.content)
        return "250 Ok"


def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    given = isinstance(data, LoginPassword) and (data.login, data.password)
    return AuthResult(success=given == (USER.encode(), PASSWORD.encode()), handled=False)


@contextmanager
def aiosmtpd(**options: Any) -> Iterator[tuple[int, Box]]:
    """An independent server in a thread of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    box = Box()
    controller = Controller(box, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield port, box
    finally:
        controller.stop()


# --- encryption ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_encrypted_to_our_sink_with_login(security: str, certificates: Certificates) -> None:
    conduct = Conduct(tls=certificates.context, starttls=security == "starttls", login=(USER, PASSWORD))

    async def work() -> None:
        async with sink(conduct) as (port, received):
            settings = settings_for(
                port,
                host="localhost",
                security=security,
                ca_file=certificates.authority,
                username=USER,
                password=PASSWORD,
            )
            desk = desk_of(range(5))
            await SmtpTransport(settings).lane(desk)
            assert desk.kinds == [OutcomeKind.ACCEPTED] * 5
            assert len(received) == 5

    run(work)


def test_starttls_and_login_against_aiosmtpd(certificates: Certificates) -> None:
    options = {
        "tls_context": certificates.context,
        "require_starttls": True,
        "auth_required": True,
        "authenticator": authenticate,
    }
    with aiosmtpd(**options) as (port, box):
        settings = settings_for(
            port,
            host="localhost",
            security="starttls",
            ca_file=certificates.authority,
            username=USER,
            password=PASSWORD,
        )
        desk = desk_of(range(3))
        run(lambda: SmtpTransport(settings).lane(desk))
    assert desk.kinds == [OutcomeKind.ACCEPTED] * 3
    assert len(box.contents) == 3


def test_tls_against_aiosmtpd(certificates: Certificates) -> None:
    # aiosmtpd looks whether it is up with a TLS client that must trust the server, hence its own context.
    with aiosmtpd_tls(certificates) as (port, box):
        settings = settings_for(port, host="localhost", security="tls", ca_file=certificates.authority)
        desk = desk_of([1])
        run(lambda: SmtpTransport(settings).lane(desk))
    assert desk.kinds == [OutcomeKind.ACCEPTED]
    assert len(box.contents) == 1


@contextmanager
def aiosmtpd_tls(certificates: Certificates) -> Iterator[tuple[int, Box]]:
    with aiosmtpd(ssl_context=certificates.context) as found:
        yield found


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_that_nobody_vouches_for(security: str, certificates: Certificates) -> None:
    async def work() -> None:
        async with sink(Conduct(tls=certificates.context, starttls=security == "starttls")) as (
            port,
            received,
        ):
            with pytest.raises(TransportError) as caught:
                await SmtpTransport(settings_for(port, host="localhost", security=security)).check()
            assert caught.value.problems[0].code == "certificate"
            assert "ca_file" in caught.value.problems[0].hint
            assert received == []

    run(work)


def test_a_certificate_for_another_name(certificates: Certificates) -> None:
    async def work() -> None:
        async with sink(Conduct(tls=certificates.context)) as (port, _):
            settings = settings_for(port, security="tls", ca_file=certificates.authority)  # host is 127.0.0.1
            with pytest.raises(TransportError, match="cannot be trusted"):
                await SmtpTransport(settings).check()

    run(work)


def test_tls_to_a_server_that_speaks_plainly() -> None:
    async def work() -> None:
        async with sink() as (port, _):
            with pytest.raises(TransportError) as caught:
                await SmtpTransport(settings_for(port, security="tls")).check()
            assert "465" in caught.value.problems[0].hint

    run(work)


def test_starttls_is_never_given_up_quietly() -> None:
    async def work() -> None:
        async with sink() as (port, received):
            desk = desk_of([1])
            with pytest.raises(TransportError, match="offers no encryption"):
                await SmtpTransport(settings_for(port, security="starttls")).lane(desk)
            assert desk.given == []
            assert received == []

    run(work)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"454 4.7.0 not now\r\n", "turned-away"),
        (b"220 go\r\n250 injected\r\n", "starttls-injection"),
        (b"220 go\r\n250", "starttls-injection"),
        (b"220 go\r\n", "unreachable"),
    ],
)
def test_starttls_that_goes_wrong(answer: bytes, code: str) -> None:
    script = dialogue(("", b"220 hi\r\n"), ("EHLO", b"250-hi\r\n250 STARTTLS\r\n"), ("STARTTLS", answer))

    async def work() -> None:
        async with scripted(script) as port:
            with pytest.raises(TransportError) as caught:
                await SmtpTransport(settings_for(port, security="starttls")).check()
            assert caught.value.problems[0].code == code

    run(work)


def test_ca_file_that_cannot_be_read(tmp_path: Any) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        SmtpTransport(settings_for(465, security="tls", ca_file=tmp_path / "none.pem"))
    (tmp_path / "empty.pem").write_text("nothing")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        SmtpTransport(settings_for(465, security="tls", ca_file=tmp_path / "empty.pem"))


# --- login -----------------------------------------------------------------------------------------------


def login_error(script: Script, password: str = PASSWORD, auth: str = "auto") -> TransportError | None:
    """Logs in against a script on loopback; the error if there is one."""
    errors: list[TransportError] = []

    async def work() -> None:
        async with scripted(script) as port:
            try:
                settings = settings_for(port, username=USER, password=password, auth=auth)
                await SmtpTransport(settings).check()
            except TransportError as error:
                errors.append(error)

    run(work)
    return errors[0] if errors else None


def offering(ways: str, *turns: tuple[str, bytes]) -> Script:
    return dialogue(("", b"220 hi\r\n"), ("EHLO", f"250-hi\r\n250 AUTH {ways}\r\n".encode()), *turns)


BYE = ("QUIT", b"221 bye\r\n")


def test_plain_is_said_in_one_line() -> None:
    assert login_error(offering("LOGIN PLAIN", (f"AUTH PLAIN {PLAIN}\r\n", b"235 ok\r\n"), BYE)) is None


def test_login_way() -> None:
    user, secret = (b64encode(part.encode()).decode() for part in (USER, PASSWORD))
    turns = [
        ("AUTH LOGIN\r\n", b"334 VXNlcm5hbWU6\r\n"),
        (f"{user}\r\n", b"334 UGFzc3dvcmQ6\r\n"),
        (f"{secret}\r\n", b"235 ok\r\n"),
    ]
    assert login_error(offering("login", *turns, BYE)) is None


def test_cram_md5() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        challenge = b"<1896.697170952@example.org>"
        await offering("CRAM-MD5", ("AUTH CRAM-MD5", b"334 " + b64encode(challenge) + b"\r\n"))(
            reader, writer
        )
        answer = b64decode(await reader.readline())
        expected = hmac.new(PASSWORD.encode(), challenge, "md5").hexdigest()
        writer.write(b"235 ok\r\n" if answer == f"{USER} {expected}".encode() else b"535 no\r\n")
        await reader.readline()

    assert login_error(script) is None


def test_cram_md5_with_a_broken_challenge() -> None:
    error = login_error(offering("CRAM-MD5", ("AUTH", b"334 ???\r\n")))
    assert error is not None
    assert "challenge" in str(error)


@pytest.mark.parametrize("ways", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_a_wrong_password_is_an_error_of_credentials(ways: str) -> None:
    error = login_error(offering(ways, ("AUTH", b"535 5.7.8 Authentication failed\r\n")))
    assert isinstance(error, CredentialsError)
    assert "535 5.7.8 Authentication failed" in str(error)
    assert "[delivery.smtp]" in error.problems[0].hint


def test_wrong_password_against_sink_and_aiosmtpd() -> None:
    async def work() -> None:
        async with sink(Conduct(login=(USER, PASSWORD))) as (port, _):
            await SmtpTransport(settings_for(port, username=USER, password=PASSWORD)).check()
            with pytest.raises(CredentialsError):
                await SmtpTransport(settings_for(port, username=USER, password="x")).check()

    run(work)
    with aiosmtpd(authenticator=authenticate, auth_require_tls=False) as (port, _):
        run(SmtpTransport(settings_for(port, username=USER, password=PASSWORD)).check)
        with pytest.raises(CredentialsError):
            run(SmtpTransport(settings_for(port, username=USER, password="x")).check)


@pytest.mark.parametrize("echo", [PLAIN, PASSWORD, b64encode(PASSWORD.encode()).decode()])
def test_a_server_that_repeats_the_secret_does_not_get_it_into_the_error(echo: str) -> None:
    error = login_error(offering("PLAIN", ("AUTH", f"535 I do not know {echo} !\r\n".encode())))
    assert isinstance(error, CredentialsError)
    shown = str(error) + repr(error.args) + repr(error.problems)
    assert "I do not know … !" in shown
    assert PASSWORD not in shown
    assert PLAIN not in shown


def test_settings_do_not_show_the_password() -> None:
    assert PASSWORD not in repr(settings_for(25, password=PASSWORD))


def test_a_server_that_cannot_tell_now() -> None:
    error = login_error(offering("PLAIN", ("AUTH", b"454 4.7.0 Temporary authentication failure\r\n")))
    assert error is not None
    assert not isinstance(error, CredentialsError)


@pytest.mark.parametrize("ways", ["XOAUTH2", ""])
def test_no_login_that_we_know(ways: str) -> None:
    error = login_error(offering(ways))
    assert isinstance(error, CredentialsError)
    assert "offers no login that we know" in str(error)


def test_mail_before_login_is_our_fault_and_blames_no_reader() -> None:
    async def work() -> None:
        async with sink(Conduct(login=(USER, PASSWORD))) as (port, _):
            desk = desk_of([1])
            await SmtpTransport(settings_for(port)).lane(desk)
            outcome = desk.outcomes[1]
            assert (outcome.kind, outcome.fault) == (OutcomeKind.DEFERRED, "sender")

    run(work)


# --- tokens ----------------------------------------------------------------------------------------------


def test_xoauth2_with_a_token_that_changes() -> None:
    tokens = iter(["first", "second"])

    async def work() -> None:
        async with sink(Conduct(login=(USER, "first"))) as (port, _):
            settings = settings_for(port, username=USER, auth="xoauth2", fresh_password=lambda: next(tokens))
            transport = SmtpTransport(settings)
            await transport.check()
            with pytest.raises(CredentialsError) as caught:
                await transport.check()
            assert "access token" in str(caught.value)
            assert "an hour" in caught.value.problems[0].hint
            assert "second" not in str(caught.value) + repr(caught.value.args)

    run(work)


def test_xoauth2_is_said_as_it_should_be() -> None:
    answer = b64encode(f"user={USER}\1auth=Bearer {PASSWORD}\1\1".encode()).decode()
    refusal = b64encode(b'{"status":"401"}')
    turns = [
        (f"AUTH XOAUTH2 {answer}\r\n", b"334 " + refusal + b"\r\n"),
        ("\r\n", b"535 5.7.8 Invalid token " + PASSWORD.encode() + b"\r\n"),
    ]
    error = login_error(offering("PLAIN XOAUTH2", *turns), auth="xoauth2")
    assert isinstance(error, CredentialsError)
    assert "Invalid token …" in str(error)


@pytest.mark.parametrize(
    ("ways", "auth", "said"),
    [
        ("PLAIN LOGIN CRAM-MD5", "login", "AUTH LOGIN"),
        ("PLAIN LOGIN CRAM-MD5", "cram-md5", "AUTH CRAM-MD5"),
        ("CRAM-MD5 LOGIN", "auto", "AUTH LOGIN"),
    ],
)
def test_the_way_that_was_asked_for(ways: str, auth: str, said: str) -> None:
    error = login_error(offering(ways, (f"{said}\r\n", b"535 5.7.8 no\r\n")), auth=auth)
    assert isinstance(error, CredentialsError)


def test_the_way_that_was_asked_for_is_not_offered() -> None:
    error = login_error(offering("PLAIN"), auth="xoauth2")
    assert isinstance(error, CredentialsError)
    assert "offers no login by xoauth2 (PLAIN)" in str(error)


def test_a_password_is_never_said_before_encryption() -> None:
    heard: list[bytes] = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hi\r\n")
        heard.append(await reader.readline())
        writer.write(b"250-hi\r\n250-AUTH PLAIN LOGIN\r\n250 STARTTLS\r\n")
        heard.append(await reader.readline())
        writer.write(b"454 4.7.0 not now\r\n")
        heard.append(await reader.read(-1))

    async def work() -> None:
        async with scripted(script) as port:
            settings = settings_for(port, security="starttls", username=USER, password=PASSWORD)
            with pytest.raises(TransportError):
                await SmtpTransport(settings).check()

    run(work)
    assert [line[:8] for line in heard[:2]] == [b"EHLO new", b"STARTTLS"]
    assert not any(heard[2:])


def test_a_certificate_that_has_expired(certificates: Certificates) -> None:
    async def work() -> None:
        async with sink(Conduct(tls=certificates.expired)) as (port, received):
            settings = settings_for(port, host="localhost", security="tls", ca_file=certificates.authority)
            with pytest.raises(TransportError, match="expired") as caught:
                await SmtpTransport(settings).check()
            assert caught.value.problems[0].code == "certificate"
            assert received == []

    run(work)
