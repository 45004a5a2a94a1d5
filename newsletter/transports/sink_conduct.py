"""How the sink behaves: well by default, offering all that it can; badly on request."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from newsletter.transports.login import LoginDesk

LONGEST_MESSAGE = 50_000_000


@dataclass(frozen=True, slots=True)
class Conduct:
    """What the sink offers and does.

    `round_trip` (by which every reply is late, as over a long line), `delay` (before answering for a message,
    one after the other) and `greeting_delay` are seconds. `drop_after_dot` n cuts the connection at every nth
    message, which is kept but not answered for; `close_after` n says 421 instead of taking more than n
    messages on one connection; `refuse` pairs patterns, searched in recipients, with replies. `tls` is used
    from the start, or with `starttls` when the client asks for it.
    """

    pipelining: bool = True
    chunking: bool = True
    international: bool = True
    tls: ssl.SSLContext | None = None
    starttls: bool = False
    login: tuple[str, str] | None = None
    round_trip: float = 0.0
    delay: float = 0.0
    greeting_delay: float = 0.0
    drop_after_dot: int = 0
    close_after: int = 0
    refuse: Sequence[tuple[re.Pattern[str], str]] = ()

    def offers(self, *, encrypted: bool) -> Iterator[str]:
        """The EHLO keywords."""
        yield f"SIZE {LONGEST_MESSAGE}"
        yield from ("8BITMIME", "ENHANCEDSTATUSCODES", "DSN")
        if self.pipelining:
            yield "PIPELINING"
        if self.chunking:
            yield "CHUNKING"
        if self.international:
            yield "SMTPUTF8"
        if self.starttls and not encrypted:
            yield "STARTTLS"
        if self.login:
            yield f"AUTH {LoginDesk.offers}"
