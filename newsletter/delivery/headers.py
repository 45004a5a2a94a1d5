"""Header fields as bytes (RFC 5322, 2047, 2369): folded only between our own tokens, never inside an address.

Every function that gives a field gives all of it, with its final CRLF. Lines are at most 78 octets (76 with
encoded-words, RFC 2047 2) unless one address or URI alone is longer; no line is ever longer than 998.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from urllib.parse import quote, urlsplit, urlunsplit

from newsletter.errors import ContentError

LINE_LIMIT = 998
"""Octets in any line, without CRLF (RFC 5322 2.1.1)."""

_GOOD_LENGTH = 78
_WORD_LENGTH = 75
_WORD_LINE_LENGTH = 76
_WORD_OVERHEAD = len("=?utf-8?q??=")

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_SPACES = re.compile(" {2,}")
_WHITE_SPACE = re.compile(r"\s{2,}")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/?^_`{|}~-]+)*")  # without "="
_PRINTABLE = re.compile(r"[ -~]*")
_URI = re.compile(r"[!#-;=?-~]+")

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_LOCAL = rf'(?:{_ATOM}(?:\.{_ATOM})*|"(?:[ !#-\[\]-~]|\\[ -~])*")'
_LOCAL_PART = re.compile(_LOCAL)
_INTERNATIONAL = re.compile(_LOCAL.replace("A-Za-z", "A-Za-z\u00a1-\U0010ffff"))
"""The local part of an international address, to be printable as well."""
_ADDRESS = re.compile(rf"(?P<local>{_LOCAL})@{_LABEL}(?:\.{_LABEL})*")
_DOTTED = re.compile(rf"{_ATOM}(?:\.{_ATOM})+")
_LONGEST_ADDRESS = 254
_LONGEST_LIST_ID = 255
_LONGEST_LOCAL_PART = 64
_LONGEST_DOMAIN = 253

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# RFC 2047 5 (3): what may stand as itself in the Q encoding, in display names too.
_Q_PLAIN = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/"
_Q = tuple(
    "_" if octet == 0x20 else chr(octet) if octet in _Q_PLAIN else f"={octet:02X}" for octet in range(256)
)

# --- what may go in --------------------------------------------------------------------------------------


def refuse_controls(value: str, what: str) -> None:
    """Raises ContentError when `value` holds a control character, most of all a line break (RFC 5322 2.2).

    `what` names the value for the publisher ("the subject").
    """
    found = _CONTROLS.search(value)
    if found:
        raise ContentError(
            f"{what} holds a line break or another control character (U+{ord(found[0][0]):04X})",
            hint="take it out: a header is one line of text",
            code="control-character",
        )


def tidy(value: str) -> str:
    """A reader's value made fit for one line: control characters become a space, outer white space goes."""
    return _CONTROLS.sub(" ", value).strip()


def tidy_header(value: str) -> str:
    """Like `tidy`, with runs of spaces made one, because folding may not keep them apart."""
    return _SPACES.sub(" ", tidy(value))


def tidy_name(value: str) -> str:
    """A display name made fit: like `tidy`, with every run of white space made one space."""
    return _WHITE_SPACE.sub(" ", tidy(value))


def address(value: str) -> str:
    """The addr-spec (RFC 5322 3.4.1) as it goes out: ASCII, an international domain as A-labels (RFC 5890).

    Raises ContentError: `bad-address` when it is none or is too long (RFC 5321 4.5.3.1), `needs-smtputf8`
    when its local part is not ASCII (RFC 6531): only a recipient's may be, see `recipient`.
    """
    match = _ADDRESS.fullmatch(value)
    if match and match.end("local") <= _LONGEST_LOCAL_PART and len(value) <= _LONGEST_ADDRESS:
        return value
    local, at, domain = value.rpartition("@")
    if at and not local.isascii() and not _CONTROLS.search(value):
        raise ContentError(
            f"the address {value!r} has letters before the @ that need an international mail system",
            hint="ask the reader for another address",
            code="needs-smtputf8",
        )
    if _LOCAL_PART.fullmatch(local) and len(local) <= _LONGEST_LOCAL_PART and not domain.isascii():
        plain = f"{local}@{a_labels(domain)}"
        if len(plain) <= _LONGEST_ADDRESS:
            return plain
    raise ContentError(f"{value!r} is not an e-mail address", code="bad-address")


