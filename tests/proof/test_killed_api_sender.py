"""A sender killed over providers' APIs: nobody lost, nobody twice; with idempotency keys, nobody in doubt."""

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

from tests.transports.fakes.provider import TOKEN

READERS = 1_500
KILLS = 5
FAKES = Path(__file__).parents[1] / "transports" / "fakes"

SETTINGS = """
[publication]
title = "Sore Points"
url = "https://sorepoints.example.org/"
from = "Sore Points <news@example.org>"
postal_address = "1 Example Street"

[delivery]
transport = "{name}"

[delivery.{name}]
token = "env:API_TOKEN"
endpoint = "http://127.0.0.1:{port}"

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

A few words are enough to be a nugget here. They are sent many times over, and every time that somebody
pulls the plug they have to arrive exactly once all the same, which is what the rest of this test looks at.
"""


def newsletter(folder: Path, *words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "newsletter", "-C", str(folder), *words],
        env={**os.environ, "API_TOKEN": TOKEN},
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
def provider(name: str, journal: Path, delay: float) -> Iterator[int]:
    """A provider's server in a process of its own; it notes every message before it answers."""
    process = subprocess.Popen(
        [sys.executable, str(FAKES / f"{name}.py"), "--journal", str(journal), "--delay", str(delay)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.communicate(timeout=10)


def arrived(journal: Path) -> Counter[str]:
    lines = journal.read_text().splitlines() if journal.exists() else []
    return Counter(line.split()[1] for line in lines)


def wait_until(journal: Path, count: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        if journal.exists() and journal.read_bytes().count(b"\n") >= count:
            return
        time.sleep(0.002)


@pytest.mark.parametrize(("name", "batch", "repeatable"), [("postmark", 500, False), ("resend", 100, True)])
def test_five_kills(tmp_path: Path, name: str, batch: int, repeatable: bool) -> None:
    seed = int(os.environ.get("KILL_SEED", random.SystemRandom().randrange(10**6)))
    chance = random.Random(seed)
    folder, journal = tmp_path / "publication", tmp_path / "journal.txt"
    folder.mkdir()
    readers = READERS if repeatable else 3 * READERS
    with provider(name, journal, 0.1) as port:
        (folder / "newsletter.toml").write_text(SETTINGS.format(name=name, port=port))
        (folder / "issues").mkdir()
        (folder / "issues" / "2026-11-24-short.md").write_text(ISSUE)
        rows = "".join(f"reader{n}@example.org,Reader {n}\n" for n in range(readers))
        (folder / "list.csv").write_text("email,name\n" + rows)
        assert run(folder, "subscribers", "import", str(folder / "list.csv"))[0] == 0
        kills = 0
        words: tuple[str, ...] = ("send", "short", "--confirm", "short", "--no-archive")
        for part in range(KILLS):
            sender = newsletter(folder, *words)
            # in the middle of a batch's answer, or somewhere on the way to the next
            wait_until(journal, sum(arrived(journal).values()) + (1 if part else batch), sender)
            time.sleep(chance.uniform(0, 0.15))
            kills += sender.poll() is None
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
    bound = 0 if repeatable else batch * kills
    print(
        f"\n{name}, seed {seed}: {kills} kills, lost {len(lost)}, doubled {len(doubled)}, "
        f"doubtful {len(doubtful)} (bound {bound}), of them arrived {len(doubtful & got.keys())}"
    )
    assert kills == KILLS, err
    assert not doubled
    assert not lost
    assert len(doubtful) <= bound
    assert result["doubtful"] == len(doubtful)
    assert result["accepted"] == readers - len(doubtful)
    assert result["remaining"] == 0
    assert result["state"] == "sent"
    assert code == (4 if doubtful else 0)
    assert TOKEN not in out + err
    assert all(TOKEN.encode() not in path.read_bytes() for path in folder.rglob("*") if path.is_file())
