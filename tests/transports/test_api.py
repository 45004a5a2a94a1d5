"""Postmark and Resend against strict fake servers that do everything that can go wrong."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from newsletter.errors import ConfigurationError, CredentialsError, StorageError, TransportError
from newsletter.model import Fault, Message, OutcomeKind
from newsletter.transports.api import ApiSettings, ApiTransport, Waits
from newsletter.transports.calls import Patience, Reply
from newsletter.transports.postmark import PostmarkTransport
from newsletter.transports.resend import ResendTransport
from newsletter.transports.verdicts import retry_after
from tests.transports.conformance import real_message
from tests.transports.fakes.postmark import FakePostmark
from tests.transports.fakes.provider import TOKEN, Provider, serving
from tests.transports.fakes.resend import FakeResend
from tests.transports.parts import MemoryDesk, message

ACCEPTED, DEFERRED, REFUSED, DOUBTFUL = (
    OutcomeKind.ACCEPTED,
    OutcomeKind.DEFERRED,
    OutcomeKind.REFUSED,
    OutcomeKind.DOUBTFUL,
)
QUICK = Waits(first=0.01, hold=1.5, linger=0.1)
IMPATIENT = Patience(connect=2, read=0.5, whole=2, grace=0.1)


class Case:
    """A provider's server and a way to make its transport, anew each time, as in a new process."""

    def __init__(self, provider: Provider, endpoint: str, folder: Path) -> None:
        self.provider = provider
        self.endpoint = endpoint
        self.folder = folder

    @property
    def repeatable(self) -> bool:
        return isinstance(self.provider, FakeResend)

    def transport(self, token: str = TOKEN, endpoint: str = "") -> ApiTransport:
        settings = ApiSettings(token, endpoint or self.endpoint, IMPATIENT, QUICK)
        if self.repeatable:
            return ResendTransport(settings, self.folder / "book.db")
        return PostmarkTransport(settings)

    def send(self, desk: MemoryDesk, transport: ApiTransport | None = None) -> TransportError | None:
        async def work() -> None:
            async with asyncio.timeout(30):
                await (transport or self.transport()).lane(desk)

        ended: TransportError | None = None
        try:
            asyncio.run(work())
        except TransportError as error:
            ended = error
        assert TOKEN not in str(ended)
        return ended

    @property
    def deliveries(self) -> list[str]:
        return [
            item["Metadata"]["delivery"] if "Metadata" in item else item["headers"]["X-Entity-Ref-ID"]
            for item in self.provider.taken
        ]


@pytest.fixture(params=[FakePostmark, FakeResend], ids=["postmark", "resend"])
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Case]:
    provider = request.param()
    with serving(provider) as endpoint:
        yield Case(provider, endpoint, tmp_path)
    assert provider.complaints == []


@pytest.fixture
def postmark(tmp_path: Path) -> Iterator[Case]:
    with serving(provider := FakePostmark()) as endpoint:
        yield Case(provider, endpoint, tmp_path)


@pytest.fixture
def resend(tmp_path: Path) -> Iterator[Case]:
    with serving(provider := FakeResend()) as endpoint:
        yield Case(provider, endpoint, tmp_path)


def desk_of(count: int) -> MemoryDesk:
    return MemoryDesk([real_message(number) for number in range(1, count + 1)])


def simple(number: int, recipient: str = "", size: int = 10) -> Message:
    content = b"From: news@example.org\r\nTo: x@example.org\r\nSubject: x\r\n\r\n" + b"x" * size + b"\r\n"
    return message(number, content=content, recipient=recipient)


def desk_for(*recipients: str) -> MemoryDesk:
    return MemoryDesk([simple(n, recipient) for n, recipient in enumerate(recipients, 1)])


# --- what goes well --------------------------------------------------------------------------------------