def recipient(value: str) -> str:
    """Like `address`, with letters of any script allowed before the @ (RFC 6531 3.3; in NFC, RFC 6532 3.1).

    Its domain is in A-labels all the same. A message to such an address needs SMTPUTF8 all the way.
    """
    local, _, domain = value.rpartition("@")
    if local.isascii():
        return address(value)
    local = unicodedata.normalize("NFC", local)
    plain = f"{local}@{address(f'x@{domain}')[2:]}"
    fits = len(local.encode()) <= _LONGEST_LOCAL_PART and len(plain.encode()) <= _LONGEST_ADDRESS
    if not (fits and local.isprintable() and _INTERNATIONAL.fullmatch(local)):
        raise ContentError(f"{value!r} is not an e-mail address", code="bad-address")
    return plain


@lru_cache(maxsize=4096)
def a_labels(domain: str) -> str:
    """An international domain in ASCII (IDNA 2008 after UTS 46 mapping); ContentError when it is none."""
    import idna  # here, because its tables are large and most lists hold no international domain

    try:
        plain = idna.encode(domain, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError) as error:
        raise ContentError(f"{domain!r} is not a domain name: {error}", code="bad-address") from error
    if len(plain) > _LONGEST_DOMAIN:
        raise ContentError(f"the domain name {domain!r} is too long", code="bad-address")
    return plain


def verp(return_path: str, token: str) -> str:
    """The return path of one message (VERP): `bounces@example.org` becomes `bounces+TOKEN@example.org`."""
    local, _, domain = return_path.rpartition("@")
    return f"{local}+{token}@{domain}"


_FEEDBACK = re.compile(r"[^A-Za-z0-9._-]+")


def feedback_id(slug: str, list_id: str) -> str:
    """The Feedback-ID of a mailing, `issue:list:kind:sender`: four fields, none of them about a person.

    Gmail counts complaints by each of the first three, as long as the last, the sender, stays the same; it
    must have 5 to 15 characters, and no field may repeat another.
    """
    sender = hashlib.sha256(list_id.encode()).hexdigest()[:12]
    issue, newsletter = (_FEEDBACK.sub("-", each)[:60] for each in (slug, list_id))
    return f"{issue}:{newsletter}:issue:{sender}"


def list_id(value: str) -> str:
    """The list's identifier in ASCII (RFC 2919 2); ContentError when it is none."""
    plain = value if value.isascii() else a_labels(value)
    if not _DOTTED.fullmatch(plain) or len(plain) > _LONGEST_LIST_ID:
        raise ContentError(
            f"{value!r} cannot identify a list: it must look like a domain name", code="bad-list-id"
        )
    return plain


def uri(value: str, what: str) -> str:
    """An absolute address in ASCII (RFC 3986); ContentError when it cannot stand in a header."""
    refuse_controls(value, what)
    plain = value
    if not value.isascii():
        try:
            parts = urlsplit(value)
        except ValueError as error:
            raise ContentError(f"{what} is not an address: {error}", code="bad-address") from error
        host, colon, port = parts.netloc.partition(":")
        netloc = (host if host.isascii() else a_labels(host)) + colon + port
        path, query, fragment = (
            quote(part, safe="%/:?#[]@!$&'()*+,;=~") for part in (parts.path, parts.query, parts.fragment)
        )
        plain = urlunsplit((parts.scheme, netloc, path, query, fragment))
    if not _URI.fullmatch(plain) or len(plain) > LINE_LIMIT - 100:
        raise ContentError(
            f"{what} is not an address that a header can hold: {value[:100]!r}",
            hint="write spaces, quotation marks and angle brackets as %20, %22, %3C and %3E",
            code="bad-address",
        )
    return plain


def mailto(mailbox: str, subject: str) -> str:
    """A `mailto:` URI (RFC 6068) for `mailbox` with `subject`."""
    return f"mailto:{quote(mailbox, safe='@+-._~')}?subject={quote(subject, safe='-._~')}"


# --- whole fields ----------------------------------------------------------------------------------------


def plain_field(name: str, value: str) -> bytes:
    """A field whose value is ours: short, ASCII, never folded."""
    return f"{name}: {value}\r\n".encode("ascii")


def text_field(name: str, value: str) -> bytes:
    """A field of free text such as Subject; `value` is tidied."""
    value = tidy_header(value)
    if _PRINTABLE.fullmatch(value) and "=?" not in value:
        if len(name) + 2 + len(value) <= _GOOD_LENGTH:
            return f"{name}: {value}\r\n".encode("ascii")
        words = value.split(" ")
        if max(map(len, words)) < _GOOD_LENGTH:
            return _fold(name, words, _GOOD_LENGTH)
    return _fold(name, encoded_words(value, _room(name)), _WORD_LINE_LENGTH)


