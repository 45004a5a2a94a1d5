"""Addresses and envelope: lines A1 to A8 of docs/explanation/standards.md."""

from __future__ import annotations

import asyncio
import getpass
import re
import socket
import ssl
from dataclasses import replace

import pytest

from newsletter.audience.addresses import parse_address
from newsletter.config import read_settings
from newsletter.delivery import headers
from newsletter.delivery.message import MessageTemplate
from newsletter.errors import ConfigurationError, ContentError, TransportError
from newsletter.model import Edition, OutcomeKind
from newsletter.transports.sink_conduct import Conduct
from newsletter.transports.smtp import SmtpTransport
from tests.standards.sample import TOKENS, Mail, assemble, reader
from tests.transports.parts import MemoryDesk, desk_of, dialogue, scripted, settings_for, sink

TOML = '[publication]\ntitle = "T"\nurl = "https://example.org/"\nfrom = "news@example.org"\n'


def test_A1_lengths_of_addresses() -> None:
    local = "a" * 64
    assert headers.address(f"{local}@example.org") == f"{local}@example.org"
    for address in (
        f"{local}a@example.org",
        f"a@{'b.' * 126}cc.org",
        f"{local}@{'b' * 60}.{'c' * 60}.{'d' * 66}",
    ):
        for read in (headers.address, headers.recipient, parse_address):
            with pytest.raises(ContentError):
                read(address)


@pytest.mark.parametrize("sign", ["\r", "\n", "\r\n", "\0"])
def test_A2_no_line_breaks_or_nuls_at_import(sign: str) -> None:
    for address in (f"ada{sign}Bcc: eve@example.org", f"ada@example.org{sign}Bcc: eve@example.org"):
        with pytest.raises(ContentError):
            parse_address(address)


@pytest.mark.parametrize("sign", ["\\r", "\\n", "\\r\\n", "\\u0000"])
def test_A2_no_line_breaks_or_nuls_from_settings(sign: str) -> None:
    for key in ("title", "from", "reply_to"):
        toml = (
            TOML.replace(f'{key} = "', f'{key} = "x{sign}') if key in TOML else TOML + f'{key} = "x{sign}"\n'
        )
        with pytest.raises(ConfigurationError):
            read_settings(toml)


@pytest.mark.parametrize("sign", ["\r", "\n", "\r\n", "\0"])
def test_A2_no_line_breaks_or_nuls_when_a_message_is_compiled(sign: str, mail: Mail) -> None:
    edition = mail.edition
    rendition = replace(edition.renditions[0], subject=(f"a{sign}Bcc: eve@example.org",))
    with pytest.raises(ContentError):
        MessageTemplate.compile(rendition, edition.identity)
    for name in ("from_name", "from_address", "reply_to", "list_name", "issue_url", "unsubscribe_mailbox"):
        broken = replace(edition.identity, **{name: f"x{sign}Bcc: eve@example.org"})
        with pytest.raises(ContentError):
            MessageTemplate.compile(edition.renditions[0], broken)


@pytest.mark.parametrize("sign", ["\r", "\n", "\r\n", "\0"])
def test_A2_a_readers_line_breaks_never_reach_the_header(sign: str, mail: Mail) -> None:
    eve = reader(3, name=f"Eve{sign}Bcc: eve@example.org")
    written = Mail(mail.edition, eve, assemble(mail.edition, eve))
    assert written.parsed["Bcc"] is None
    assert [name for name, _ in written.parsed.items()] == [name for name, _ in mail.parsed.items()]


def test_A3_international_domains_go_out_in_ascii(mail: Mail) -> None:
    bücher = reader(3, email="ada@bücher.example")
    written = Mail(mail.edition, bücher, assemble(mail.edition, bücher))
    assert written.message.recipient == "ada@xn--bcher-kva.example"
    assert written.parsed["To"].addresses[0].addr_spec == "ada@xn--bcher-kva.example"
    assert written.message.content.isascii()


