"""The sink by itself: strict with clients, honest about what is on disk, usable as a program."""

from __future__ import annotations

import asyncio
import signal
import smtplib
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from newsletter.transports.maildir import Maildir
from newsletter.transports.sink import Sink, main
from newsletter.transports.sink_conduct import Conduct
from newsletter.transports.sink_keeping import Journal, Received, keeper
from newsletter.transports.sink_session import LONGEST_COMMAND
from newsletter.transports.smtp import SmtpTransport
from tests.transports.conftest import Certificates
from tests.transports.parts import desk_of, settings_for, sink

MAIL = "Message-ID: <a@example.org>\r\nSubject: x\r\n\r\n.dot\r\n"


@contextmanager
def program(*arguments: str) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """The sink as a program: its port, and the process."""
    command = [sys.executable, "-m", "newsletter.transports.sink", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline()), process
        finally:
            process.terminate()
            process.wait(10)


def talk(lines: list[bytes], conduct: Conduct | None = None) -> bytes:
    """Says all lines at once and reads until the sink hangs up."""

    async def work() -> bytes:
        async with asyncio.timeout(20), sink(conduct) as (port, _):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"".join(line + b"\r\n" for line in lines))
            answer = await reader.read(-1)
            writer.close()
            return answer

    return asyncio.run(work())


def test_a_whole_dialogue_in_one_go() -> None:
    answer = talk(
        [b"EHLO me", b"MAIL FROM:<a@b.c> SIZE=3", b"RCPT TO:<d@e.f>", b"DATA", b"..x", b".", b"NOOP", b"QUIT"]
    )
    assert [line[:3] for line in answer.splitlines() if line[3:4] == b" "] == [
        b"220", b"250", b"250", b"250", b"354", b"250", b"250", b"221",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"HELO me", b"250"),
        (b"RSET", b"250"),
        (b"VRFY x", b"502"),
        (b"MAIL x", b"501"),
        (b"RCPT TO:<a@b.c>", b"503"),
        (b"DATA", b"503"),
        (b"STARTTLS", b"503"),
        (b"AUTH PLAIN", b"503"),
    ],
)
def test_single_commands(line: bytes, code: bytes) -> None:
    assert talk([line, b"QUIT"]).splitlines()[1].startswith(code)


def test_order_is_kept() -> None:
    answer = talk([b"MAIL FROM:<>", b"MAIL FROM:<>", b"RCPT TO:<>", b"RCPT x", b"DATA", b"QUIT"])
    assert [line[:3] for line in answer.splitlines()] == [
        b"220",
        b"250",
        b"503",
        b"501",
        b"501",
        b"503",
        b"221",
    ]


def test_login_attempts() -> None:
    conduct = Conduct(login=("ada", "secret"))
    lines = [
        b"MAIL FROM:<>",
        b"AUTH GSSAPI",
        b"AUTH PLAIN ???",
        b"AUTH PLAIN",
        b"AGFkYQBzZWNyZXQ=",
        b"MAIL FROM:<>",
        b"QUIT",
    ]
    codes = [line[:3] for line in talk(lines, conduct).splitlines()]
    assert codes == [b"220", b"530", b"504", b"501", b"334", b"235", b"250", b"221"]


def test_an_endless_command_and_unasked_pipelining_end_the_connection() -> None:
    assert talk([b"x" * (LONGEST_COMMAND + 10)]).splitlines()[-1].startswith(b"500")
    assert talk([b"NOOP", b"NOOP"], Conduct(pipelining=False)).splitlines()[-1].startswith(b"421")


def codes(answer: bytes) -> list[bytes]:
    return [line[:3] for line in answer.splitlines() if line[3:4] == b" "]


def test_messages_in_chunks() -> None:
    answer = talk(
        [
            b"EHLO me",
            b"MAIL FROM:<a@b.c>", b"RCPT TO:<d@e.f>", b"BDAT 7", b"..\r\nx", b"BDAT 3 last", b"y", b"QUIT",
        ]
    )  # fmt: skip
    assert codes(answer) == [b"220", b"250", b"250", b"250", b"250", b"250", b"221"]


def test_chunks_are_read_even_when_nobody_wants_them() -> None:
    lines = [
        b"BDAT 6 LAST", b"QUIT",
        b"MAIL FROM:<a@b.c>", b"RCPT TO:<d@e.f>", b"BDAT 2", b"", b"RCPT TO:<x@y.z>", b"DATA", b"RSET",
        b"BDAT x", b"BDAT 0 LAST", b"MAIL FROM:<a@b.c>", b"QUIT",
    ]  # fmt: skip
    answer = talk(lines)
    assert codes(answer) == [
        b"220", b"503",
        b"250", b"250", b"250", b"503", b"503", b"250",
        b"501", b"503", b"250", b"221",
    ]  # fmt: skip


def test_what_is_not_offered_is_not_understood() -> None:
    conduct = Conduct(chunking=False, international=False)
    answer = talk([b"EHLO me", b"BDAT 3 LAST", b"MAIL FROM:<a@b.c> SMTPUTF8", b"QUIT"], conduct)
    assert b"CHUNKING" not in answer
    assert codes(answer)[2:] == [b"502", b"555", b"221"]


def test_a_chunk_without_measure_ends_the_connection() -> None:
    lines = [b"MAIL FROM:<a@b.c>", b"RCPT TO:<d@e.f>", b"BDAT 999999999 LAST"]
    assert talk(lines).splitlines()[-1].startswith(b"552")


