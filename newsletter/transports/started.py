"""Coroutines begun at once: most of them need not wait, and then need no task and no turn of the loop."""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Started(Generic[T]):
    """A coroutine, run up to the point where it has to wait. Await it once for its result.

    What runs before that point runs in the task of whoever makes one; what it raises there is raised there.
    """

    __slots__ = ("_coroutine", "_result", "_waits_for", "done")

    def __init__(self, coroutine: Coroutine[Any, Any, T]) -> None:
        self.done = False
        self._coroutine = coroutine
        try:
            self._waits_for = coroutine.send(None)
        except StopIteration as end:
            self.done = True
            self._result: T = end.value

    @property
    def result(self) -> T:
        """What it gave; only when it is done."""
        return self._result

    def close(self) -> None:
        """Ends it where it waits."""
        self._coroutine.close()

    def __await__(self) -> Generator[Any, Any, T]:
        """As `await coroutine` would go on from there."""
        waits_for = self._waits_for if not self.done else None
        while not self.done:
            try:
                try:
                    sent = yield waits_for
                except BaseException as error:  # a cancellation, above all: it is the coroutine's to handle
                    waits_for = self._coroutine.throw(error)
                else:
                    waits_for = self._coroutine.send(sent)
            except StopIteration as end:
                self.done = True
                self._result = end.value
        return self._result
