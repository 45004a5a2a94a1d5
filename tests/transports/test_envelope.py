"""What a server is told of a message: no more than it offers to understand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from newsletter.model import Fault, Message, OutcomeKind
from newsletter.transports.envelope import Abilities, dotted, mail_command, rcpt_command, unspeakable
from newsletter.transports.sink_conduct import Conduct
from newsletter.transports.smtp import SmtpTransport
from tests.transports.parts import MemoryDesk, message, settings_for, sink
from tests.transports.test_smtp import run

PLAIN = message(1)
ZOE = replace(message(2, recipient="zoë@example.org"), eight_bit=True)
OFFERS = {
    "PIPELINING": "", "CHUNKING": "", "8BITMIME": "", "SMTPUTF8": "", "DSN": "", "SIZE": "1000",
}  # fmt: skip


@pytest.mark.parametrize(
    ("offers", "distrusted", "expected"),
    [
        ({}, set(), Abilities()),
        (
            OFFERS,
            set(),
            Abilities(
                pipelining=True,
                chunking=True,
                eight_bit=True,
                international=True,
                size=True,
                most_octets=1000,
                reports=True,
            ),
        ),
        ({"SMTPUTF8": ""}, set(), Abilities()),
        ({"SIZE": "many"}, set(), Abilities(size=True)),
        ({"SIZE": "²"}, set(), Abilities(size=True)),
        ({"PIPELINING": "", "SIZE": "5"}, {"PIPELINING"}, Abilities(size=True, most_octets=5)),
    ],
)
def test_abilities(offers: dict[str, str], distrusted: set[str], expected: Abilities) -> None:
    assert Abilities.of(offers, distrusted, reports=True) == expected


@pytest.mark.parametrize(
    ("can", "one", "mail", "rcpt"),
    [
        (Abilities(), PLAIN, b"MAIL FROM:<bounces@example.org>", b"RCPT TO:<reader1@example.org>"),
        (
            Abilities(size=True),
            PLAIN,
            b"MAIL FROM:<bounces@example.org> SIZE=%d" % len(PLAIN.content),
            b"RCPT TO:<reader1@example.org>",
        ),
        (
            Abilities(eight_bit=True, international=True),
            ZOE,
            b"MAIL FROM:<bounces@example.org> BODY=8BITMIME SMTPUTF8",
            "RCPT TO:<zoë@example.org>".encode(),
        ),
        (
            Abilities(eight_bit=True, international=True),
            PLAIN,
            b"MAIL FROM:<bounces@example.org>",
            b"RCPT TO:<reader1@example.org>",
        ),
        (
            Abilities(reports=True),
            message(1, recipient="a+b=c@example.org"),
            b"MAIL FROM:<bounces@example.org> RET=HDRS ENVID=1",
            b"RCPT TO:<a+b=c@example.org> NOTIFY=FAILURE ORCPT=rfc822;a+2Bb+3Dc@example.org",
        ),
        (
            Abilities(reports=True, eight_bit=True, international=True),
            ZOE,
            b"MAIL FROM:<bounces@example.org> BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=2",
            "RCPT TO:<zoë@example.org> NOTIFY=FAILURE".encode(),
        ),
    ],
)
def test_commands(can: Abilities, one: Message, mail: bytes, rcpt: bytes) -> None:
    assert mail_command(can, one) == mail + b"\r\n"
    assert rcpt_command(can, one) == rcpt + b"\r\n"


@pytest.mark.parametrize(
    ("can", "one", "kind", "fault", "enhanced", "words"),
    [
        (Abilities(), ZOE, OutcomeKind.REFUSED, Fault.RECIPIENT, "5.6.7", "needs SMTPUTF8"),
        (
            Abilities(),
            replace(PLAIN, eight_bit=True),
            OutcomeKind.DEFERRED,
            Fault.SENDER,
            "5.6.3",
            "needs 8BITMIME",
        ),
        (Abilities(most_octets=10), PLAIN, OutcomeKind.DEFERRED, Fault.SENDER, "5.3.4", "takes 10 at most"),
        (
            Abilities(),
            message(1, recipient="a@b.org>\r\nRCPT TO:<c@d.org"),
            OutcomeKind.REFUSED,
            Fault.RECIPIENT,
            "",
            "cannot be said",
        ),
        (
            Abilities(eight_bit=True, international=True),
            message(1, recipient="zoë\x85@example.org"),
            OutcomeKind.REFUSED,
            Fault.RECIPIENT,
            "",
            "cannot be said",
        ),
        (
            Abilities(),
            replace(PLAIN, sender="a\n@b.org"),
            OutcomeKind.REFUSED,
            Fault.RECIPIENT,
            "",
            "cannot be said",
        ),
    ],
)
def test_what_cannot_even_be_tried(
    can: Abilities, one: Message, kind: OutcomeKind, fault: Fault, enhanced: str, words: str
) -> None:
    outcome = unspeakable(can, one)
    assert outcome is not None
    assert (outcome.kind, outcome.fault, outcome.enhanced) == (kind, fault, enhanced)
    assert words in outcome.reply


def test_what_can() -> None:
    assert unspeakable(Abilities(), PLAIN) is None
    assert unspeakable(Abilities(eight_bit=True, international=True, most_octets=10**6), ZOE) is None


def test_dots() -> None:
    assert dotted(message(1, content=b".a\r\n..b\r\nc.\r\n")) == b"..a\r\n...b\r\nc.\r\n"
    lied_about = replace(message(1, content=b".a\r\n"), dotless=True)
    assert dotted(lied_about) == b".a\r\n"  # whoever promises has looked


@pytest.mark.parametrize("international", [True, False])
def test_an_international_reader(international: bool) -> None:
    async def work() -> None:
        async with sink(Conduct(international=international)) as (port, received):
            desk = MemoryDesk(
                [message(1), replace(ZOE, content=b"To: <zo\xc3\xab@example.org>\r\n\r\n"), message(3)]
            )
            await SmtpTransport(settings_for(port)).lane(desk)
            assert [desk.outcomes[number].kind.value for number in (1, 2, 3)] == [
                "accepted", "accepted" if international else "refused", "accepted",
            ]  # fmt: skip
            there = ["zoë@example.org" in one.recipients for one in received]
            assert there.count(True) == international

    run(work)


def test_reports_of_failure_are_asked_for_where_they_are_offered() -> None:
    async def work() -> None:
        async with sink() as (port, received):
            desk = MemoryDesk([message(1), message(2)])
            await SmtpTransport(settings_for(port, dsn=True)).lane(desk)
            assert len(received) == 2

    run(work)
