"""When to try again: growing, jittered delays for up to two days, as a pure decision."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256

from newsletter.model import Fault

LINE_DELAYS = tuple(timedelta(seconds=s) for s in (1, 5, 20, 60))
"""After a line that dropped before the message was handed over: nobody's fault, so soon again."""

DELAYS = tuple(timedelta(minutes=m) for m in (5, 10, 20, 40, 60, 120, 240, 360, 480, 480, 480, 480))
"""After a temporary refusal; together a little under 48 hours (RFC 5321 4.5.4.1 asks for days)."""

JITTER = 0.2
"""Each delay is lengthened by up to this share, so that a full mailbox server is not met by all at once."""


def retry_at(now: datetime, attempt: int, fault: Fault, seed: str) -> datetime | None:
    """The moment of the next attempt after `attempt` (counted from 1) failed for now; None: give up.

    A fault of the sender never uses up a reader's attempts: the delivery is due at once, that is when the
    paused campaign resumes. `seed` names the delivery and makes the jitter repeatable.
    """
    if fault is Fault.SENDER:
        return now
    delays = (*LINE_DELAYS, *DELAYS) if fault is Fault.LINE else DELAYS
    if attempt > len(delays):
        return None
    share = int.from_bytes(sha256(f"{seed}:{attempt}".encode()).digest()[:4], "big") / 2**32
    return now + delays[attempt - 1] * (1 + JITTER * share)
