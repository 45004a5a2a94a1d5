"""The ledger under any order of events: claims, marks, answers, deaths, takings-over, readers who leave.

A Hypothesis state machine drives the real store on a real database and keeps its own record of what was
handed over. Whatever happens, nobody is handed a second message unless a person asked for it, nobody who left
is handed one, and the states always sum to the plan.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from newsletter.model import CampaignState, Claim, DeliveryState, Fault, Outcome, OutcomeKind
from newsletter.storage.campaigns import CampaignStore
from newsletter.storage.database import open_database
from newsletter.storage.ledger import SqlLedger
from tests.storage.ledger_parts import TOKENS, TestClock, add_readers, campaign_of, deliveries, set_status

READERS = 6


class LedgerMachine(RuleBasedStateMachine):
    """One campaign, one sender at a time, and what the outside world has seen."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.database = open_database("sqlite:///subscribers/newsletter.db", self.folder)
        self.clock = TestClock()
        self.store = CampaignStore(self.database, TOKENS, self.clock.now)
        add_readers(self.database, READERS)
        self.campaign = campaign_of(self.store)
        self.loop = asyncio.new_event_loop()
        self.stack = ExitStack()
        self.ledger: SqlLedger | None = None
        self.claimed: list[Claim] = []
        self.handed: list[Claim] = []
        self.arrived: Counter[int] = Counter()
        self.allowed: Counter[int] = Counter(dict.fromkeys(range(1, READERS + 1), 1))
        self.left: set[int] = set()

    def teardown(self) -> None:
        self.stack.close()
        self.loop.close()
        self.database.close()
        shutil.rmtree(self.folder)

    # --- the sender --------------------------------------------------------------------------------------

    @precondition(lambda self: self.ledger is None)
    @rule(repeatable=st.just(False))
    def take(self, repeatable: bool) -> None:
        self.stack = ExitStack()
        self.ledger = self.stack.enter_context(self.store.take(self.campaign, repeatable=repeatable))

    @precondition(lambda self: self.ledger is not None)
    @rule(limit=st.integers(1, 4))
    def claim(self, limit: int) -> None:
        assert self.ledger is not None
        claims = self.loop.run_until_complete(self.ledger.claim(limit))
        assert not {claim.subscriber.id for claim in claims} & self.left
        self.claimed += claims

    @precondition(lambda self: self.ledger is not None and self.claimed)
    @rule(data=st.data())
    def hand(self, data: st.DataObject) -> None:
        """The mark, and then the last octet: from here on the message may have arrived."""
        assert self.ledger is not None
        claim = self.claimed.pop(data.draw(st.integers(0, len(self.claimed) - 1)))
        reader = claim.subscriber.id
        if self.loop.run_until_complete(self.ledger.hand(claim)):
            assert reader not in self.left
            self.arrived[reader] += 1
            self.handed.append(claim)

    @precondition(lambda self: self.ledger is not None and self.handed)
    @rule(kind=st.sampled_from(OutcomeKind), data=st.data())
    def settle(self, kind: OutcomeKind, data: st.DataObject) -> None:
        assert self.ledger is not None
        claim = self.handed.pop(data.draw(st.integers(0, len(self.handed) - 1)))
        due = self.clock.now() if kind is OutcomeKind.DEFERRED else None
        if kind in (OutcomeKind.DEFERRED, OutcomeKind.REFUSED):
            self.arrived[claim.subscriber.id] -= 1  # the server says that it did not take it
        self.ledger.settle(claim, Outcome(kind, 250, "", "said"), due)
        self.loop.run_until_complete(self.ledger.flush())

    @precondition(lambda self: self.ledger is not None and self.claimed)
    @rule()
    def lose_the_line(self) -> None:
        assert self.ledger is not None
        claim = self.claimed.pop()
        self.ledger.settle(claim, Outcome(OutcomeKind.DEFERRED, fault=Fault.LINE), self.clock.now())
        self.loop.run_until_complete(self.ledger.flush())

    @precondition(lambda self: self.ledger is not None)
    @rule()
    def release(self) -> None:
        assert self.ledger is not None
        self.loop.run_until_complete(self.ledger.release(self.claimed))
        self.claimed.clear()

    @precondition(lambda self: self.ledger is not None)
    @rule(power=st.booleans())
    def die(self, power: bool) -> None:
        """The sender is gone with all it carried; with the power, the machine's start has a new name."""
        self.stack.close()
        self.ledger = None
        self.claimed.clear()
        self.handed.clear()
        if power:
            with self.database.write() as connection:
                connection.exec_driver_sql("UPDATE campaigns SET boot = 'before'")

    # --- the world around it -----------------------------------------------------------------------------

    @rule(number=st.integers(1, READERS))
    def leave(self, number: int) -> None:
        set_status(self.database, f"r{number - 1}@example.org", "unsubscribed")
        self.left.add(number)

    @precondition(lambda self: self.ledger is None)
    @rule()
    def resend_what_is_in_doubt(self) -> None:
        """A person's decision: the only way to a second message."""
        for row in list(deliveries(self.database).rows(self.campaign, DeliveryState.DOUBTFUL)):
            self.allowed[int(row.email[1]) + 1] += 1
        deliveries(self.database).resolve(self.campaign, DeliveryState.PLANNED, None)

    @rule()
    def pause_or_go_on(self) -> None:
        found = self.store.find(self.campaign.slug)
        assert found is not None
        if found.state is CampaignState.PAUSED:
            self.store.resume(self.campaign)
        else:
            self.store.pause(self.campaign, "a rest")

    # --- what always holds -------------------------------------------------------------------------------

    @invariant()
    def nobody_is_mailed_twice(self) -> None:
        assert all(count <= self.allowed[reader] for reader, count in self.arrived.items()), self.arrived

    @invariant()
    def the_states_sum_to_the_plan(self) -> None:
        assert self.store.tally(self.campaign).total == READERS

    @invariant()
    def the_senders_own_count_is_the_ledgers(self) -> None:
        if self.ledger is not None:
            counted = self.loop.run_until_complete(self.ledger.tally())
            stored = self.store.tally(self.campaign)
            assert {s: counted[s] for s in DeliveryState} == {s: stored[s] for s in DeliveryState}

    @invariant()
    def nobody_is_skipped_who_stayed(self) -> None:
        skipped = deliveries(self.database).rows(self.campaign, DeliveryState.SKIPPED)
        assert {int(row.email[1]) + 1 for row in skipped} <= self.left


TestLedger = LedgerMachine.TestCase
TestLedger.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
