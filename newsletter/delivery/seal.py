"""DKIM for all messages of a template: what they share is brought into its relaxed form and hashed once."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime

from newsletter.delivery.dkim import (
    Signer,
    relaxed_header,
    relaxed_lines,
    relaxed_value,
    signed_header,
)
from newsletter.delivery.pieces import Piece, Slot

_WHOLE_FIELDS = {Slot.TO: b"To", Slot.SUBJECT: b"Subject"}
"""Slots that are filled with a field, from its name to its line end."""

_MARK = re.compile(rb"\0(\d+)\0")


class Seal:
    """Makes the signatures of messages that are put together from the same pieces.

    `header` and `body` are the template's pieces; the body begins behind the empty line. Every piece of the
    body starts a line or follows a soft line break, so that white space never runs across two pieces.
    """

    def __init__(self, signer: Signer, header: Sequence[Piece], body: Sequence[Piece]) -> None:
        marked = b"".join(_marked(at, piece) for at, piece in enumerate(header))
        canonical = relaxed_header(marked)
        self._form = signer.form(canonical)
        static = _MARK.split(signed_header(canonical))  # fixed octets and the places of holes, in turn
        self._header = [b"" if number % 2 else octets for number, octets in enumerate(static)]
        self._header_holes = [
            (number, int(static[number]), header[int(static[number])] in _WHOLE_FIELDS)
            for number in range(1, len(static), 2)
        ]
        lines = [relaxed_lines(piece) if isinstance(piece, bytes) else b"" for piece in body]
        holes = [at for at, piece in enumerate(body) if not isinstance(piece, bytes)]
        first = holes[0] if holes else len(lines)
        self._same_for_all = hashlib.sha256(b"".join(lines[:first]))
        self._body = lines[first:]
        self._body_holes = [(at - first, len(header) + at) for at in holes]

    def fields(self, pieces: Sequence[bytes], at: datetime) -> bytes:
        """The DKIM-Signature fields of the message that `pieces` make, header and body, with holes filled."""
        header = self._header.copy()
        for number, place, whole in self._header_holes:
            piece = pieces[place]
            header[number] = relaxed_value(piece.partition(b":")[2]) if whole else piece
        body = self._body.copy()
        for number, place in self._body_holes:
            piece = pieces[place]
            body[number] = relaxed_lines(piece) if b"  " in piece else piece
        body_hash = self._same_for_all.copy()
        body_hash.update(b"".join(body))
        return self._form.fields(b"".join(header), body_hash.digest(), at)


def _marked(at: int, piece: Piece) -> bytes:
    """A fixed piece as it is, a hole as its place between NULs, which occur nowhere else."""
    if isinstance(piece, bytes):
        return piece
    mark = b"\0%d\0" % at
    name = _WHOLE_FIELDS.get(piece) if isinstance(piece, Slot) else None
    return name + b":" + mark + b"\r\n" if name else mark
