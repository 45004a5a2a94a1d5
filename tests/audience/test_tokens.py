"""Tokens: fixed in length, unforgeable, different for each key and each use."""

from __future__ import annotations

import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from newsletter.audience.tokens import Tokens

TOKENS = Tokens(bytes(range(32)))
OTHER = Tokens(bytes(32))
public_ids = st.binary(min_size=8, max_size=8)


@given(public_ids)
def test_a_token_leads_back_to_its_reader(public_id: bytes) -> None:
    token = TOKENS.unsubscribe(public_id)
    assert len(token) == 32
    assert set(token) <= set(string.ascii_letters + string.digits + "-_")
    assert TOKENS.read_unsubscribe(token) == public_id
    assert OTHER.read_unsubscribe(token) is None


@given(public_ids, st.integers(0, 31), st.sampled_from(string.ascii_letters + string.digits + "-_"))
def test_a_changed_token_is_worthless(public_id: bytes, place: int, letter: str) -> None:
    token = TOKENS.unsubscribe(public_id)
    assume(token[place] != letter)
    assert TOKENS.read_unsubscribe(token[:place] + letter + token[place + 1 :]) is None


@given(st.text(max_size=40))
def test_anything_else_is_no_token(text: str) -> None:
    assert TOKENS.read_unsubscribe(text) is None


def test_tokens_do_not_change_from_version_to_version() -> None:
    """Links in mails that were sent years ago must work: these values are for ever."""
    assert TOKENS.unsubscribe(b"\0\1\2\3\4\5\6\7") == "AAECAwQFBgeabn0eUcU_2EVCSfdEhdbd"
    assert TOKENS.suppression_key("anna@example.org").hex() == "ad5660f479ddc8a3c1f37d599e4c2a79"
    assert TOKENS.fingerprint == "34fa527b3d233f12"


def test_an_address_cannot_be_told_from_its_hash_without_the_key() -> None:
    assert TOKENS.suppression_key("anna@example.org") != OTHER.suppression_key("anna@example.org")
    assert TOKENS.suppression_key("anna@example.org") != TOKENS.suppression_key("anne@example.org")


def test_the_key_is_never_shown() -> None:
    assert bytes(range(32)).hex() not in repr(TOKENS)
    assert TOKENS.fingerprint in repr(TOKENS)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_lengths_are_checked(length: int) -> None:
    with pytest.raises(ValueError, match=f"{length} bytes instead of 32"):
        Tokens(bytes(length))
    with pytest.raises(ValueError, match="a public id has 8 bytes"):
        TOKENS.unsubscribe(bytes(length))


def test_bounce_tokens_name_reader_and_campaign() -> None:
    tokens = Tokens(bytes(range(32)))
    token = tokens.bounce(b"\1" * 8, 77)
    assert len(token) == 32
    assert token == token.lower()
    assert tokens.read_bounce(token) == (b"\1" * 8, 77)
    assert tokens.read_bounce(token.upper()) == (b"\1" * 8, 77)
    assert tokens.bounce(b"\1" * 8, 78)[20:] != token[20:]


def test_forged_bounce_tokens_are_none() -> None:
    tokens = Tokens(bytes(range(32)))
    token = tokens.bounce(b"\1" * 8, 77)
    for forged in (token[:-1], token + "a", "a" * 32, "1" * 32, tokens.unsubscribe(b"\1" * 8), "", "é" * 32):
        assert tokens.read_bounce(forged) is None
    assert Tokens(b"\2" * 32).read_bounce(token) is None


def test_a_bounce_token_needs_a_whole_public_id() -> None:
    with pytest.raises(ValueError, match="8 bytes"):
        Tokens(bytes(32)).bounce(b"\1" * 7, 1)
