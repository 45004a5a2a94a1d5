"""Planning, freezing, taking over after a death, settling doubt: the ledger's rules in the database."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from newsletter.errors import BusyError, RefusedError, StorageError
from newsletter.model import CampaignState, Claim, DeliveryState, Fault, Outcome, OutcomeKind, Tier
from newsletter.storage import campaigns as campaigns_module
from newsletter.storage.campaigns import CampaignStore
from newsletter.storage.database import Database, open_database
from newsletter.storage.ledger import SqlLedger
from tests.storage.ledger_parts import (
    TOKENS,
    TestClock,
    add_readers,
    campaign_of,
    counts,
    deliveries,
    edition,
    set_status,
    state_of,
)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_database("sqlite:///subscribers/newsletter.db", tmp_path)
    yield database
    database.close()


@pytest.fixture
def store(database: Database) -> CampaignStore:
    return CampaignStore(database, TOKENS, TestClock().now)


def test_the_plan_says_who_and_who_not_and_why(database: Database, store: CampaignStore) -> None:
    add_readers(database, 5)
    add_readers(database, 3, start=5, tier="member")
    set_status(database, "r0@example.org", "unsubscribed")
    set_status(database, "r6@example.org", "bounced")
    plan = store.plan("everyone")
    assert plan.readers == 6
    assert plan.by_tier == {Tier.FREE: 4, Tier.MEMBER: 2}
    assert plan.excluded == {"unsubscribed": 1, "bounced": 1}
    members = store.plan("members")
    assert members.readers == 2
    assert members.excluded["not a member, and the issue is for members"] == 4
    with pytest.raises(RefusedError, match="audience"):
        store.plan("segment:locals")


def test_a_campaign_freezes_its_edition_and_its_readers(database: Database, store: CampaignStore) -> None:
    add_readers(database, 4)
    campaign = campaign_of(store)
    add_readers(database, 2, start=4)
    assert counts(store.tally(campaign)) == {"planned": 4}
    assert store.edition(campaign) == edition()
    assert campaign.state is CampaignState.UNFINISHED
    with pytest.raises(BusyError, match="has just begun to send"):
        campaign_of(store)
    campaign_of(store, "another")
    assert [c.slug for c in store.all()] == ["another", "six-clots"]


def test_newcomers_are_added_and_nobody_else_is_touched(database: Database, store: CampaignStore) -> None:
    add_readers(database, 3)
    campaign = campaign_of(store)
    add_readers(database, 2, start=3)
    set_status(database, "r4@example.org", "unsubscribed")
    assert store.add_newcomers(campaign) == 1
    assert store.add_newcomers(campaign) == 0
    assert counts(store.tally(campaign)) == {"planned": 4}
    store.cancel(campaign)
    with pytest.raises(RefusedError, match="cancelled"):
        store.add_newcomers(next(iter(store.all())))


def test_a_correction_goes_to_those_who_got_the_mistake(database: Database, store: CampaignStore) -> None:
    add_readers(database, 5)
    campaign = campaign_of(store)
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE deliveries SET state = 3 WHERE subscriber_id = 1")
        connection.exec_driver_sql("UPDATE deliveries SET state = 6 WHERE subscriber_id = 2")
        connection.exec_driver_sql("UPDATE deliveries SET state = 4 WHERE subscriber_id = 3")
    plan = store.plan(f"readers-of:{campaign.slug}")
    assert plan.readers == 2
    assert plan.excluded == {"did not get six-clots": 3}
    correction = store.create(edition("correction"), f"readers-of:{campaign.slug}")
    assert counts(store.tally(correction)) == {"planned": 2}
    with pytest.raises(RefusedError, match="never sent"):
        store.plan("readers-of:nothing")


def test_members_only_campaigns_hold_only_members(database: Database, store: CampaignStore) -> None:
    add_readers(database, 4)
    add_readers(database, 2, start=4, tier="member")
    assert counts(store.tally(store.create(edition(), "members"))) == {"planned": 2}


async def _claimed_and_handed(ledger: SqlLedger) -> None:
    """Three rows claimed, the first of them handed; then nothing more, as if killed."""
    first, _second, _third = await ledger.claim(3)
    assert await ledger.hand(first)


def die_while_sending(database: Database, store: CampaignStore) -> None:
    """Leaves the rows as a killed process does: no release, no outcome, the lease still running."""
    campaign = store.find("six-clots")
    assert campaign is not None
    epoch = store._take_over(campaign, alone=True, repeatable=False)
    ledger = SqlLedger(
        database,
        campaign.id,
        epoch,
        now=TestClock().now,
        suppressed=lambda _c, _k: set(),
        bounced=lambda _c, _k, _a: None,
    )
    ledger.start()
    asyncio.run(_claimed_and_handed(ledger))
    ledger.close()


def test_after_a_kill_only_what_was_handed_is_in_doubt(database: Database, store: CampaignStore) -> None:
    add_readers(database, 5)
    campaign = campaign_of(store)
    die_while_sending(database, store)
    assert counts(store.tally(campaign)) == {"planned": 2, "claimed": 2, "handed": 1}
    with store.take(campaign, repeatable=False):
        assert counts(store.tally(campaign)) == {"planned": 4, "doubtful": 1}
    row = next(deliveries(database).rows(campaign, DeliveryState.DOUBTFUL))
    assert row.reply == "the sender ended before an answer was written"


def test_after_a_power_failure_what_was_claimed_is_in_doubt_as_well(
    database: Database, store: CampaignStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_readers(database, 5)
    campaign = campaign_of(store)
    die_while_sending(database, store)
    monkeypatch.setattr(campaigns_module, "boot_id", lambda: "the machine was started again")
    with store.take(campaign, repeatable=False):
        assert counts(store.tally(campaign)) == {"planned": 2, "doubtful": 3}


def test_a_repeatable_transport_leaves_no_doubt(database: Database, store: CampaignStore) -> None:
    add_readers(database, 5)
    campaign = campaign_of(store)
    die_while_sending(database, store)
    with store.take(campaign, repeatable=True):
        assert counts(store.tally(campaign)) == {"planned": 5}


def test_evidence_that_comes_late_still_counts(database: Database, store: CampaignStore) -> None:
    """A stopped process that wakes up after it was taken over may say what became of its last message."""
    add_readers(database, 3)
    campaign = campaign_of(store)

    async def zombie(ledger: SqlLedger) -> None:
        first, *rest = await ledger.claim(3)
        assert await ledger.hand(first)
        store._take_over(campaign, alone=True, repeatable=False)
        assert counts(store.tally(campaign)) == {"planned": 2, "doubtful": 1}
        ledger.settle(first, Outcome(OutcomeKind.ACCEPTED, 250), None)
        await ledger.flush()
        assert counts(store.tally(campaign)) == {"planned": 2, "accepted": 1}
        with pytest.raises(StorageError, match="taken this campaign over"):
            await ledger.hand(rest[0])
        with pytest.raises(StorageError, match="taken this campaign over"):
            await ledger.claim(1)
        with pytest.raises(StorageError, match="taken this campaign over"):
            await ledger.release(rest)

    epoch = store._take_over(campaign, alone=True, repeatable=False)
    ledger = SqlLedger(
        database,
        campaign.id,
        epoch,
        now=TestClock().now,
        suppressed=lambda _c, _k: set(),
        bounced=lambda _c, _k, _a: None,
    )
    ledger.start()
    asyncio.run(zombie(ledger))
    ledger.close()
    assert counts(store.tally(campaign)) == {"planned": 2, "accepted": 1}


def test_a_lane_cancelled_while_it_hands_over_skips_nobody(database: Database, store: CampaignStore) -> None:
    """Its outcome may reach the ledger together with, and so before, its request for the mark."""
    add_readers(database, 50)
    campaign = campaign_of(store)

    async def cancelled(ledger: SqlLedger) -> None:
        claims = await ledger.claim(50)
        hands = [asyncio.ensure_future(ledger.hand(claim)) for claim in claims]
        await asyncio.sleep(0)
        for hand, claim in zip(hands, claims, strict=True):
            hand.cancel()
            outcome = Outcome(OutcomeKind.DEFERRED, reply="stopped", fault=Fault.LINE)
            ledger.settle(claim, outcome, TestClock().now())
        await ledger.flush()

    with store.take(campaign, repeatable=False) as ledger:
        asyncio.run(cancelled(ledger))
    assert counts(store.tally(campaign)) == {"deferred": 50}


def test_a_suppressed_address_is_never_claimed(database: Database, store: CampaignStore) -> None:
    add_readers(database, 3)
    campaign = campaign_of(store)
    with database.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO suppressions (key_hash, reason, at) VALUES (?, 'complained', 0)",
            (TOKENS.suppression_key("r1@example.org"),),
        )

    async def claim(ledger: SqlLedger) -> list[Claim]:
        claims = list(await ledger.claim(10))
        await ledger.release(claims)
        return claims

    with store.take(campaign, repeatable=False) as ledger:
        claims = asyncio.run(claim(ledger))
    assert [claim.subscriber.email for claim in claims] == ["r0@example.org", "r2@example.org"]
    assert state_of(database, campaign, "r1@example.org") is DeliveryState.SKIPPED


def test_a_forgotten_reader_is_skipped(database: Database, store: CampaignStore) -> None:
    add_readers(database, 2)
    campaign = campaign_of(store)
    with database.write() as connection:
        connection.exec_driver_sql("DELETE FROM subscribers WHERE email_key = 'r0@example.org'")

    async def claim(ledger: SqlLedger) -> int:
        claims = await ledger.claim(10)
        await ledger.release(claims)
        return len(claims)

    with store.take(campaign, repeatable=False) as ledger:
        assert asyncio.run(claim(ledger)) == 1
    row = next(deliveries(database).rows(campaign, DeliveryState.SKIPPED))
    assert (row.email, row.reply) == ("", "forgotten since the campaign was planned")


def test_resolving_settles_all_or_none_of_those_named(database: Database, store: CampaignStore) -> None:
    add_readers(database, 5)
    campaign = campaign_of(store)
    die_while_sending(database, store)
    with store.take(campaign, repeatable=False):
        pass
    with pytest.raises(RefusedError, match=r"r4@example\.org"):
        deliveries(database).resolve(campaign, DeliveryState.ACCEPTED, ["r0@example.org", "r4@example.org"])
    assert store.tally(campaign)[DeliveryState.DOUBTFUL] == 1
    assert deliveries(database).resolve(campaign, DeliveryState.PLANNED, ["r0@example.org"]) == 1
    assert counts(store.tally(campaign)) == {"planned": 5}
    assert deliveries(database).resolve(campaign, DeliveryState.ACCEPTED, None) == 0


def test_cancelling_after_a_kill_keeps_the_doubt(database: Database, store: CampaignStore) -> None:
    add_readers(database, 5)
    campaign = campaign_of(store)
    die_while_sending(database, store)
    with database.write() as connection:  # the dead sender's lease has run out
        connection.exec_driver_sql("UPDATE campaigns SET lease_until = 0")
    assert store.cancel(campaign) == 4
    assert counts(store.tally(campaign)) == {"skipped": 4, "doubtful": 1}
    found = store.find(campaign.slug)
    assert found is not None
    assert found.state is CampaignState.CANCELLED


@pytest.mark.parametrize("kept", [0.0, 0.3, 0.6, 0.9])
def test_a_power_failure_that_eats_the_end_of_the_log_frees_no_claimed_row(
    tmp_path: Path, database: Database, store: CampaignStore, kept: float
) -> None:
    """What was not synced is lost with the power. Only handed marks and outcomes may be, never a claim.

    The database is copied with its write-ahead log cut off behind the point of the last synced claim, at
    several places: no row that was ever handed may come back as planned.
    """
    add_readers(database, 30)
    campaign = campaign_of(store)
    synced_size = 0
    wal = database.path.with_name(database.path.name + "-wal")

    async def some(ledger: SqlLedger) -> None:
        nonlocal synced_size
        claims = await ledger.claim(10)
        synced_size = wal.stat().st_size
        for claim in claims:
            assert await ledger.hand(claim)
        for claim in claims[:5]:
            ledger.settle(claim, Outcome(OutcomeKind.ACCEPTED, 250), None)
        await ledger.flush()
        lost = tmp_path / "after"
        (lost / "subscribers").mkdir(parents=True)
        copy = lost / "subscribers" / "newsletter.db"
        shutil.copy(database.path, copy)
        size = wal.stat().st_size
        cut = synced_size + int((size - synced_size) * kept)
        Path(f"{copy}-wal").write_bytes(wal.read_bytes()[:cut])

    with store.take(campaign, repeatable=False) as ledger:
        asyncio.run(some(ledger))

    after = open_database("sqlite:///subscribers/newsletter.db", tmp_path / "after")
    try:
        again = CampaignStore(after, TOKENS, TestClock().now)
        with after.write() as connection:
            connection.exec_driver_sql("UPDATE campaigns SET boot = 'before the failure', lease_until = 0")
        with again.take(campaign, repeatable=False):
            tally = again.tally(campaign)
        assert tally[DeliveryState.PLANNED] == 20
        assert tally[DeliveryState.DOUBTFUL] + tally[DeliveryState.ACCEPTED] == 10
    finally:
        after.close()


def test_a_database_kept_busy_by_somebody_else_is_waited_for(
    database: Database, store: CampaignStore
) -> None:
    add_readers(database, 3)
    campaign = campaign_of(store)
    other = sqlite3.connect(database.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    async def claim(ledger: SqlLedger) -> int:
        asyncio.get_running_loop().call_later(0.3, other.rollback)
        claims = await ledger.claim(3)
        await ledger.release(claims)
        return len(claims)

    other.rollback()
    with store.take(campaign, repeatable=False) as ledger:
        other.execute("BEGIN IMMEDIATE")
        assert asyncio.run(claim(ledger)) == 3
    other.close()
