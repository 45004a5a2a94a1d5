"""Where a subscriber stands, and which ways lead from there to where."""

from __future__ import annotations

from typing import Final

from newsletter.model import Status

DEPARTED: Final = frozenset({Status.UNSUBSCRIBED, Status.BOUNCED, Status.COMPLAINED})
"""Those who are not mailed again unless they themselves confirm that they want to be."""

_WAYS: Final = {
    Status.UNCONFIRMED: frozenset({Status.ACTIVE}) | DEPARTED,
    Status.ACTIVE: frozenset({Status.PAUSED}) | DEPARTED,
    Status.PAUSED: frozenset({Status.ACTIVE}) | DEPARTED,
}


def may_become(now: Status, then: Status) -> bool:
    """True when anybody but the reader may change `now` to `then`. Nothing leads back from DEPARTED."""
    return then in _WAYS.get(now, frozenset())


def standing_after(reason: str) -> Status:
    """What an address's being suppressed for `reason` makes of its subscriber."""
    return Status(reason) if reason in (Status.BOUNCED, Status.COMPLAINED) else Status.UNSUBSCRIBED
