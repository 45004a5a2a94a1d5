from __future__ import annotations

from ipaddress import ip_address

import pytest

from newsletter.checking.diagnosis import Diagnosis
from newsletter.checking.dns.hosts import judge_receiving, judge_reverse
from tests.checking.dns.looking_up import asking, outcome
from tests.network.dns_server import Zone

FOUR, SIX = ip_address("192.0.2.10"), ip_address("2001:db8::10")


def receiving(zone: Zone) -> Diagnosis:
    return asking(zone, lambda look_up: judge_receiving({"example.test": ["from", "reply_to"]}, look_up))


@pytest.mark.parametrize(
    "records",
    [
        {"MX": ["10 mx.example.test.", "20 gone.test."]},
        {"A": ["192.0.2.1"]},
        {"AAAA": ["2001:db8::1"]},
    ],
)
def test_d4_domains_that_receive_mail(records: dict[str, list[str]]) -> None:
    found = receiving({"example.test": records, "mx.example.test": {"A": ["192.0.2.1"]}})

    assert outcome(found) == ("ok", "example.test can receive mail.")


@pytest.mark.parametrize(
    ("records", "grade", "words"),
    [
        (None, "fail", "example.test (from and reply_to) has neither a mail server (MX) nor an address"),
        ({"TXT": ['"x"']}, "fail", "has neither a mail server"),
        ({"MX": ["0 ."]}, "fail", "says that it takes no mail (RFC 7505)"),
        ({"MX": ["1 gone.test.", "2 lost.test."]}, "warn", "have no addresses: gone.test and lost.test"),
        ({"ERROR": []}, "warn", "could not be looked up"),
    ],
)
def test_d4_domains_that_do_not(records: dict[str, list[str]] | None, grade: str, words: str) -> None:
    found = receiving({"example.test": records} if records else {})

    assert found.grade == grade
    assert words in found.message


def test_an_address_that_nobody_can_say() -> None:
    from newsletter.checking.dns.answers import Answer, Kind, Status

    def look_up(_name: str, kind: Kind) -> Answer:
        return Answer(Status.EMPTY) if kind == "MX" else Answer(Status.FAILED, why="no answer")

    assert judge_receiving({"example.test": ["from"]}, look_up).grade == "warn"


def reverse(zone: Zone, *, probable: bool = False) -> Diagnosis:
    return asking(
        zone,
        lambda look_up: judge_reverse([] if probable else [FOUR, SIX], [FOUR] if probable else [], look_up),
    )


def test_d4_names_that_lead_back() -> None:
    zone = {
        FOUR.reverse_pointer: {"PTR": ["other.test.", "mail.test."]},
        SIX.reverse_pointer: {"PTR": ["mail.test."]},
        "mail.test": {"A": ["192.0.2.10"], "AAAA": ["2001:db8::10"]},
    }

    assert outcome(reverse(zone)) == ("ok", "The name of 192.0.2.10 and 2001:db8::10 leads back to it.")


def test_d4_addresses_without_a_name_or_with_one_that_leads_elsewhere() -> None:
    zone = {FOUR.reverse_pointer: {"PTR": ["mail.test."]}, "mail.test": {"A": ["192.0.2.11"]}}
    found = reverse(zone)

    assert found.grade == "fail"
    assert "192.0.2.10 is called mail.test, a name that leads elsewhere." in found.message
    assert "2001:db8::10 has no name (PTR)" in found.message
    assert reverse(zone, probable=True).grade == "warn"


def test_names_that_nobody_can_say() -> None:
    zone: Zone = {FOUR.reverse_pointer: {"ERROR": []}, SIX.reverse_pointer: {"ERROR": []}}

    assert reverse(zone).grade == "warn"
