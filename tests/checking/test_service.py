from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from newsletter.audience.tokens import Tokens
from newsletter.checking.service import NOBODY, Reply, judge_clock, judge_one_click

URL = f"https://letters.example.test/unsubscribe/{NOBODY}"
NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
HEALTHY = Reply("https://letters.example.test/healthz", 200)


def test_the_token_is_well_formed_and_nobodys() -> None:
    tokens = Tokens(b"k" * 32)

    assert len(tokens.unsubscribe(bytes(8))) == len(NOBODY)
    assert tokens.read_unsubscribe(NOBODY) is None


@pytest.mark.parametrize(
    ("status", "health", "grade"),
    [
        (200, None, "ok"),
        (204, None, "ok"),
        (404, HEALTHY, "ok"),
        (410, HEALTHY, "ok"),
        (404, Reply(HEALTHY.url, 404), "warn"),
        (404, None, "warn"),
        (301, None, "fail"),
        (308, HEALTHY, "fail"),
        (401, HEALTHY, "fail"),
        (403, HEALTHY, "fail"),
        (405, HEALTHY, "fail"),
        (500, HEALTHY, "fail"),
        (0, None, "fail"),
    ],
)
def test_l2_a_post_is_heard_without_a_redirect(status: int, health: Reply | None, grade: str) -> None:
    reply = Reply(URL, status, location="https://elsewhere.test/", fault="" if status else "nobody answers")
    found = judge_one_click(reply, health)

    assert found.grade == grade
    assert found.message.startswith("https://letters.example.test/unsubscribe/… ")
    assert NOBODY not in found.message
    assert bool(found.mend) == (grade != "ok")


def at(difference: float) -> list[Reply]:
    return [Reply(URL, 200, date=NOW, received=NOW + timedelta(seconds=difference))]


@pytest.mark.parametrize(
    ("difference", "grade", "words"),
    [
        (0, "ok", "The clock is right."),
        (-59, "ok", "The clock is right."),
        (90, "warn", "90 seconds ahead"),
        (-90, "warn", "90 seconds behind"),
        (7200, "fail", "7,200 seconds ahead"),
    ],
)
def test_the_clock(difference: float, grade: str, words: str) -> None:
    found = judge_clock(at(difference))

    assert found.grade == grade
    assert words in found.message


def test_no_server_tells_the_time() -> None:
    assert judge_clock([]).grade == "skip"
    assert judge_clock([Reply(URL, fault="nobody answers"), Reply(URL, 200, received=NOW)]).grade == "skip"
    assert judge_clock([Reply(URL, 200, received=NOW), *at(0)]).grade == "ok"
