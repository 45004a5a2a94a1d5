"""Quoted-printable in pieces (RFC 2045 6.7): fixed text encoded once, a reader's values spliced in later.

Every piece starts at the beginning of a line and leaves room for a soft line break behind its last line, so
that pieces joined with `SOFT_BREAK` keep all limits whatever they hold. No line ever begins with a full stop
or "From ", so that the result needs no dot-stuffing (RFC 5321 4.5.2) and survives mbox files. Our own encoder
rather than `binascii.b2a_qp`, because that one gives neither promise and may differ between Python versions.
"""

from __future__ import annotations

import re

SOFT_BREAK = b"=\r\n"
"""Ends a line without ending the reader's line."""

WIDTH = 75
"""Octets of text in a line; the 76th, which RFC 2045 allows, is kept for the "=" of a soft line break."""

_EQUALS, _FULL_STOP = ord("="), ord(".")
_ODD = re.compile(rb"[^\n\t\x20-\x7e]+")
_SPACE_AT_END = re.compile(rb"[ \t](?=\n)")
_NEWLINES = re.compile(r"\r\n?")
_AS_IT_IS = re.compile(rf"(?!\.|From )[ -<>-~]{{0,{WIDTH}}}")


def encode(text: str) -> bytes:
    """Encodes `text` as UTF-8 and quoted-printable, with CRLF for every newline.

    The result starts a line and ends where the text ends: with CRLF only when the text ends with a newline.
    White space at the very end is left bare, so something visible (a soft line break) must follow it. Lone
    surrogates become "?".
    """
    data = _NEWLINES.sub("\n", text).encode("utf-8", "replace").replace(b"=", b"=3D")
    data = _ODD.sub(_escape, data)
    data = _SPACE_AT_END.sub(_escape, data)
    lines: list[bytes] = []
    for line in data.split(b"\n"):
        if len(line) <= WIDTH and not line.startswith((b".", b"From ")):
            lines.append(line)
        else:
            lines.append(_wrap(line))
    return b"\r\n".join(lines)


def encode_value(value: str) -> bytes:
    """Like `encode`, quick for the short, plain values that most readers have. `value` holds no newline."""
    if _AS_IT_IS.fullmatch(value):
        return value.encode("ascii")
    return encode(value)


def _escape(match: re.Match[bytes]) -> bytes:
    return ("=" + match[0].hex("=").upper()).encode("ascii")


def _wrap(line: bytes) -> bytes:
    """Cuts one encoded line into pieces of at most WIDTH octets, never inside an escape."""
    pieces: list[bytes] = []
    start, end = 0, len(line)
    while True:
        piece = b""
        if start < end and (line[start] == _FULL_STOP or line.startswith(b"From ", start)):
            piece = b"=%02X" % line[start]
            start += 1
        stop = start + WIDTH - len(piece)
        if stop >= end:
            pieces.append(piece + line[start:])
            return SOFT_BREAK.join(pieces)
        if line[stop - 1] == _EQUALS:
            stop -= 1
        elif line[stop - 2] == _EQUALS:
            stop -= 2
        pieces.append(piece + line[start:stop])
        start = stop
