"""DKIM signatures (RFC 6376): rsa-sha256 and, as a second one, ed25519-sha256 (RFC 8463), relaxed/relaxed.

Every field that matters is signed once more than it occurs, so that nobody can add another one on the way
("oversigning", RFC 6376 8.15). The body is signed to its end: no `l=`.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from newsletter.delivery.dkim_keys import SigningKey

SIGNED = (
    "From",
    "To",
    "Cc",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "List-Subscribe",
    "List-Archive",
    "List-Post",
    "List-Help",
    "List-Owner",
    "Archived-At",
    "Feedback-ID",
)
"""The fields that are signed, present or not. RFC 8058 4 asks for both of List-Unsubscribe's."""

_LINE = 78
_SIGNATURE = 72
"""Octets of a signature in one line."""

_WHITE_SPACE = re.compile(rb"[ \t]+")
_FIELD_END = re.compile(rb"\r\n(?![ \t])")


class Signer:
    """Signs mail for one domain, with one key or several.

    `domain` is the `d=` of every signature, in ASCII.
    """

    def __init__(self, domain: str, keys: Sequence[SigningKey]) -> None:
        self.domain = domain
        self.keys = tuple(keys)

    def sign(self, content: bytes, at: datetime) -> bytes:
        """A whole message (CRLF line ends) with its signatures in front, made at the moment `at`.

        For mail made one at a time; a `Seal` does the same for all messages of a template.
        """
        header, _, body = content.partition(b"\r\n\r\n")
        fields = relaxed_header(header)
        body_hash = hashlib.sha256(relaxed_body(body)).digest()
        return self.form(fields).fields(signed_header(fields), body_hash, at) + content

    def form(self, fields: Mapping[str, Sequence[bytes]]) -> SignatureForm:
        """The signatures of messages with these header fields (see `relaxed_header`), to fill in."""
        names = _signed_names(fields)
        return SignatureForm(
            [
                (
                    f"v=1; a={key.kind}-sha256; c=relaxed/relaxed; t=".encode("ascii"),
                    f";\r\n d={self.domain};\r\n s={key.selector};\r\n {names};\r\n bh=".encode("ascii"),
                    key.sign,
                )
                for key in self.keys
            ]
        )


class SignatureForm:
    """DKIM-Signature fields to fill in: the moment, the hash of the body and the signature are missing."""

    def __init__(self, parts: Sequence[tuple[bytes, bytes, Callable[[bytes], bytes]]]) -> None:
        # every fold of ours is a line break before one space: without the break, the form is relaxed
        self._parts = [(begin, rest, _unfolded(rest), sign) for begin, rest, sign in parts]

    def fields(self, header: bytes, body_hash: bytes, at: datetime) -> bytes:
        """The fields for one message: `header` from `signed_header`, the SHA-256 of its relaxed body."""
        header_hash = hashlib.sha256(header)
        moment, body = b"%d" % int(at.timestamp()), b64encode(body_hash)
        fields: list[bytes] = []
        for begin, rest, rest_relaxed, sign in self._parts:
            digest = header_hash.copy()
            digest.update(b"".join((b"dkim-signature:", begin, moment, rest_relaxed, body, b"; b=")))
            signature = b64encode(sign(digest.digest()))
            starts = range(0, len(signature), _SIGNATURE)
            lines = [signature[start : start + _SIGNATURE] for start in starts]
            fields += (b"DKIM-Signature: ", begin, moment, rest, body, b";\r\n b=")
            fields += (b"\r\n ".join(lines), b"\r\n")
        return b"".join(fields)


def _unfolded(octets: bytes) -> bytes:
    return octets.replace(b"\r\n", b"")


# --- the relaxed form (RFC 6376 3.4) ---------------------------------------------------------------------


def relaxed_header(header: bytes) -> dict[str, list[bytes]]:
    """The fields of a header in their relaxed form, by their names in lower case, in order."""
    found: dict[str, list[bytes]] = {}
    for field in _FIELD_END.split(header):
        name, colon, value = field.partition(b":")
        if colon:
            name = name.rstrip(b" \t").lower()
            field = name + b":" + relaxed_value(value) + b"\r\n"
            found.setdefault(name.decode("latin-1"), []).append(field)
    return found


def relaxed_value(value: bytes) -> bytes:
    """What stands behind a field's colon, unfolded, with single spaces."""
    return _WHITE_SPACE.sub(b" ", _unfolded(value)).strip(b" ")


def relaxed_lines(lines: bytes) -> bytes:
    """Whole lines of a body, with single spaces and none at the lines' ends."""
    return _WHITE_SPACE.sub(b" ", lines).replace(b" \r\n", b"\r\n")


def relaxed_body(body: bytes) -> bytes:
    """A whole body: as `relaxed_lines`, without empty lines at its end."""
    body = relaxed_lines(body).rstrip(b" ")
    end = len(body)
    while body[end - 2 : end] == b"\r\n":
        end -= 2
    return body[:end] + b"\r\n" if end else b""


# --- which fields ----------------------------------------------------------------------------------------


def signed_header(fields: Mapping[str, Sequence[bytes]]) -> bytes:
    """What is hashed of a header, as `relaxed_header` gives it: the last field of a name comes first."""
    return b"".join(b"".join(reversed(fields.get(name.lower(), ()))) for name in SIGNED)


def _signed_names(fields: Mapping[str, Sequence[bytes]]) -> str:
    """The tag `h=`, folded: each name once more than there are fields of it."""
    lines = ["h="]
    for name in SIGNED:
        for _ in range(len(fields.get(name.lower(), ())) + 1):
            if len(lines[-1]) + len(name) + 2 > _LINE:
                lines.append("")
            lines[-1] += f"{name}:"
    return "\r\n ".join(lines).removesuffix(":")
