"""The sample before programs that others wrote: SpamAssassin, and two MIME parsers beside Python's.

They come from Debian's packages spamassassin, maildrop and ripmime. Where one is missing its test is skipped,
and says so; continuous integration (CI is set in the environment) has them all.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.standards.sample import Mail

MOST_POINTS = 0.5
_RULE = re.compile(r"(?m)^\s{0,2}(-?\d+\.\d+) ([A-Z][A-Z0-9_]+)\s")


def program(name: str, package: str) -> str:
    found = shutil.which(name)
    if found is None and os.environ.get("CI"):
        pytest.fail(f"{name} must be there in continuous integration: .ci/run installs {package}")
    if found is None:
        pytest.skip(f"{name} is not installed (apt install {package}), so its opinion was not asked")
    return found


def ask(*command: str, content: bytes, folder: Path) -> bytes:
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        command, input=content, capture_output=True, check=True, timeout=300, cwd=folder, env=environ
    ).stdout


def test_spamassassin_finds_nothing_to_complain_of(mails: list[Mail], tmp_path: Path) -> None:
    """The points that count against a mail alone; those in its favour are not counted."""
    spamassassin = program("spamassassin", "spamassassin")
    box = b"".join(
        b"From x Mon Nov 24 08:30:00 2025\n" + mail.message.content.replace(b"\r\n", b"\n") for mail in mails
    )

    said = ask(spamassassin, "--local", "--test-mode", "--mbox", content=box, folder=tmp_path).decode()

    reports = said.split("Content analysis details:")[1:]
    assert len(reports) == len(mails)
    for mail, report in zip(mails, reports, strict=True):
        rules = {name: float(points) for points, name in _RULE.findall(report.partition("\nFrom x ")[0])}
        against = {name: points for name, points in rules.items() if points > 0}
        assert "HTML_MESSAGE" in rules
        assert sum(against.values()) <= MOST_POINTS, (mail.edition.slug, against)


def test_reformime_reads_the_same(mails: list[Mail], tmp_path: Path) -> None:
    reformime = program("reformime", "maildrop")
    for mail in mails:
        content = mail.message.content
        assert ask(reformime, content=content, folder=tmp_path).split() == [b"1", b"1.1", b"1.2"]
        for section, kind in (("1.1", "plain"), ("1.2", "html")):
            read = ask(reformime, "-e", "-s", section, content=content, folder=tmp_path)
            assert lines(read) == lines(mail.body(kind).encode())


def test_ripmime_reads_the_same(mails: list[Mail], tmp_path: Path) -> None:
    ripmime = program("ripmime", "ripmime")
    for number, mail in enumerate(mails):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "message.eml").write_bytes(mail.message.content)
        said = ask(ripmime, "-i", "message.eml", "-d", "parts", "-v", content=b"", folder=folder)
        assert all(line.startswith(b"Decoding filename=") for line in said.splitlines())  # and no warnings
        found = {lines(path.read_bytes()) for path in (folder / "parts").iterdir()}
        assert {lines(mail.body(kind).encode()) for kind in ("plain", "html")} <= found


def lines(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n").strip(b"\n")
