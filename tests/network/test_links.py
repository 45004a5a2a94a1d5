"""Following links: each answer as it is, each server gently, and nothing in one's own network."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme

from newsletter.checking.deadlinks import Answer
from newsletter.network import links
from newsletter.network.link_cache import FRESH, LinkCache
from newsletter.network.links import LinkVisitor, Pace
from tests.network.web_server import web_server

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@dataclass
class Site:
    """A server whose answers are set by "METHOD path": a status, or an address to go on to."""

    url: str = ""
    pages: Mapping[str, int | str] = field(default_factory=dict)
    asked: list[tuple[float, str, str]] = field(default_factory=list)
    most_at_once: int = 0


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    busy, lock = [0], threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            with lock:
                site.asked.append((time.monotonic(), self.command, self.path))
                busy[0] += 1
                site.most_at_once = max(site.most_at_once, busy[0])
            page = site.pages.get(f"{self.command} {self.path}", 404)
            if page == "hang up":
                self.close_connection = True
            elif page == "wait":
                time.sleep(0.2)
                self._say(200, "")
            else:
                self._say(page if isinstance(page, int) else 301, page if isinstance(page, str) else "")
            with lock:
                busy[0] -= 1

        def _say(self, status: int, location: str) -> None:
            self.send_response_only(status)
            if location:
                self.send_header("Location", location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_HEAD = _answer  # noqa: N815 - the names that http.server asks for

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield site
    server.shutdown()
    server.server_close()


def visit(*urls: str, lanes: int = 4, gap: float = 0.0) -> dict[str, Answer]:
    return dict(LinkVisitor(lanes=lanes, gap=gap, allow_private=True).visit(urls))


def asked(site: Site) -> list[str]:
    return [f"{method} {path}" for _, method, path in site.asked]


def test_a_page_that_is_there_is_asked_for_its_head_only(site: Site) -> None:
    site.pages = {"HEAD /a": 200}
    url = f"{site.url}/a#end"
    assert visit(url, url) == {url: Answer(200)}
    assert asked(site) == ["HEAD /a"]


def test_bad_news_are_looked_into_with_get(site: Site) -> None:
    site.pages = {"HEAD /a": 405, "GET /a": 200, "HEAD /b": "hang up", "GET /b": 204}
    found = visit(f"{site.url}/a", f"{site.url}/b", f"{site.url}/c", lanes=1)
    assert [answer.status for answer in found.values()] == [200, 204, 404]
    assert asked(site) == ["HEAD /a", "GET /a", "HEAD /b", "GET /b", "HEAD /c", "GET /c"]


def test_redirects_are_followed_to_the_end(site: Site) -> None:
    site.pages = {"HEAD /a": "/b?c=d", "HEAD /b?c=d": f"{site.url}/e", "HEAD /e": 200, "HEAD /r": "/r"}
    site.pages |= {"GET /r": "/r", "HEAD /f": "ftp://example.org/", "GET /f": "ftp://example.org/"}
    found = visit(f"{site.url}/a", f"{site.url}/r", f"{site.url}/f")
    assert found == {
        f"{site.url}/a": Answer(200),
        f"{site.url}/r": Answer(fault="it leads on and on"),
        f"{site.url}/f": Answer(fault="it leads to something that is no web page"),
    }


def test_a_server_is_asked_only_now_and_then(site: Site) -> None:
    site.pages = {f"HEAD /{number}": 200 for number in range(4)}
    visit(*(f"{site.url}/{number}" for number in range(4)), gap=0.05)
    times = [moment for moment, _, _ in site.asked]
    assert len(times) == 4
    assert times[-1] - times[0] >= 0.14


def test_several_are_asked_at_once(site: Site) -> None:
    site.pages = {f"HEAD /{number}": "wait" for number in range(8)}
    assert len(visit(*(f"{site.url}/{number}" for number in range(8)), lanes=4)) == 8
    assert 2 <= site.most_at_once <= 4


def test_pace_is_kept_for_each_server_by_itself() -> None:
    pace, begun = Pace(0.05), time.monotonic()
    for host in ("a", "b", "a", "b"):
        pace.wait(host)
    assert 0.05 <= time.monotonic() - begun < 0.15


def test_servers_in_ones_own_network_are_not_asked(site: Site) -> None:
    visitor = LinkVisitor(gap=0)
    inside = "http://127.0.0.1/a"
    found = dict(
        visitor.visit([inside, f"{site.url}/a", "https://[::1/", "https://x.org:port/", "https:///"])
    )
    assert found == {inside: Answer(fault="it leads into a private network", lost=True)}
    assert site.asked == []


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        ("EAI_NONAME", Answer(fault="there is no such server", lost=True)),
        ("EAI_AGAIN", Answer(fault="the server was not found")),
    ],
)
def test_a_server_that_is_not_found(monkeypatch: pytest.MonkeyPatch, code: str, answer: Answer) -> None:
    def nothing(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(getattr(socket, code), "not found")

    monkeypatch.setattr("socket.getaddrinfo", nothing)
    assert visit("https://nowhere.example/") == {"https://nowhere.example/": answer}


def test_a_server_that_does_not_answer(site: Site) -> None:
    site.pages = {"HEAD /a": "hang up", "GET /a": "hang up"}
    fault = "the server cannot be reached, or hung up"
    assert visit(f"{site.url}/a") == {f"{site.url}/a": Answer(fault=fault)}


def test_a_server_that_takes_too_long(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "_LONGEST", 0.05)
    site.pages = {"HEAD /a": "wait", "GET /a": "wait"}
    assert visit(f"{site.url}/a") == {f"{site.url}/a": Answer(fault="the server does not answer in time")}


def test_a_certificate_of_nobody(authority: trustme.CA) -> None:
    with web_server({}, authority) as server:
        assert visit(server.url) == {server.url: Answer(fault="the server's certificate is not in order")}


@pytest.mark.parametrize("url", ["http://a b/", "http://*.example.org/", "http://" + "a" * 64 + ".org/"])
def test_addresses_that_cannot_be_opened(url: str) -> None:
    (answer,) = visit(url).values()
    assert answer.fault


def test_good_answers_count_for_a_week(tmp_path: Path) -> None:
    cache = LinkCache(tmp_path / ".cache" / "links")
    assert cache.load(NOW) == {}
    cache.save({"https://a.org/": Answer(200), "https://b.org/": Answer(404)}, NOW)
    cache.save({"https://c.org/": Answer(301), "https://d.org/": Answer(fault="x")}, NOW + timedelta(days=1))
    assert cache.load(NOW + timedelta(days=2)) == {
        "https://a.org/": Answer(200),
        "https://c.org/": Answer(301),
    }
    assert cache.load(NOW + FRESH) == {"https://c.org/": Answer(301)}
    assert cache.load(NOW + 2 * FRESH) == {}
    assert cache.load(NOW - timedelta(days=1)) == {}


@pytest.mark.parametrize("text", ["", "[]", '{"a": 1}', '{"a": ["x", "y"]}', '{"a": [200, "yesterday"]}'])
def test_a_cache_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "answers.json").write_text(text)
    assert LinkCache(tmp_path).load(NOW) == {}
    LinkCache(tmp_path).save({"https://a.org/": Answer(200)}, NOW)
    assert LinkCache(tmp_path).load(NOW) == {"https://a.org/": Answer(200)}
