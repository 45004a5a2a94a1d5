import gzip
import socket
import threading
import time
import zlib
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from newsletter.errors import TransportError
from newsletter.feeds.fetch import Fetched, Limits, fetch
from newsletter.network.guard import Guard, is_public
from tests.feeds.serving import Page, Site

HERE = Limits(allow_private=True, connect=2, read=2, total=4)


def fault(url: str, limits: Limits = HERE) -> TransportError:
    with pytest.raises(TransportError) as caught:
        fetch(url, limits)
    return caught.value


def code(url: str, limits: Limits = HERE) -> str:
    return fault(url, limits).problems[0].code


def test_a_page_is_fetched_with_what_is_needed_to_ask_again(site: Site) -> None:
    site.pages["/feed"] = Page(b"<rss/>", etag='"1"', modified="Mon, 23 Nov 2026 10:00:00 GMT")
    found = fetch(f"{site.url}/feed", HERE)
    assert found == Fetched(
        f"{site.url}/feed", b"<rss/>", "application/xml", '"1"', "Mon, 23 Nov 2026 10:00:00 GMT"
    )
    _, headers = site.asked[0]
    assert headers["user-agent"].startswith("newsletter/")
    assert "application/atom+xml" in headers["accept"]
    assert not {"if-none-match", "cookie", "authorization"} & headers.keys()


def test_an_unchanged_page_is_not_sent_again(site: Site) -> None:
    site.pages["/feed"] = Page(b"<rss/>", etag='"1"')
    assert fetch(f"{site.url}/feed", HERE, etag='"1"').unchanged
    site.pages["/feed"] = Page(b"<rss/>", modified="Mon, 23 Nov 2026 10:00:00 GMT")
    assert fetch(f"{site.url}/feed", HERE, last_modified="Mon, 23 Nov 2026 10:00:00 GMT").unchanged
    assert fetch(f"{site.url}/feed", HERE, etag='"old"').body == b"<rss/>"


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_packed_pages_are_unpacked(site: Site, encoding: str, pack: object) -> None:
    body = b"<rss>" + b"words " * 50_000 + b"</rss>"
    site.pages["/feed"] = Page(pack(body), headers={"Content-Encoding": encoding})  # type: ignore[operator]
    assert fetch(f"{site.url}/feed", HERE).body == body


def test_pages_in_chunks_are_put_together(site: Site) -> None:
    def act(handler: BaseHTTPRequestHandler) -> None:
        handler.protocol_version = "HTTP/1.1"
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(b"4\r\n<rss\r\n2\r\n/>\r\n0\r\n\r\n")

    site.pages["/feed"] = Page(act=act)
    assert fetch(f"{site.url}/feed", HERE).body == b"<rss/>"


# --- redirects ----------------------------------------------------------------------------------------------


def redirect(target: str, status: int = 302) -> Page:
    return Page(status=status, headers={"Location": target})


def test_redirects_are_followed_and_permanent_ones_told(site: Site) -> None:
    site.pages |= {"/new": Page(b"x"), "/moved": redirect("/new", 301), "/old": redirect("/moved", 308)}
    site.pages |= {"/now": redirect("/moved"), "/later": redirect("/now", 301)}
    found = fetch(f"{site.url}/old", HERE)
    assert (found.url, found.moved_to, found.body) == (f"{site.url}/new", f"{site.url}/new", b"x")
    assert fetch(f"{site.url}/now", HERE).moved_to == "", "for now only"
    assert fetch(f"{site.url}/later", HERE).moved_to == f"{site.url}/now", "as far as it is for good"


def test_redirects_come_to_an_end(site: Site) -> None:
    site.pages |= {f"/{number}": redirect(f"/{number + 1}") for number in range(10)} | {"/5": Page(b"x")}
    assert fetch(f"{site.url}/0", HERE).body == b"x"
    site.pages["/round"] = redirect("/round")
    assert code(f"{site.url}/round") == "too-many-redirects"


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://example.org/", "gopher://x/", "http://["])
def test_redirects_lead_to_web_addresses_only(site: Site, target: str) -> None:
    site.pages["/feed"] = redirect(target)
    assert code(f"{site.url}/feed") == "bad-address"


# --- strangers ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1",
        "::ffff:10.0.0.1", "64:ff9b::127.0.0.1", "2002:7f00:1::", "2002:a00:1::", "2001:db8::1",
    ],
)  # fmt: skip
def test_addresses_inside_networks_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::5db8:d822"]
)
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(address)


def test_private_addresses_are_not_asked(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    public = replace(HERE, allow_private=False)
    assert code(f"{site.url}/feed", public) == "private-address", "because of the port"
    monkeypatch.setattr(
        "newsletter.network.guard.PUBLIC_PORTS", frozenset({int(site.url.rpartition(":")[2])})
    )
    for host in ("127.0.0.1", "localhost", "2130706433", "127.1", "0x7f.1"):
        url = site.url.replace("127.0.0.1", host)
        assert code(f"{url}/feed", public) == "private-address", host
    assert site.asked == []


def test_the_connection_goes_to_the_address_that_was_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [[(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 80))]]
    asked: list[str] = []

    def resolve(host: str, *_: object, **__: object) -> object:
        asked.append(host)
        return answers[0]

    monkeypatch.setattr("newsletter.network.guard.socket.getaddrinfo", resolve)
    assert code("http://rebinding.example.org/", replace(HERE, allow_private=False)) == "private-address"
    assert asked == ["rebinding.example.org"], "the name is looked up once"


