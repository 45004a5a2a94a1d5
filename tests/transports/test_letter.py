"""A message taken apart again: what was put in comes out."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parseaddr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery.headers import tidy_name
from newsletter.delivery.message import MessageTemplate
from newsletter.model import Message, Rendition, Subscriber, Tier
from newsletter.transports.letter import delivery_name, read_letter
from tests.transports.conformance import IDENTITY, real_message

WORDS = st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), min_size=1, max_size=60)
BODY = st.text(st.characters(exclude_categories=["C"]) | st.sampled_from("\n .\t="), max_size=300)


@given(WORDS.filter(str.strip), WORDS, BODY, BODY)
def test_round_trip(subject: str, name: str, text: str, html: str) -> None:
    template = MessageTemplate.compile(Rendition(Tier.FREE, (subject,), (html,), (text,)), IDENTITY)
    reader = Subscriber(1, b"12345678", "ann@example.org", "ann@example.org", name=name)
    sent = template.assemble(
        subscriber=reader,
        token="t" * 32,
        message_id="<a1@example.org>",
        date=datetime(2026, 1, 1, tzinfo=UTC),
    )
    letter = read_letter(sent)
    assert " ".join(letter.subject.split()) == " ".join(subject.split())
    assert letter.text.rstrip("\n") == text.rstrip("\n")
    assert letter.html.rstrip("\n") == html.rstrip("\n")
    got_name, address = parseaddr(letter.recipient)
    assert (got_name, address) == (tidy_name(name), "ann@example.org")
    assert (letter.message_id, letter.delivery) == ("<a1@example.org>", "a1")


def test_all_headers_but_those_with_a_place_of_their_own() -> None:
    letter = read_letter(real_message(1, "Ann"))
    names = [name for name, _ in letter.headers]
    assert {"List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Post", "Precedence"} <= set(names)
    assert not {"From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"} & set(names)
    assert all("\n" not in value and value.isascii() for _, value in letter.headers)
    assert letter.sender == '"Sore Points, “weekly”" <news@example.org>'
    assert letter.reply_to == "answers@example.org"


@pytest.mark.parametrize(
    "odd", ["<a.b/c@example.org>", "none", "<é@example.org>", "<" + "a" * 65 + "@x>", "\udc80"]
)
def test_odd_ids_get_a_name_as_well(odd: str) -> None:
    assert delivery_name(odd).isalnum()
    assert len(delivery_name(odd)) == 32


def test_a_plain_message_has_text_alone() -> None:
    letter = read_letter(Message(1, "<1@x>", "", "a@b.org", b"From: n@x.org\r\nSubject: x\r\n\r\nbody\r\n"))
    assert (letter.text, letter.html, letter.recipient, letter.reply_to) == ("body\n", "", "a@b.org", "")
