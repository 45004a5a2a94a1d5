"""Keys, their records, and dkimpy as the receiver who checks signatures."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache

import dkim
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from newsletter.delivery.dkim import Signer
from newsletter.delivery.dkim_keys import SigningKey, read_key, record_name

DOMAIN = "example.org"
AT = datetime(2025, 11, 24, 8, 0, 0, 123456, tzinfo=UTC)
"""In the past, since receivers turn down signatures from the future."""


def pem(key: RSAPrivateKey | Ed25519PrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@cache
def rsa_pem(bits: int = 2048) -> str:
    return pem(generate_private_key(65537, bits))


@cache
def rsa_key() -> SigningKey:
    return read_key(rsa_pem(), "news", "rsa")


@cache
def ed25519_key() -> SigningKey:
    return read_key(pem(Ed25519PrivateKey.generate()), "news-ed", "ed25519")


def signer(*keys: SigningKey) -> Signer:
    return Signer(DOMAIN, keys or (rsa_key(), ed25519_key()))


def records(*keys: SigningKey) -> dict[bytes, bytes]:
    """The DNS of the signing domain."""
    return {f"{record_name(key.selector, DOMAIN)}.".encode(): key.record.encode() for key in keys}


def accepted(content: bytes, dns: Mapping[bytes, bytes] | None = None, *, signatures: int = 2) -> list[bool]:
    """Whether dkimpy accepts each of the signatures, from the top."""
    known = records(rsa_key(), ed25519_key()) if dns is None else dns

    def look_up(name: bytes, timeout: int = 5) -> bytes | None:
        return known.get(name)

    found = []
    for index in range(signatures):
        try:
            found.append(bool(dkim.DKIM(content).verify(idx=index, dnsfunc=look_up)))
        except dkim.DKIMException:
            found.append(False)
    return found
