from __future__ import annotations

import sys
from base64 import b64decode

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as ec_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_public_key,
)

from newsletter.delivery.dkim_keys import read_key, record_name, record_strings
from newsletter.errors import ConfigurationError, Problem
from tests.delivery.signing import ed25519_key, pem, rsa_key, rsa_pem


def refusal(text: str, kind: str = "rsa") -> Problem:
    with pytest.raises(ConfigurationError) as caught:
        read_key(text, "news", kind, key="delivery.dkim.key", file="newsletter.toml", line=12)
    (problem,) = caught.value.problems
    assert (problem.file, problem.line) == ("newsletter.toml", 12)
    return problem


def test_d1_rsa_keys_have_2048_bits_at_least() -> None:
    short = refusal(rsa_pem(1024))

    assert short.code == "bad-dkim-key"
    assert short.message == "delivery.dkim.key: the key has 1024 bits, fewer than 2048 are not safe."
    assert short.hint == "Make one with: newsletter doctor --make-dkim-key"


def test_older_pem_files_are_read_as_well() -> None:
    old = generate_private_key(65537, 2048)
    text = old.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()

    assert "RSA PRIVATE KEY" in text
    assert read_key(text, "news", "rsa").kind == "rsa"


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("MIIEvQ", "rsa", "what stands there is not a private key in PEM format"),
        (pem(Ed25519PrivateKey.generate()), "rsa", "an RSA key is wanted here"),
        (rsa_pem(), "ed25519", "an Ed25519 key is wanted here"),
        (
            ec_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
            "rsa",
            "an RSA key is wanted here",
        ),
    ],
)
def test_what_is_no_key_of_this_kind(text: str, kind: str, words: str) -> None:
    assert words in refusal(text, kind).message


def test_a_key_with_a_password() -> None:
    key = generate_private_key(65537, 2048)
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")).decode()

    assert "locked with a password" in refusal(text).message


def test_the_hint_names_the_kind() -> None:
    assert refusal("x", "ed25519").hint.endswith("--make-dkim-key --ed25519")


def test_without_the_library_the_command_to_install_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives", None)
    with pytest.raises(ConfigurationError) as caught:
        read_key(rsa_pem(), "news", "rsa")

    (problem,) = caught.value.problems
    assert problem.code == "missing-extra"
    assert problem.hint == "Install it: pip install 'newsletter[dkim]'"


def test_the_record_holds_the_public_key() -> None:
    rsa, ed25519 = rsa_key().record, ed25519_key().record

    assert rsa.startswith("v=DKIM1; k=rsa; p=")
    public = load_der_public_key(b64decode(rsa.partition("p=")[2]))
    assert isinstance(public, RSAPublicKey)
    assert public.key_size == 2048
    assert len(b64decode(ed25519.partition("p=")[2])) == 32


def test_a_record_is_cut_into_strings_of_255_octets() -> None:
    strings = record_strings(rsa_key().record)

    assert [len(string) for string in strings] == [255, len(rsa_key().record) - 255]
    assert "".join(strings) == rsa_key().record
    assert record_strings(ed25519_key().record) == [ed25519_key().record]


def test_where_the_record_stands() -> None:
    assert record_name("news", "example.org") == "news._domainkey.example.org"