def test_A4_international_local_parts_need_smtputf8(mail: Mail) -> None:
    zoë = reader(3, email="zoe\u0308@bücher.example")  # decomposed, as some keyboards type it
    message = assemble(mail.edition, zoë)
    assert message.recipient == "zoë@xn--bcher-kva.example"
    assert message.eight_bit
    assert "<zoë@xn--bcher-kva.example>".encode() in message.content
    assert b"=?utf-8" not in message.content.partition(b"\r\nSubject")[0].partition(b"\r\nTo")[2]

    async def refused() -> MemoryDesk:
        desk = MemoryDesk([message])
        async with sink(Conduct(international=False)) as (port, received):
            await SmtpTransport(settings_for(port)).lane(desk)
            assert not received  # this server does not offer it
        return desk

    outcome = asyncio.run(refused()).outcomes[message.key]
    assert outcome.kind is OutcomeKind.REFUSED
    assert "SMTPUTF8" in outcome.reply


def test_A5_each_delivery_has_a_return_path_of_its_own(mail: Mail) -> None:
    message = assemble(mail.edition, mail.subscriber, verp=True)
    found = re.fullmatch(r"bounces\+([a-z2-7]{32})@sorepoints\.example\.org", message.sender)
    assert found
    assert TOKENS.read_bounce(found[1].upper()) == (mail.subscriber.public_id, 7)
    assert TOKENS.read_bounce(found[1][:-1] + ("3" if found[1][-1] == "2" else "2")) is None
    assert len(message.sender.partition("@")[0]) <= 64
    assert mail.message.sender == "bounces@sorepoints.example.org"  # where the server forbids it


def test_A6_one_reader_a_message(mail: Mail) -> None:
    assert [each.addr_spec for each in mail.parsed["To"].addresses] == [mail.subscriber.email]
    assert mail.parsed["Cc"] is None
    assert mail.parsed["Bcc"] is None

    async def sent() -> None:
        async with sink() as (port, received):
            await SmtpTransport(settings_for(port)).lane(desk_of(range(5)))
            assert [len(each.recipients) for each in received] == [1] * 5
            assert len({each.recipients for each in received}) == 5

    asyncio.run(sent())


def test_A7_nothing_of_this_machine_leaks(mail: Mail) -> None:
    names = {socket.gethostname(), socket.getfqdn(), getpass.getuser()} - {"localhost", "", "news"}
    header = mail.header.decode()
    assert not [name for name in names if re.search(rf"\b{re.escape(name)}\b", header)]
    assert mail.parsed["User-Agent"] is None
    assert mail.parsed["X-Mailer"] is None
    assert mail.message.message_id.endswith("@sorepoints.example.org>")

    async def greeted() -> None:
        script = dialogue(
            ("", b"220 hello\r\n"), ("EHLO news.example.org\r\n", b"250 hello\r\n"), ("QUIT", b"221 bye\r\n")
        )
        async with scripted(script) as port:
            await SmtpTransport(settings_for(port)).check()

    asyncio.run(greeted())


def test_A8_encryption_is_required_by_default() -> None:
    smtp = '[delivery]\ntransport = "smtp"\n[delivery.smtp]\nhost = "smtp.example.org"\n'
    settings = read_settings(TOML + smtp).delivery.smtp
    assert (settings.security, settings.port) == ("tls", 465)
    assert read_settings(TOML + smtp + 'security = "starttls"\n').delivery.smtp.port == 587
    with pytest.raises(ConfigurationError):
        read_settings(TOML + smtp + 'security = "none"\n')
    context = ssl.create_default_context()  # what the transport uses
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_A8_a_server_without_starttls_gets_nothing() -> None:
    async def tried() -> None:
        async with sink() as (port, received):
            with pytest.raises(TransportError):
                await SmtpTransport(settings_for(port, security="starttls")).check()
            assert not received

    asyncio.run(tried())


def test_the_editions_are_those_of_the_sample(editions: list[Edition]) -> None:
    assert len(editions) >= 4
