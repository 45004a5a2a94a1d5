"""A rendition as one reader's message: all encoded once, the reader's values spliced in (RFC 5322, 2046).

The message is a list of byte pieces with holes. Where a hole stands in a body, soft line breaks put its
value on lines of its own, so that values never disturb the encoding around them.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from html import escape

from newsletter.delivery import headers
from newsletter.delivery.dkim import Signer
from newsletter.delivery.merging import Reader, reader
from newsletter.delivery.pieces import Hole, Piece, Slot, body_pieces, boundary_for
from newsletter.delivery.quoted import encode_value
from newsletter.delivery.seal import Seal
from newsletter.document import Merge
from newsletter.errors import ContentError
from newsletter.model import (
    UNSUBSCRIBE_URL,
    Identity,
    Message,
    Rendition,
    Segments,
    Subscriber,
)

_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,200}")
_MESSAGE_ID = re.compile(r"<[!-;=?A-~]{1,200}@[A-Za-z0-9.-]{1,255}>")
_SAMPLE_TOKEN = "\0" * 32
"""Stands for a token while header lines are measured and cut; occurs nowhere else."""
_SAME_EVERYWHERE = re.compile(r"(?!From )[A-Za-z0-9 ,;:!?()@_+*/-][A-Za-z0-9 .,;:!?()@_+*/-]{0,74}")

_NEVER = datetime(1, 1, 1, tzinfo=UTC)

_PART_START = (
    "--{boundary}\r\nContent-Type: text/{kind}; charset=utf-8\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
)


def message_id(key: bytes, campaign_id: int, public_id: bytes, domain: str) -> str:
    """The Message-ID of one delivery, with its angle brackets: the same at every attempt.

    To anybody without `key` it tells nothing about the reader (RFC 5322 3.6.4 only wants it unique).
    """
    keyed = _keyed(key).copy()
    keyed.update(b"message-id:%d:" % campaign_id + public_id)
    name = keyed.digest()[:16].hex()
    return f"<{name}@{domain if domain.isascii() else headers.a_labels(domain)}>"


@lru_cache(maxsize=4)
def _keyed(key: bytes) -> hmac.HMAC:
    """To be copied: `hmac.digest` lets go of the interpreter lock, which costs more than its work."""
    return hmac.new(key, digestmod="sha256")


@dataclass(frozen=True, slots=True)
class _Field:
    """A merge field with the places of all the pieces that it fills."""

    read: Reader
    text_at: tuple[int, ...]
    html_at: tuple[int, ...]


class MessageTemplate:
    """One rendition with everything encoded that is the same for all its readers.

    Make one with `compile` for each tier and use it for every reader of that tier.
    """

    __slots__ = (
        "_date",
        "_date_at",
        "_fields",
        "_id_at",
        "_link",
        "_pieces",
        "_seal",
        "_sender",
        "_subject",
        "_subject_at",
        "_to_at",
        "_token_at",
    )

    def __init__(
        self,
        pieces: Sequence[Piece],
        *,
        subject: Segments,
        sender: str,
        link: str,
        language: str,
        seal: Seal | None,
    ) -> None:
        self._pieces = [piece if isinstance(piece, bytes) else b"" for piece in pieces]
        places: dict[Slot | Hole, list[int]] = {slot: [] for slot in Slot}
        for at, piece in enumerate(pieces):
            if not isinstance(piece, bytes):
                places.setdefault(piece, []).append(at)
        (self._to_at,), (self._date_at,) = places[Slot.TO], places[Slot.DATE]
        (self._id_at,) = places[Slot.MESSAGE_ID]
        self._token_at, self._subject_at = places[Slot.TOKEN], places[Slot.SUBJECT]
        merges = dict.fromkeys(hole.merge for hole in places if isinstance(hole, Hole))
        self._fields = tuple(
            _Field(
                reader(merge, language),
                tuple(places.get(Hole(merge, html=False), ())),
                tuple(places.get(Hole(merge, html=True), ())),
            )
            for merge in merges
        )
        self._subject = tuple(
            each if isinstance(each, str) or each.name == UNSUBSCRIBE_URL else reader(each, language)
            for each in subject
        )
        self._sender = sender
        self._link = link
        self._seal = seal
        self._date = (_NEVER, _NEVER, b"")

    @classmethod
    def compile(
        cls, rendition: Rendition, identity: Identity, signer: Signer | None = None
    ) -> MessageTemplate:
        """Encodes `rendition` for sending by `identity`; with a `signer`, every message is signed (DKIM).

        Raises ContentError when a value cannot stand in a header: a line break in the subject, say.
        """
        sender = headers.address(identity.return_path) if identity.return_path else ""
        link = _leave_link(identity)
        text = body_pieces(rendition.text, link, html=False)
        html = body_pieces(rendition.html, link, html=True)
        boundary = boundary_for([*text, *html])
        header = [
            *_header(rendition, identity),
            headers.plain_field("MIME-Version", "1.0"),
            f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n\r\n'.encode("ascii"),
        ]
        body = [
            _PART_START.format(boundary=boundary, kind="plain").encode("ascii"),
            *text,
            b"\r\n" + _PART_START.format(boundary=boundary, kind="html").encode("ascii"),
            *html,
            f"\r\n--{boundary}--\r\n".encode("ascii"),
        ]
        return cls(
            [*header, *body],
            subject=rendition.subject,
            sender=sender,
            link=link,
            language=identity.language,
            seal=Seal(signer, header, body) if signer else None,
        )

    def assemble(
        self, *, subscriber: Subscriber, token: str, message_id: str, date: datetime, bounce_token: str = ""
    ) -> Message:
        """The message for one reader; `date` is the moment of sending, `token` his token for leaving.

        With a `bounce_token` the envelope's sender is an address of his own (VERP), `bounces+TOKEN@…`, so
        that a message that comes back tells whose it was; without one it is the return path that all share.

        Raises ContentError when his address cannot be mailed, or the token or Message-ID is malformed.
        """
        tokens = (token, bounce_token) if bounce_token else (token,)
        if not all(map(_TOKEN.fullmatch, tokens)) or not _MESSAGE_ID.fullmatch(message_id):
            raise ContentError(f"the token or the Message-ID {message_id!r} is malformed", code="bad-token")
        recipient = headers.recipient(subscriber.email)
        pieces = self._pieces.copy()
        pieces[self._to_at] = headers.mailbox_field("To", subscriber.name, recipient)
        pieces[self._date_at] = self._date_octets(date)
        pieces[self._id_at] = message_id.encode("ascii")
        token_octets = token.encode("ascii")
        for at in self._token_at:
            pieces[at] = token_octets
        for field in self._fields:
            value = field.read(subscriber)
            if _SAME_EVERYWHERE.fullmatch(value):
                in_text = in_html = value.encode("ascii")
            else:
                in_text, in_html = encode_value(value), encode_value(escape(value, quote=True))
            for at in field.text_at:
                pieces[at] = in_text
            for at in field.html_at:
                pieces[at] = in_html
        for at in self._subject_at:
            pieces[at] = headers.text_field("Subject", self._subject_for(subscriber, token))
        if self._seal:
            pieces.insert(0, self._seal.fields(pieces, date))
        return Message(
            key=subscriber.id,
            message_id=message_id,
            sender=headers.verp(self._sender, bounce_token) if bounce_token else self._sender,
            recipient=recipient,
            content=b"".join(pieces),
            eight_bit=not recipient.isascii(),
            dotless=True,
        )

    def _date_octets(self, date: datetime) -> bytes:
        """The date, worked out once a second."""
        begin, end, octets = self._date
        if date.tzinfo is not begin.tzinfo or not begin <= date < end:
            begin = date.replace(microsecond=0)
            octets = headers.date_text(begin).encode("ascii")
            self._date = (begin, begin + timedelta(seconds=1), octets)
        return octets

    def _subject_for(self, subscriber: Subscriber, token: str) -> str:
        words: list[str] = []
        for segment in self._subject:
            if isinstance(segment, str):
                words.append(segment)
            elif isinstance(segment, Merge):
                words.append(self._link + token)
            else:
                words.append(segment(subscriber))
        return "".join(words)


# --- header ----------------------------------------------------------------------------------------------


def _header(rendition: Rendition, identity: Identity) -> list[Piece]:
    """The fields above the MIME ones, those and no others, each at most once (RFC 5322 3.6)."""
    for value, what in (
        (identity.from_name, "the sender's name"),
        (identity.list_name, "the newsletter's title"),
    ):
        headers.refuse_controls(value, what)
    pieces: list[Piece] = [
        headers.mailbox_field("From", identity.from_name, headers.address(identity.from_address)),
        Slot.TO,
    ]
    if identity.reply_to:
        pieces.append(headers.mailbox_field("Reply-To", "", headers.address(identity.reply_to)))
    pieces += [
        _subject(rendition.subject),
        b"Date: ",
        Slot.DATE,
        b"\r\nMessage-ID: ",
        Slot.MESSAGE_ID,
        b"\r\n",
    ]
    pieces.append(headers.mailbox_field("List-Id", identity.list_name, headers.list_id(identity.list_id)))
    pieces += _leave_fields(identity)
    if identity.archive_url:
        archive = headers.uri(identity.archive_url, "the archive's address")
        pieces.append(headers.uris_field("List-Archive", [archive]))
    pieces.append(headers.plain_field("List-Post", "NO"))
    if identity.issue_url:
        pieces.append(
            headers.uris_field("Archived-At", [headers.uri(identity.issue_url, "the issue's address")])
        )
    if identity.feedback_id:
        pieces.append(headers.plain_field("Feedback-ID", identity.feedback_id))
    pieces.append(headers.plain_field("Precedence", "bulk"))
    pieces.append(headers.plain_field("X-Auto-Response-Suppress", "OOF, AutoReply"))
    return pieces


def _subject(segments: Segments) -> bytes | Slot:
    for segment in segments:
        headers.refuse_controls(
            segment if isinstance(segment, str) else segment.fallback or "", "the subject"
        )
    if all(isinstance(segment, str) for segment in segments):
        return headers.text_field("Subject", "".join(map(str, segments)))
    return Slot.SUBJECT


def _leave_fields(identity: Identity) -> list[Piece]:
    """List-Unsubscribe, the https way first, and RFC 8058's List-Unsubscribe-Post where there is one."""
    ways = [way + _SAMPLE_TOKEN for way in (_https_link(identity), _mailto_link(identity)) if way]
    field = headers.uris_field("List-Unsubscribe", ways)
    before, *after = field.split(_SAMPLE_TOKEN.encode("ascii"))
    pieces: list[Piece] = [before]
    for static in after:
        pieces += [Slot.TOKEN, static]
    if identity.unsubscribe_base.startswith("https://"):
        pieces.append(headers.plain_field("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    return pieces


def _https_link(identity: Identity) -> str:
    base = identity.unsubscribe_base
    return headers.uri(base, "the address for leaving") if base else ""


def _mailto_link(identity: Identity) -> str:
    mailbox = identity.unsubscribe_mailbox
    return headers.mailto(headers.address(mailbox), "unsubscribe ") if mailbox else ""


def _leave_link(identity: Identity) -> str:
    """The reader's link for leaving, but for his token, which comes last in either way."""
    link = _https_link(identity) or _mailto_link(identity)
    if not link:
        raise ContentError(
            "the mail would have no way to leave the list",
            hint="give the publication a service address or a mailbox for leaving",
            code="no-unsubscribe",
        )
    return link
