"""Addresses: what is taken, what is refused and in which words, and what counts as the same."""

from __future__ import annotations

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.audience import addresses
from newsletter.audience.addresses import Address, examine, parse_address, parse_mailbox, shown
from newsletter.errors import ContentError


@pytest.mark.parametrize(
    ("text", "email", "key"),
    [
        ("anna@example.org", "anna@example.org", "anna@example.org"),
        ("  anna@example.org\u00a0", "anna@example.org", "anna@example.org"),
        ("\u200banna@example.org\ufeff", "anna@example.org", "anna@example.org"),
        ("Anna.Berg@Example.ORG", "Anna.Berg@example.org", "anna.berg@example.org"),
        ("Info@Example.org", "Info@example.org", "info@example.org"),
        ("a.n.n.a+news@gmail.com", "a.n.n.a+news@gmail.com", "a.n.n.a+news@gmail.com"),
        ("o'hara!#$%&*/=?^_`{|}~@example.org",) * 3,
        ("anna@bücher.example", "anna@bücher.example", "anna@xn--bcher-kva.example"),
        ("Anna@BÜCHER.example", "Anna@bücher.example", "anna@xn--bcher-kva.example"),
        ("anna@XN--BCHER-KVA.example", "anna@xn--bcher-kva.example", "anna@xn--bcher-kva.example"),
        ("Jörg@example.org", "Jörg@example.org", "jörg@example.org"),
        ("Jo\u0308rg@example.org", "Jörg@example.org", "jörg@example.org"),
        ("anna@mail.test", "anna@mail.test", "anna@mail.test"),
        ("anna@sub-domain.ex-ample.org",) * 3,
        (f"{'a' * 64}@example.org",) * 3,
        (f"a@{'b' * 63}.example.org",) * 3,
    ],
)
def test_takes_addresses(text: str, email: str, key: str) -> None:
    assert parse_address(text) == Address(email, key)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is empty"),
        ("   ", "it is empty"),
        ("anna", "there is no @"),
        ("anna@home@example.org", "there are two @"),
        ("a@b@c@example.org", "there are 3 @"),
        ("@example.org", "there is nothing before the @"),
        ("anna@", "there is nothing after the @"),
        ("an na@example.org", "there is a blank in it"),
        ("anna@example", "should have a period"),
        ("anna@example.org.", "cannot end with a period"),
        (".anna@example.org", "cannot start with a period"),
        ("an..na@example.org", "two periods in a row"),
        ("anna@exa_mple.org", "invalid characters"),
        ("anna@example,org", "invalid characters"),
        ("anna@-example.org", "hyphen"),
        ("anna@example.123", "top-level domain"),
        ("anna@localhost", "should have a period"),
        ("anna@printer.local", "special-use"),
        ("anna@nowhere.INVALID", "special-use"),
        ("anna@[127.0.0.1]", "bracketed IP address"),
        ('"an na"@example.org', "there is a blank in it"),
        ('"anna"@example.org', "quoting the part before the @"),
        ("anna@xn--a.org", "xn--a"),
        ("anna@💌.example", "not allowed"),
        ("anna@example.org\r\nBcc: eve@example.org", "a line break or another control character"),
        ("anna@example.org\n", "a line break or another control character"),
        ("anna\0@example.org", "a line break or another control character"),
        (f"{'a' * 65}@example.org", "the part before the @ has 65 octets, and 64 is the limit"),
        (f"{'ä' * 33}@example.org", "the part before the @ has 66 octets, and 64 is the limit"),
        (f"a@{'b' * 64}.org", "cannot be separated by so many characters"),
        (f"a@{'b.' * 126}org", "it has 257 octets, and 254 is the limit"),
        ("x" * 1000 + "@example.org", "the part before the @ has 1000 octets"),
        ("anna\udcff@example.org", "unsafe characters"),
    ],
)
def test_says_what_is_wrong(text: str, reason: str) -> None:
    with pytest.raises(ContentError) as caught:
        parse_address(text)
    problem = caught.value.problems[0]
    assert problem.code == "bad-address"
    assert reason in problem.message
    assert problem.message.isprintable()
    assert problem.message.endswith(".")


def test_the_longest_path_is_256_octets() -> None:
    domain = ".".join(["d" * 61] * 3)
    longest = f"{'a' * 64}@{domain}.eu"
    assert len(longest) == 253
    assert parse_address(f"{'a' * 64}@{domain}.org").email == f"{'a' * 64}@{domain}.org"
    with pytest.raises(ContentError):
        parse_address(f"{'a' * 64}@{domain}.info")


_ALPHABET = "abzABZ09._+-@!ü%\u0130 "
_almost_addresses = st.one_of(
    st.emails(),
    st.text(_ALPHABET, max_size=40),
    st.builds(
        "{}@{}.{}".format,
        st.text(_ALPHABET, max_size=8),
        st.text("ab9-.xn", max_size=12),
        st.text("abC1", max_size=4),
    ),
)


@given(_almost_addresses)
@example("a@xn--a.org")
@example("a@ab--cd.org")
@example("a@b.test")
@example("a@b.local")
@example("a@b.c")
def test_the_fast_way_agrees_with_email_validator(text: str) -> None:
    if not addresses._PLAIN.fullmatch(text) or len(text) > addresses._PLAIN_OCTETS:
        return
    valid = validate_email(text, check_deliverability=False, test_environment=True, strict=True)
    local, _, domain = text.rpartition("@")
    assert valid.ascii_email is not None
    assert valid.ascii_email.lower() == text.lower()
    assert parse_address(text) == Address(f"{local}@{domain.lower()}", text.lower())


@given(_almost_addresses)
def test_whatever_the_validator_refuses_is_refused(text: str) -> None:
    found = examine(text)
    if isinstance(found, Address):
        validate_email(found.email, check_deliverability=False, test_environment=True)
    else:
        with pytest.raises(EmailNotValidError):
            validate_email(text, check_deliverability=False, test_environment=True, strict=True)


@given(_almost_addresses)
def test_addresses_round_trip(text: str) -> None:
    found = examine(text)
    if isinstance(found, Address):
        assert examine(found.email) == found
        assert isinstance(again := examine(found.key), Address)
        assert again.key == found.key


@pytest.mark.parametrize(
    ("text", "name", "email"),
    [
        ("anna@example.org", "", "anna@example.org"),
        ("<anna@example.org>", "", "anna@example.org"),
        ("Anna Berg <anna@example.org>", "Anna Berg", "anna@example.org"),
        (' "Berg, Anna \\"Bee\\"" < anna@example.org > ', 'Berg, Anna "Bee"', "anna@example.org"),
    ],
)
def test_reads_mailboxes(text: str, name: str, email: str) -> None:
    found, address = parse_mailbox(text)
    assert (found, address.email) == (name, email)


@pytest.mark.parametrize("text", ["Anna <anna>", "Anna <anna@example.org", "a@example.org, b@example.org"])
def test_refuses_what_is_no_mailbox(text: str) -> None:
    with pytest.raises(ContentError):
        parse_mailbox(text)


def test_what_is_shown_is_one_short_line() -> None:
    assert shown("a\r\nb\0") == r"a\r\nb\x00"
    assert len(shown("x" * 500)) == 80
