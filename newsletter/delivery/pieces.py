"""A message as byte pieces with holes: the bodies encoded around the places where a reader's values go."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from html import escape
from typing import TypeAlias

from newsletter.delivery.quoted import SOFT_BREAK, encode
from newsletter.document import Merge
from newsletter.model import UNSUBSCRIBE_URL, Segments


class Slot(Enum):
    """A hole that every message has."""

    TO = auto()
    SUBJECT = auto()
    DATE = auto()
    MESSAGE_ID = auto()
    TOKEN = auto()


@dataclass(frozen=True, slots=True)
class Hole:
    """Where a merge field's value goes."""

    merge: Merge
    html: bool


Piece: TypeAlias = bytes | Slot | Hole


def body_pieces(segments: Segments, link: str, *, html: bool) -> list[Piece]:
    """One part's content, encoded, with soft line breaks around its holes; ends with a newline."""
    pieces: list[Piece] = []
    run = ""

    def close_run() -> None:
        encoded = encode(run)
        pieces.append(encoded if not encoded or encoded.endswith(b"\n") else encoded + SOFT_BREAK)

    for segment in segments:
        if isinstance(segment, str):
            run += segment
            continue
        if segment.name == UNSUBSCRIBE_URL:
            run += escape(link, quote=True) if html else link
            hole: Piece = Slot.TOKEN
        else:
            hole = Hole(replace(segment, line=0), html)
        close_run()
        pieces += [hole, SOFT_BREAK]
        run = ""
    pieces.append(encode(run if run.endswith("\n") else run + "\n"))
    return pieces


def boundary_for(pieces: Sequence[Piece]) -> str:
    """A boundary from the parts' content; "=_" never occurs in quoted-printable, whatever the values."""
    digest = hashlib.sha256()
    for piece in pieces:
        octets = piece if isinstance(piece, bytes) else repr(piece).encode("utf-8", "backslashreplace")
        digest.update(b"%d:" % len(octets) + octets)
    return "=_" + digest.hexdigest()[:32]
