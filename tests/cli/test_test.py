"""`newsletter test`: a real message, the same octets as a send's, and no trace in the ledger."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from newsletter.audience.tokens import NOBODY, Tokens
from newsletter.storage.secrets import load_or_create_key
from tests.cli.running import Run

ISSUE = """---
title: A first letter
subject: A letter{{ ", member" if member }} for {{ first_name | title or "a friend" }}
preheader: Forty characters at the very least, so that nothing leaks.
date: 2026-11-24
status: draft
---

Hello {{ first_name or "there" }}. {{ "Thank you for paying." if member else "Join us." }}

## Only nugget

A few words are enough to be a nugget here, and they are sent to whoever is on the list when the day comes.
More words follow, so that nobody calls it short, and then it ends.
"""


@pytest.fixture
def letter(run: Run, publication: Path) -> Path:
    for file in (publication / "issues").glob("*.md"):
        file.unlink()
    (publication / "issues" / "2026-11-24-first.md").write_text(ISSUE)
    with (publication / "newsletter.toml").open("a") as settings:
        settings.write('\n[service]\nurl = "https://letters.example.org"\n')
    rows = "ada@example.org,ADA,member,active\n"
    (publication / "list.csv").write_text(f"email,first_name,tier,status\n{rows}")
    assert run("subscribers", "import", "list.csv").code == 0
    return publication


def outbox(letter: Path) -> list[EmailMessage]:
    found = []
    for file in (letter / "outbox" / "new").iterdir():
        message = message_from_bytes(file.read_bytes(), policy=policy.default)
        assert isinstance(message, EmailMessage)
        found.append(message)
    return sorted(found, key=lambda message: str(message["To"]))


def words(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def test_a_draft_is_sent_to_each_address(run: Run, letter: Path) -> None:
    ran = run("test", "first", "--to", "me@example.org", "--to", "you@example.org", "--json")

    assert ran.code == 0
    result = json.loads(ran.out)
    assert [each["to"] for each in result["messages"]] == ["me@example.org", "you@example.org"]
    assert {each["outcome"] for each in result["messages"]} == {"accepted"}
    assert [message["To"].addresses[0].addr_spec for message in outbox(letter)] == [
        "me@example.org",
        "you@example.org",
    ]
    assert all(message["Subject"] == "[TEST] A letter for Robin" for message in outbox(letter))
    assert "Next: newsletter send first --dry-run" in ran.err


def test_the_same_test_can_be_repeated(run: Run, letter: Path) -> None:
    for _ in range(2):
        assert run("test", "first", "--to", "me@example.org").code == 0

    assert len(outbox(letter)) == 2


def test_as_a_subscriber(run: Run, letter: Path) -> None:
    assert run("test", "first", "--to", "me@example.org", "--as", "ada@example.org").code == 0

    (message,) = outbox(letter)
    assert message["Subject"] == "[TEST] A letter, member for Ada"
    assert "Hello ADA. Thank you for paying." in words(message)
    assert message["To"].addresses[0].addr_spec == "me@example.org"


def test_with_nothing_known_of_the_reader(run: Run, letter: Path) -> None:
    assert run("test", "first", "--to", "me@example.org", "--empty", "--tier", "member").code == 0

    (message,) = outbox(letter)
    assert message["Subject"] == "[TEST] A letter, member for a friend"
    assert "Hello there. Thank you" in words(message)


def test_its_link_unsubscribes_nobody(run: Run, letter: Path) -> None:
    run("test", "first", "--to", "ada@example.org", "--as", "ada@example.org")

    (message,) = outbox(letter)
    found = re.search(r"/unsubscribe/([A-Za-z0-9_-]{32})", words(message))
    assert found
    tokens = Tokens(load_or_create_key(letter / "subscribers" / "secret.key"))
    assert tokens.read_unsubscribe(found[1]) == NOBODY
    assert found[1] in message["List-Unsubscribe"]


def test_the_ledger_knows_nothing_of_it(run: Run, letter: Path) -> None:
    run("test", "first", "--to", "ada@example.org")

    with sqlite3.connect(letter / "subscribers" / "newsletter.db") as connection:
        for table in ("campaigns", "deliveries"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
    connection.close()
    assert run("status", "first").code == 1


def test_the_octets_are_those_of_the_real_message(run: Run, letter: Path) -> None:
    issue = letter / "issues" / "2026-11-24-first.md"
    issue.write_text(ISSUE.replace("status: draft", "status: ready"))
    run("test", "first", "--to", "ada@example.org", "--as", "ada@example.org")
    assert run("send", "first", "--confirm", "first").code == 0

    raw = [file.read_bytes() for file in (letter / "outbox" / "new").iterdir()]
    test, real = sorted(raw, key=lambda each: b"[TEST]" not in each)
    assert same(test.replace(b"[TEST] ", b"")) == same(real)


def same(content: bytes) -> bytes:
    """A message without what differs between any two: token, Message-ID and date."""
    content = re.sub(rb"[A-Za-z0-9_-]{32}(?![A-Za-z0-9_-])", b"TOKEN", content)
    return re.sub(rb"(Message-ID|Date): [^\r]*", rb"\1", content)


def test_what_goes_wrong(run: Run, letter: Path) -> None:
    assert run("test", "first").code == 2
    assert run("test", "first", "--to", "nonsense").code == 1
    assert (
        "is not on the list" in run("test", "first", "--to", "me@example.org", "--as", "no@example.org").err
    )
    both = run("test", "first", "--to", "me@example.org", "--as", "ada@example.org", "--empty")
    assert both.code == 2
    assert not list(letter.glob("outbox/new/*"))


def test_build_shows_the_mail_as_others_do(run: Run, letter: Path) -> None:
    ran = run("build", "first", "--clients", "--json")

    names = {"gmail.html", "outlook.html", "images-off.html", "dark-forced.html", "text-only.txt"}
    assert {Path(file).name for file in json.loads(ran.out)["clients"]} == names
    assert {path.name for path in (letter / "build" / "first" / "clients").iterdir()} == names
    assert "clients/gmail.html" in run("build", "first", "--clients").out
    assert json.loads(run("build", "first", "--json").out)["clients"] == []


def test_check_names_what_mail_programs_drop(run: Run, letter: Path) -> None:
    fine = run("check", "first", "--clients", "gmail,outlook,apple,yahoo", "-v")
    assert fine.code == 0
    assert "dropped-by-clients" not in fine.out
    assert "text-wrap is dropped by" in fine.err
    styles = letter / "templates" / "email" / "head.css.j2"
    styles.parent.mkdir(parents=True, exist_ok=True)
    styles.write_text("p { clip-path: none; }")
    poor = run("check", "first", "--clients", "gmail")
    assert "warning[dropped-by-clients] The CSS property clip-path is dropped by" in poor.out
    assert run("check", "first", "--clients", "gmial").code == 1


def test_a_return_path_of_its_own(run: Run, letter: Path) -> None:
    settings = letter / "newsletter.toml"
    settings.write_text(settings.read_text().replace("[delivery]\n", "[delivery]\nverp = true\n"))

    assert run("test", "first", "--to", "me@example.org").code == 0


def test_what_a_mail_server_says_is_shown(run: Run, letter: Path) -> None:
    command = [sys.executable, "-m", "newsletter.transports.sink", "--port", "0"]
    with subprocess.Popen(
        [*command, "--refuse", "gone=550 5.1.1 No such user"], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        settings = letter / "newsletter.toml"
        text = settings.read_text().replace('transport = "outbox"', 'transport = "smtp"')
        text += f'\n[delivery.smtp]\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\n'
        settings.write_text(text)
        ran = run("test", "first", "--to", "me@example.org", "--to", "gone@example.org")
        server.terminate()

    assert ran.code == 4
    mine, gone = ran.out.splitlines()
    assert mine.split()[:2] == ["me@example.org", "accepted"]
    assert gone.split()[:2] == ["gone@example.org", "refused"]
    assert "No such user" in gone
    assert run("test", "first", "--to", "me@example.org").code == 75  # nobody listens any more
