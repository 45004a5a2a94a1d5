"""The list in the database: who comes in, who stays out, and that nobody who left is ever brought back."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.audience.addresses import Address, parse_address
from newsletter.audience.intake import RowResult, Verdict
from newsletter.audience.rows import Rejected, Row, read_rows
from newsletter.audience.standing import DEPARTED
from newsletter.audience.tokens import Tokens
from newsletter.errors import ConfigurationError, ContentError, RefusedError
from newsletter.model import Status, Subscriber, Tier
from newsletter.storage import subscribers as room
from newsletter.storage.database import Database, open_database
from newsletter.storage.subscribers import SubscriberStore
from newsletter.storage.suppressions import suppressed_among

NOW = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
MS = int(NOW.timestamp() * 1000)
ANNA = parse_address("Anna@Example.org")


def dump(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that is in the database."""
    with database.read() as connection:
        names = [
            row[0]
            for row in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        return {
            name: sorted(tuple(row) for row in connection.exec_driver_sql(f"SELECT * FROM {name}"))
            for name in names
        }


def events(database: Database) -> list[tuple[str, str, str]]:
    with database.read() as connection:
        rows = connection.exec_driver_sql("SELECT kind, source, detail FROM consent_events ORDER BY id")
        return [(row.kind, row.source, row.detail) for row in rows]


def counts(report: Any) -> dict[str, int]:
    return {verdict.value: count for verdict, count in report.counts.items() if count}


def row(email: str, line: int = 2, **said: Any) -> Row:
    return Row(line, parse_address(email), **said)


def rows_of(text: str) -> Iterator[Row | Rejected]:
    return read_rows(io.StringIO(text, newline=""))


# --- adding ----------------------------------------------------------------------------------------------


def test_adding_one_reader(subscribers: SubscriberStore, database: Database) -> None:
    added = subscribers.add(
        ANNA,
        source="subscribers add",
        name="Anna Berg",
        first_name="Anna",
        last_name="Berg",
        tier=Tier.MEMBER,
        tags=["pain", "massage"],
        fields={"town": "Zürich"},
    )
    assert added == Subscriber(
        id=1,
        public_id=added.public_id,
        email="Anna@example.org",
        email_key="anna@example.org",
        name="Anna Berg",
        first_name="Anna",
        last_name="Berg",
        tier=Tier.MEMBER,
        status=Status.ACTIVE,
        tags=("massage", "pain"),
        fields={"town": "Zürich"},
        joined_at=NOW,
    )
    assert len(added.public_id) == 8
    assert subscribers.get(" ANNA@example.ORG") == added == subscribers.by_public_id(added.public_id)
    assert events(database) == [("added", "subscribers add", "")]


def test_nobody_is_added_twice(subscribers: SubscriberStore, database: Database) -> None:
    subscribers.add(ANNA, source="x")
    before = dump(database)
    with pytest.raises(RefusedError, match="on the list already") as caught:
        subscribers.add(parse_address("ANNA@example.org"), source="x", tier=Tier.MEMBER)
    assert caught.value.problems[0].code == "known-subscriber"
    assert dump(database) == before


@pytest.mark.parametrize("status", sorted(DEPARTED))
def test_nobody_who_left_is_added(subscribers: SubscriberStore, database: Database, status: Status) -> None:
    added = subscribers.add(ANNA, source="x")
    subscribers.set_status(added.public_id, status, source="x")
    before = dump(database)
    with pytest.raises(RefusedError, match=f"this reader is {status}") as caught:
        subscribers.add(ANNA, source="x")
    assert caught.value.problems[0].code == "departed"
    assert dump(database) == before


def test_nobody_suppressed_is_added(subscribers: SubscriberStore, database: Database) -> None:
    subscribers.suppress("anna@EXAMPLE.org", "asked by letter")
    before = dump(database)
    with pytest.raises(RefusedError, match="on the suppression list") as caught:
        subscribers.add(ANNA, source="x")
    assert caught.value.problems[0].code == "suppressed"
    assert dump(database) == before
    assert "example.org" not in str(before["suppressions"])


@pytest.mark.parametrize(
    "said", [{"name": "A\nB"}, {"first_name": "A\r"}, {"tags": ["a\0"]}, {"fields": {"town": "x\ny"}}]
)
def test_no_line_breaks_get_onto_the_list(subscribers: SubscriberStore, said: dict[str, Any]) -> None:
    with pytest.raises(ContentError, match="line break"):
        subscribers.add(ANNA, source="x", **said)
    assert subscribers.get("anna@example.org") is None


def test_asking_for_somebody_who_is_not_there(subscribers: SubscriberStore) -> None:
    assert subscribers.get("anna@example.org") is None
    assert subscribers.by_public_id(bytes(8)) is None
    with pytest.raises(ContentError, match="there is no @"):
        subscribers.get("anna")


def test_the_list_belongs_to_its_key(subscribers: SubscriberStore, database: Database) -> None:
    with pytest.raises(ConfigurationError, match="secret key"):
        SubscriberStore(database, Tokens(bytes(32)), lambda: NOW)


# --- importing -------------------------------------------------------------------------------------------

LIST = """\
email,first_name,tier,tags,joined,status,town
Ada@example.org,Ada,member,friends;pain,2024-03-01,,Lagos
bjorn@example.org,Björn,free,,2099-01-01,,
chen@example.org,Chen,platinum,friends,,unsubscribed,
chen,Chen,,,,,
ADA@EXAMPLE.ORG,Ada,,,,,
dora@example.org,Dora,,,,pending,
"""


def test_importing_a_list(subscribers: SubscriberStore, database: Database) -> None:
    seen: list[RowResult] = []
    report = subscribers.import_rows(rows_of(LIST), "list.csv", on_result=seen.append)
    assert counts(report) == {"new": 4, "invalid": 1, "duplicate": 1}
    assert [(result.line, result.verdict) for result in report.rejections] == [
        (5, "invalid"),
        (6, "duplicate"),
    ]
    assert [(result.line, result.verdict) for result in report.remarks] == [(4, "new")]
    assert [result.line for result in seen] == [2, 3, 4, 5, 6, 7]
    assert seen[0] == RowResult(2, "Ada@example.org", Verdict.NEW, "")
    ada, bjorn, chen, dora = subscribers.list()
    assert (ada.email, ada.tier, ada.tags, ada.fields) == (
        "Ada@example.org",
        Tier.MEMBER,
        ("friends", "pain"),
        {"town": "Lagos"},
    )
    assert ada.joined_at == datetime(2024, 3, 1, tzinfo=UTC)
    assert bjorn.joined_at == NOW  # nobody joins in the future
    assert (chen.tier, chen.status, dora.status) == (Tier.FREE, Status.UNSUBSCRIBED, Status.UNCONFIRMED)
    assert len({one.public_id for one in (ada, bjorn, chen, dora)}) == 4
    assert events(database) == [
        ("imported", "list.csv", ""),
        ("imported", "list.csv", ""),
        ("imported", "list.csv", "unsubscribed"),
        ("imported", "list.csv", "unconfirmed"),
    ]


def test_importing_it_again_changes_nothing(subscribers: SubscriberStore, database: Database) -> None:
    subscribers.import_rows(rows_of(LIST), "list.csv")
    before = dump(database)
    assert counts(subscribers.import_rows(rows_of(LIST), "again.csv")) == {
        "unchanged": 4,
        "invalid": 1,
        "duplicate": 1,
    }
    assert dump(database) == before


def test_a_dry_run_says_the_same_and_changes_nothing(
    subscribers: SubscriberStore, database: Database
) -> None:
    subscribers.add(parse_address("bjorn@example.org"), source="x")
    before = dump(database)
    dry: list[RowResult] = []
    wet: list[RowResult] = []
    report = subscribers.import_rows(rows_of(LIST), "list.csv", dry_run=True, on_result=dry.append)
    assert dump(database) == before
    assert subscribers.import_rows(rows_of(LIST), "list.csv", on_result=wet.append) == report
    assert dry == wet


def test_a_later_list_updates_what_it_says_and_adds_tags(
    subscribers: SubscriberStore, database: Database
) -> None:
    subscribers.import_rows(rows_of(LIST), "list.csv")
    later = (
        "email,first_name,last_name,tier,tags,status,town\nada@example.org,,Okafor,free,vip,paused,Abuja\n"
    )
    report = subscribers.import_rows(rows_of(later), "later.csv")
    assert counts(report) == {"updated": 1}
    assert "changes nobody's status" in report.remarks[0].reason
    ada = subscribers.get("ada@example.org")
    assert ada is not None
    assert (ada.first_name, ada.last_name, ada.tier, ada.status) == (
        "Ada",
        "Okafor",
        Tier.FREE,
        Status.ACTIVE,
    )
    assert (ada.tags, ada.fields) == (("friends", "pain", "vip"), {"town": "Abuja"})
    assert len(events(database)) == 4


@pytest.mark.parametrize("status", sorted(DEPARTED))
def test_an_import_brings_nobody_back(
    subscribers: SubscriberStore, database: Database, status: Status
) -> None:
    added = subscribers.add(ANNA, source="x")
    subscribers.set_status(added.public_id, status, source="x")
    subscribers.suppress("bea@example.org", "asked")
    before = dump(database)
    report = subscribers.import_rows(
        rows_of("email,status,name\nanna@example.org,active,New\nBea@example.org,active,New\n"), "list.csv"
    )
    assert counts(report) == {"departed": 1, "suppressed": 1}
    assert [result.verdict for result in report.rejections] == ["departed", "suppressed"]
    assert dump(database) == before


def test_one_address_twice_in_rows_of_any_making(subscribers: SubscriberStore) -> None:
    report = subscribers.import_rows([row("a@example.org", 2), row("A@example.org", 3)], "x")
    assert counts(report) == {"new": 1, "duplicate": 1}
    assert report.rejections[0].reason == "line 2 has the same address"


def test_an_import_of_nothing(subscribers: SubscriberStore) -> None:
    assert subscribers.import_rows([], "x").total == 0
    assert counts(subscribers.import_rows([Rejected(2, "x", "there is no @")], "x")) == {"invalid": 1}


def test_an_interrupted_import_goes_on_where_it_stopped(
    subscribers: SubscriberStore, database: Database
) -> None:
    many = [row(f"r{n}@example.org", n, tags=("a", f"t{n % 3}")) for n in range(room.CHUNK * 2 + 345)]

    def until(stop: int) -> Iterator[Row]:
        for one in many:
            if one.line == stop:
                raise KeyboardInterrupt
            yield one

    done: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        subscribers.import_rows(until(room.CHUNK + 500), "x", on_progress=done.append)
    assert done == [room.CHUNK]
    assert subscribers.counts().total == room.CHUNK
    report = subscribers.import_rows(many, "x", on_progress=done.append)
    assert counts(report) == {"unchanged": room.CHUNK, "new": room.CHUNK + 345}
    assert done[1:] == [room.CHUNK, room.CHUNK * 2, room.CHUNK * 2 + 345]
    found = list(subscribers.list())
    assert [one.email for one in found] == [one.address.email for one in many]
    assert [one.tags for one in found] == [one.tags for one in many]
    assert len({one.public_id for one in found}) == len(many) == len(events(database))


def test_a_row_number_is_never_given_to_a_second_person(
    subscribers: SubscriberStore, database: Database
) -> None:
    subscribers.import_rows([row("a@example.org"), row("b@example.org")], "x")
    with database.write() as connection:
        connection.exec_driver_sql("DELETE FROM subscribers WHERE email_key = 'b@example.org'")
    subscribers.import_rows([row("c@example.org", tags=("t",))], "x")
    assert [(one.id, one.tags) for one in subscribers.list()] == [(1, ()), (3, ("t",))]


# --- asking ----------------------------------------------------------------------------------------------


def test_filters_and_pages(subscribers: SubscriberStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_PAGE", 3)
    subscribers.import_rows(
        [
            row(
                f"r{n}@example.org",
                n,
                tier=Tier.MEMBER if n % 2 else Tier.FREE,
                status=Status.PAUSED if n % 5 == 0 else None,
                tags=("third",) if n % 3 == 0 else (),
            )
            for n in range(30)
        ],
        "x",
    )

    def numbers(**wanted: Any) -> list[int]:
        return [int(one.email[1:].partition("@")[0]) for one in subscribers.list(**wanted)]

    assert numbers() == list(range(30))
    assert numbers(tier=Tier.MEMBER) == list(range(1, 30, 2))
    assert numbers(status=Status.PAUSED) == [0, 5, 10, 15, 20, 25]
    assert numbers(tag="third") == list(range(0, 30, 3))
    assert numbers(tag="third", tier=Tier.FREE, status=Status.ACTIVE) == [6, 12, 18, 24]
    assert numbers(tag="unheard of") == []
    counted = subscribers.counts()
    assert counted.total == 30
    assert (counted.by_status[Status.ACTIVE], counted.by_status[Status.PAUSED]) == (24, 6)
    assert counted.by_status[Status.BOUNCED] == 0
    assert counted.active_by_tier == {Tier.FREE: 12, Tier.MEMBER: 12}


def test_the_list_may_be_changed_while_it_is_read(subscribers: SubscriberStore) -> None:
    subscribers.import_rows([row("a@example.org"), row("b@example.org")], "x")
    for one in subscribers.list():
        subscribers.leave(one.public_id, source="x")
    assert subscribers.counts().by_status[Status.UNSUBSCRIBED] == 2


# --- leaving ---------------------------------------------------------------------------------------------


def test_leaving(subscribers: SubscriberStore, database: Database) -> None:
    added = subscribers.add(ANNA, source="x", tags=["pain"])
    left = subscribers.leave(added.public_id, source="link")
    assert left is not None
    assert (left.status, left.tags) == (Status.UNSUBSCRIBED, ("pain",))
    assert subscribers.leave(added.public_id, source="link again") == left
    assert subscribers.leave(bytes(8), source="link") is None
    assert events(database) == [("added", "x", ""), ("withdrawn", "link", "")]


def test_leaving_does_not_make_a_complaint_forgotten(subscribers: SubscriberStore) -> None:
    added = subscribers.add(ANNA, source="x")
    subscribers.set_status(added.public_id, Status.COMPLAINED, source="x")
    left = subscribers.leave(added.public_id, source="link")
    assert left is not None
    assert left.status is Status.COMPLAINED


def test_standings_leave_a_history(subscribers: SubscriberStore, database: Database) -> None:
    added = subscribers.add(ANNA, source="form", status=Status.UNCONFIRMED)
    for status in (Status.ACTIVE, Status.PAUSED, Status.PAUSED, Status.ACTIVE, Status.BOUNCED):
        assert subscribers.set_status(added.public_id, status, source="x").status is status
    assert [kind for kind, *_ in events(database)] == ["added", "confirmed", "paused", "resumed", "bounced"]
    assert events(database)[0] == ("added", "form", "unconfirmed")


def test_there_is_no_way_back(subscribers: SubscriberStore) -> None:
    added = subscribers.add(ANNA, source="x")
    with pytest.raises(RefusedError, match="cannot be made unconfirmed") as caught:
        subscribers.set_status(added.public_id, Status.UNCONFIRMED, source="x")
    assert caught.value.problems[0].code == "no-way"
    subscribers.leave(added.public_id, source="x")
    with pytest.raises(RefusedError, match="Only the reader himself") as caught:
        subscribers.set_status(added.public_id, Status.ACTIVE, source="x")
    assert caught.value.problems[0].code == "departed"
    with pytest.raises(RefusedError, match="no such subscriber"):
        subscribers.set_status(bytes(8), Status.ACTIVE, source="x")


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        ("bounced", Status.BOUNCED),
        ("complained", Status.COMPLAINED),
        ("asked by letter", Status.UNSUBSCRIBED),
    ],
)
def test_suppressing(
    subscribers: SubscriberStore, database: Database, tokens: Tokens, reason: str, status: Status
) -> None:
    subscribers.add(ANNA, source="x")
    assert subscribers.suppress("ANNA@example.org", reason, source="mailbox")
    assert not subscribers.suppress("anna@example.org", "another", source="mailbox")
    anna = subscribers.get("anna@example.org")
    assert anna is not None
    assert anna.status is status
    assert events(database) == [("added", "x", ""), ("suppressed", "mailbox", reason)]
    with database.read() as connection:
        keys = ["anna@example.org", "bea@example.org"]
        assert suppressed_among(connection, tokens, keys) == {"anna@example.org"}
        assert suppressed_among(connection, tokens, []) == set()
    assert dump(database)["suppressions"] == [(tokens.suppression_key("anna@example.org"), reason, MS)]


