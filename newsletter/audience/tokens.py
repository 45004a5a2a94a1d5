"""Tokens in links, and hashes that stand for suppressed addresses: keyed with the publication's secret."""

from __future__ import annotations

import base64
import hmac
import re

KEY_LENGTH = 32
PUBLIC_ID_LENGTH = 8
MAC_LENGTH = 16
"""128 bits: guessing one is hopeless, and id and code together fill 32 characters without padding."""

NOBODY = bytes(PUBLIC_ID_LENGTH)
"""The public id of no reader: test messages carry its token, so that their links unsubscribe nobody."""
_BOUNCE_MAC_LENGTH = 8
"""64 bits: whoever forges a bounce has to guess by mail. With id and campaign it fills 32 characters."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")
_BOUNCE_TOKEN = re.compile(r"[a-z2-7]{32}")
# Each use has its own label, so that what is good for one is worthless for another.
_UNSUBSCRIBE = b"unsubscribe\0"
_BOUNCE = b"bounce\0"
_SUPPRESSION = b"suppression\0"
_FINGERPRINT = b"fingerprint\0"


class Tokens:
    """Makes and reads tokens with a secret key of 32 bytes.

    Tokens hold a subscriber's public id and a code that only the key can make; they carry no address. They
    do not expire: a link in an old issue must still let its reader leave.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_LENGTH:
            raise ValueError(f"the key has {len(key)} bytes instead of {KEY_LENGTH}")
        self._keyed = hmac.new(key, digestmod="sha256")

    def __repr__(self) -> str:
        return f"Tokens({self.fingerprint})"

    @property
    def fingerprint(self) -> str:
        """Tells one key from another without giving it away (16 hex digits)."""
        return self._code(_FINGERPRINT, b"").hex()[:16]

    def unsubscribe(self, public_id: bytes) -> str:
        """The token of the reader with this public id (8 bytes): 32 characters that may stand in any URL."""
        if len(public_id) != PUBLIC_ID_LENGTH:
            raise ValueError(f"a public id has {PUBLIC_ID_LENGTH} bytes, not {len(public_id)}")
        return base64.urlsafe_b64encode(public_id + self._code(_UNSUBSCRIBE, public_id)).decode("ascii")

    def read_unsubscribe(self, token: str) -> bytes | None:
        """The public id in a token of ours; None for anything else, in the same time for every forgery."""
        if not _TOKEN.fullmatch(token):
            return None
        octets = base64.urlsafe_b64decode(token)
        public_id, code = octets[:PUBLIC_ID_LENGTH], octets[PUBLIC_ID_LENGTH:]
        return public_id if hmac.compare_digest(code, self._code(_UNSUBSCRIBE, public_id)) else None

    def bounce(self, public_id: bytes, campaign_id: int) -> str:
        """The token in the return path of one delivery: 32 small letters and digits.

        Mail servers may change the case of an address's local part, so that base64 would not come back whole.
        """
        if len(public_id) != PUBLIC_ID_LENGTH:
            raise ValueError(f"a public id has {PUBLIC_ID_LENGTH} bytes, not {len(public_id)}")
        subject = public_id + campaign_id.to_bytes(4, "big")
        code = self._code(_BOUNCE, subject)[:_BOUNCE_MAC_LENGTH]
        return base64.b32encode(subject + code).decode("ascii").lower()

    def read_bounce(self, token: str) -> tuple[bytes, int] | None:
        """Public id and campaign of the delivery whose return path held the token; None for anything else."""
        token = token.lower()
        if not _BOUNCE_TOKEN.fullmatch(token):
            return None
        octets = base64.b32decode(token.upper())
        subject, code = octets[:-_BOUNCE_MAC_LENGTH], octets[-_BOUNCE_MAC_LENGTH:]
        if not hmac.compare_digest(code, self._code(_BOUNCE, subject)[:_BOUNCE_MAC_LENGTH]):
            return None
        return subject[:PUBLIC_ID_LENGTH], int.from_bytes(subject[PUBLIC_ID_LENGTH:], "big")

    def suppression_key(self, email_key: str) -> bytes:
        """What stands in the suppression list for an address as compared: 16 bytes that do not tell it."""
        return self._code(_SUPPRESSION, email_key.encode())

    def _code(self, use: bytes, subject: bytes) -> bytes:
        # copied, because `hmac.digest` lets go of the interpreter lock, which costs more than it does
        keyed = self._keyed.copy()
        keyed.update(use + subject)
        return keyed.digest()[:MAC_LENGTH]
