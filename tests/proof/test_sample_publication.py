"""The sample publication, really sent into an outbox: every message right, members' parts kept apart."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from html.parser import HTMLParser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SLUG = "six-clots"
ONLY_FOR_MEMBERS = "The list is short enough to learn by heart"
STRICT = policy.default.clone(raise_on_defect=True)


def demo(folder: Path, *options: str) -> str:
    command = [sys.executable, "docs/demo.py", "--folder", str(folder), *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def publication(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    demo(folder)
    return folder


@pytest.fixture(scope="module")
def messages(publication: Path) -> dict[str, EmailMessage]:
    """Every message of the outbox by its recipient, read by a parser that forgives nothing."""
    found = {}
    for file in (publication / "outbox" / "new").iterdir():
        message = BytesParser(policy=STRICT).parsebytes(file.read_bytes())
        assert isinstance(message, EmailMessage)
        for part in message.walk():
            assert not part.defects
            if not part.is_multipart():
                assert isinstance(part, EmailMessage)
                part.get_content()
        found[message["To"].addresses[0].addr_spec] = message
    return found


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    content = part.get_content()
    assert isinstance(content, str)
    return content


class _Words(HTMLParser):
    """The words of a page that people see."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in ("style", "title", "head")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("style", "title", "head")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words += re.findall(r"[A-Za-z]{4,}", data)


def words_of(html: str) -> set[str]:
    parser = _Words()
    parser.feed(html)
    return set(parser.words)


def test_every_reader_has_one_message(publication: Path, messages: dict[str, EmailMessage]) -> None:
    with (publication / "subscribers" / "sample.csv").open(encoding="utf-8") as file:
        readers = [row["email"] for row in csv.DictReader(file)]
    assert len(readers) == 25
    assert sorted(messages) == sorted(readers)


def test_each_readers_link_for_leaving_is_his_own(messages: dict[str, EmailMessage]) -> None:
    links = set()
    for message in messages.values():
        header = message["List-Unsubscribe"]
        found = re.match(r"<(https://[^>]+)>,\s*<mailto:[^>]+>$", header)
        assert found, header
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert found[1] in body(message, "plain")
        assert found[1] in body(message, "html")
        links.add(found[1])
    assert len(links) == len(messages)
    assert len({message["List-Id"] for message in messages.values()}) == 1
    assert len({message["Message-ID"] for message in messages.values()}) == len(messages)


def test_text_and_html_say_the_same(messages: dict[str, EmailMessage]) -> None:
    for message in messages.values():
        text = set(re.findall(r"[A-Za-z]{4,}", body(message, "plain")))
        html = words_of(body(message, "html"))
        missing = html - text
        assert len(missing) <= 0.02 * len(html), missing
        assert body(message, "html").count("<h1") == 1


def test_members_parts_are_in_members_mail_alone(
    publication: Path, messages: dict[str, EmailMessage]
) -> None:
    with (publication / "subscribers" / "sample.csv").open(encoding="utf-8") as file:
        tiers = {row["email"]: row["tier"] for row in csv.DictReader(file)}
    assert set(tiers.values()) == {"free", "member"}
    for address, message in messages.items():
        for kind in ("plain", "html"):
            flat = " ".join(body(message, kind).split())
            assert (ONLY_FOR_MEMBERS in flat) == (tiers[address] == "member"), (address, kind)


def test_the_public_archive_has_no_members_part_and_no_personal_link(publication: Path) -> None:
    pages = [path for path in (publication / "public").rglob("*") if path.is_file()]
    assert any(path.name == "feed.xml" for path in pages)
    for page in pages:
        data = b" ".join(page.read_bytes().split())
        assert ONLY_FOR_MEMBERS.encode() not in data, page
        assert b"/unsubscribe/" not in data, page
        assert b"@example.org" not in data.replace(b"@sorepoints.example.org", b""), page


def test_the_second_demonstration_sends_nothing(publication: Path) -> None:
    before = sorted((publication / "outbox").rglob("*"))
    said = demo(publication)
    assert "nothing was sent" in said
    assert sorted((publication / "outbox").rglob("*")) == before


def test_the_demonstration_through_a_real_mail_server(tmp_path: Path) -> None:
    said = demo(tmp_path / "smtp", "--smtp")
    assert "25 of 25 deliveries accepted" in said
    assert len(list((tmp_path / "smtp" / "received" / "new").iterdir())) == 25
