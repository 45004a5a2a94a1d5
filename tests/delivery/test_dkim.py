"""Signatures as a receiver sees them: dkimpy accepts ours, and none after a change."""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode, b64encode
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.delivery.dkim import (
    SIGNED,
    relaxed_body,
    relaxed_header,
    relaxed_value,
    signed_header,
)
from tests.delivery.signing import AT, DOMAIN, accepted, ed25519_key, rsa_key, signer

HEADER = (
    b"From: News <news@example.org>\r\nTo: <ada@example.org>\r\nSubject: Six\r\n clots\r\n"
    b"Date: Mon, 24 Nov 2025 08:00:00 +0000\r\nMessage-ID: <1@example.org>\r\n"
    b"List-Unsubscribe: <https://example.org/u/1>\r\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nPrecedence: bulk\r\nMIME-Version: 1.0\r\n"
)
BODY = b"Dear  Ada,\r\n\tsix clots. \r\n\r\n-- \r\nNews\r\n\r\n\r\n"
MAIL = HEADER + b"\r\n" + BODY


def tags(content: bytes, index: int = 0) -> dict[str, str]:
    """The tags of one of the signatures."""
    fields = re.findall(rb"^DKIM-Signature:((?:.*\r\n[ \t])*.*)\r\n", content, re.MULTILINE)
    text = re.sub(r"\s+", "", fields[index].decode("ascii"))
    return dict(tag.split("=", 1) for tag in text.split(";"))


def test_d1_dkim_rsa_sha256_relaxed_without_length() -> None:
    found = tags(signer().sign(MAIL, AT))

    assert {name: found[name] for name in "vacds"} == {
        "v": "1",
        "a": "rsa-sha256",
        "c": "relaxed/relaxed",
        "d": DOMAIN,
        "s": "news",
    }
    assert "l" not in found
    assert len(b64decode(found["b"])) == 256  # RSA-2048


def test_d1_ed25519_is_a_second_signature() -> None:
    signed = signer().sign(MAIL, AT)

    assert [tags(signed, index)["a"] for index in (0, 1)] == ["rsa-sha256", "ed25519-sha256"]
    assert accepted(signed) == [True, True]


def test_one_key_makes_one_signature() -> None:
    signed = signer(rsa_key()).sign(MAIL, AT)

    assert signed.count(b"DKIM-Signature") == 1
    assert accepted(signed, signatures=1) == [True]


def test_d1_names_stand_once_more_than_their_fields() -> None:
    names = tags(signer().sign(MAIL, AT))["h"].split(":")

    present = [line.split(b":")[0].decode() for line in HEADER.split(b"\r\n") if b": " in line]
    for name in SIGNED:
        assert names.count(name) == present.count(name) + 1
    assert "Precedence" not in names


def test_l3_both_fields_for_leaving_are_signed() -> None:
    names = tags(signer().sign(MAIL, AT))["h"].split(":")

    assert {"List-Unsubscribe", "List-Unsubscribe-Post"} <= set(names)


def test_the_moment_is_that_of_the_message() -> None:
    assert tags(signer().sign(MAIL, AT))["t"] == str(int(AT.timestamp()))


def test_the_same_mail_gives_the_same_signatures() -> None:
    assert signer().sign(MAIL, AT) == signer().sign(MAIL, AT)
    assert signer().sign(MAIL, AT) != signer().sign(MAIL, AT + timedelta(seconds=1))


def test_lines_are_short() -> None:
    head = signer().sign(MAIL, AT).removesuffix(MAIL)

    assert max(map(len, head.split(b"\r\n"))) <= 78
    assert head.endswith(b"\r\n")


@pytest.mark.parametrize("name", [line.split(b":")[0] for line in HEADER.split(b"\r\n") if b": " in line])
def test_a_changed_field_is_noticed(name: bytes) -> None:
    signed = signer().sign(MAIL, AT)
    value = re.search(rb"^" + name + rb": (.*)", MAIL, re.MULTILINE)
    assert value is not None
    changed = signed.replace(value[0], value[0].replace(value[1], b"x" + value[1][1:]))

    assert changed != signed
    assert accepted(changed) == ([True] * 2 if name == b"Precedence" else [False] * 2)


