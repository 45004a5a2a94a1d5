from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.running import Run


def test_a_line_a_check(run: Run, publication: Path) -> None:
    ran = run("doctor", "--offline")

    assert ran.code == 0
    lines = ran.out.splitlines()
    assert lines[0] == "ok    settings      newsletter.toml is in order."
    assert lines[-1] == "skip  clock         Not looked at, because of --offline."
    assert "14 checks: 8 not looked at.\nNext: newsletter check\n" in ran.err


def test_a_new_publication_needs_no_network(run: Run, publication: Path) -> None:
    assert run("doctor").code == 0


def test_what_is_wrong_comes_with_its_mend_and_exit_code_1(run: Run, publication: Path) -> None:
    (publication / "templates" / "email").mkdir(exist_ok=True)
    (publication / "templates" / "email" / "issue.txt.j2").write_text("{{ nothing }}")
    ran = run("doctor", "--offline")

    assert ran.code == 1
    fail = next(line for line in ran.out.splitlines() if line.startswith("fail  templates"))
    assert "templates/email/issue.txt.j2:1" in fail
    assert " " * 20 + "It is given: " in ran.out
    assert "thing to mend" in ran.err or "things to mend" in ran.err
    assert "Next: newsletter doctor: again, when mended" in ran.err


def test_json(run: Run, publication: Path) -> None:
    ran = run("doctor", "--offline", "--json")
    found = json.loads(ran.out)

    assert [one["check"] for one in found][:2] == ["settings", "database"]
    assert all(set(one) == {"check", "grade", "message", "mend"} for one in found)
    assert {one["grade"] for one in found} == {"ok", "skip"}


def test_settings_that_cannot_be_used_end_with_3(run: Run, publication: Path) -> None:
    (publication / "newsletter.toml").write_text('[publication]\ntitel = "Letter"\n')
    plain, ran = run("doctor"), run("doctor", "--json")

    assert (plain.code, ran.code) == (3, 3)
    assert plain.err.startswith("newsletter.toml:")
    (found,) = json.loads(ran.out)
    assert (found["check"], found["grade"]) == ("settings", "fail")
    assert "titel" in found["message"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ("--leaving-from", "mail.example.org"),
            "'mail.example.org' does not appear to be an IPv4 or IPv6 address",
        ),
        (("--name-server", "dns.example.org"), "dns.example.org is not the address of a name server"),
        (("--ed25519",), "--ed25519 goes with --make-dkim-key"),
    ],
)
def test_what_is_not_understood(run: Run, publication: Path, arguments: tuple[str, ...], words: str) -> None:
    ran = run("doctor", *arguments)

    assert ran.code == 2
    assert words in ran.err


def test_a_key_is_made_and_its_record_printed(run: Run, publication: Path) -> None:
    ran = run("doctor", "--make-dkim-key", "news")

    assert ran.code == 0
    assert (publication / "subscribers" / "dkim-news.pem").stat().st_mode & 0o777 == 0o600
    lines = ran.out.splitlines()
    assert lines[0] == "news._domainkey.newsletter.example.org. IN TXT ("
    assert all(len(line.strip().removesuffix(" )")) <= 257 for line in lines[1:3])
    assert lines[-3:] == ["[delivery.dkim]", 'selector = "news"', 'key = "file:subscribers/dkim-news.pem"']
    assert "PRIVATE" not in ran.out + ran.err


def test_a_key_needs_no_name(run: Run, publication: Path) -> None:
    ran = run("doctor", "--make-dkim-key", "--ed25519", "--json")
    made = json.loads(ran.out)

    assert made["selector"].startswith("nl20")
    assert made["value"] == "".join(made["strings"])
    assert made["value"].startswith("v=DKIM1; k=ed25519; p=")
    assert made["settings"].splitlines()[1].startswith("ed25519_selector = ")
    again = run("doctor", "--make-dkim-key", "--ed25519")
    assert again.code == 1
    assert "error[key-exists]" in again.err
