"""A message taken apart again, for providers that want its pieces and put the mail together themselves.

The MIME content stays the one source of what is sent: nothing here knows editions or readers.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message as Mail
from email.utils import parseaddr

from newsletter.model import Message

_OWN_FIELDS = frozenset(
    (
        "from",
        "to",
        "reply-to",
        "subject",
        "message-id",
        "date",
        "mime-version",
        "content-type",
        "content-transfer-encoding",
        "dkim-signature",
    )
)
"""Header fields that have a place of their own in a request, or that the provider makes anew. A signature of
ours would not fit the mail that the provider puts together."""

_FOLD = re.compile(r"\r?\n(?=[ \t])")
_SIMPLE_ID = re.compile(r"<([A-Za-z0-9_-]{1,64})@[^<>@]+>")
_SPECIALS = re.compile(r'[][()<>@,:;".\\]')


@dataclass(frozen=True, slots=True)
class Letter:
    """The pieces of one message.

    `sender`, `recipient` and `reply_to` are mailboxes with their names, or "". `headers` are all other fields
    (List-Unsubscribe among them), unfolded and in ASCII. `delivery` names the delivery in few characters:
    letters, digits, hyphens and underscores.
    """

    message_id: str
    delivery: str
    sender: str
    recipient: str
    reply_to: str
    subject: str
    text: str
    html: str
    headers: tuple[tuple[str, str], ...]


def read_letter(message: Message) -> Letter:
    """Takes a message apart. The address it goes to is that of the envelope."""
    mail = message_from_bytes(message.content)
    bodies = {part.get_content_subtype(): _body(part) for part in reversed(list(_texts(mail)))}
    return Letter(
        message_id=message.message_id,
        delivery=delivery_name(message.message_id),
        sender=_mailbox(_unfolded(mail.get("From", ""))),
        recipient=_mailbox(_unfolded(mail.get("To", "")), message.recipient),
        reply_to=_mailbox(_unfolded(mail.get("Reply-To", ""))),
        subject=_decoded(_unfolded(mail.get("Subject", ""))),
        text=bodies.get("plain", ""),
        html=bodies.get("html", ""),
        headers=tuple(
            (name, _unfolded(value)) for name, value in mail.items() if name.lower() not in _OWN_FIELDS
        ),
    )


def delivery_name(message_id: str) -> str:
    """A delivery's name for a provider's books: the Message-ID without its domain, or a hash of it."""
    simple = _SIMPLE_ID.fullmatch(message_id)
    return simple[1] if simple else hashlib.sha256(message_id.encode("utf-8", "replace")).hexdigest()[:32]


def _texts(mail: Mail) -> Iterator[Mail]:
    return (part for part in mail.walk() if part.get_content_maintype() == "text")


def _body(part: Mail) -> str:
    octets = part.get_payload(decode=True)
    if not isinstance(octets, bytes):
        return ""  # never so: a text part is no multipart one
    return octets.decode(part.get_content_charset("utf-8"), "replace").replace("\r\n", "\n")


def _unfolded(value: object) -> str:
    return _FOLD.sub("", str(value)).strip()


def _decoded(value: str) -> str:
    return str(make_header(decode_header(value)))


def _mailbox(field: str, address: str = "") -> str:
    """The first mailbox of a field, name decoded, quoted where need be; with `address` for its own."""
    name, own = parseaddr(field)
    name, address = _decoded(name), address or own
    if not name:
        return address
    if _SPECIALS.search(name):
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        name = f'"{escaped}"'
    return f"{name} <{address}>"
