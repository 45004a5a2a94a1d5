from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta

import pytest
import trustme

from newsletter.network import web
from newsletter.network.web import ask
from tests.network.web_server import Page, web_server


def now() -> datetime:
    return datetime.now(UTC)


def test_what_a_server_answers(authority: trustme.CA) -> None:
    with web_server({"POST /leave": Page(204)}, authority) as server:
        reply = ask("POST", f"{server.url}leave", now, {"List-Unsubscribe": "One-Click"})

    assert (reply.url, reply.status, reply.fault) == (f"{server.url}leave", 204, "")
    assert server.asked == [("POST", "/leave", "List-Unsubscribe=One-Click")]
    assert reply.date is not None
    assert reply.received is not None
    assert abs(reply.received - reply.date) < timedelta(seconds=5)


def test_a_redirect_is_not_followed(authority: trustme.CA) -> None:
    with web_server({"POST /leave": Page(302, "/elsewhere")}, authority) as server:
        reply = ask("POST", f"{server.url}leave", now)

    assert (reply.status, reply.location) == (302, "/elsewhere")
    assert [path for _, path, _ in server.asked] == ["/leave"]


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 99 Nov 2026 08:00:00 GMT"])
def test_a_server_that_does_not_know_the_time(authority: trustme.CA, date: str) -> None:
    with web_server({"GET /": Page(date=date)}, authority) as server:
        assert ask("GET", server.url, now).date is None


def test_a_date_without_a_zone_is_meant_in_utc(authority: trustme.CA) -> None:
    with web_server({"GET /": Page(date="Tue, 24 Nov 2026 08:00:00 -0000")}, authority) as server:
        assert ask("GET", server.url, now).date == datetime(2026, 11, 24, 8, tzinfo=UTC)


def test_a_certificate_for_another_host(authority: trustme.CA) -> None:
    with web_server({}, authority, host="elsewhere.test") as server:
        assert ask("GET", server.url, now).fault == "its certificate cannot be trusted"


def test_nobody_answers() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        url = f"https://127.0.0.1:{bound.getsockname()[1]}/"
        assert ask("GET", url, now).fault == "nobody answers there"


def test_an_answer_that_does_not_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "_PATIENCE", (0.2, 0.2))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        assert ask("GET", url, now).fault == "it does not answer in time"


def test_an_address_that_is_none() -> None:
    assert ask("GET", "https://[", now).fault
