"""The sending loop over the real ledger: every reader once, whatever the transport says."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from newsletter.delivery.loop import End, Run, run
from newsletter.errors import BusyError, ContentError, CredentialsError, StorageError, TransportError
from newsletter.model import (
    Campaign,
    CampaignState,
    Claim,
    DeliveryState,
    Fault,
    Message,
    Outcome,
    OutcomeKind,
)
from newsletter.protocols import Desk
from newsletter.storage.campaigns import CampaignStore
from newsletter.storage.database import Database, open_database
from tests.storage.ledger_parts import (
    ACCEPTED,
    BLOCKED,
    GREYLISTED,
    LINE_LOST,
    TOKENS,
    UNKNOWN,
    ScriptedTransport,
    TestClock,
    add_readers,
    assemble,
    campaign_of,
    counts,
    deliveries,
    set_status,
    state_of,
)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_database("sqlite:///subscribers/newsletter.db", tmp_path)
    yield database
    database.close()


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def store(database: Database, clock: TestClock) -> CampaignStore:
    return CampaignStore(database, TOKENS, clock.now)


def send(
    store: CampaignStore,
    campaign: Campaign,
    transport: ScriptedTransport,
    clock: TestClock,
    *,
    limit: int | None = None,
    stop_after: int | None = None,
    patience: float = 60.0,
    interval: float = 0.0,
) -> Run:
    async def main() -> Run:
        stop = asyncio.Event()

        def watch(tally: object) -> None:
            if stop_after is not None and sum(transport.arrived.values()) >= stop_after:
                stop.set()

        with store.take(campaign, repeatable=transport.repeatable) as ledger:
            return await run(
                ledger, transport, assemble, clock,
                stop=stop, limit=limit, patience=patience, interval=interval, watch=watch,
            )  # fmt: skip

    return asyncio.run(main())


def test_every_reader_gets_one_message(database: Database, store: CampaignStore, clock: TestClock) -> None:
    add_readers(database, 250)
    campaign = campaign_of(store)
    transport = ScriptedTransport()
    result = send(store, campaign, transport, clock)
    assert result.end is End.DONE
    assert result.accepted == 250
    assert counts(store.tally(campaign)) == {"accepted": 250} == counts(result.tally)
    assert set(transport.arrived.values()) == {1}
    assert len(transport.arrived) == 250


def test_a_second_run_sends_nothing(database: Database, store: CampaignStore, clock: TestClock) -> None:
    add_readers(database, 10)
    campaign = campaign_of(store)
    send(store, campaign, ScriptedTransport(), clock)
    again = ScriptedTransport()
    assert send(store, campaign, again, clock).accepted == 0
    assert not again.tries


def test_temporary_refusals_are_tried_again_later(
    database: Database, store: CampaignStore, clock: TestClock
) -> None:
    add_readers(database, 5)
    campaign = campaign_of(store)
    transport = ScriptedTransport(lambda m, n: GREYLISTED if m.recipient == "r3@example.org" and n == 1 else
                                  Outcome(OutcomeKind.ACCEPTED))  # fmt: skip
    first = send(store, campaign, transport, clock)
    assert first.end is End.LATER
    assert counts(first.tally) == {"accepted": 4, "deferred": 1}
    row = next(deliveries(database).rows(campaign, DeliveryState.DEFERRED))
    assert row.email == "r3@example.org"
    assert row.reply == "greylisted"
    assert row.retry_at is not None
    assert row.retry_at > clock.now()
    second = send(store, campaign, transport, clock, patience=600)
    assert second.end is End.DONE
    assert transport.arrived["r3@example.org"] == 1


def test_it_gives_up_on_a_reader_who_is_never_accepted(
    database: Database, store: CampaignStore, clock: TestClock
) -> None:
    add_readers(database, 1)
    campaign = campaign_of(store)
    transport = ScriptedTransport(lambda _m, _n: GREYLISTED)
    result = send(store, campaign, transport, clock, patience=1e9)
    assert counts(result.tally) == {"refused": 1}
    row = next(deliveries(database).rows(campaign, DeliveryState.REFUSED))
    assert row.reply.startswith("gave up after 13 attempts: greylisted")


def test_a_refused_reader_does_not_stop_the_others(
    database: Database, store: CampaignStore, clock: TestClock
) -> None:
    add_readers(database, 20)
    campaign = campaign_of(store)
    transport = ScriptedTransport(lambda m, _n: UNKNOWN if m.recipient.startswith("r1") else
                                  Outcome(OutcomeKind.ACCEPTED))  # fmt: skip
    result = send(store, campaign, transport, clock)
    assert result.end is End.DONE
    assert counts(result.tally) == {"accepted": 9, "refused": 11}


def test_a_dead_address_is_never_mailed_again(
    database: Database, store: CampaignStore, clock: TestClock
) -> None:
    add_readers(database, 3)
    bare = Outcome(OutcomeKind.REFUSED, 550, "", "no", fault=Fault.RECIPIENT)
    said = {"r0@example.org": UNKNOWN, "r1@example.org": bare}
    transport = ScriptedTransport(lambda m, _n: said.get(m.recipient, ACCEPTED))
    send(store, campaign_of(store), transport, clock)
    assert store.plan("everyone").excluded == {"bounced": 1}
    second = send(store, campaign_of(store, "the-next"), transport, clock)
    assert counts(second.tally) == {"accepted": 1, "refused": 1}
    assert transport.tries["r0@example.org"] == 1


def test_a_line_that_drops_before_the_message_costs_nothing(
    database: Database, store: CampaignStore, clock: TestClock
) -> None:
    add_readers(database, 30)
    campaign = campaign_of(store)
    transport = ScriptedTransport(lambda _m, n: LINE_LOST if n == 1 else Outcome(OutcomeKind.ACCEPTED))
    result = send(store, campaign, transport, clock)
    assert counts(result.tally) == {"accepted": 30}
    assert set(transport.arrived.values()) == {1}


def test_a_lane_that_loses_its_answer_leaves_the_delivery_in_doubt(
    database: Database, store: CampaignStore, clock: TestClock
) -> None:
    add_readers(database, 30)
    campaign = campaign_of(store)
    lost = TransportError("the line dropped")
    transport = ScriptedTransport(lambda m, _n: lost if m.recipient == "r7@example.org" else
                                  Outcome(OutcomeKind.ACCEPTED))  # fmt: skip
    result = send(store, campaign, transport, clock)
    assert counts(result.tally) == {"accepted": 29, "doubtful": 1}
    again = send(store, campaign, transport, clock)
    assert counts(again.tally) == {"accepted": 29, "doubtful": 1}
    assert transport.tries["r7@example.org"] == 1


def test_a_fault_of_the_sender_pauses_and_loses_nothing(
    database: Database, store: CampaignStore, clock: TestClock
) -> None:
    add_readers(database, 400)
    campaign = campaign_of(store)
    transport = ScriptedTransport(lambda m, n: BLOCKED if m.key == 50 and n == 1 else
                                  Outcome(OutcomeKind.ACCEPTED))  # fmt: skip
    result = send(store, campaign, transport, clock)
    assert result.end is End.PAUSED
    assert result.reason == "550 you are blocked"
    found = store.find(campaign.slug)
    assert found is not None
    assert found.state is CampaignState.PAUSED
    assert found.reason == "550 you are blocked"
    assert result.tally[DeliveryState.CLAIMED] == 0 == result.tally[DeliveryState.HANDED]
    assert send(store, campaign, transport, clock).accepted == 0  # paused is paused
    store.resume(campaign)
    assert counts(send(store, campaign, transport, clock).tally) == {"accepted": 400}
    assert set(transport.arrived.values()) == {1}


def test_wrong_credentials_pause_and_say_so(
    database: Database, store: CampaignStore, clock: TestClock
) -> None:
    add_readers(database, 20)
    campaign = campaign_of(store)

    class Locked(ScriptedTransport):
        async def lane(self, desk: Desk) -> None:
            raise CredentialsError("535 wrong password")

    result = send(store, campaign, Locked(), clock)
    assert result.end is End.PAUSED
    assert isinstance(result.error, CredentialsError)
    assert counts(result.tally) == {"planned": 20}


def test_a_way_out_that_stays_closed_ends_the_run(
    database: Database, store: CampaignStore, clock: TestClock
) -> None:
    add_readers(database, 20)
    campaign = campaign_of(store)

    class Closed(ScriptedTransport):
        async def lane(self, desk: Desk) -> None:
            raise TransportError("nobody listens")

    result = send(store, campaign, Closed(), clock)
    assert result.end is End.CLOSED
    assert result.error is not None
    assert counts(store.tally(campaign)) == {"planned": 20}
    assert counts(send(store, campaign, ScriptedTransport(), clock).tally) == {"accepted": 20}


def test_a_limit_is_kept(database: Database, store: CampaignStore, clock: TestClock) -> None:
    add_readers(database, 300)
    campaign = campaign_of(store)
    result = send(store, campaign, ScriptedTransport(), clock, limit=7)
    assert result.end is End.LIMIT
    assert counts(result.tally) == {"accepted": 7, "planned": 293}
    found = store.find(campaign.slug)
    assert found is not None
    assert found.state is CampaignState.UNFINISHED


def test_stopping_settles_what_is_under_way(
    database: Database, store: CampaignStore, clock: TestClock
) -> None:
    add_readers(database, 500)
    campaign = campaign_of(store)
    transport = ScriptedTransport()
    result = send(store, campaign, transport, clock, stop_after=20, interval=0.001)
    assert result.end is End.STOPPED
    assert set(counts(result.tally)) == {"accepted", "planned"}
    assert result.tally[DeliveryState.ACCEPTED] == sum(transport.arrived.values()) >= 20
    send(store, campaign, transport, clock)
    assert set(transport.arrived.values()) == {1}
    assert len(transport.arrived) == 500


def test_a_reader_who_leaves_during_the_send_gets_nothing(
    database: Database, store: CampaignStore, clock: TestClock
) -> None:
    add_readers(database, 300)
    campaign = campaign_of(store)

    def script(message: Message, _attempt: int) -> Outcome:
        if message.key == 1:
            set_status(database, "r299@example.org", "unsubscribed")
        return Outcome(OutcomeKind.ACCEPTED)

    transport = ScriptedTransport(script, lanes=1)
    result = send(store, campaign, transport, clock)
    assert result.tally[DeliveryState.SKIPPED] == 1
    assert "r299@example.org" not in transport.arrived
    row = next(deliveries(database).rows(campaign, DeliveryState.SKIPPED))
    assert row.reply == "unsubscribed since the campaign was planned"


def test_a_reader_who_leaves_between_claim_and_mail_gets_nothing(
    database: Database, store: CampaignStore, clock: TestClock
) -> None:
    add_readers(database, 20)  # all claimed in the first step
    campaign = campaign_of(store)

    def script(message: Message, _attempt: int) -> Outcome:
        if message.key == 1:
            set_status(database, "r15@example.org", "complained")
        return Outcome(OutcomeKind.ACCEPTED)

    transport = ScriptedTransport(script, lanes=1)
    result = send(store, campaign, transport, clock)
    assert counts(result.tally) == {"accepted": 19, "skipped": 1}
    assert "r15@example.org" not in transport.arrived
    assert state_of(database, campaign, "r15@example.org") is DeliveryState.SKIPPED


def test_a_reader_whose_mail_cannot_be_written_is_refused_alone(
    database: Database, store: CampaignStore, clock: TestClock
) -> None:
    add_readers(database, 10)
    campaign = campaign_of(store)

    def picky(claim: Claim) -> Message:
        if claim.subscriber.id == 4:
            raise ContentError("This name cannot be written into a header.")
        return assemble(claim)

    async def main() -> Run:
        with store.take(campaign, repeatable=False) as ledger:
            return await run(ledger, ScriptedTransport(), picky, clock, stop=asyncio.Event())

    assert counts(asyncio.run(main()).tally) == {"accepted": 9, "refused": 1}


def test_a_pause_from_outside_stops_a_running_send(
    database: Database, store: CampaignStore, clock: TestClock
) -> None:
    add_readers(database, 300)
    campaign = campaign_of(store)

    def script(message: Message, _attempt: int) -> Outcome:
        if message.key == 40:
            store.pause(campaign, "the publisher said so")
        return Outcome(OutcomeKind.ACCEPTED)

    transport = ScriptedTransport(script)
    result = send(store, campaign, transport, clock)
    assert result.end is End.PAUSED
    assert result.tally[DeliveryState.ACCEPTED] <= 45
    assert result.tally[DeliveryState.CLAIMED] == 0


def test_cancelling_a_running_send_skips_the_rest(
    database: Database, store: CampaignStore, clock: TestClock
) -> None:
    add_readers(database, 300)
    campaign = campaign_of(store)

    def script(message: Message, _attempt: int) -> Outcome:
        if message.key == 40:
            store.cancel(campaign)
        return Outcome(OutcomeKind.ACCEPTED)

    transport = ScriptedTransport(script)
    result = send(store, campaign, transport, clock)
    assert set(counts(result.tally)) == {"accepted", "skipped"}
    assert result.tally.total == 300
    found = store.find(campaign.slug)
    assert found is not None
    assert found.state is CampaignState.CANCELLED


def test_a_second_sender_is_refused(database: Database, store: CampaignStore, clock: TestClock) -> None:
    add_readers(database, 3)
    campaign = campaign_of(store)
    with store.take(campaign, repeatable=False):
        assert (found := store.find(campaign.slug)) is not None
        assert found.state is CampaignState.SENDING
        with (
            pytest.raises(BusyError, match="Another process is sending"),
            store.take(campaign, repeatable=False),
        ):
            pass  # pragma: no cover - never reached


def test_a_sender_that_was_taken_over_stops_before_its_next_message(
    database: Database, store: CampaignStore, clock: TestClock
) -> None:
    add_readers(database, 50)
    campaign = campaign_of(store)

    def script(message: Message, _attempt: int) -> Outcome:
        if message.key == 10:  # as if this process had been stopped for longer than its lease
            with database.write() as connection:
                connection.exec_driver_sql("UPDATE campaigns SET epoch = epoch + 1")
        return Outcome(OutcomeKind.ACCEPTED)

    transport = ScriptedTransport(script, lanes=1)
    with pytest.raises(StorageError, match="taken this campaign over"):
        send(store, campaign, transport, clock)
    assert sum(transport.arrived.values()) == 9


def test_an_impatient_stop_leaves_the_ledger_true(
    database: Database, store: CampaignStore, clock: TestClock
) -> None:
    add_readers(database, 100)
    campaign = campaign_of(store)
    transport = ScriptedTransport()

    async def main() -> None:
        with store.take(campaign, repeatable=False) as ledger:
            sending = asyncio.create_task(
                run(ledger, transport, assemble, clock, stop=asyncio.Event(), interval=0.5)
            )
            await asyncio.sleep(0.05)
            sending.cancel()
            with pytest.raises(asyncio.CancelledError):
                await sending

    asyncio.run(main())
    tally = store.tally(campaign)
    assert tally[DeliveryState.CLAIMED] == 0
    assert tally.total == 100
