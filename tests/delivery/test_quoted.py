"""Quoted-printable: decodes back whatever goes in, keeps every limit, never needs dot-stuffing."""

from __future__ import annotations

import quopri

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.delivery.quoted import SOFT_BREAK, WIDTH, encode, encode_value

# Text that provokes: the characters with a meaning of their own come often.
TEXT = st.text(st.one_of(st.sampled_from("=. \t\nF\r"), st.characters(codec="utf-8")), max_size=400)


def decoded(octets: bytes) -> str:
    return quopri.decodestring(octets).replace(b"\r\n", b"\n").decode("utf-8")


def lines_of(octets: bytes) -> list[bytes]:
    lines = octets.split(b"\r\n")
    assert b"\r" not in b"".join(lines)
    assert b"\n" not in b"".join(lines)
    return lines


@given(TEXT)
@example("From me\n.\n..\n" + "." * 200)
@example("x" * 74 + "=" + "." * 80)
@example("x" * 75 + "From here")
@example("é" * 60)
def test_decodes_back_and_keeps_the_limits(text: str) -> None:
    octets = encode(text) + SOFT_BREAK
    assert decoded(octets) == text.replace("\r\n", "\n").replace("\r", "\n")
    for line in lines_of(octets):
        assert len(line) <= WIDTH + 1
        assert not line.startswith((b".", b"From "))
        assert not line.endswith((b" ", b"\t"))
        assert all(0x20 <= octet <= 0x7E or octet == 0x09 for octet in line)


@given(
    st.lists(st.tuples(TEXT, st.text(st.characters(codec="utf-8", exclude_characters="\r\n"))), max_size=4)
)
def test_pieces_joined_by_soft_breaks_decode_to_the_joined_text(pairs: list[tuple[str, str]]) -> None:
    octets = b"".join(encode(run) + SOFT_BREAK + encode_value(value) + SOFT_BREAK for run, value in pairs)
    expected = "".join(
        encode_once + value for encode_once, value in ((newlines(run), value) for run, value in pairs)
    )
    assert decoded(octets) == expected


def newlines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=300))
def test_the_quick_way_gives_the_same_bytes(value: str) -> None:
    assert encode_value(value) == encode(value)


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        ("", b""),
        ("plain", b"plain"),
        ("a=b", b"a=3Db"),
        (".", b"=2E"),
        ("From x\n.y\n", b"=46rom x\r\n=2Ey\r\n"),
        ("Frompage", b"Frompage"),
        ("end \nnext\t\n", b"end=20\r\nnext=09\r\n"),
        ("café", b"caf=C3=A9"),
        ("\ud800", b"?"),
    ],
)
def test_examples(text: str, octets: bytes) -> None:
    assert encode(text) == octets
