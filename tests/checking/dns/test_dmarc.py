from __future__ import annotations

import pytest

from newsletter.checking.diagnosis import Diagnosis
from newsletter.checking.dns.dmarc import Walk, judge_dmarc, walk
from newsletter.network.resolver import DnsLookUp
from tests.checking.dns.looking_up import asking, outcome
from tests.network.dns_server import Zone, name_server, txt

AUTHOR = "news.example.test"


def records(**by_domain: str) -> Zone:
    """DMARC records; `__` stands for a full stop."""
    return {f"_dmarc.{domain.replace('__', '.')}": txt(record) for domain, record in by_domain.items()}


def walked(domain: str, zone: Zone) -> Walk:
    return asking(zone, lambda look_up: walk(domain, look_up))


def judged(zone: Zone, *, return_path: str = AUTHOR, signing: str | None = AUTHOR) -> Diagnosis:
    return asking(zone, lambda look_up: judge_dmarc(AUTHOR, return_path, signing, look_up))


# --- the walk (RFC 9989 4.10) ----------------------------------------------------------------------------


def test_d3_the_walk_of_rfc_9989_takes_eight_look_ups() -> None:
    with name_server({}) as server:
        walk("a.b.c.d.e.f.g.h.i.j.mail.example.com", DnsLookUp(server.address))

    assert [name for name, _ in server.asked] == [
        "_dmarc.a.b.c.d.e.f.g.h.i.j.mail.example.com",
        "_dmarc.g.h.i.j.mail.example.com",
        "_dmarc.h.i.j.mail.example.com",
        "_dmarc.i.j.mail.example.com",
        "_dmarc.j.mail.example.com",
        "_dmarc.mail.example.com",
        "_dmarc.example.com",
        "_dmarc.com",
    ]


@pytest.mark.parametrize(("labels", "questions"), [(1, 1), (2, 2), (7, 7), (8, 8), (9, 8)])
def test_as_many_look_ups_as_labels(labels: int, questions: int) -> None:
    with name_server({}) as server:
        walk(".".join("abcdefghi"[:labels]), DnsLookUp(server.address))

    assert len(server.asked) == questions


@pytest.mark.parametrize(
    ("zone", "organization", "applied"),
    [
        # the three examples of RFC 9989 4.10.2
        (records(mail__example__com="v=DMARC1", example__com="v=DMARC1"), "example.com", "example.com"),
        (records(mail__example__com="v=DMARC1; psd=n"), "mail.example.com", "mail.example.com"),
        (records(com="v=DMARC1; psd=y"), "example.com", "com"),
        # and more
        ({}, "a.mail.example.com", None),
        (records(a__mail__example__com="v=DMARC1", com="v=DMARC1"), "com", "a.mail.example.com"),
        (records(a__mail__example__com="v=DMARC1; psd=y"), "a.mail.example.com", "a.mail.example.com"),
        (records(example__com="v=DMARC1", com="v=DMARC1; psd=y"), "example.com", "example.com"),
        (records(mail__example__com="v=DMARC1", com="v=DMARC1; psd=y"), "example.com", "com"),
        (records(example__com="v=DMARC1; psd=maybe"), "example.com", "example.com"),
    ],
)  # fmt: skip
def test_d3_the_organization_and_its_record(zone: Zone, organization: str, applied: str | None) -> None:
    found = walked("a.mail.example.com", zone)

    assert found.organization == organization
    assert (found.applied.domain if found.applied else None) == applied


@pytest.mark.parametrize("flag", ["y", "n"])
def test_the_walk_ends_where_a_record_says_what_its_domain_is(flag: str) -> None:
    with name_server(records(example__com=f"v=DMARC1; psd={flag}")) as server:
        walk("a.example.com", DnsLookUp(server.address))

    assert [name for name, _ in server.asked] == ["_dmarc.a.example.com", "_dmarc.example.com"]


def test_several_records_count_for_nothing() -> None:
    zone = {
        "_dmarc.a.test": txt("v=DMARC1; p=none", "v=DMARC1; p=reject"),
        **records(test="v=DMARC1; p=none"),
    }
    found = walked("a.test", zone)

    assert (found.doubled, found.organization) == (("a.test",), "test")


@pytest.mark.parametrize("text", ["v=dmarc1; p=none", "p=none; v=DMARC1", "v=DMARC12; p=none", "v=spf1 -all"])
def test_what_is_no_dmarc_record(text: str) -> None:
    assert walked("a.test", {"_dmarc.a.test": txt(text)}).records == ()


