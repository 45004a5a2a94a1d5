"""Coroutines begun at once behave as if awaited."""

from __future__ import annotations

import asyncio

import pytest

from newsletter.transports.started import Started


def test_one_that_need_not_wait_is_done_at_once() -> None:
    async def at_once() -> int:
        return 5

    started = Started(at_once())
    assert started.done
    assert started.result == 5

    async def work() -> int:
        return await started

    assert asyncio.run(work()) == 5


def test_one_that_waits() -> None:
    async def work() -> None:
        steps = []
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def waits() -> int:
            steps.append("begun")
            await asyncio.sleep(0)
            steps.append("slept")
            return await future + 1

        started = Started(waits())
        assert steps == ["begun"]
        assert not started.done
        task = asyncio.create_task(started_in_a_task(started))
        await asyncio.sleep(0.01)
        assert steps == ["begun", "slept"]
        future.set_result(1)
        assert await task == 2
        assert started.done

    async def started_in_a_task(started: Started[int]) -> int:
        return await started

    asyncio.run(work())


def test_what_it_raises() -> None:
    async def fails_at_once() -> None:
        raise KeyError("now")

    async def fails_later() -> None:
        await asyncio.sleep(0)
        raise KeyError("later")

    async def work() -> None:
        with pytest.raises(KeyError, match="now"):
            Started(fails_at_once())
        started = Started(fails_later())
        with pytest.raises(KeyError, match="later"):
            await started

    asyncio.run(work())


def test_a_cancellation_reaches_it() -> None:
    tidied = []

    async def waits() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            tidied.append(True)

    async def work() -> None:
        started = Started(waits())

        async def wait_for_it() -> None:
            await started

        task = asyncio.create_task(wait_for_it())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert tidied == [True]

    asyncio.run(work())


def test_it_may_survive_a_cancellation() -> None:
    async def stubborn() -> str:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await asyncio.sleep(0)
        return "done"

    async def work() -> None:
        started = Started(stubborn())

        async def wait_for_it() -> str:
            return await started

        task = asyncio.create_task(wait_for_it())
        await asyncio.sleep(0)
        task.cancel()
        assert await task == "done"

    asyncio.run(work())
