from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.checking.diagnosis import Diagnosis
from newsletter.checking.dns.answers import Answer, Kind, Status
from newsletter.checking.dns.spf import Survey, follow, judge_spf
from newsletter.checking.dns.spf_record import SpfSyntaxError, is_spf, parse_spf
from tests.checking.dns.looking_up import asking, outcome
from tests.network.dns_server import Zone, txt

DOMAIN = "bounce.test"
HERE = ip_address("192.0.2.10")


def judged(zone: Zone, *, certain: bool = False, probable: bool = False) -> Diagnosis:
    return asking(
        zone,
        lambda look_up: judge_spf(
            DOMAIN,
            look_up,
            certain=[HERE] if certain else [],
            probable=[HERE] if probable else [],
        ),
    )


def surveyed(record: str, more: Zone | None = None) -> Survey:
    return asking({DOMAIN: txt(record), **(more or {})}, lambda look_up: follow(DOMAIN, look_up))


def test_d2_a_good_record() -> None:
    zone = {
        DOMAIN: txt("v=spf1 include:_spf.mailer.test ip4:192.0.2.0/24 -all", "some other text"),
        "_spf.mailer.test": txt("v=spf1 ip4:198.51.100.0/24 ~all"),
    }

    assert outcome(judged(zone)) == ("ok", "bounce.test has an SPF record, with 1 of 10 look-ups.")
    assert judged(zone, certain=True).grade == "ok"


@pytest.mark.parametrize("records", [(), ("v=spf10 -all",), ("hello", "v=spf")])
def test_d2_no_record(records: tuple[str, ...]) -> None:
    found = judged({DOMAIN: {"A": ["192.0.2.1"]} | (txt(*records) if records else {})})

    assert outcome(found) == ("fail", "bounce.test has no SPF record, so no server may send for it.")
    assert "Publish a TXT record at bounce.test" in found.mend


def test_d2_two_records() -> None:
    found = judged({DOMAIN: txt("v=spf1 -all", "v=spf1 a ~all")})

    assert found.grade == "fail"
    assert "has 2 SPF records" in found.message


@pytest.mark.parametrize(
    "record",
    ["v=spf1 +all", "v=spf1 all", "v=spf1 ip4:0.0.0.0/0 -all", "v=spf1 include:open.test -all", "V=SPF1 ALL"],
)
def test_d2_everybody_may_send(record: str) -> None:
    found = judged(
        {
            DOMAIN: txt(record),
            "open.test": txt("v=spf1 redirect=opener.test"),
            "opener.test": txt("v=spf1 +all") | {"A": ["192.0.2.1"]},
        }
    )

    assert found.grade == "fail"
    assert "lets everybody in the world send" in found.message


@pytest.mark.parametrize("record", ["v=spf1 ?all", "v=spf1", "v=spf1 ip4:192.0.2.1"])
def test_strangers_are_not_spoken_of(record: str) -> None:
    found = judged({DOMAIN: txt(record)})

    assert outcome(found) == ("warn", "The SPF record of bounce.test says nothing about strangers.")


def chain(length: int) -> dict[str, dict[str, list[str]]]:
    zone = {
        f"{number}.chain.test": txt(f"v=spf1 include:{number + 1}.chain.test ~all")
        for number in range(length)
    }
    return {**zone, f"{length}.chain.test": txt("v=spf1 -all")}


@pytest.mark.parametrize(("length", "grade"), [(10, "ok"), (11, "fail"), (30, "fail"), (60, "fail")])
def test_d2_ten_look_ups_at_most(length: int, grade: str) -> None:
    found = judged({DOMAIN: txt(f"v=spf1 include:{60 - length + 1}.chain.test -all"), **chain(60)})

    assert found.grade == grade
    if grade == "fail":
        count = "more than 40" if length > 40 else str(length)
        assert f"needs {count} look-ups, and receivers make 10 at most" in found.message


def test_d2_look_ups_of_all_kinds_count() -> None:
    survey = surveyed(
        "v=spf1 a a:a.test mx mx:a.test exists:a.test include:i.test ptr ip4:192.0.2.1 ip6:2001:db8::1 "
        "redirect=r.test exp=e.test",
        {
            "a.test": {"A": ["192.0.2.2"], "MX": ["1 a.test."]},
            "i.test": txt("v=spf1 a:a.test -all"),
            "r.test": txt("v=spf1 -all"),
        },
    )

    assert survey.lookups == 9


def test_d2_two_void_look_ups_are_allowed() -> None:
    nothing = [f"a:{name}.test" for name in ("one", "two", "three")]

    assert judged({DOMAIN: txt(f"v=spf1 {' '.join(nothing[:2])} -all")}).grade == "ok"
    found = judged({DOMAIN: txt(f"v=spf1 {' '.join(nothing)} -all")})
    assert found.grade == "fail"
    assert "3 look-ups of the SPF record find nothing (one.test, two.test, three.test)" in found.message


def test_void_look_ups_of_every_kind() -> None:
    survey = surveyed(
        "v=spf1 mx:none.test mx:lost.test exists:none.test include:none.test -all",
        {"lost.test": {"MX": ["1 gone.test."]}},
    )

    assert survey.void == ["none.test", "gone.test", "none.test", "none.test"]


def test_a_record_that_goes_round_in_a_circle() -> None:
    found = judged(
        {
            DOMAIN: txt("v=spf1 include:one.test -all"),
            "one.test": txt("v=spf1 include:two.test -all"),
            "two.test": txt("v=spf1 redirect=one.test"),
        }
    )

    assert outcome(found) == (
        "fail",
        "The SPF record goes round in a circle: one.test → two.test → one.test.",
    )


