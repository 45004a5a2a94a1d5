"""Replies are read strictly and in pieces of any size."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import TransportError
from newsletter.transports.dialogue import LONGEST_LINE, MOST_LINES, Reply, ReplyReader

REPLIES = st.lists(
    st.tuples(
        st.integers(200, 599),
        st.lists(
            st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Zs"))), min_size=1, max_size=4
        ),
    ),
    max_size=5,
)


@given(REPLIES, st.data())
def test_replies_come_whole_however_the_octets_are_cut(
    replies: list[tuple[int, list[str]]], data: st.DataObject
) -> None:
    octets = b"".join(
        f"{code}{'-' if number < len(lines) - 1 else ' '}{line}\r\n".encode()
        for code, lines in replies
        for number, line in enumerate(lines)
    )
    reader = ReplyReader()
    found: list[tuple[int, list[str]]] = []
    while octets:
        size = data.draw(st.integers(1, len(octets)))
        found += [(reply.code, list(reply.lines)) for reply in reader.feed(octets[:size])]
        octets = octets[size:]
    assert found == replies
    assert not reader.pending


@given(st.binary(max_size=300))
def test_any_octets_give_replies_or_a_transport_error(octets: bytes) -> None:
    replies: list[Reply] = []
    with suppress(TransportError):
        replies.extend(ReplyReader().feed(octets))
    assert all(200 <= reply.code < 600 for reply in replies)


@pytest.mark.parametrize(
    "octets",
    [
        b"hello\r\n",
        b"99 low\r\n",
        b"600 high\r\n",
        b"250_strange\r\n",
        b"25\r\n",
        b"250-one\r\n251 two\r\n",
        b"250-" + b"x" * LONGEST_LINE + b"\r\n",
        b"2" * (LONGEST_LINE + 1),
        b"250-more\r\n" * (MOST_LINES + 1),
    ],
)
def test_nonsense(octets: bytes) -> None:
    with pytest.raises(TransportError):
        list(ReplyReader().feed(octets))


def test_lenient_where_it_does_no_harm() -> None:
    assert list(ReplyReader().feed(b"250\r\n334 \n220-\r\n220 x\r\n")) == [
        Reply(250, (b"",)),
        Reply(334, (b"",)),
        Reply(220, (b"", b"x")),
    ]


def test_a_reply_s_parts() -> None:
    (reply,) = ReplyReader().feed(b"550-5.1.1 The account\r\n550 5.1.1 does not exist\x1b[2J \xff\r\n")
    assert reply.parts() == ("5.1.1", "The account does not exist [2J \ufffd")
    assert str(reply) == "550 5.1.1 The account does not exist [2J \ufffd"


@pytest.mark.parametrize(
    ("line", "enhanced", "words"),
    [
        (b"550 5.1.1", "5.1.1", ""),
        (b"550 4.1.1 no", "", "no"),
        (b"250 2.0.0.1 version", "", "2.0.0.1 version"),
        (b"250 192.0.2.1 hello", "", "192.0.2.1 hello"),
        (b"250 Ok", "", "Ok"),
    ],
)
def test_enhanced_codes(line: bytes, enhanced: str, words: str) -> None:
    (reply,) = ReplyReader().feed(line + b"\r\n")
    assert reply.parts() == (enhanced, words)
