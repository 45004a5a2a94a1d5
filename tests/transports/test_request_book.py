"""The book of requests under way: private, synced, and honest when a day has passed or the disk fails."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from newsletter.errors import TransportError
from newsletter.model import Fault, Outcome, OutcomeKind
from newsletter.transports import request_book
from newsletter.transports.batches import Request
from newsletter.transports.request_book import KEEP, WHOLE, RequestBook

TOO_LATE = Outcome(OutcomeKind.DOUBTFUL, reply="too late")
ACCEPTED = Outcome(OutcomeKind.ACCEPTED, 200, provider_id="re-1")
REFUSED = Outcome(OutcomeKind.REFUSED, 422, "5.1.3", "no", fault=Fault.RECIPIENT)
LATER = Outcome(OutcomeKind.DEFERRED, 422, fault=Fault.SENDER)
FIRST = Request(b"[1,2,3]", ("<1@x>", "<2@x>", "<3@x>"))
SECOND = Request(b"[4]", ("<4@x>",))


class Now:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.at = 1_000_000.0

    def time(self) -> float:
        return self.at


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Now:
    clock = Now()
    monkeypatch.setattr(request_book, "time", clock)
    return clock


def find(book: RequestBook, message_id: str) -> Outcome | Request | None:
    return book.find(message_id, 3600, TOO_LATE)


def test_a_request_and_its_answer(tmp_path: Path) -> None:
    path = tmp_path / "private" / "book.db"
    book = RequestBook(path)
    assert find(book, "<1@x>") is None
    assert not path.exists()
    key = book.begin(FIRST)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    book.close()
    again = RequestBook(path)
    assert find(again, "<2@x>") == FIRST
    assert find(again, "<4@x>") is None
    assert not again.doubted(key)
    assert again.begin(FIRST) == key
    assert again.doubted(key)
    again.answered(key, [ACCEPTED, REFUSED, LATER])
    assert [find(again, f"<{n}@x>") for n in (1, 2, 3)] == [ACCEPTED, None, None]
    assert b"[1,2,3]" not in path.read_bytes()
    again.close()
    again.close()


def test_the_same_messages_on_purpose_once_more_get_another_key(tmp_path: Path) -> None:
    book = RequestBook(tmp_path / "book.db")
    key = book.begin(SECOND)
    book.answered(key, [LATER])
    assert book.begin(SECOND) != key
    book.close()


def test_a_request_that_was_not_taken_is_struck_out(tmp_path: Path) -> None:
    book = RequestBook(tmp_path / "book.db")
    key = book.begin(FIRST)
    book.forget(key)
    assert find(book, "<1@x>") is None
    assert book.begin(FIRST) == key
    book.doubt(key)
    assert book.doubted(key)
    assert not book.doubted("another")
    book.close()


def test_after_the_day_there_is_doubt_once(tmp_path: Path, now: Now) -> None:
    book = RequestBook(tmp_path / "book.db")
    book.begin(FIRST)
    now.at += 3599
    assert find(book, "<1@x>") == FIRST
    now.at += 2
    assert find(book, "<1@x>") == TOO_LATE
    assert find(book, "<1@x>") == TOO_LATE  # told again, until it is certain that the ledger has it
    book.begin(SECOND)
    assert find(book, "<1@x>") is None  # somebody resolved it: it may be sent again
    assert find(book, "<2@x>") == TOO_LATE
    book.close()


def test_letters_are_not_kept_for_ever(tmp_path: Path, now: Now) -> None:
    book = RequestBook(tmp_path / "book.db")
    letters = Request(b"[" + b"reader@example.org" * 5_000 + b"]", ("<1@x>",))
    key = book.begin(letters)
    now.at += WHOLE + 1
    book.begin(SECOND)
    assert find(book, "<1@x>") == TOO_LATE
    assert b"reader@" not in (tmp_path / "book.db").read_bytes()
    assert book.begin(letters) != key  # somebody resolved it, and it is sent anew
    assert find(book, "<1@x>") == letters
    book.close()


def test_a_clock_that_was_set_back_counts_as_too_late(tmp_path: Path, now: Now) -> None:
    book = RequestBook(tmp_path / "book.db")
    book.begin(FIRST)
    now.at -= 200
    assert find(book, "<1@x>") == FIRST
    now.at -= 200
    assert find(book, "<1@x>") == TOO_LATE
    book.close()


def test_old_outcomes_go_when_the_ledger_has_them(tmp_path: Path, now: Now) -> None:
    book = RequestBook(tmp_path / "book.db")
    book.answered(book.begin(FIRST), [ACCEPTED] * 3)
    now.at += 2 * KEEP
    assert find(book, "<1@x>") == ACCEPTED  # nothing was handed since: it may be all that is known
    book.answered(book.begin(SECOND), [ACCEPTED])
    assert find(book, "<1@x>") is None
    assert find(book, "<4@x>") == ACCEPTED
    book.close()


def test_a_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "book.db").write_text("a letter to my aunt, which is no database at all" * 100)
    with pytest.raises(TransportError, match="cannot be kept") as caught:
        RequestBook(tmp_path / "book.db").begin(FIRST)
    assert caught.value.problems[0].code == "request-book"


def test_a_folder_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "book.db").mkdir()
    with pytest.raises(TransportError):
        find(RequestBook(tmp_path / "book.db"), "<1@x>")


def test_times_are_those_of_the_clock(tmp_path: Path) -> None:
    book = RequestBook(tmp_path / "book.db")
    book.begin(FIRST)
    assert time.time() > 0
    assert book.find("<1@x>", 0, TOO_LATE) == TOO_LATE
    book.close()