def test_neither_proxies_nor_passwords_of_the_environment_are_used(
    site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    site.pages["/feed"] = Page(b"x")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9/")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9/")
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login ann password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    assert fetch(f"{site.url}/feed", HERE).body == b"x"
    assert "authorization" not in site.asked[0][1]


# --- what goes wrong ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "password"),
        (403, "let us in"),
        (404, "not there"),
        (410, "for good"),
        (429, "too often"),
        (503, "now"),
    ],
)
def test_refusals_say_what_to_do(site: Site, status: int, words: str) -> None:
    site.pages["/feed"] = Page(status=status)
    problem = fault(f"{site.url}/feed?key=secret").problems[0]
    assert words in problem.message
    assert problem.hint
    assert "secret" not in problem.message


def test_retry_after_is_passed_on_and_odd_answers_are_named(site: Site) -> None:
    site.pages["/busy"] = Page(status=503, headers={"Retry-After": "120"})
    assert "120 seconds" in fault(f"{site.url}/busy").problems[0].hint
    site.pages["/odd"] = Page(status=299)
    assert "odd answer" in fault(f"{site.url}/odd").problems[0].message
    site.pages["/nowhere"] = Page(status=302)
    assert code(f"{site.url}/nowhere") == "http-status"


def test_too_much_is_not_taken(site: Site) -> None:
    limits = replace(HERE, size=100_000)
    site.pages["/told"] = Page(b"x" * 100_001)
    assert code(f"{site.url}/told", limits) == "too-large"
    site.pages["/bomb"] = Page(gzip.compress(b"\0" * 50_000_000), headers={"Content-Encoding": "gzip"})
    assert len(site.pages["/bomb"].body) < 100_000
    assert code(f"{site.url}/bomb", limits) == "too-large"
    site.pages["/just"] = Page(gzip.compress(b"x" * 100_000), headers={"Content-Encoding": "gzip"})
    assert len(fetch(f"{site.url}/just", limits).body) == 100_000

    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            for _ in range(800):
                handler.wfile.write(b"x" * 65_536)
        except OSError:
            return

    site.pages["/untold"] = Page(act=endless)
    assert code(f"{site.url}/untold", limits) == "too-large"
    assert "raise size_limit" in fault(f"{site.url}/told", limits).problems[0].hint


@pytest.mark.parametrize("encoding", ["br", "gzip, gzip"])
def test_other_ways_of_packing_are_refused(site: Site, encoding: str) -> None:
    site.pages["/feed"] = Page(b"x", headers={"Content-Encoding": encoding})
    assert code(f"{site.url}/feed") == "encoding"


def test_damaged_packing_is_refused(site: Site) -> None:
    site.pages["/feed"] = Page(b"not gzip at all", headers={"Content-Encoding": "gzip"})
    assert code(f"{site.url}/feed") == "encoding"


def test_what_breaks_off_is_given_and_marked(site: Site) -> None:
    site.pages["/short"] = Page(b"<rss>", headers={"Content-Length": "1000"})
    assert fetch(f"{site.url}/short", HERE).complete is False
    whole = gzip.compress(b"<rss>" + bytes(range(256)) * 40)
    site.pages["/packed"] = Page(whole[:-100], headers={"Content-Encoding": "gzip"})
    assert fetch(f"{site.url}/packed", HERE).complete is False
    site.pages["/nothing"] = Page(b"", headers={"Content-Length": "1000"})
    assert code(f"{site.url}/nothing") == "no-connection"


def drip(handler: BaseHTTPRequestHandler, head: bytes) -> None:
    handler.wfile.write(head)
    try:
        for _ in range(200):
            handler.wfile.write(b"x")
            handler.wfile.flush()
            time.sleep(0.1)
    except OSError:
        return


@pytest.mark.parametrize("head", [b"HTTP/1.0 200 OK\r\n\r\n", b"HTTP/1.0 200 OK\r\nX-Slow: "])
def test_a_server_that_drips_is_left_at_the_deadline(site: Site, head: bytes) -> None:
    site.pages["/feed"] = Page(act=lambda handler: drip(handler, head))
    begun = time.monotonic()
    assert code(f"{site.url}/feed", replace(HERE, total=0.6)) == "timeout"
    assert time.monotonic() - begun < 3


def test_a_server_that_says_nothing_is_left(site: Site) -> None:
    site.pages["/feed"] = Page(act=lambda handler: time.sleep(1.5))
    assert code(f"{site.url}/feed", replace(HERE, read=0.3)) == "timeout"


def test_servers_that_are_not_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert code(f"http://127.0.0.1:{port}/") == "no-connection"
    assert code("http://nobody.invalid/") == "unknown-host"
    assert code(f"http://{'x' * 70}.example.org/") in ("unknown-host", "bad-address")
    assert code("http://exa mple.org/") in ("unknown-host", "bad-address")
    assert code("nonsense") == "bad-address"


def test_a_server_that_speaks_no_http(site: Site) -> None:
    site.pages["/feed"] = Page(act=lambda handler: None)
    assert code(f"{site.url}/feed") == "no-connection"
    assert code(site.url.replace("http://", "https://")) in ("certificate", "no-connection")


def test_after_the_deadline_no_connection_is_opened() -> None:
    with Guard(allow_private=True, seconds=0) as guard:
        while not guard.expired:
            time.sleep(0.01)
        with pytest.raises(OSError, match="no time left"):
            guard.connect("127.0.0.1", 9, 1.0)


def test_no_thread_is_left_behind(site: Site) -> None:
    site.pages["/feed"] = Page(b"x")
    fetch(f"{site.url}/feed", HERE)
    time.sleep(0.05)
    assert not [thread for thread in threading.enumerate() if type(thread).__name__ == "Timer"]