def test_a_record_that_refers_to_one_that_is_not_there() -> None:
    found = judged({DOMAIN: txt("v=spf1 include:gone.test -all"), "gone.test": {"A": ["192.0.2.1"]}})

    assert outcome(found) == ("fail", "The SPF record of bounce.test refers to gone.test, which has none.")


def test_a_term_that_is_none() -> None:
    found = judged({DOMAIN: txt("v=spf1 ipv4:192.0.2.1 -all")})

    assert outcome(found) == (
        "fail",
        "The SPF record of bounce.test has a term that is none: ipv4:192.0.2.1.",
    )


def test_ptr_is_not_to_be_used() -> None:
    found = judged({DOMAIN: txt("v=spf1 ptr -all")}, certain=True)

    assert found.grade == "warn"
    assert "uses ptr" in found.message


def test_more_than_ten_mail_servers() -> None:
    hosts = {f"{number}.mx.test": {"A": ["192.0.2.1"]} for number in range(11)}
    found = judged({DOMAIN: txt("v=spf1 mx -all") | {"MX": [f"1 {host}." for host in hosts]}, **hosts})

    assert found.grade == "fail"
    assert "means 11 hosts of bounce.test, and 10 are the most" in found.message


def test_what_cannot_be_looked_up_is_no_failure() -> None:
    assert judged({DOMAIN: {"ERROR": []}}).grade == "warn"
    found = judged({DOMAIN: txt("v=spf1 a:broken.test -all"), "broken.test": {"ERROR": []}}, certain=True)
    assert found.grade == "warn"
    assert "broken.test could not be looked up" in found.message


def test_macros_are_left_to_the_receivers() -> None:
    record = "v=spf1 exists:%{i}.list.test include:%{d}.more.test redirect=%{d}.test"

    assert outcome(judged({DOMAIN: txt(record)}, certain=True))[0] == "ok"
    assert surveyed(record).lookups == 3


@pytest.mark.parametrize(
    ("record", "allowed"),
    [
        ("v=spf1 ip4:192.0.2.0/24 -all", True),
        ("v=spf1 ip4:192.0.2.11 -all", False),
        ("v=spf1 ip6:2001:db8::/32 -all", False),
        ("v=spf1 -ip4:192.0.2.10 ip4:192.0.2.0/24 -all", False),
        ("v=spf1 a:host.test -all", True),
        ("v=spf1 a:near.test/28 -all", True),
        ("v=spf1 a:near.test//64 -all", False),
        ("v=spf1 mx:host.test -all", True),
        ("v=spf1 include:ours.test -all", True),
        ("v=spf1 include:theirs.test -all", False),
        ("v=spf1 redirect=ours.test", True),
        ("v=spf1 -all redirect=ours.test", False),
    ],
)
def test_d2_the_addresses_that_mail_leaves_from_may_send(record: str, allowed: bool) -> None:
    zone = {
        DOMAIN: txt(record),
        "host.test": {"A": ["192.0.2.10"], "AAAA": ["2001:db8::10"], "MX": ["1 host.test."]},
        "near.test": {"A": ["192.0.2.1"]},
        "ours.test": txt("v=spf1 ip4:192.0.2.10 -all"),
        "theirs.test": txt("v=spf1 ~ip4:192.0.2.10 -all"),
    }

    assert judged(zone, certain=True).grade == ("ok" if allowed else "fail")
    found = judged(zone, probable=True)
    assert found.grade == ("ok" if allowed else "warn")
    if not allowed:
        assert "does not let 192.0.2.10 send" in found.message
        assert "Add ip4:192.0.2.10" in found.mend


# --- the text --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "term",
    [
        "ip4:300.1.1.1", "ip4:2001:db8::1", "ip6:192.0.2.1", "ip4", "include", "include:", "exists", "all:x",
        "a/33", "a//129", "include:a.test/24", "mx:bad", "redirect=", "redirect=x", "-", "foo",
        "redirect=a.test redirect=b.test", "a:a.test/x",
    ],
)  # fmt: skip
def test_terms_that_are_none(term: str) -> None:
    with pytest.raises(SpfSyntaxError):
        parse_spf(f"v=spf1 {term} -all")


@pytest.mark.parametrize(
    "record",
    [
        "v=spf1",
        "v=spf1  -all ",
        "v=spf1 A:Example.test/24//64 MX/30 ~ALL",
        "v=spf1 exists:%{ir}.%{v}.a.test.",
        "v=spf1 op=auth x=y",
    ],
)
def test_records_that_are_understood(record: str) -> None:
    assert is_spf(record)
    parse_spf(record)


def test_parts_of_a_record() -> None:
    record = parse_spf("v=spf1 ~a:Host.Example.test./24//64 redirect=Other.test")
    (mechanism,) = record.mechanisms

    assert (mechanism.qualifier, mechanism.name, mechanism.domain) == ("~", "a", "host.example.test")
    assert mechanism.prefixes == (24, 64)
    assert record.redirect == "other.test"


@given(st.text(st.sampled_from("v=spf1 +-~?:/.%{}ainclude4\t"), max_size=60))
def test_any_text_is_understood_or_refused(text: str) -> None:
    def look_up(_name: str, kind: Kind) -> Answer:
        return Answer(Status.FOUND, (f"v=spf1 {text}",)) if kind == "TXT" else Answer(Status.ABSENT)

    assert judge_spf(DOMAIN, look_up).grade in ("ok", "warn", "fail")