# --- the judgement ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", ["none", "quarantine", "Reject"])
def test_d3_a_good_record(policy: str) -> None:
    found = judged(records(news__example__test=f"v = DMARC1 ; p={policy} ; rua=mailto:d@example.test;"))

    assert found.grade == "ok"
    assert f"p={policy.lower()} on mail from {AUTHOR} that fails." in found.message
    assert ("protects the name" in found.message) == (policy == "none")


def test_d3_the_record_of_the_organization_counts_with_its_policy_for_subdomains() -> None:
    found = judged(records(example__test="v=DMARC1; p=reject; sp=quarantine"))

    assert found.message == (
        "Receivers are asked for p=quarantine on mail from news.example.test that fails, "
        "published by example.test."
    )


def test_d3_no_record() -> None:
    found = judged({})

    assert found.grade == "fail"
    assert found.message.startswith("news.example.test has no DMARC record")
    assert "_dmarc.news.example.test" in found.mend


def test_several_records() -> None:
    found = judged({f"_dmarc.{AUTHOR}": txt("v=DMARC1; p=none", "v=DMARC1; p=reject")})

    assert outcome(found) == (
        "fail",
        "_dmarc.news.example.test has several DMARC records, and none of them counts.",
    )


def test_d3_a_policy_of_none_that_tells_nobody() -> None:
    found = judged(records(news__example__test="v=DMARC1; p=none"))

    assert outcome(found)[0] == "warn"
    assert found.mend == "Add an address for reports: rua=mailto:dmarc@news.example.test"


@pytest.mark.parametrize(
    ("record", "grade", "words"),
    [
        ("v=DMARC1; p=nothing", "fail", "no valid policy (p=nothing), and counts for nothing"),
        ("v=DMARC1; p=x; rua=mailto:a@b.test", "warn", "no valid policy (p=x), and counts as p=none"),
        ("v=DMARC1; rua=mailto:a@b.test", "warn", "no valid policy (p=), and counts as p=none"),
        ("v=DMARC1; rua=nobody", "fail", "no valid policy (p=), and counts for nothing"),
        ("v=DMARC1; p=reject; sp=some; np=x", "fail", "no valid policy (sp=some, np=x)"),
    ],
)  # fmt: skip
def test_policies_that_are_none(record: str, grade: str, words: str) -> None:
    found = judged(records(news__example__test=record))

    assert found.grade == grade
    assert words in found.message


def test_d3_tags_that_were_removed() -> None:
    found = judged(records(news__example__test="v=DMARC1; p=reject; pct=50; ri=3600; rf=afrf"))

    assert found.grade == "warn"
    assert "holds pct=50, rf=afrf, ri=3600, which receivers now ignore" in found.message


def test_test_mode() -> None:
    assert "test mode" in judged(records(news__example__test="v=DMARC1; p=reject; t=y")).message
    assert judged(records(news__example__test="v=DMARC1; p=none; t=y; rua=mailto:a@b.test")).grade == "ok"


@pytest.mark.parametrize(
    ("record", "return_path", "signing", "grade"),
    [
        ("p=reject", AUTHOR, AUTHOR, "ok"),
        ("p=reject", "bounces.mailer.test", AUTHOR, "ok"),
        ("p=reject", "bounces.mailer.test", "example.test", "ok"),
        ("p=reject; adkim=s", "bounces.mailer.test", "example.test", "fail"),
        ("p=reject; adkim=s", "bounces.mailer.test", AUTHOR, "ok"),
        ("p=reject", "bounces.mailer.test", "mailer.test", "fail"),
        ("p=reject", AUTHOR, "mailer.test", "warn"),
        ("p=reject", AUTHOR, None, "ok"),
        ("p=reject", "bounces.example.test", None, "ok"),
        ("p=reject; aspf=s", "bounces.example.test", None, "warn"),
        ("p=reject", "bounces.mailer.test", None, "warn"),
    ],
)
def test_d3_dkim_or_spf_belongs_with_the_author(
    record: str, return_path: str, signing: str | None, grade: str
) -> None:
    zone = records(example__test=f"v=DMARC1; {record}", mailer__test="v=DMARC1; p=reject")

    assert judged(zone, return_path=return_path, signing=signing).grade == grade


def test_what_cannot_be_looked_up_is_no_failure() -> None:
    found = judged({f"_dmarc.{AUTHOR}": {"ERROR": []}})

    assert outcome(found) == (
        "warn",
        f"_dmarc.{AUTHOR} could not be looked up: the name servers answer with an error.",
    )
