"""The promise, proven on real processes: a killed sender skips nobody and mails nobody twice."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

READERS = 2_000
KILLS = 20
CONNECTIONS = 8
WINDOW = 8
"""Messages in flight on a connection where the server takes them in a row: `delivery.smtp.in_flight`."""

SETTINGS = """
[publication]
title = "Sore Points"
url = "https://sorepoints.example.org/"
from = "Sore Points <news@example.org>"
postal_address = "1 Example Street"

[delivery]
transport = "smtp"
connections = {connections}

[delivery.smtp]
host = "127.0.0.1"
port = {port}
security = "none"

[service]
url = "https://letters.example.org/"
"""

ISSUE = """---
title: A short one
preheader: Forty characters at the very least, so that nothing leaks.
date: 2026-11-24
status: ready
---

Hello {{ first_name or "there" }}, this issue exists to be interrupted.

## Only nugget

A few words are enough to be a nugget here. They are sent two thousand times, and every time that somebody
pulls the plug they have to arrive exactly once all the same, which is what the rest of this test looks at.
"""


def newsletter(folder: Path, *words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "newsletter", "-C", str(folder), *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def run(folder: Path, *words: str) -> tuple[int, str, str]:
    process = newsletter(folder, *words)
    out, err = process.communicate(timeout=120)
    return process.returncode, out.decode(), err.decode()


@contextmanager
def sink(journal: Path, *options: str) -> Iterator[int]:
    """A mail server in a process of its own, which notes every message that it takes before it says so."""
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "newsletter.transports.sink",
            "--port",
            "0",
            "--journal",
            str(journal),
            *options,
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.communicate(timeout=10)


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "journal.txt"


def arrived(journal: Path) -> Counter[str]:
    """How many messages each reader has got, as the server says."""
    lines = journal.read_text().splitlines() if journal.exists() else []
    return Counter(line.split()[1] for line in lines)


def make_publication(folder: Path, port: int, readers: int) -> None:
    folder.mkdir()
    (folder / "newsletter.toml").write_text(SETTINGS.format(port=port, connections=CONNECTIONS))
    (folder / "issues").mkdir()
    (folder / "issues" / "2026-11-24-short.md").write_text(ISSUE)
    rows = "".join(f"reader{n}@example.org,Reader {n}\n" for n in range(readers))
    (folder / "list.csv").write_text("email,name\n" + rows)
    code, _, err = run(folder, "subscribers", "import", str(folder / "list.csv"))
    assert code == 0, err


def wait_until(journal: Path, count: int, process: subprocess.Popen[bytes]) -> None:
    """Until the server has taken `count` messages, or the sender has ended by itself."""
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        if journal.exists() and journal.read_bytes().count(b"\n") >= count:
            return
        time.sleep(0.002)


@pytest.mark.parametrize(
    ("options", "window"),
    [(["--no-pipelining", "--no-chunking"], 1), (["--no-chunking"], 1), ([], WINDOW)],
    ids=["plain", "pipelining", "chunking"],
)
def test_twenty_kills_lose_nobody_and_double_nobody(
    tmp_path: Path, journal: Path, options: list[str], window: int
) -> None:
    seed = int(os.environ.get("KILL_SEED", random.SystemRandom().randrange(10**6)))
    chance = random.Random(seed)
    moments = sorted(chance.sample(range(1, READERS - 50), KILLS))
    folder = tmp_path / "publication"
    bound = CONNECTIONS * window * KILLS
    readers = READERS + bound
    with sink(journal, "--delay", "0.01", *options) as port:
        make_publication(folder, port, readers)
        kills = 0
        words: tuple[str, ...] = ("send", "short", "--confirm", "short", "--no-archive")
        for moment in moments:
            sender = newsletter(folder, *words)
            wait_until(journal, moment, sender)
            time.sleep(chance.uniform(0, 0.02))
            if sender.poll() is None:
                kills += 1
            os.killpg(sender.pid, signal.SIGKILL)
            sender.communicate()
            words = ("resume", "short", "--no-archive")
        code, out, err = run(folder, *words, "--json")

    result = json.loads(out)
    _, listed, _ = run(folder, "status", "short", "--list", "doubtful", "--json")
    doubtful = {json.loads(line)["address"] for line in listed.splitlines()}
    got = arrived(journal)
    everybody = {f"reader{n}@example.org" for n in range(readers)}
    doubled = {reader: count for reader, count in got.items() if count > 1}
    lost = everybody - got.keys() - doubtful
    print(
        f"\nseed {seed}: {kills} kills, lost {len(lost)}, doubled {len(doubled)}, doubtful {len(doubtful)}"
        f" (bound {bound}), of them arrived {len(doubtful & got.keys())}"
    )
    assert kills == KILLS, err
    assert not doubled
    assert not lost
    assert len(doubtful) <= bound
    assert result["doubtful"] == len(doubtful)
    assert result["accepted"] == readers - len(doubtful)
    assert result["planned"] == readers
    assert result["remaining"] == 0
    assert result["state"] == "sent"
    assert code == (4 if doubtful else 0)


def test_the_publisher_settles_what_is_in_doubt(tmp_path: Path, journal: Path) -> None:
    folder = tmp_path / "publication"
    with sink(journal, "--delay", "0.2") as port:
        make_publication(folder, port, 40)
        sender = newsletter(folder, "send", "short", "--confirm", "short", "--no-archive")
        wait_until(journal, 1, sender)
        os.killpg(sender.pid, signal.SIGKILL)
        sender.communicate()
        code, _, _ = run(folder, "resume", "short", "--no-archive")
        assert code == 4
        _, listed, _ = run(folder, "status", "short", "--list", "doubtful", "--json")
        doubtful = [json.loads(line)["address"] for line in listed.splitlines()]
        assert 1 <= len(doubtful) <= CONNECTIONS * WINDOW
        got = arrived(journal)
        have = [reader for reader in doubtful if reader in got]
        have_not = [reader for reader in doubtful if reader not in got]
        if have:
            assert run(folder, "resolve", "short", "--accepted", *have)[0] == 0
        if have_not:
            assert run(folder, "resolve", "short", "--resend", *have_not)[0] == 0
        code, out, _ = run(folder, "resume", "short", "--no-archive", "--json")
    assert code == 0
    assert json.loads(out)["accepted"] == 40
    assert set(arrived(journal).values()) == {1}
    assert len(arrived(journal)) == 40


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_polite_stop_leaves_no_doubt(tmp_path: Path, journal: Path, number: signal.Signals) -> None:
    folder = tmp_path / "publication"
    with sink(journal, "--delay", "0.05") as port:
        make_publication(folder, port, 200)
        sender = newsletter(folder, "send", "short", "--confirm", "short", "--no-archive")
        wait_until(journal, 20, sender)
        sender.send_signal(number)
        _, err = sender.communicate(timeout=30)
        assert sender.returncode == 130, err
        assert b"resume short" in err
        code, out, _ = run(folder, "status", "short", "--json")
        counts = json.loads(out)
        assert counts["doubtful"] == 0
        assert counts["accepted"] == sum(arrived(journal).values())
        assert counts["state"] == "unfinished"
        code, _, err_text = run(folder, "send", "short", "--no-archive")
        assert code == 0, err_text
    assert set(arrived(journal).values()) == {1}
    assert len(arrived(journal)) == 200


def test_a_second_sender_is_told_to_wait(tmp_path: Path, journal: Path) -> None:
    folder = tmp_path / "publication"
    with sink(journal, "--delay", "0.1") as port:
        make_publication(folder, port, 200)
        first = newsletter(folder, "send", "short", "--confirm", "short", "--no-archive")
        wait_until(journal, 5, first)
        code, _, err = run(folder, "send", "short", "--no-archive")
        assert code == 75
        assert "Another process is sending short" in err
        _, status, _ = run(folder, "status", "short", "--json")
        assert json.loads(status)["state"] == "sending"
        code, watched, shown = run(folder, "status", "short", "--watch", "--json")
        assert json.loads(watched)["state"] == "sent"
        assert "Sending" in shown
        first.communicate(timeout=60)
        assert first.returncode == 0
    assert set(arrived(journal).values()) == {1}