def test_many_messages_go_in_few_requests(case: Case) -> None:
    transport = case.transport()
    desk = desk_of(1_100)
    assert case.send(desk, transport) is None
    assert desk.kinds == [ACCEPTED] * 1_100
    assert len(case.provider.requests) == -(-1_100 // transport.most_messages)
    assert len(set(case.deliveries)) == 1_100
    assert desk.outcomes[7].provider_id.endswith(case.deliveries[6])


def test_a_request_stays_within_its_size(case: Case) -> None:
    transport = case.transport()
    transport.most_octets = 20_000  # type: ignore[misc]  # as if the provider took no more
    desk = desk_of(60)
    assert case.send(desk, transport) is None
    assert desk.kinds == [ACCEPTED] * 60
    assert len(case.provider.requests) > 2
    assert all(len(body) <= 20_000 for _, body in case.provider.requests)


def test_a_message_that_is_too_big_is_our_fault(case: Case) -> None:
    transport = case.transport()
    transport.largest_message = 5_000  # type: ignore[misc]  # as if the provider took no more
    desk = MemoryDesk([message(1, content=b"Subject: x\r\n\r\n" + b"x\r\n" * 5_000), real_message(2)])
    assert case.send(desk, transport) is None
    assert desk.kinds == [DEFERRED, ACCEPTED]
    assert (desk.outcomes[1].fault, desk.outcomes[1].enhanced) == (Fault.SENDER, "5.3.4")
    assert desk.handed == [2]


def test_a_slow_desk_is_not_waited_for_long(case: Case) -> None:
    desk = desk_of(4)

    async def slow() -> None:
        await asyncio.sleep(0.15)

    desk.on_next = slow
    assert case.send(desk) is None
    assert desk.kinds == [ACCEPTED] * 4
    assert len(case.provider.requests) >= 2


def test_check(case: Case) -> None:
    asyncio.run(case.transport().check())
    with pytest.raises(CredentialsError) as caught:
        asyncio.run(case.transport(token="wrong").check())
    assert "[delivery." in caught.value.problems[0].hint
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(TransportError, match="Connection refused"):
            asyncio.run(case.transport(endpoint=nobody).check())
    with pytest.raises(TransportError):
        asyncio.run(case.transport(endpoint=f"{case.endpoint}/elsewhere").check())


@pytest.mark.parametrize("token", ["", "a b", "a\r\nX-Other: b", "ä", "x" * 1_001])
def test_a_token_that_is_none_is_not_repeated(case: Case, token: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        case.transport(token=token)
    assert not token or token not in str(caught.value)


def test_a_key_that_can_only_send_is_a_good_key(resend: Case) -> None:
    assert isinstance(resend.provider, FakeResend)
    resend.provider.restricted = True
    asyncio.run(resend.transport().check())


# --- what fails for one reader ---------------------------------------------------------------------------


def test_a_partial_failure_is_settled_per_reader(case: Case) -> None:
    desk = desk_for(
        "a@example.org", "invalid@example.org", "b@example.org", "invalid2@example.org", "c@example.org"
    )
    assert case.send(desk) is None
    assert desk.kinds == [ACCEPTED, REFUSED, ACCEPTED, REFUSED, ACCEPTED]
    assert desk.outcomes[2].fault is Fault.RECIPIENT
    assert desk.outcomes[2].hard
    assert desk.outcomes[3].provider_id.endswith("3")
    assert case.deliveries == ["1", "3", "5"]


def test_an_inactive_reader_is_never_mailed_again(postmark: Case) -> None:
    desk = desk_for("inactive@example.org", "b@example.org")
    assert postmark.send(desk) is None
    assert desk.kinds == [REFUSED, ACCEPTED]
    assert (desk.outcomes[1].code, desk.outcomes[1].hard) == (406, True)
    assert "inactive" in desk.outcomes[1].reply


def test_what_is_ours_to_mend_pauses_and_blames_nobody(case: Case) -> None:
    desk = desk_for("a@example.org", "pending@example.org")
    assert case.send(desk) is None
    assert desk.kinds == [ACCEPTED, DEFERRED]
    assert desk.outcomes[2].fault is Fault.SENDER
    again = desk_for("a@example.org", "pending@example.org")  # mended, and sent again
    again.messages[0:1] = []
    again.messages[0] = simple(2, "fine@example.org")
    assert case.send(again) is None
    assert again.kinds == [ACCEPTED]


# --- what fails for all ----------------------------------------------------------------------------------


def test_a_request_that_is_wrong_is_taken_apart_until_the_one_is_found(case: Case) -> None:
    desk = desk_of(8)
    case.provider.plan = ["422", "ok", "422", "422", "422"]  # the first half is fine, the fifth is not
    assert case.send(desk) is None
    assert desk.kinds == [ACCEPTED] * 4 + [DEFERRED] * 4
    assert desk.outcomes[5].fault is Fault.SENDER
    assert len(case.deliveries) == 4


def test_a_batch_of_which_each_part_is_fine(case: Case) -> None:
    desk = desk_of(4)
    case.provider.plan = ["413"]
    assert case.send(desk) is None
    assert desk.kinds == [ACCEPTED] * 4
    assert len(case.deliveries) == 4


def test_when_all_are_wrong_few_requests_find_out(case: Case) -> None:
    desk = desk_of(64)
    case.provider.plan = ["422"] * 200
    assert case.send(desk) is None
    assert {(outcome.kind, outcome.fault) for outcome in desk.outcomes.values()} == {(DEFERRED, Fault.SENDER)}
    assert len(case.provider.requests) == 7
    assert case.deliveries == []


def test_a_reader_that_spoils_the_batch(resend: Case) -> None:
    assert isinstance(resend.provider, FakeResend)
    resend.provider.words = "Invalid `to` field."
    resend.provider.plan = ["422", "422", "ok", "ok"]
    desk = desk_of(2)
    assert resend.send(desk) is None
    assert desk.kinds == [REFUSED, ACCEPTED]
    assert desk.outcomes[1].fault is Fault.RECIPIENT


def test_a_token_that_is_not_known_any_more(case: Case) -> None:
    desk = desk_of(3)
    case.provider.plan = ["401"]
    error = case.send(desk)
    assert isinstance(error, CredentialsError)
    assert {(outcome.kind, outcome.fault) for outcome in desk.outcomes.values()} == {(DEFERRED, Fault.SENDER)}
    assert case.deliveries == []


def test_too_quick_is_tried_again_after_the_time_that_was_asked_for(case: Case) -> None:
    desk = desk_of(3)
    case.provider.plan = ["429:1", "429", "ok"]

    async def timed() -> float:
        begun = asyncio.get_running_loop().time()
        await case.transport().lane(desk)
        return asyncio.get_running_loop().time() - begun

    assert asyncio.run(timed()) >= 1
    assert desk.kinds == [ACCEPTED] * 3
    assert len(case.provider.requests) == 3


def test_a_long_wait_goes_back_to_the_ledger_and_is_kept(case: Case) -> None:
    transport = case.transport()
    desk = desk_of(3)
    case.provider.plan = ["429:600"]
    assert case.send(desk, transport) is not None
    assert {(outcome.kind, outcome.fault) for outcome in desk.outcomes.values()} == {(DEFERRED, Fault.LINE)}
    again = desk_of(3)
    error = case.send(again, transport)
    assert error is not None
    assert "wait another" in str(error)
    assert again.given == []
    assert len(case.provider.requests) == 1
    later = desk_of(3)
    assert case.send(later) is None  # a new process asks again
    assert later.kinds == [ACCEPTED] * 3
    assert len(case.deliveries) == 3


def test_maintenance_passes(case: Case) -> None:
    desk = desk_of(3)
    case.provider.plan = ["503", "503"]
    assert case.send(desk) is None
    assert desk.kinds == [ACCEPTED] * 3
    assert len(case.deliveries) == 3


def test_nobody_listens(case: Case) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        transport = case.transport(endpoint=f"http://127.0.0.1:{unused.getsockname()[1]}")
        desk = desk_of(3)
        assert case.send(desk, transport) is not None
    assert {(outcome.kind, outcome.fault) for outcome in desk.outcomes.values()} == {(DEFERRED, Fault.LINE)}


def test_a_line_cut_before_the_last_octet_has_sent_nothing(postmark: Case) -> None:
    desk = MemoryDesk([simple(n, size=70_000) for n in range(1, 101)])
    postmark.provider.plan = ["cut-early"]
    assert postmark.send(desk) is None
    assert desk.kinds == [ACCEPTED] * 100
    assert len(postmark.deliveries) == 100


LOST = ["cut", "cut-taken", "500-taken", "500", "nonsense", "half", "endless", "slow:1"]


@pytest.mark.parametrize("conduct", LOST)
def test_an_answer_that_is_lost_leaves_doubt_at_postmark(postmark: Case, conduct: str) -> None:
    transport = postmark.transport()
    desk = desk_of(3)
    postmark.provider.plan = [conduct]
    assert postmark.send(desk, transport) is not None
    assert desk.kinds == [DOUBTFUL] * 3
    assert all(outcome.reply for outcome in desk.outcomes.values())
    more = MemoryDesk([real_message(9)])
    assert postmark.send(more, transport) is None  # after a look whether it answers at all
    assert more.kinds == [ACCEPTED]


@pytest.mark.parametrize("conduct", LOST)
def test_an_answer_that_is_lost_is_asked_for_again_at_resend(resend: Case, conduct: str) -> None:
    desk = desk_of(3)
    resend.provider.plan = [conduct]
    assert resend.send(desk) is None
    assert desk.kinds == [ACCEPTED] * 3
    assert len(resend.deliveries) == 3
    keys = {headers["idempotency-key"] for headers, _ in resend.provider.requests}
    assert len(keys) == 1
    assert len(resend.provider.requests) == 2


def test_resend_that_stays_silent_is_asked_again_by_the_next_process(resend: Case) -> None:
    assert isinstance(resend.provider, FakeResend)
    desk = desk_of(3)
    resend.provider.plan = ["cut-taken", *["cut"] * 4]
    assert resend.send(desk) is not None
    assert {(outcome.kind, outcome.fault) for outcome in desk.outcomes.values()} == {(DEFERRED, Fault.LINE)}
    # they come again in another order, with others between them
    again = MemoryDesk([real_message(n) for n in (7, 3, 1, 8, 2)])
    assert resend.send(again) is None
    assert again.kinds == [ACCEPTED] * 5
    assert sorted(resend.deliveries) == sorted({*resend.deliveries})
    assert len(resend.deliveries) == 5


def test_an_outcome_that_the_ledger_did_not_come_to_write(resend: Case) -> None:
    first, again = desk_of(3), desk_of(5)
    assert resend.send(first) is None
    assert resend.send(again) is None  # killed before the outcomes were written, so all of them come again
    assert again.kinds == [ACCEPTED] * 5
    assert again.outcomes[2].provider_id == first.outcomes[2].provider_id
    assert len(resend.deliveries) == 5


def test_after_a_refused_second_try_nothing_is_concluded(resend: Case) -> None:
    desk = desk_of(4)
    resend.provider.plan = ["cut-taken", "422"]
    assert resend.send(desk) is None
    assert {(outcome.kind, outcome.fault) for outcome in desk.outcomes.values()} == {(DEFERRED, Fault.SENDER)}
    again = desk_of(4)
    assert resend.send(again) is None
    assert again.kinds == [ACCEPTED] * 4
    assert len(resend.deliveries) == 4


def test_a_quota_is_ours_to_mend(resend: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    quota = {
        "statusCode": 429,
        "name": "daily_quota_exceeded",
        "message": "You have reached your daily quota.",
    }
    monkeypatch.setattr(resend.provider, "error", lambda status: quota)
    resend.provider.plan = ["429"]
    desk = desk_of(3)
    assert resend.send(desk) is None
    assert {(outcome.kind, outcome.fault) for outcome in desk.outcomes.values()} == {(DEFERRED, Fault.SENDER)}


# --- being stopped ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("conduct", "times"), [("slow:0.05", 1), ("slow:1", 1), ("slow:1", 2)])
def test_cancelled_while_the_request_is_on_its_way(case: Case, conduct: str, times: int) -> None:
    desk = desk_of(3)
    case.provider.plan = [conduct]

    async def work() -> None:
        lane = asyncio.create_task(case.transport().lane(desk))
        while not case.provider.taken:
            await asyncio.sleep(0.005)
        for _ in range(times):
            lane.cancel()
            await asyncio.sleep(0.01)
        with pytest.raises(asyncio.CancelledError):
            await lane

    asyncio.run(work())
    if conduct == "slow:0.05":
        assert desk.kinds == [ACCEPTED] * 3
    else:
        assert desk.kinds == [DEFERRED if case.repeatable else DOUBTFUL] * 3
    if case.repeatable:
        again = desk_of(3)
        assert case.send(again) is None
        assert again.kinds == [ACCEPTED] * 3
    assert len(case.deliveries) == 3


def test_cancelled_between_two_tries(case: Case) -> None:
    desk = desk_of(3)
    case.provider.plan = ["429:1"]

    async def work() -> None:
        lane = asyncio.create_task(case.transport().lane(desk))
        while not case.provider.requests:
            await asyncio.sleep(0.005)
        await asyncio.sleep(0.1)
        lane.cancel()
        with pytest.raises(asyncio.CancelledError):
            await lane

    asyncio.run(work())
    assert {(outcome.kind, outcome.fault) for outcome in desk.outcomes.values()} == {(DEFERRED, Fault.LINE)}
    assert case.deliveries == []


def test_a_ledger_that_fails_in_the_middle_of_a_batch(case: Case) -> None:
    desk = desk_of(5)

    async def fail(given: Message) -> None:
        if given.key == 4:
            raise StorageError("gone")

    desk.on_hand = fail
    with pytest.raises(StorageError):
        case.send(desk)
    assert sorted(desk.outcomes) == [1, 2, 3, 4, 5]
    assert {outcome.kind for outcome in desk.outcomes.values()} == {DEFERRED}
    assert case.provider.requests == []


def test_a_bug_after_sending_leaves_doubt(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    transport, desk = case.transport(), desk_of(2)

    def broken(reply: Reply, count: int) -> None:
        raise KeyError(count)

    monkeypatch.setattr(transport, "read", broken)
    with pytest.raises(KeyError):
        case.send(desk, transport)
    assert desk.kinds == [DOUBTFUL] * 2


def test_cancelled_twice_while_handing(case: Case) -> None:
    desk = desk_of(3)

    async def slow(_: Message) -> None:
        await asyncio.sleep(0.1)

    desk.on_hand = slow

    async def work() -> None:
        lane = asyncio.create_task(case.transport().lane(desk))
        while len(desk.given) < 3:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        for _ in range(2):
            lane.cancel()
            await asyncio.sleep(0.01)
        with pytest.raises(asyncio.CancelledError):
            await lane
        await asyncio.sleep(0.2)

    asyncio.run(work())
    assert desk.kinds == [DEFERRED] * 3
    assert case.provider.requests == []


def test_cancelled_while_asking_again_for_an_old_request(resend: Case) -> None:
    resend.provider.plan = ["cut-taken", *["cut"] * 4]
    assert resend.send(desk_of(3)) is not None
    resend.provider.plan = ["slow:1"]
    before = len(resend.provider.requests)
    desk = desk_of(3)

    async def work() -> None:
        lane = asyncio.create_task(resend.transport().lane(desk))
        while len(resend.provider.requests) == before:
            await asyncio.sleep(0.005)
        lane.cancel()
        with pytest.raises(asyncio.CancelledError):
            await lane

    asyncio.run(work())
    assert {(outcome.kind, outcome.fault) for outcome in desk.outcomes.values()} == {(DEFERRED, Fault.LINE)}
    again = desk_of(3)
    assert resend.send(again) is None
    assert again.kinds == [ACCEPTED] * 3
    assert len(resend.deliveries) == 3


def test_a_book_that_cannot_be_written_sends_nothing(resend: Case) -> None:
    (resend.folder / "book.db").write_bytes(b"no database" * 1_000)
    desk = desk_of(3)
    assert resend.send(desk) is not None
    assert {(outcome.kind, outcome.fault) for outcome in desk.outcomes.values()} == {(DEFERRED, Fault.LINE)}
    assert resend.provider.requests == []


# --- small things ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7.0), ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0), ("soon", None), ("", None), ("-1", None)],
)
def test_retry_after(value: str, seconds: float | None) -> None:
    assert retry_after(Reply(429, {"retry-after": value}, b"")) == seconds


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"[]",
        b"{}",
        b'{"data": 1}',
        b'{"data": [], "errors": [{"index": 7}]}',
        b'{"data": [], "errors": [1]}',
        b'{"data": [{"id": "a"}], "errors": [{"index": 0}, {"index": 0}]}',
        b'[{"ErrorCode": "0"}]',
        b"[" * 100_000,
    ],
)
def test_answers_that_are_not_as_documented(case: Case, answer: bytes) -> None:
    read: Any = case.transport().read(Reply(200, {}, answer), 1)
    assert read.trouble.name == "UNKNOWN"