@pytest.mark.parametrize("name", SIGNED)
def test_d1_a_second_field_is_noticed(name: str) -> None:
    signed = signer().sign(MAIL, AT)
    another = f"{name}: <https://elsewhere.example/>\r\n".encode()

    assert accepted(another + signed) == [False, False]
    assert accepted(signed.replace(b"Precedence:", another + b"Precedence:")) == [False, False]
    assert accepted(b"X-Spam: no\r\n" + signed) == [True, True]


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_changed_octet_of_the_body_is_noticed(data: st.DataObject) -> None:
    signed = signer().sign(MAIL, AT)
    start = len(signed) - len(BODY)
    at = data.draw(st.sampled_from([at for at in range(start, len(signed)) if signed[at] > 0x20]))
    changed = signed[:at] + b"~" + signed[at + 1 :]

    assert accepted(changed) == [False, False]


def test_more_text_at_the_end_is_noticed() -> None:
    assert accepted(signer().sign(MAIL, AT) + b"Buy!\r\n") == [False, False]


def test_white_space_that_servers_change_does_no_harm() -> None:
    signed = signer().sign(MAIL, AT)

    changed = signed.replace(b"Dear  Ada", b"Dear\tAda").replace(b"Six\r\n clots", b"Six clots")

    assert changed != signed
    assert accepted(changed) == [True, True]
    assert accepted(signed + b"\r\n") == [True, True]


def test_a_key_that_was_taken_back_accepts_nothing() -> None:
    assert accepted(signer(rsa_key()).sign(MAIL, AT), {}, signatures=1) == [False]


TEXT = st.text(st.sampled_from(" \t.=ab-é"), max_size=30).map(lambda text: text.encode())
LINES = st.lists(TEXT, max_size=8)


@given(lines=LINES, subject=st.lists(TEXT, min_size=1, max_size=3))
@settings(max_examples=150, deadline=None)
def test_any_mail_is_accepted(lines: list[bytes], subject: list[bytes]) -> None:
    folded = b"\r\n ".join(part.strip() or b"x" for part in subject)
    body = b"".join(line + b"\r\n" for line in lines)
    mail = HEADER.replace(b"Six\r\n clots", folded) + b"\r\n" + body

    assert accepted(signer().sign(mail, AT)) == [True, True]


# --- the relaxed form ------------------------------------------------------------------------------------


def test_the_example_of_rfc_6376_3_4_5() -> None:
    fields = relaxed_header(b"A: X\r\nB : Y\t\r\n\tZ  \r\n")

    assert fields == {"a": [b"a:X\r\n"], "b": [b"b:Y Z\r\n"]}
    assert relaxed_body(b" C \r\nD \t E\r\n\r\n\r\n") == b" C\r\nD E\r\n"


@pytest.mark.parametrize(
    ("body", "relaxed"),
    [
        (b"", b""),
        (b"\r\n\r\n", b""),
        (b" \t\r\n", b""),
        (b" ", b""),
        (b"a", b"a\r\n"),
        (b"a \r\n ", b"a\r\n"),
        (b"\r\n\r\na\tb  c\r\n", b"\r\n\r\na b c\r\n"),
    ],
)
def test_relaxed_bodies(body: bytes, relaxed: bytes) -> None:
    assert relaxed_body(body) == relaxed


def test_an_empty_body_has_the_hash_that_rfc_6376_3_4_4_gives() -> None:
    empty = tags(signer().sign(HEADER + b"\r\n", AT))["bh"]

    assert empty == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="


def test_of_fields_of_one_name_the_last_is_signed_first() -> None:
    fields = relaxed_header(b"To: a\r\nno field\r\nTo: b\r\nX: c\r\n")

    assert signed_header(fields) == b"to:b\r\nto:a\r\n"


def test_the_example_of_rfc_8463_appendix_a() -> None:
    """The Ed25519 signature printed there, made again from its message with the parts of ours."""
    message = (
        b"From: Joe SixPack <joe@football.example.com>\r\n"
        b"To: Suzie Q <suzie@shopping.example.net>\r\n"
        b"Subject: Is dinner ready?\r\n"
        b"Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
        b"Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"
    )
    body = b"Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n\r\n"
    value = (
        b" v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n d=football.example.com;"
        b" i=@football.example.com;\r\n q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"
        b" subject : date : message-id : from : subject : date;\r\n"
        b" bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n b="
    )
    key = Ed25519PrivateKey.from_private_bytes(b64decode("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="))
    fields = relaxed_header(message)
    names = ("from", "to", "subject", "date", "message-id")
    signed = b"".join(fields[name][0] for name in names) + b"dkim-signature:" + relaxed_value(value)

    assert b64encode(hashlib.sha256(relaxed_body(body)).digest()) in value
    assert b64encode(key.sign(hashlib.sha256(signed).digest())) == (
        b"/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw=="
    )
    assert b64encode(key.public_key().public_bytes_raw()) == b"11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
    assert ed25519_key().record.startswith("v=DKIM1; k=ed25519; p=")