def test_a_dotted_message_however_it_is_cut() -> None:
    content = b"..first\r\nline\r\n...\r\n.\r\n"

    async def work() -> None:
        async with sink() as (port, received):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"MAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nDATA\r\n")
            await reader.readuntil(b"354 ")
            for octet in content:
                writer.write(bytes([octet]))
                await writer.drain()
                await asyncio.sleep(0)
            await reader.readuntil(b"queued")
            writer.close()
            assert [one.content for one in received] == [b".first\r\nline\r\n..\r\n"]

    asyncio.run(work())


def test_every_reply_is_late_and_none_holds_up_the_next() -> None:
    async def work() -> None:
        async with sink(Conduct(round_trip=0.1)) as (port, _):
            begun = time.monotonic()
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"NOOP\r\n" * 50 + b"QUIT\r\n")
            answer = await reader.read(-1)
            writer.close()
            assert len(answer.splitlines()) == 52
            assert 0.1 <= time.monotonic() - begun < 2

    asyncio.run(work())


def test_greeting_delay_and_delay() -> None:
    async def work() -> None:
        async with sink(Conduct(greeting_delay=0.1, delay=0.1)) as (port, received):
            begun = time.monotonic()
            desk = desk_of(range(3))
            await SmtpTransport(settings_for(port)).lane(desk)
            assert time.monotonic() - begun >= 0.4
            assert len(received) == 3

    asyncio.run(work())


def test_stopping_cuts_connections_and_waits_for_what_is_being_kept() -> None:
    kept: list[str] = []

    async def slowly(received: Received) -> None:
        await asyncio.sleep(0.1)
        kept.append(received.message_id)

    async def work() -> None:
        server = Sink(slowly)
        port = await server.start()
        desk = desk_of([1])
        lane = asyncio.create_task(SmtpTransport(settings_for(port)).lane(desk))
        while not desk.handed:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        await server.stop()
        await asyncio.gather(lane, return_exceptions=True)
        assert kept == ["<1@example.org>"]
        assert [kind.value for kind in desk.kinds] == ["doubtful"]

    asyncio.run(work())


def test_a_disk_that_fails_is_no_acceptance(tmp_path: Path) -> None:
    def work(keep: Callable[[Received], Awaitable[None]]) -> Callable[[], Awaitable[list[str]]]:
        async def run() -> list[str]:
            server = Sink(keep)
            port = await server.start()
            desk = desk_of([1])
            await SmtpTransport(settings_for(port)).lane(desk)
            await server.stop()
            return [outcome.kind.value for outcome in desk.outcomes.values()]

        return run

    journal = Journal(Path("/dev/full"))
    assert asyncio.run(work(journal.keep)()) == ["deferred"]  # type: ignore[arg-type]
    journal.close()


def test_a_journal_that_nobody_waits_for(tmp_path: Path) -> None:
    with program("--journal", str(tmp_path / "journal"), "--no-sync", "--no-chunking") as (port, _):
        desk = desk_of(range(20))
        asyncio.run(SmtpTransport(settings_for(port)).lane(desk))
    assert len((tmp_path / "journal").read_text().splitlines()) == 20


def test_journal_and_maildir_together(tmp_path: Path) -> None:
    async def work() -> None:
        journal, box = Journal(tmp_path / "journal"), Maildir(tmp_path / "box")
        box.prepare()
        keep = keeper(journal, box)
        assert keep is not None
        server = Sink(keep)
        port = await server.start()
        desks = [desk_of(range(start, start + 10)) for start in (0, 10, 20)]
        await asyncio.gather(*(SmtpTransport(settings_for(port)).lane(desk) for desk in desks))
        await server.stop()
        journal.close()

    asyncio.run(work())
    lines = (tmp_path / "journal").read_text().splitlines()
    assert sorted(lines) == sorted(f"<{n}@example.org> reader{n}@example.org" for n in range(30))
    assert len(list((tmp_path / "box" / "new").iterdir())) == 30


def test_as_a_program(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    with program("--journal", str(journal), "--refuse", "gone=550 5.1.1 No such user") as (port, process):
        with smtplib.SMTP("127.0.0.1", port) as client:
            client.sendmail("me@example.org", ["you@example.org", "too@example.org"], MAIL)
            with pytest.raises(smtplib.SMTPRecipientsRefused):
                client.sendmail("me@example.org", ["gone@example.org"], MAIL)
        assert journal.read_text() == "<a@example.org> you@example.org\n<a@example.org> too@example.org\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0


def test_as_a_program_encrypted(tmp_path: Path, certificates: Certificates) -> None:
    arguments = ["--certificate", str(certificates.server), "--starttls", "--login", "ada:secret"]
    with program("--maildir", str(tmp_path / "box"), *arguments) as (port, _):
        settings = settings_for(
            port,
            host="localhost",
            security="starttls",
            ca_file=certificates.authority,
            username="ada",
            password="secret",
        )
        desk = desk_of([1])
        asyncio.run(SmtpTransport(settings).lane(desk))
    assert (tmp_path / "box" / "new" / "1@example.org").exists()


def test_a_refusal_must_look_like_one(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--refuse", "gone=250 fine"])
    assert "PATTERN=REPLY" in capsys.readouterr().err
