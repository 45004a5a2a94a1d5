"""Keeping to a rate: messages evenly spaced, so that every window of time holds no more than its share."""

from __future__ import annotations

from newsletter.protocols import Clock

CATCH_UP = 0.01
"""Seconds of lateness that may be made good; more would show as a burst in a short window."""


class Pace:
    """Gives turns `interval` seconds apart; an interval of 0 means no limit."""

    def __init__(self, interval: float, clock: Clock) -> None:
        self._interval = interval
        self._clock = clock
        self._next = clock.monotonic()

    async def turn(self) -> None:
        """Waits for the next turn. Turns are given in the order in which they were asked for."""
        if not self._interval:
            return
        now = self._clock.monotonic()
        mine = max(self._next, now - CATCH_UP)
        self._next = mine + self._interval
        if mine > now:
            await self._clock.sleep(mine - now)
