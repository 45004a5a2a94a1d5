"""Messages from a template are signed as if each were signed whole."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import example, given, settings
from hypothesis import strategies as st

from newsletter.delivery.message import MessageTemplate
from newsletter.document import Merge
from newsletter.model import Identity, Message, Rendition, Segments, Subscriber, Tier
from tests.delivery.signing import AT, accepted, rsa_key, signer

LEAVE = Merge("unsubscribe_url")
NAME = Merge("first_name", "reader")
IDENTITY = Identity(
    from_name="Sore  Points",
    from_address="news@example.org",
    return_path="bounces@example.org",
    list_id="weekly.example.org",
    list_name="Sore Points",
    unsubscribe_mailbox="leave@example.org",
    reply_to="editor@example.org",
    unsubscribe_base="https://letters.example.org/unsubscribe/",
    archive_url="https://example.org/",
    issue_url="https://example.org/six-clots/",
)
ADA = Subscriber(
    id=7, public_id=b"\1" * 8, email="ada@example.org", email_key="ada@example.org", name="Ada Lovelace",
    first_name="Ada", fields={"town": "London"},
)  # fmt: skip


def message(
    text: Segments,
    html: Segments = ("<p>Six clots</p>\n",),
    subject: Segments = ("Six clots",),
    *,
    reader: Subscriber = ADA,
    sealed: bool = True,
) -> Message:
    template = MessageTemplate.compile(
        Rendition(Tier.FREE, subject, html, text), IDENTITY, signer() if sealed else None
    )
    return template.assemble(subscriber=reader, token="T" * 32, message_id="<1@example.org>", date=AT)


def test_a_message_is_accepted_and_otherwise_the_same() -> None:
    signed = message(("Dear ", NAME, "\n\nLeave: ", LEAVE, "\n\n\n"))
    plain = message(("Dear ", NAME, "\n\nLeave: ", LEAVE, "\n\n\n"), sealed=False)

    assert accepted(signed.content) == [True, True]
    assert signed.content.endswith(plain.content)
    assert replace(signed, content=plain.content) == plain
    assert not [line for line in signed.content.split(b"\r\n") if line.startswith(b".")]


def test_an_international_reader() -> None:
    reader = replace(ADA, email="аня@bücher.example", name="Аня")
    signed = message(("Dear ", NAME, "\n"), reader=reader)

    assert "аня@xn--bcher-kva.example".encode() in signed.content
    assert accepted(signed.content) == [True, True]


def test_a_body_without_holes() -> None:
    signed = message(("Six clots\n",), ("<p>Six clots</p>\n",))

    assert accepted(signed.content) == [True, True]


def test_one_template_signs_many_messages() -> None:
    rendition = Rendition(Tier.FREE, ("Hi ", NAME), ("<p>", NAME, "</p>\n"), ("Hi ", NAME, "\n", LEAVE, "\n"))
    template = MessageTemplate.compile(rendition, IDENTITY, signer(rsa_key()))
    for number in range(20):
        reader = replace(ADA, id=number, first_name=f"Ada {number}", name="", email=f"r{number}@example.org")
        token = f"{number:032}"
        sent = template.assemble(
            subscriber=reader, token=token, message_id=f"<{number}@example.org>", date=AT
        )
        assert accepted(sent.content, signatures=1) == [True]
        assert sent.content.count(token.encode()) == 3


PIECES = st.lists(
    st.one_of(
        st.text(st.sampled_from(" \t\n=.aé<"), max_size=40),
        st.sampled_from([NAME, LEAVE, Merge("town"), Merge("name", "you")]),
    ),
    max_size=8,
).map(tuple)
VALUES = st.text(st.one_of(st.sampled_from(" \t\r\n=.é—<&"), st.characters(codec="utf-8")), max_size=120)


@given(
    text=PIECES, html=PIECES, subject=st.sampled_from([("Six  clots",), ("Dear ", NAME, "  !")]), value=VALUES
)
@example(text=(" ", NAME, "  "), html=(NAME,), subject=(NAME,), value="a  b\tc ")
@settings(max_examples=150, deadline=None)
def test_the_seal_agrees_with_signing_the_whole(
    text: Segments, html: Segments, subject: Segments, value: str
) -> None:
    reader = replace(ADA, name=value, first_name=value, fields={"town": value})
    signed = message(text, html, subject, reader=reader).content

    assert signed == signer().sign(message(text, html, subject, reader=reader, sealed=False).content, AT)
    assert accepted(signed) == [True, True]
