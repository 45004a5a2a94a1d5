"""The sending loop: runs a transport's lanes over a campaign's ledger until nothing is left to do now."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto

from newsletter.delivery.desk import Assemble, SendingDesk
from newsletter.delivery.rate import Pace
from newsletter.errors import CredentialsError, NewsletterError, TransportError
from newsletter.model import Tally
from newsletter.protocols import Clock, Ledger, Transport

CHUNK = 100
"""Deliveries claimed in one synced step; after a power failure so many may be in doubt (twice, at worst)."""

LANE_TRIES = 4
"""How often in a row a lane may fail without getting a message through before it gives up."""

WATCH_EVERY = 0.2
"""Seconds between two calls of `watch`."""


class End(Enum):
    """Why a run ended."""

    DONE = auto()
    """Nothing is planned or deferred any more."""
    LIMIT = auto()
    """As many messages as were asked for."""
    LATER = auto()
    """Some deliveries are deferred to a later moment."""
    STOPPED = auto()
    """Somebody asked us to stop; what was in flight is settled."""
    PAUSED = auto()
    """The campaign was paused, by a person or because the fault is the sender's."""
    CLOSED = auto()
    """The transport's way out closed; see `Run.error`."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of the loop came to: `accepted` in this run, `tally` of the whole campaign."""

    end: End
    tally: Tally
    accepted: int
    seconds: float
    reason: str = ""
    error: TransportError | None = None


async def run(
    ledger: Ledger,
    transport: Transport,
    assemble: Assemble,
    clock: Clock,
    *,
    stop: asyncio.Event,
    interval: float = 0.0,
    limit: int | None = None,
    patience: float = 60.0,
    watch: Callable[[Tally], None] | None = None,
) -> Run:
    """Sends until the campaign is done, or for as long as there is something to do within `patience` seconds.

    `interval` is the time between two messages in seconds, `limit` the most messages of this run. Setting
    `stop` ends the run after what is in flight; cancelling the coroutine ends it at once, and still leaves
    the ledger true. Raises nothing of the transport's: its failures are in the result.
    """
    begun = clock.monotonic()
    desk = SendingDesk(
        ledger, assemble, clock, Pace(interval, clock), chunk=_chunk(interval), limit=limit, stop=stop
    )
    watcher = asyncio.create_task(_watch(ledger, clock, watch)) if watch else None
    error: TransportError | None = None
    try:
        while True:
            error = await _round(transport, desk, clock, stop)
            if desk.closed or error:
                break
            due = await ledger.next_due()
            wait = (due - clock.now()).total_seconds() if due else None
            if wait is None or wait > patience:
                break
            await _pause_for(max(wait, 0.0), clock, stop)
    except BaseException:
        with suppress(NewsletterError):  # the first failure is the one to tell of
            await desk.tidy()
        raise
    else:
        await desk.tidy()
    finally:
        if watcher:
            watcher.cancel()
            await asyncio.gather(watcher, return_exceptions=True)
    if isinstance(error, CredentialsError) or desk.halted:
        await ledger.pause(desk.halted or str(error.args[0] if error else ""))
    tally = await ledger.tally()
    if watch:
        watch(tally)
    return Run(
        end=await _end(ledger, desk, tally, stop, error),
        tally=tally,
        accepted=desk.accepted,
        seconds=clock.monotonic() - begun,
        reason=desk.halted,
        error=error,
    )


def _chunk(interval: float) -> int:
    """At a slow rate fewer are claimed ahead: about two seconds' worth."""
    return CHUNK if not interval else max(2, min(CHUNK, round(2 / interval)))


async def _end(
    ledger: Ledger, desk: SendingDesk, tally: Tally, stop: asyncio.Event, error: TransportError | None
) -> End:
    if desk.halted:
        return End.PAUSED
    if error:
        return End.PAUSED if isinstance(error, CredentialsError) else End.CLOSED
    if tally.finished:
        return End.DONE
    if stop.is_set():
        return End.STOPPED
    if desk.closed:
        return End.LIMIT
    return End.LATER if await ledger.next_due() else End.PAUSED


async def _round(
    transport: Transport, desk: SendingDesk, clock: Clock, stop: asyncio.Event
) -> TransportError | None:
    """Runs all lanes to their end; the error of the last one to fail, if none of them got through."""
    lanes = [asyncio.create_task(_lane(transport, desk, clock, stop)) for _ in range(transport.lanes)]
    try:
        results = await asyncio.gather(*lanes)
    except BaseException:
        for lane in lanes:
            lane.cancel()
        await asyncio.gather(*lanes, return_exceptions=True)
        raise
    errors = [result for result in results if result is not None]
    fatal = [error for error in errors if isinstance(error, CredentialsError)]
    if fatal:
        return fatal[0]
    return errors[-1] if len(errors) == len(results) else None


async def _lane(
    transport: Transport, desk: SendingDesk, clock: Clock, stop: asyncio.Event
) -> TransportError | None:
    """One lane, opened again after failures; gives up when it fails again and again without progress."""
    failures = 0
    while True:
        before = desk.accepted
        try:
            await transport.lane(desk)
            return None
        except CredentialsError as error:
            desk.halt(str(error.args[0]))
            return error
        except TransportError as error:
            failures = 1 if desk.accepted > before else failures + 1
            if failures >= LANE_TRIES:
                return error
        if desk.closed:
            return None
        await _pause_for(0.5 * 2**failures, clock, stop)


async def _pause_for(seconds: float, clock: Clock, stop: asyncio.Event) -> None:
    """Sleeps, but not longer than until `stop` is set."""
    sleeping = asyncio.ensure_future(clock.sleep(seconds))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({sleeping, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        sleeping.cancel()
        stopping.cancel()


async def _watch(ledger: Ledger, clock: Clock, watch: Callable[[Tally], None]) -> None:
    while True:
        watch(await ledger.tally())
        await clock.sleep(WATCH_EVERY)
