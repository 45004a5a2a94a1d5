"""How many of a transport's lanes connect: no more than there is work for."""

from __future__ import annotations

import asyncio
from collections import deque


class Gate:
    """Lets a transport's lanes connect when those that are connected have no hand free.

    The first one may enter at once. Whenever all that are inside have got a message and nobody waits for one,
    as many more may enter as are inside; when there is no more work, those outside are sent home.
    """

    def __init__(self) -> None:
        self._outside: deque[asyncio.Future[bool]] = deque()
        self._inside = 0
        self._idle = 0

    async def enter(self) -> bool:
        """Waits for its turn; False when there is nothing to do."""
        if self._inside:
            turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
            self._outside.append(turn)
            try:
                return await turn
            except asyncio.CancelledError:
                if turn in self._outside:
                    self._outside.remove(turn)
                elif turn.done() and not turn.cancelled() and turn.result():
                    self.leave(asking=True)
                raise
        self._let_in(1)
        return True

    def leave(self, *, asking: bool, done: bool = False) -> None:
        """One has left: while it was still waiting for a message or not, and because all is done or not."""
        self._inside -= 1
        self._idle -= asking
        if done or not self._inside:
            while self._outside:
                turn = self._outside.popleft()
                if not turn.done():
                    turn.set_result(not done)
                    self._let_in(0 if done else 1)

    def asking(self) -> None:
        """One that is inside begins to wait for a message."""
        self._idle += 1

    def answered(self) -> None:
        """It waits no more."""
        self._idle -= 1
        self.crowd()

    def crowd(self) -> None:
        """One that did not have to wait has got a message."""
        if self._outside and not self._idle:
            for turn in [self._outside.popleft() for _ in range(min(self._inside, len(self._outside)))]:
                if not turn.done():
                    turn.set_result(True)
                    self._let_in(1)

    def _let_in(self, count: int) -> None:
        self._inside += count
        self._idle += count  # who is connecting will ask
