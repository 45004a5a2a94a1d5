"""What an SMTP server answers, read strictly, whatever it says (RFC 5321 4.2)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from newsletter.errors import TransportError

LONGEST_LINE = 4096
"""Octets in one line of a reply; the standard says 512, servers with long links say more."""

MOST_LINES = 100
"""Lines in one reply."""

_CODES = {b"%d" % code: code for code in range(200, 600)}
_ENHANCED = re.compile(r"([245])\.\d{1,3}\.\d{1,3}(?: +|$)")
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f]+")


@dataclass(slots=True)
class Reply:
    """What the server answered; `octets` are its lines without the code."""

    code: int
    octets: tuple[bytes, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """The text, line by line, control characters made spaces."""
        return tuple(_UNPRINTABLE.sub(" ", line.decode("utf-8", "replace")) for line in self.octets)

    def parts(self) -> tuple[str, str]:
        """The RFC 3463 code, "" when there is none or it contradicts `code`; and the text in one line without
        such codes."""
        enhanced, words = "", []
        for number, line in enumerate(self.lines):
            match = _ENHANCED.match(line)
            if match is None:
                words.append(line.strip())
                continue
            if not number and match[1] == str(self.code)[0]:
                enhanced = match[0].rstrip()
            words.append(line[match.end() :].strip())
        return enhanced, " ".join(filter(None, words))

    def __str__(self) -> str:
        return " ".join(filter(None, (str(self.code), *self.parts())))


class ReplyReader:
    """Cuts replies out of octets as they come in, in pieces of any size."""

    def __init__(self) -> None:
        self._rest = b""
        self._code = 0
        self._lines: list[bytes] = []

    @property
    def pending(self) -> bool:
        """True when a part of a reply is held."""
        return bool(self._rest or self._lines)

    def feed(self, octets: bytes) -> Iterator[Reply]:
        """Gives the replies that `octets` complete, then raises TransportError if what follows is none."""
        lines = (self._rest + octets).split(b"\n")
        self._rest = lines.pop()
        for whole in lines:
            line = whole.removesuffix(b"\r")
            code, mark = _CODES.get(line[:3]), line[3:4]
            if code is None or mark not in (b" ", b"-", b"") or len(line) > LONGEST_LINE:
                raise nonsense(f"it said {line[:60].decode('utf-8', 'replace')!r}")
            if mark != b"-" and not self._lines:
                yield Reply(code, (line[4:],))
                continue
            if self._lines and code != self._code:
                raise nonsense(f"one reply has the codes {self._code} and {code}")
            if len(self._lines) >= MOST_LINES:
                raise nonsense(f"a reply has more than {MOST_LINES} lines")
            self._code = code
            self._lines.append(line[4:])
            if mark != b"-":
                reply = Reply(code, tuple(self._lines))
                self._lines.clear()
                yield reply
        if len(self._rest) > LONGEST_LINE:
            raise nonsense("a reply line has no end")


def nonsense(what: str) -> TransportError:
    """What to raise when the other side says what no server may."""
    return TransportError(what, code="nonsense")
