"""The keys that mail is signed with (RFC 6376 3.3, RFC 8301, RFC 8463), and their records in the DNS."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass

from newsletter.errors import ConfigurationError

SHORTEST_RSA = 2048
"""Bits of the shortest RSA key that we sign with (RFC 8301 3.2 wants at least 1024, and better 2048)."""

INSTALL = "pip install 'newsletter[dkim]'"
"""Brings the library that signing needs."""

_STRING = 255
"""Octets in one string of a TXT record (RFC 1035 3.3)."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key, ready to use, and the selector under which its public half stands in the DNS.

    `kind` is "rsa" or "ed25519", as in the record's `k=`; `sign` makes a signature from a SHA-256 digest;
    `public` is what stands in the record's `p=`.
    """

    selector: str
    kind: str
    public: bytes
    sign: Callable[[bytes], bytes]

    @property
    def record(self) -> str:
        """The TXT record at `<selector>._domainkey.<domain>` (RFC 6376 3.6.1)."""
        return f"v=DKIM1; k={self.kind}; p={b64encode(self.public).decode('ascii')}"


def read_key(
    pem: str, selector: str, kind: str, *, key: str = "The key", file: str = "", line: int = 0
) -> SigningKey:
    """The key of this kind in a PEM text (PKCS 8, or for RSA also PKCS 1).

    `key`, `file` and `line` say where it was asked for. Raises ConfigurationError when it cannot be read, is
    of another kind or too short, or when the library is missing.
    """
    hint = "Make one with: newsletter doctor --make-dkim-key"
    if kind == "ed25519":
        hint += " --ed25519"

    def refused(message: str) -> ConfigurationError:
        return ConfigurationError(f"{key}: {message}.", file=file, line=line, hint=hint, code="bad-dkim-key")

    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
        from cryptography.hazmat.primitives.serialization import (
            Encoding,
            PublicFormat,
            load_pem_private_key,
        )
    except ImportError as error:
        raise missing_library() from error
    try:
        found = load_pem_private_key(pem.encode(), password=None)
    except TypeError as error:  # what the library raises for lack of a password
        raise refused("the key is locked with a password") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise refused("what stands there is not a private key in PEM format") from error
    if kind == "ed25519" and isinstance(found, Ed25519PrivateKey):
        public = found.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return SigningKey(selector, kind, public, found.sign)
    if kind == "rsa" and isinstance(found, RSAPrivateKey):
        if found.key_size < SHORTEST_RSA:
            raise refused(f"the key has {found.key_size} bits, fewer than {SHORTEST_RSA} are not safe")
        rsa, padding, hashed = found, PKCS1v15(), Prehashed(hashes.SHA256())
        public = rsa.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return SigningKey(selector, kind, public, lambda digest: rsa.sign(digest, padding, hashed))
    wanted = "an RSA" if kind == "rsa" else "an Ed25519"
    raise refused(f"{wanted} key is wanted here, and this is one of another kind")


def missing_library() -> ConfigurationError:
    """The error for a machine on which mail cannot be signed."""
    return ConfigurationError(
        "Signing mail (DKIM) needs the library cryptography, which is not installed.",
        hint=f"Install it: {INSTALL}",
        code="missing-extra",
    )


def record_name(selector: str, domain: str) -> str:
    """Where a key's record stands (RFC 6376 3.6.2.1)."""
    return f"{selector}._domainkey.{domain}"


def record_strings(record: str) -> list[str]:
    """A record cut into the strings that one TXT record is made of; those who read it join them again."""
    return [record[start : start + _STRING] for start in range(0, len(record), _STRING)]