def test_suppressing_does_not_rewrite_how_somebody_left(
    subscribers: SubscriberStore, database: Database
) -> None:
    added = subscribers.add(ANNA, source="x")
    subscribers.leave(added.public_id, source="link")
    assert subscribers.suppress("anna@example.org", "bounced")
    anna = subscribers.get("anna@example.org")
    assert anna is not None
    assert anna.status is Status.UNSUBSCRIBED
    assert len(events(database)) == 2


# --- whatever happens ------------------------------------------------------------------------------------

_PEOPLE = [parse_address(f"{name}@example.org") for name in ("ada", "Ada", "bjorn", "chen", "dora")]
_text = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=6)
_rows = st.builds(
    Row,
    line=st.integers(2, 99),
    address=st.sampled_from(_PEOPLE),
    first_name=_text,
    name=_text,
    tier=st.none() | st.sampled_from(Tier),
    tags=st.lists(_text.filter(bool), unique=True, max_size=3).map(tuple),
    fields=st.dictionaries(_text.filter(bool), _text.filter(bool), max_size=2),
    joined=st.none() | st.datetimes(datetime(1990, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis wants naive bounds
    status=st.none() | st.sampled_from(Status),
)
_items = st.one_of(_rows, st.builds(Rejected, st.integers(2, 99), _text, _text, st.integers(0, 3)))
_acts = st.one_of(
    st.tuples(st.just("import"), st.lists(_items, max_size=8)),
    st.tuples(st.just("leave"), st.sampled_from(_PEOPLE)),
    st.tuples(st.just("suppress"), st.sampled_from(_PEOPLE)),
    st.tuples(st.just("bounce"), st.sampled_from(_PEOPLE)),
    st.tuples(st.just("add"), st.sampled_from(_PEOPLE)),
)


@contextmanager
def a_list(now: Callable[[], datetime] = lambda: NOW) -> Iterator[tuple[Database, SubscriberStore]]:
    with tempfile.TemporaryDirectory() as folder:
        database = open_database("sqlite:///list.db", Path(folder))
        try:
            yield database, SubscriberStore(database, Tokens(bytes(32)), now)
        finally:
            database.close()


def act(subscribers: SubscriberStore, what: str, whom: Any) -> None:
    if what == "import":
        subscribers.import_rows(whom, "x")
        return
    assert isinstance(whom, Address)
    known = subscribers.get(whom.email)
    if what == "suppress":
        subscribers.suppress(whom.email, "asked")
    elif what == "add":
        with suppress(RefusedError):
            subscribers.add(whom, source="x")
    elif known is not None and what == "leave":
        subscribers.leave(known.public_id, source="x")
    elif known is not None and known.status not in DEPARTED:
        subscribers.set_status(known.public_id, Status.BOUNCED, source="x")


@settings(max_examples=40, deadline=None)
@given(st.lists(_items, max_size=12), st.lists(_items, max_size=6))
def test_twice_is_once(items: list[Row | Rejected], before: list[Row | Rejected]) -> None:
    later = NOW
    with a_list(lambda: later) as (database, subscribers):
        subscribers.import_rows(before, "before")
        report = subscribers.import_rows(items, "x")
        once = dump(database)
        later += timedelta(days=1)
        again = subscribers.import_rows(items, "x")
        assert dump(database) == once
        assert again.total == report.total == len(items)
        assert again.counts[Verdict.NEW] == again.counts[Verdict.UPDATED] == 0
        assert subscribers.import_rows(items, "x", dry_run=True) == again


@settings(max_examples=60, deadline=None)
@given(st.lists(_acts, max_size=10))
def test_nothing_revives_anybody(acts: list[tuple[str, Any]]) -> None:
    with a_list() as (database, subscribers):
        gone: dict[str, Status] = {}
        suppressed: set[str] = set()
        for what, whom in acts:
            act(subscribers, what, whom)
            if what == "suppress":
                suppressed.add(whom.key)
            now = {one.email_key: one.status for one in subscribers.list()}
            assert gone.items() <= now.items()
            assert all(now.get(key, Status.UNSUBSCRIBED) in DEPARTED for key in suppressed)
            gone = {key: status for key, status in now.items() if status in DEPARTED}
        with database.read() as connection:
            orphans = (
                "SELECT count(*) FROM subscribers WHERE id NOT IN (SELECT subscriber_id FROM consent_events)"
            )
            assert connection.exec_driver_sql(orphans).scalar() == 0


@settings(max_examples=40, deadline=None)
@given(_rows)
def test_what_is_stored_is_what_was_said(said: Row) -> None:
    with a_list() as (_, subscribers):
        subscribers.import_rows([said], "x")
        (found,) = subscribers.list()
        assert (found.email, found.email_key) == said.address
        assert (found.first_name, found.name, found.fields) == (said.first_name, said.name, said.fields)
        assert found.tags == tuple(sorted(said.tags))
        assert found.tier is (said.tier or Tier.FREE)
        assert found.status is (said.status or Status.ACTIVE)
        assert found.joined_at is not None
        joined = min(said.joined, NOW) if said.joined else NOW
        assert abs(found.joined_at - joined) <= timedelta(milliseconds=1)
