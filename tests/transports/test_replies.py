"""The table from replies to outcomes, row by row, with replies that real servers give."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.model import Fault, OutcomeKind
from newsletter.transports.replies import Stage, classify

READER = (OutcomeKind.REFUSED, Fault.RECIPIENT)
LATER = (OutcomeKind.DEFERRED, Fault.RECIPIENT)
US = (OutcomeKind.DEFERRED, Fault.SENDER)
LINE = (OutcomeKind.DEFERRED, Fault.LINE)


@pytest.mark.parametrize(
    ("stage", "code", "enhanced", "words", "finding", "telling"),
    [
        # the address
        (Stage.RCPT, 550, "5.1.1", "<a@example.org>: User unknown in virtual mailbox table", READER, "5.1.1"),
        (Stage.RCPT, 550, "", "No such user here", READER, "5.1.1"),
        (Stage.RCPT, 550, "5.0.0", "<a@example.org> does not exist", READER, "5.1.1"),
        (Stage.RCPT, 550, "5.7.1", "Recipient address rejected: unknown user", READER, "5.7.1"),
        (Stage.RCPT, 550, "5.5.0", "Requested action not taken: mailbox unavailable (S20)", READER, "5.5.0"),
        (Stage.RCPT, 550, "", "Requested action not taken: mailbox unavailable", READER, ""),
        (Stage.RCPT, 553, "", "Sorry", READER, ""),
        (Stage.RCPT, 550, "5.2.1", "The email account is disabled", READER, "5.2.1"),
        (Stage.RCPT, 554, "", "mailbox disabled", READER, "5.2.1"),
        (Stage.RCPT, 550, "5.4.1", "Recipient address rejected: Access denied", READER, "5.4.1"),
        (Stage.RCPT, 550, "5.6.7", "SMTPUTF8 needed", READER, "5.6.7"),
        (Stage.RCPT, 525, "5.7.13", "User account disabled", READER, "5.7.13"),
        (Stage.END, 550, "5.1.1", "User unknown", READER, "5.1.1"),
        (Stage.RCPT, 550, "5.1.1", "<spam@blocked.example>: Recipient address rejected", READER, "5.1.1"),
        # the mailbox
        (Stage.RCPT, 552, "5.2.2", "Mailbox full", READER, "5.2.2"),
        (Stage.END, 552, "", "Requested mail action aborted: exceeded storage quota", READER, "5.2.2"),
        (Stage.RCPT, 452, "4.2.2", "Mailbox full", LATER, "4.2.2"),
        (Stage.RCPT, 452, "", "over quota", LATER, "4.2.2"),
        (Stage.RCPT, 450, "", "mailbox busy", LATER, ""),
        (Stage.RCPT, 450, "4.2.1", "The user you want to contact gets mail too quickly", LATER, "4.2.1"),
        # greylisting is not policy
        (Stage.RCPT, 451, "4.7.1", "Greylisting in action, please come back later", LATER, "4.7.1"),
        (Stage.RCPT, 450, "4.2.0", "Recipient address rejected: Greylisted by policy", LATER, "4.2.0"),
        (Stage.RCPT, 451, "4.7.1", "Please try again later", LATER, "4.7.1"),
        # us
        (Stage.END, 550, "5.7.26", "This mail has been blocked: the sender is unauthenticated", US, "5.7.26"),
        (Stage.END, 550, "5.7.515", "Access denied, sending domain does not meet", US, "5.7.515"),
        (Stage.END, 550, "5.7.1", "Message rejected as spam", US, "5.7.1"),
        (Stage.END, 554, "", "Message is likely spam", US, "5.7.1"),
        (Stage.RCPT, 554, "", "Your IP is listed at the Spamhaus DNSBL", US, "5.7.1"),
        (Stage.RCPT, 554, "5.7.1", "<a@example.net>: Relay access denied", US, "5.7.1"),
        (Stage.RCPT, 550, "", "relaying prohibited", US, "5.7.1"),
        (Stage.RCPT, 550, "5.1.8", "Sender's domain not found", US, "5.1.8"),
        (Stage.RCPT, 550, "5.4.5", "Daily user sending limit exceeded", US, "5.4.5"),
        (Stage.RCPT, 451, "4.7.500", "Server busy", US, "4.7.500"),
        (Stage.RCPT, 451, "4.7.650", "has been temporarily rate limited due to IP reputation", US, "4.7.650"),
        (Stage.END, 454, "", "Throttling failure: Maximum sending rate exceeded.", US, ""),
        (Stage.END, 451, "", "blocked for now", US, ""),
        (Stage.MAIL, 530, "5.7.0", "Must issue a STARTTLS command first", US, "5.7.0"),
        (Stage.RCPT, 535, "", "who", US, ""),
        (Stage.MAIL, 550, "", "Sender rejected", US, ""),
        (Stage.MAIL, 550, "5.1.1", "unknown user", US, "5.1.1"),
        (Stage.MAIL, 451, "4.7.1", "policy", US, "4.7.1"),
        (Stage.MAIL, 552, "5.3.4", "Message size exceeds fixed limit", US, "5.3.4"),
        (Stage.END, 552, "", "message size exceeds 10 MB", US, "5.3.4"),
        (Stage.END, 554, "5.6.0", "bad content", US, "5.6.0"),
        (Stage.DATA, 554, "", "no", US, ""),
        (Stage.RCPT, 503, "5.5.1", "Bad sequence of commands", US, "5.5.1"),
        (Stage.RCPT, 500, "", "What?", US, ""),
        # the server
        (Stage.MAIL, 451, "4.3.0", "Temporary lookup failure", LINE, "4.3.0"),
        (Stage.MAIL, 452, "4.3.1", "Insufficient system storage", LINE, "4.3.1"),
        (Stage.RCPT, 421, "4.4.2", "Timeout exceeded", LINE, "4.4.2"),
        (Stage.END, 421, "", "Service shutting down", LINE, ""),
        (Stage.MAIL, 421, "4.7.0", "Too many messages on this connection", LINE, "4.7.0"),
        (Stage.MAIL, 421, "4.7.0", "Temporarily deferred due to user complaints", US, "4.7.0"),
        (Stage.MAIL, 421, "4.7.28", "An unusual rate of mail", US, "4.7.28"),
        (Stage.MAIL, 421, "4.7.9", "no", US, "4.7.9"),
    ],
)  # fmt: skip
def test_findings(
    stage: Stage, code: int, enhanced: str, words: str, finding: tuple[OutcomeKind, Fault], telling: str
) -> None:
    outcome = classify(code, enhanced, words, stage)
    assert (outcome.kind, outcome.fault) == finding
    assert outcome.enhanced == telling
    assert (outcome.code, outcome.reply) == (code, words)


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("Ok: queued as 4XyZ1234", "4XyZ1234"),
        ("OK id=1abCDe-000123-4f", "1abCDe-000123-4f"),
        ("Ok 0100018f2e7c-000000", "0100018f2e7c-000000"),
        ("Thank you", ""),
    ],
)
def test_accepted(words: str, name: str) -> None:
    outcome = classify(250, "2.0.0", words, Stage.END)
    assert (outcome.kind, outcome.fault, outcome.provider_id) == (OutcomeKind.ACCEPTED, Fault.NONE, name)


@pytest.mark.parametrize(("code", "stage"), [(250, Stage.RCPT), (354, Stage.END), (600, Stage.END)])
def test_what_is_no_outcome(code: int, stage: Stage) -> None:
    with pytest.raises(ValueError, match=str(code)):
        classify(code, "", "", stage)


@given(
    st.integers(400, 599),
    st.one_of(st.just(""), st.from_regex(r"[45]\.\d{1,3}\.\d{1,3}", fullmatch=True)),
    st.text(max_size=700),
    st.sampled_from(Stage),
)
def test_every_refusal_has_an_outcome(code: int, enhanced: str, words: str, stage: Stage) -> None:
    outcome = classify(code, enhanced, words, stage)
    assert outcome.kind in (OutcomeKind.DEFERRED, OutcomeKind.REFUSED)
    assert outcome.fault is not Fault.NONE
    assert len(outcome.reply) <= 500
    if outcome.kind is OutcomeKind.REFUSED:
        assert outcome.fault is Fault.RECIPIENT
        assert code >= 500
        assert stage in (Stage.RCPT, Stage.END)
