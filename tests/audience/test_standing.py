"""Standings: nothing but the reader's own word leads back from having left."""

from __future__ import annotations

import pytest

from newsletter.audience.standing import DEPARTED, may_become, standing_after
from newsletter.model import Status


@pytest.mark.parametrize("now", Status)
@pytest.mark.parametrize("then", Status)
def test_the_ways(now: Status, then: Status) -> None:
    leaving = now not in DEPARTED and then in DEPARTED
    others = {
        (Status.UNCONFIRMED, Status.ACTIVE),
        (Status.ACTIVE, Status.PAUSED),
        (Status.PAUSED, Status.ACTIVE),
    }
    assert may_become(now, then) == (leaving or (now, then) in others)


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        ("bounced", Status.BOUNCED),
        ("complained", Status.COMPLAINED),
        ("unsubscribed", Status.UNSUBSCRIBED),
        ("asked by telephone", Status.UNSUBSCRIBED),
        ("active", Status.UNSUBSCRIBED),
    ],
)
def test_what_a_suppression_makes_of_a_subscriber(reason: str, status: Status) -> None:
    assert standing_after(reason) is status
