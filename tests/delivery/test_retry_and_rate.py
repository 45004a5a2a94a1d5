"""Delays grow, are jittered, end after two days; turns are spaced evenly."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery.rate import Pace
from newsletter.delivery.retry import DELAYS, JITTER, LINE_DELAYS, retry_at
from newsletter.model import Fault

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


@given(st.integers(1, len(DELAYS)), st.text(max_size=5))
def test_each_delay_lies_between_itself_and_its_jitter(attempt: int, seed: str) -> None:
    due = retry_at(NOW, attempt, Fault.RECIPIENT, seed)
    assert due is not None
    assert DELAYS[attempt - 1] <= due - NOW <= DELAYS[attempt - 1] * (1 + JITTER)


def test_the_same_delivery_gets_the_same_jitter_and_another_one_another() -> None:
    assert retry_at(NOW, 1, Fault.RECIPIENT, "7") == retry_at(NOW, 1, Fault.RECIPIENT, "7")
    assert retry_at(NOW, 1, Fault.RECIPIENT, "7") != retry_at(NOW, 1, Fault.RECIPIENT, "8")


def test_it_gives_up_after_about_two_days() -> None:
    assert timedelta(hours=36) < sum(DELAYS, timedelta()) <= timedelta(hours=48)
    assert retry_at(NOW, len(DELAYS), Fault.RECIPIENT, "") is not None
    assert retry_at(NOW, len(DELAYS) + 1, Fault.RECIPIENT, "") is None


def test_a_lost_line_is_tried_again_within_seconds_and_longer() -> None:
    due = retry_at(NOW, 1, Fault.LINE, "")
    assert due is not None
    assert due - NOW < timedelta(seconds=2)
    assert retry_at(NOW, len(LINE_DELAYS) + len(DELAYS), Fault.LINE, "") is not None


def test_a_fault_of_the_sender_never_uses_up_the_readers_attempts() -> None:
    assert retry_at(NOW, 500, Fault.SENDER, "") == NOW


class _Clock:
    def __init__(self) -> None:
        self.seconds = 100.0

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.mark.parametrize("per_second", [0.5, 14, 1000])
def test_no_window_of_a_second_holds_more_than_the_rate(per_second: float) -> None:
    clock = _Clock()
    pace = Pace(1 / per_second, clock)
    times = []

    async def turns() -> None:
        for _ in range(300):
            await pace.turn()
            times.append(clock.seconds)

    asyncio.run(turns())
    for first in times:
        assert sum(first <= t < first + 1 - 1e-9 for t in times) <= max(1, per_second)
    assert times[-1] - times[0] == pytest.approx(299 / per_second, rel=0.02)


def test_lateness_is_not_made_good_in_a_burst() -> None:
    clock = _Clock()
    pace = Pace(1.0, clock)

    async def late() -> float:
        await pace.turn()
        clock.seconds += 60
        await pace.turn()
        before = clock.seconds
        await pace.turn()
        return clock.seconds - before

    assert asyncio.run(late()) > 0.9


def test_no_rate_means_no_waiting() -> None:
    clock = _Clock()
    asyncio.run(Pace(0.0, clock).turn())
    assert clock.seconds == 100.0