def mailbox_field(name: str, display_name: str, bracketed: str) -> bytes:
    """A field of the form `Display name <bracketed>`: From, To, Reply-To, List-Id (RFC 2919).

    `display_name` may be empty; it is tidied, then quoted or encoded as it needs. `bracketed` is an addr-spec
    or list identifier and stays as it is: in ASCII, but for an international recipient (RFC 6532).
    """
    if _ATOMS.fullmatch(display_name):
        simple = f"{name}: {display_name} <{bracketed}>\r\n"
        if len(simple) <= _GOOD_LENGTH + 2:
            return simple.encode()
    end = f"<{bracketed}>"
    display_name = tidy_name(display_name)
    if not display_name:
        return _fold(name, [end], _GOOD_LENGTH)
    if _PRINTABLE.fullmatch(display_name) and "=?" not in display_name:
        phrase = _quoted(display_name)
        if len(name) + 2 + len(phrase) <= _GOOD_LENGTH:
            return _fold(name, [phrase, end], _GOOD_LENGTH)
        quoted_words = [_quoted(word) for word in display_name.split(" ")]
        if max(map(len, quoted_words)) < _GOOD_LENGTH:
            return _fold(name, [*quoted_words, end], _GOOD_LENGTH)
    words = encoded_words(display_name, _room(name))
    return _fold(name, [*words, end], _WORD_LINE_LENGTH)


def _quoted(words: str) -> str:
    """`words` as they are when they are atoms, else as one quoted-string (RFC 5322 3.2.4)."""
    if _ATOMS.fullmatch(words):
        return words
    return '"' + words.replace("\\", "\\\\").replace('"', '\\"') + '"'


def uris_field(name: str, uris: Sequence[str]) -> bytes:
    """A list of URIs in angle brackets (RFC 2369 2), each whole on a line of its own."""
    lines = [f"<{one}>" for one in uris]
    first = f"{name}: {lines[0]}"
    longest = _GOOD_LENGTH - 1  # the comma
    if len(first) > longest and len(lines[0]) < longest:
        first = f"{name}:\r\n {lines[0]}"
    return (",\r\n ".join([first, *lines[1:]]) + "\r\n").encode("ascii")


def date_text(moment: datetime) -> str:
    """`moment` as RFC 5322 3.3 wants it, with a numeric zone; ValueError when it knows no zone."""
    offset = moment.utcoffset()
    if offset is None:
        raise ValueError("a Date needs a time zone")
    minutes = offset // timedelta(minutes=1)
    sign = "-" if minutes < 0 else "+"
    hours, minutes = divmod(abs(minutes), 60)
    return (
        f"{_DAYS[moment.weekday()]}, {moment.day:02d} {_MONTHS[moment.month - 1]} {moment.year:04d} "
        f"{moment:%H:%M:%S} {sign}{hours:02d}{minutes:02d}"
    )


# --- encoded-words ---------------------------------------------------------------------------------------


def encoded_words(text: str, room: int) -> list[str]:
    """`text` as RFC 2047 encoded-words of at most 75 characters, the first of at most `room`.

    Q or B encoding, whichever is shorter; a character is never split between two words. White space must
    separate the words; a reader's program drops it again.
    """
    data = text.encode("utf-8", "replace")
    quoted = "".join([_Q[octet] for octet in data])
    use_q = len(quoted) <= _base64_length(len(data))
    if use_q and len(quoted) + _WORD_OVERHEAD <= room:
        return [f"=?utf-8?q?{quoted}?="]
    chunks: list[bytes] = []
    chunk, used, limit = b"", 0, room - _WORD_OVERHEAD
    for character in text:
        piece = character.encode("utf-8", "replace")
        cost = sum(len(_Q[octet]) for octet in piece)
        if chunk and (used + cost if use_q else _base64_length(len(chunk) + len(piece))) > limit:
            chunks.append(chunk)
            chunk, used, limit = b"", 0, _WORD_LENGTH - _WORD_OVERHEAD
        chunk += piece
        used += cost
    chunks.append(chunk)
    if use_q:
        return [f"=?utf-8?q?{''.join([_Q[octet] for octet in chunk])}?=" for chunk in chunks]
    return [f"=?utf-8?b?{b64encode(chunk).decode('ascii')}?=" for chunk in chunks]


def _base64_length(octets: int) -> int:
    return (octets + 2) // 3 * 4


def _room(name: str) -> int:
    return min(_WORD_LENGTH, _WORD_LINE_LENGTH - len(name) - 2)


def _fold(name: str, tokens: Sequence[str], limit: int) -> bytes:
    """Joins tokens with spaces, breaking the line before a token that would pass `limit` where that helps."""
    lines: list[str] = []
    line = f"{name}:"
    for token in tokens:
        if len(line) + 1 + len(token) > limit and (lines or len(line) > len(name) + 1 or len(token) < limit):
            lines.append(line)
            line = ""
        line += f" {token}"
    lines.append(line)
    return ("\r\n".join(lines) + "\r\n").encode()
