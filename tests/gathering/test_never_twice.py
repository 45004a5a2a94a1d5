"""However a feed changes between runs, no entry gets into two issues, and none that was there is lost."""

from dataclasses import dataclass, replace
from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from newsletter.gathering.decide import EntryStatus, FeedRules, decide
from newsletter.gathering.entries import Entry, make_entry
from newsletter.gathering.uses import Use, source_of
from tests.gathering.making import NOW


@dataclass(frozen=True)
class Piece:
    """What is really there, whatever the feed says of it: `number` never changes."""

    number: int
    guid: str
    url: str
    title: str
    html: str
    day: int

    def entry(self) -> Entry:
        return make_entry(
            "blog",
            guid=self.guid,
            url=self.url,
            title=self.title,
            html=self.html,
            published=NOW + timedelta(days=self.day),
        )


class ChangingFeed(RuleBasedStateMachine):
    """A blog that publishes, edits, renames and deletes, and a publisher who composes now and then."""

    @initialize(guids=st.sampled_from(["number", "address", "none"]))
    def begin(self, guids: str) -> None:
        self.guids = guids
        self.today = 0
        self.pieces: list[Piece] = []
        self.uses: list[Use] = []
        self.taken: list[int] = []
        self.count = 0
        self.doubled: set[int] = set()

    def shown(self) -> list[tuple[Entry, int]]:
        """What the feed shows now, each with the number of its piece."""
        twice = [piece for piece in self.pieces if piece.number in self.doubled]
        return [(piece.entry(), piece.number) for piece in (*self.pieces, *twice)]

    @rule()
    def publish(self) -> None:
        number = self.count
        self.count += 1
        guid = {"number": str(number), "address": f"https://blog.example.org/?p={number}", "none": ""}[
            self.guids
        ]
        url = f"https://blog.example.org/{number}/"
        self.pieces.insert(
            0, Piece(number, guid, url, f"Piece {number}", f"<p>words {number}</p>", self.today)
        )

    def _change(self, data: st.DataObject, **changes: str) -> None:
        if self.pieces:
            index = data.draw(st.integers(0, len(self.pieces) - 1))
            self.pieces[index] = replace(self.pieces[index], **changes)  # type: ignore[arg-type]  # texts all

    @rule(data=st.data(), word=st.text("abc", min_size=1))
    def edit(self, data: st.DataObject, word: str) -> None:
        self._change(data, html=f"<p>edited {word}</p>")

    @rule(data=st.data(), word=st.text("abc", min_size=1))
    def retitle(self, data: st.DataObject, word: str) -> None:
        self._change(data, title=f"Renamed {word}")

    @rule(data=st.data())
    def give_another_guid(self, data: st.DataObject) -> None:
        self.count += 1
        self._change(data, guid=f"urn:{self.count}")

    @rule(data=st.data())
    def reorder(self, data: st.DataObject) -> None:
        self.pieces = data.draw(st.permutations(self.pieces))

    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        if self.pieces:
            self.pieces.pop(data.draw(st.integers(0, len(self.pieces) - 1)))

    @rule(data=st.data())
    def list_twice(self, data: st.DataObject) -> None:
        if self.pieces:
            self.doubled ^= {data.draw(st.sampled_from(self.pieces)).number}

    @rule(days=st.integers(1, 40))
    def let_time_pass(self, days: int) -> None:
        self.today += days

    @rule(most=st.integers(1, 10))
    def compose(self, most: int) -> None:
        shown = self.shown()
        numbers = {id(one): number for one, number in shown}
        now = NOW + timedelta(days=self.today)
        (decision,) = decide([(FeedRules("blog"), [one for one, _ in shown])], self.uses, now=now)
        new = [one.entry for one in decision.verdicts if one.status is EntryStatus.NEW]
        for one in new[:most]:
            self.taken.append(numbers[id(one)])
            self.uses.append(Use(source_of(one), f"issue-{self.today}", now.date()))

    @rule()
    def nothing_recent_is_lost(self) -> None:
        shown = self.shown()
        now = NOW + timedelta(days=self.today)
        (decision,) = decide([(FeedRules("blog"), [one for one, _ in shown])], self.uses, now=now)
        new = {id(one.entry) for one in decision.verdicts if one.status is EntryStatus.NEW}
        offered = {number for one, number in shown if id(one) in new}
        for piece in self.pieces:
            if self.today - piece.day < 14 and piece.number not in self.taken:
                assert piece.number in offered

    @invariant()
    def no_piece_is_in_two_issues(self) -> None:
        assert len(set(self.taken)) == len(self.taken)


TestChangingFeed = ChangingFeed.TestCase
TestChangingFeed.settings = settings(
    max_examples=50, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
