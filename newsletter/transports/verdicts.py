"""What a provider's API can say to a request, in the few kinds that call for something different."""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from time import time

from newsletter.model import Fault, Outcome, OutcomeKind
from newsletter.transports.calls import Reply


class Trouble(Enum):
    """Why a request failed, and so who has to do something, and when."""

    RETRYABLE = auto()
    """Nothing was taken; the same request may do soon."""
    THROTTLED = auto()
    """Nothing was taken, because we are too quick."""
    RECIPIENT = auto()
    """This reader's address takes no mail."""
    REQUEST = auto()
    """The request is not right: in a batch, one of its messages may be to blame."""
    SENDER = auto()
    """The provider has something against us: a quota, an address that was never confirmed."""
    AUTH = auto()
    """The provider does not know our token."""
    UNKNOWN = auto()
    """Nobody can tell whether it was taken."""


_MEANINGS = {
    Trouble.RETRYABLE: (OutcomeKind.DEFERRED, Fault.LINE),
    Trouble.THROTTLED: (OutcomeKind.DEFERRED, Fault.LINE),
    Trouble.RECIPIENT: (OutcomeKind.REFUSED, Fault.RECIPIENT),
    Trouble.REQUEST: (OutcomeKind.DEFERRED, Fault.SENDER),
    Trouble.SENDER: (OutcomeKind.DEFERRED, Fault.SENDER),
    Trouble.AUTH: (OutcomeKind.DEFERRED, Fault.SENDER),
    Trouble.UNKNOWN: (OutcomeKind.DOUBTFUL, Fault.NONE),
}


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a request, or one message of it, failed; `after` is how long to wait, in seconds, if that was said.

    `code` is the HTTP status, `enhanced` the RFC 3463 code that the words amount to. `about_reader` goes with
    REQUEST: with one message in the request, its reader's address is to blame.
    """

    trouble: Trouble
    code: int = 0
    reply: str = ""
    enhanced: str = ""
    after: float | None = None
    about_reader: bool = False

    @property
    def outcome(self) -> Outcome:
        """What the failure means for a message."""
        kind, fault = _MEANINGS[self.trouble]
        return Outcome(kind, self.code, self.enhanced, self.reply, fault=fault)


def retry_after(reply: Reply) -> float | None:
    """Seconds that Retry-After asks for, a number or a date (RFC 9110 10.2.3); None when it is missing."""
    value = reply.headers.get("retry-after", "").strip()
    if value.isdecimal():
        return float(value[:9])
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time())
    except (ValueError, OverflowError):
        return None
