"""Header fields: what goes in comes out of Python's own parser, and every line keeps its limits."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from email import message_from_bytes, policy
from email.header import decode_header
from email.headerregistry import Address
from email.message import EmailMessage
from typing import cast

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from newsletter.delivery import headers
from newsletter.errors import ContentError

STRICT = policy.default.clone(raise_on_defect=True)
WORD = re.compile(r"=\?utf-8\?[qb]\?[!->@-~]*\?=")
VALUES = st.text(st.one_of(st.sampled_from(' "\\=?_.,<>@()ñé'), st.characters(codec="utf-8")), max_size=200)


def parsed(field: bytes) -> EmailMessage:
    return message_from_bytes(field + b"\r\nbody\r\n", policy=STRICT)


def check_lines(field: bytes) -> None:
    """The rules of RFC 5322 2.1.1 and RFC 2047 2, for fields with no long address in them."""
    assert field.endswith(b"\r\n")
    text = field[:-2].decode("ascii")
    for number, line in enumerate(text.split("\r\n")):
        assert "\r" not in line
        assert "\n" not in line
        assert number == 0 or (line.startswith(" ") and line.strip())
        words = WORD.findall(line)
        assert len(line) <= (76 if words else 78)
        assert all(len(word) <= 75 for word in words)
        for word in words:  # complete characters in each word, RFC 2047 5
            ((data, charset),) = decode_header(word)
            cast(bytes, data).decode(cast(str, charset))


@given(VALUES)
@example("=?utf-8?q?not_one?=")
@example("x" * 300)
@example("word " * 60)
@example("😀" * 80)
@example("a" * 66 + "é")
def test_subject_comes_back(value: str) -> None:
    field = headers.text_field("Subject", value)
    check_lines(field)
    assert unfolded_text(field) == headers.tidy_header(value)


def unfolded_text(field: bytes) -> str:
    """The value as RFC 5322 2.2.3 unfolds and RFC 2047 6.2 decodes it."""
    value = field[:-2].decode("ascii").partition(": ")[2].replace("\r\n", "")
    if not WORD.fullmatch(value.split(" ")[0]):
        return value
    return b"".join(cast(bytes, decode_header(word)[0][0]) for word in value.split(" ")).decode("utf-8")


@given(VALUES)
def test_python_reads_the_same_subject(value: str) -> None:
    # Python's parser drops or splits at a few separators of its own; those are not the question here.
    assume(not re.search("[\x1c-\x1e\x85\u2028\u2029]", value))
    field = headers.text_field("Subject", value)
    assert parsed(field)["Subject"] == headers.tidy_header(value)


@given(VALUES)
@example("Ada Lovelace")
@example("Lovelace, Ada")
@example('The "Countess" of \\ Lovelace')
@example("Ada <ada@example.net>")
@example("Zoë " * 30)
@example("x" * 80)
@example("Dr. A. " * 30)
def test_display_name_comes_back_and_the_address_stays_whole(name: str) -> None:
    field = headers.mailbox_field("To", name, "ada@example.org")
    check_lines(field)
    assert field.endswith(b"<ada@example.org>\r\n")
    (address,) = cast(tuple[Address, ...], parsed(field)["To"].addresses)
    assert address.addr_spec == "ada@example.org"
    if field.count(b"=?") <= 1:
        assert address.display_name == headers.tidy_name(name)
    else:  # Python before 3.13 keeps the space between encoded-words of a name, against RFC 2047 6.2
        assert unfolded_text(field.replace(b" <ada@example.org>", b"")) == headers.tidy_name(name)


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("", b"To: <a@example.org>\r\n"),
        ("Ada", b"To: Ada <a@example.org>\r\n"),
        ("A. Lovelace", b'To: "A. Lovelace" <a@example.org>\r\n'),
        ("Zoë", b"To: =?utf-8?q?Zo=C3=AB?= <a@example.org>\r\n"),
        ("Ada\r\nBcc: x@example.net", b'To: "Ada Bcc: x@example.net" <a@example.org>\r\n'),
        ("n" * 70, b"To: " + b"n" * 70 + b"\r\n <a@example.org>\r\n"),
    ],
)
def test_display_names(name: str, field: bytes) -> None:
    assert headers.mailbox_field("To", name, "a@example.org") == field


def test_long_address_after_encoded_name_stands_on_its_own_line() -> None:
    address = "a" * 60 + "@" + "b" * 60 + ".example.org"
    field = headers.mailbox_field("To", "Zoë", address)
    assert field == f"To: =?utf-8?q?Zo=C3=AB?=\r\n <{address}>\r\n".encode()
    assert headers.mailbox_field("To", "", address) == f"To: <{address}>\r\n".encode()


def test_a_long_plain_subject_is_folded_at_spaces() -> None:
    field = headers.text_field("Subject", "word " * 30)
    check_lines(field)
    assert b"=?" not in field
    assert field.replace(b"\r\n ", b" ") == b"Subject: " + b"word " * 29 + b"word\r\n"


def test_uris_stand_whole_each_on_its_line() -> None:
    short, long = "https://e.org/a", "https://letters.example.org/unsubscribe/" + "t" * 32
    endless = "https://e.org/" + "x" * 300
    assert headers.uris_field("L", [short, short]) == b"L: <https://e.org/a>,\r\n <https://e.org/a>\r\n"
    assert headers.uris_field("List-Unsubscribe", [long]) == f"List-Unsubscribe:\r\n <{long}>\r\n".encode()
    assert headers.uris_field("List-Archive", [endless]) == f"List-Archive: <{endless}>\r\n".encode()


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        ("ada@example.org", "ada@example.org"),
        ("ada+news@sub.example.org", "ada+news@sub.example.org"),
        ('"ada lovelace"@example.org', '"ada lovelace"@example.org'),
        ('"a@b"@example.org', '"a@b"@example.org'),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@例え.テスト", "ada@xn--r8jz45g.xn--zckzah"),
    ],
)
def test_addresses(value: str, plain: str) -> None:
    assert headers.address(value) == plain


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("", "bad-address"),
        ("ada", "bad-address"),
        ("ada@", "bad-address"),
        ("ada@example..org", "bad-address"),
        ("ada@-example.org", "bad-address"),
        ("a..b@example.org", "bad-address"),
        ("ada@example.org\r\nBcc: x@example.net", "bad-address"),
        ("ada\n@bücher.example", "bad-address"),
        ("ada@example.org\0", "bad-address"),
        ("a b@example.org", "bad-address"),
        ("a" * 65 + "@example.org", "bad-address"),
        ("a" * 64 + "@" + "b." * 100 + "org", "bad-address"),
        ("a" * 64 + "@" + "ü." * 30 + "example.org", "bad-address"),
        ("ada@bü..example", "bad-address"),
        ("ada@" + "ü." * 100 + "org", "bad-address"),
        ("zoë@example.org", "needs-smtputf8"),
    ],
)
def test_addresses_that_cannot_be_mailed(value: str, code: str) -> None:
    with pytest.raises(ContentError) as caught:
        headers.address(value)
    assert caught.value.problems[0].code == code


@given(st.text(max_size=60))
def test_an_address_never_smuggles_anything(value: str) -> None:
    try:
        plain = headers.address(value + "@example.org")
    except ContentError:
        return
    assert re.fullmatch(r"[ -~]+", plain)


@pytest.mark.parametrize("character", ["\r", "\n", "\0", "\x7f", "\x85", "\u2028"])
def test_control_characters_are_refused(character: str) -> None:
    with pytest.raises(ContentError, match="the subject holds a line break"):
        headers.refuse_controls(f"a{character}b", "the subject")


def test_uri() -> None:
    assert headers.uri("https://example.org/a?b=c#d", "it") == "https://example.org/a?b=c#d"
    assert headers.uri("https://bücher.example:8080/é?ü=1#ñ", "it") == (
        "https://xn--bcher-kva.example:8080/%C3%A9?%C3%BC=1#%C3%B1"
    )
    assert headers.uri("https://example.org/é%20x", "it") == "https://example.org/%C3%A9%20x"


@pytest.mark.parametrize(
    "value", ["", "https://e.org/a b", "https://e.org/>x", "https://[é", "https://e.org/\n", "x" * 1000]
)
def test_uris_that_cannot_stand_in_a_header(value: str) -> None:
    with pytest.raises(ContentError):
        headers.uri(value, "it")


def test_list_id() -> None:
    assert headers.list_id("weekly.example.org") == "weekly.example.org"
    assert headers.list_id("weekly.bücher.example") == "weekly.xn--bcher-kva.example"
    for value in ("", "weekly", "a b.example.org", "x." * 200 + "org"):
        with pytest.raises(ContentError):
            headers.list_id(value)


def test_mailto_is_percent_encoded() -> None:
    assert headers.mailto("leave+a&b@example.org", "unsubscribe x") == (
        "mailto:leave+a%26b@example.org?subject=unsubscribe%20x"
    )


def test_date() -> None:
    moment = datetime(2026, 11, 4, 8, 5, 9, 999, tzinfo=UTC)
    assert headers.date_text(moment) == "Wed, 04 Nov 2026 08:05:09 +0000"
    west = timezone(timedelta(hours=-3, minutes=-30))
    assert headers.date_text(moment.astimezone(west)) == "Wed, 04 Nov 2026 04:35:09 -0330"
    with pytest.raises(ValueError, match="time zone"):
        headers.date_text(datetime(2026, 11, 4))  # noqa: DTZ001 - the mistake under test


@pytest.mark.parametrize(
    "value",
    ["zo\u202eë@example.org", "zo ë@example.org", "zoë\u2028@example.org", "ë" * 33 + "@example.org", "zoë@"],
)
def test_recipients_that_cannot_be_mailed(value: str) -> None:
    with pytest.raises(ContentError) as caught:
        headers.recipient(value)
    assert caught.value.problems[0].code == "bad-address"


def test_feedback_id_is_plain_and_bounded() -> None:
    fields = headers.feedback_id("sechs: Gerinnsel ü", "x" * 255).split(":")
    assert len(fields) == 4
    assert all(re.fullmatch(r"[A-Za-z0-9._-]{1,60}", each) for each in fields)
