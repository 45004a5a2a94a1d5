from __future__ import annotations

import sys

import dns.resolver
import pytest

from newsletter.checking.dns.answers import Answer, Kind, Status
from newsletter.errors import ConfigurationError, ContentError
from newsletter.network import resolver
from newsletter.network.resolver import DnsLookUp
from tests.network.dns_server import Zone, name_server, text, txt

ZONE: Zone = {
    "example.test": {
        "MX": ["20 MX2.example.test.", "10 mx1.example.test."],
        "A": ["192.0.2.1"],
        **txt("v=spf1 -all", 'with "quotes" and \\'),
    },
    "null.test": {"MX": ["0 ."]},
    "alias.test": {"CNAME": ["example.test."]},
    "circle.test": {"CNAME": ["circle.test."]},
    "six.test": {"AAAA": ["2001:db8::1"]},
    "long.test": {"TXT": [text("x" * 3000)]},
    "1.2.0.192.in-addr.arpa": {"PTR": ["Mail.Example.test."]},
    "broken.test": {"ERROR": []},
    "silent.test": {"SILENCE": []},
}


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolver, "_TRY", 0.2)
    monkeypatch.setattr(resolver, "_LIFETIME", 0.4)


@pytest.mark.parametrize(
    ("name", "kind", "values"),
    [
        ("example.test", "MX", ("mx1.example.test", "mx2.example.test")),
        ("example.test", "TXT", ("v=spf1 -all", 'with "quotes" and \\')),
        ("EXAMPLE.test", "A", ("192.0.2.1",)),
        ("alias.test", "A", ("192.0.2.1",)),
        ("six.test", "AAAA", ("2001:db8::1",)),
        ("null.test", "MX", ("",)),
        ("long.test", "TXT", ("x" * 3000,)),  # over TCP
        ("1.2.0.192.in-addr.arpa", "PTR", ("mail.example.test",)),
    ],
)
def test_what_is_found(name: str, kind: Kind, values: tuple[str, ...]) -> None:
    with name_server(ZONE) as server:
        assert DnsLookUp(server.address)(name, kind) == Answer(Status.FOUND, values)


def test_what_is_not_there() -> None:
    with name_server(ZONE) as server:
        look_up = DnsLookUp(server.address)

        assert look_up("six.test", "A") == Answer(Status.EMPTY)
        assert look_up("arpa", "TXT") == Answer(Status.EMPTY)  # there are names below it
        assert look_up("nowhere.test", "A") == Answer(Status.ABSENT)
        assert look_up("nowhere.test", "A").void


def test_each_question_is_asked_once() -> None:
    with name_server(ZONE) as server:
        look_up = DnsLookUp(server.address)
        for name in ("example.test", "Example.Test", "example.test"):
            look_up(name, "A")

        assert server.asked == [("example.test", "A")]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("broken.test", "the name servers answer with an error"),
        ("silent.test", "no name server answers"),
        ("circle.test", "the name servers answer with an error"),
        (f"{'x' * 64}.test", "A DNS label is > 63 octets long"),
    ],
)
@pytest.mark.usefixtures("hasty")
def test_what_nobody_can_say(name: str, why: str) -> None:
    with name_server(ZONE) as server:
        answer = DnsLookUp(server.address)(name, "A")

    assert (answer.status, answer.why) == (Status.FAILED, why)
    assert not answer.void


@pytest.mark.usefixtures("hasty")
def test_without_a_network_it_gives_up_soon() -> None:
    with name_server({f"{number}.test": {"SILENCE": []} for number in range(50)}) as server:
        look_up = DnsLookUp(server.address)
        answers = [look_up(f"{number}.test", "A") for number in range(50)]

    assert {answer.why for answer in answers} == {"no name server answers"}
    assert {name for name, _ in server.asked} == {"0.test", "1.test"}


@pytest.mark.parametrize("given", ["192.0.2.53", "192.0.2.53:5353", "2001:db8::53", "[2001:db8::53]:5353"])
def test_name_servers_as_people_write_them(given: str) -> None:
    address, port = resolver.server_address(given)

    assert address in ("192.0.2.53", "2001:db8::53")
    assert port == (5353 if "5353" in given else 53)


@pytest.mark.parametrize("given", ["dns.example.org", "192.0.2.53:dns", "300.0.0.1", "[::1", "[192.0.2.53"])
def test_what_is_no_name_server(given: str) -> None:
    with pytest.raises(ContentError, match="is not the address of a name server"):
        DnsLookUp(given)


def test_the_servers_of_the_system_are_asked_without_another(monkeypatch: pytest.MonkeyPatch) -> None:
    with name_server(ZONE) as server:

        def configured(self: dns.resolver.Resolver, _file: object) -> None:
            self.nameservers, self.port = ["127.0.0.1"], server.port

        monkeypatch.setattr(dns.resolver.Resolver, "read_resolv_conf", configured)
        assert DnsLookUp()("example.test", "A").values == ("192.0.2.1",)


def test_a_system_without_name_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_configuration(*_: object, **__: object) -> None:
        raise dns.resolver.NoResolverConfiguration

    monkeypatch.setattr(dns.resolver.Resolver, "read_resolv_conf", no_configuration)

    with pytest.raises(ConfigurationError, match="names no server"):
        DnsLookUp()


def test_without_the_library_the_command_to_install_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dns.resolver", None)

    with pytest.raises(ConfigurationError) as caught:
        DnsLookUp()
    (problem,) = caught.value.problems
    assert (problem.code, problem.hint) == ("missing-extra", "Install it: pip install 'newsletter[dns]'")
