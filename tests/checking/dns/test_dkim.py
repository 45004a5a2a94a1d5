from __future__ import annotations

import pytest

from newsletter.checking.diagnosis import Diagnosis
from newsletter.checking.dns.dkim import judge_dkim
from newsletter.delivery.dkim_keys import read_key
from tests.checking.dns.looking_up import asking, outcome
from tests.delivery.signing import ed25519_key, pem, rsa_key
from tests.network.dns_server import Zone, txt

NAME = "news._domainkey.example.org"
OURS = rsa_key().record


def judged(zone: Zone) -> Diagnosis:
    return asking(zone, lambda look_up: judge_dkim("example.org", [rsa_key()], look_up))


def test_the_dns_holds_our_keys() -> None:
    zone = {NAME: txt(OURS), "news-ed._domainkey.example.org": txt(ed25519_key().record)}
    found = asking(zone, lambda look_up: judge_dkim("example.org", [rsa_key(), ed25519_key()], look_up))

    assert found.grade == "ok"
    assert found.message == f"The DNS holds our key at {NAME} and news-ed._domainkey.example.org."


@pytest.mark.parametrize(
    "record",
    [
        OURS.removeprefix("v=DKIM1; "),
        OURS.replace("k=rsa; ", ""),
        OURS.replace("p=", "p= ").replace("MII", "M I I", 1),
        f"{OURS}; h=sha1:sha256; s=email; t=s; n=key of 2026",
    ],
)
def test_other_ways_to_write_it(record: str) -> None:
    assert judged({NAME: txt(record)}).grade == "ok"


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ("v=DKIM1; k=rsa; p=", "was taken back"),
        ("v=DKIM2; k=rsa; p=MIIB", "is no DKIM record"),
        ("v=DKIM1; k=rsa", "is no DKIM record"),
        ("v=DKIM1; p=***", "is no DKIM record"),
        ("v=spf1 -all", "is no DKIM record"),
        pytest.param(ed25519_key().record, "is another one than ours", id="another-key"),
        (OURS.replace("k=rsa", "k=ed25519"), "is another one than ours"),
        (f"{OURS}; h=sha1", "does not allow SHA-256 (h=sha1)"),
        (f"{OURS}; s=tlsrpt", "is not for mail (s=tlsrpt)"),
    ],
)
def test_records_that_let_every_signature_fail(record: str, words: str) -> None:
    found = judged({NAME: txt(record)})

    assert found.grade == "fail"
    assert words in found.message
    assert found.mend


def test_no_record() -> None:
    found = judged({"example.org": {"A": ["192.0.2.1"]}})

    assert outcome(found) == (
        "fail",
        f"There is no DKIM record at {NAME}, so nobody can check our signatures.",
    )
    assert found.mend == f"Publish a TXT record at {NAME}:\n{OURS}"


def test_two_records() -> None:
    assert "There are 2 TXT records" in judged({NAME: txt(OURS, "v=DKIM1; p=")}).message


def test_a_key_that_is_only_being_tried() -> None:
    found = judged({NAME: txt(f"{OURS}; t=y:s")})

    assert found.grade == "warn"
    assert "only being tried (t=y)" in found.message


def test_what_cannot_be_looked_up_is_no_failure() -> None:
    assert judged({NAME: {"ERROR": []}}).grade == "warn"


def test_a_key_of_another_month() -> None:
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

    older = read_key(pem(generate_private_key(65537, 2048)), "news", "rsa")
    assert "is another one than ours" in judged({NAME: txt(older.record)}).message
