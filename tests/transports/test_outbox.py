"""The outbox: whole files, private folders, no message twice, and honest when the disk fails."""

from __future__ import annotations

import asyncio
import mailbox
import os
from pathlib import Path

import pytest

from newsletter.errors import StorageError, TransportError
from newsletter.model import Fault, Message, OutcomeKind
from newsletter.transports.maildir import Maildir, file_name
from newsletter.transports.outbox import OutboxTransport
from tests.transports.parts import MemoryDesk, desk_of, message
from tests.unprivileged import unwritable_folder


def send(path: Path, desk: MemoryDesk, lanes: int = 1) -> None:
    async def work() -> None:
        transport = OutboxTransport(path)
        await asyncio.gather(*(transport.lane(desk) for _ in range(lanes)))

    asyncio.run(work())


def kept(number: int) -> bytes:
    """A message as the file has it."""
    return message(number).content.replace(b"\r\n", b"\n")


def test_messages_become_files_that_mailbox_reads(tmp_path: Path) -> None:
    desk = desk_of(range(20))
    send(tmp_path / "deep" / "outbox", desk, lanes=4)
    assert desk.kinds == [OutcomeKind.ACCEPTED] * 20
    box = mailbox.Maildir(tmp_path / "deep" / "outbox", create=False)
    assert sorted(str(found["Message-ID"]) for found in box) == sorted(
        f"<{n}@example.org>" for n in range(20)
    )
    assert (tmp_path / "deep/outbox/new/3@example.org").read_bytes() == kept(3)
    assert desk.outcomes[3].provider_id == "3@example.org"


def test_folders_and_files_are_private(tmp_path: Path) -> None:
    send(tmp_path / "outbox", desk_of([1]))
    for folder in ("", "tmp", "new", "cur"):
        assert (tmp_path / "outbox" / folder).stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "outbox/new/1@example.org").stat().st_mode & 0o777 == 0o600
    assert list((tmp_path / "outbox/tmp").iterdir()) == []


def test_repeating_a_message_has_the_effect_of_once(tmp_path: Path) -> None:
    path = tmp_path / "outbox"
    assert OutboxTransport(path).repeatable
    send(path, desk_of([1, 2, 3]))
    (path / "new/2@example.org").rename(path / "cur/2@example.org:2,S")  # a mail program showed it
    changed = MemoryDesk([message(n, content=b"another\r\n") for n in (1, 2, 4)])
    send(path, changed)
    assert changed.kinds == [OutcomeKind.ACCEPTED] * 3
    assert sorted(entry.name for entry in (path / "new").iterdir()) == [
        "1@example.org",
        "3@example.org",
        "4@example.org",
    ]
    assert (path / "new/1@example.org").read_bytes() == kept(1)


def test_read_while_the_lane_is_running(tmp_path: Path) -> None:
    box = Maildir(tmp_path)
    box.prepare()
    assert box.deliver("a", b"x")
    (tmp_path / "new/a").rename(tmp_path / "cur/a:2,")
    assert not box.deliver("a", b"x")


def test_a_killed_process_leaves_no_trace(tmp_path: Path) -> None:
    box = Maildir(tmp_path)
    box.prepare()
    (tmp_path / "tmp/1@example.org").write_bytes(b"half a mess, longer than the whole one" * 100)
    send(tmp_path, desk_of([1]))
    assert (tmp_path / "new/1@example.org").read_bytes() == kept(1)
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize(
    "bad", ["<../../etc/passwd@x>", "<a/b@x>", "<.hidden@x>", "no brackets", "<é@x>", "<a:2,S@x>"]
)
def test_odd_ids_become_safe_names(bad: str) -> None:
    name = file_name(bad)
    assert len(name) == 64
    assert name.isalnum()
    assert file_name("<" + "f" * 32 + "@example.org>") == "f" * 32 + "@example.org"


def test_a_disk_that_is_full_in_the_middle(tmp_path: Path) -> None:
    path = tmp_path / "outbox"
    Maildir(path).prepare()
    (path / "tmp/2@example.org").symlink_to("/dev/full")
    desk = desk_of([1, 2, 3])
    with pytest.raises(TransportError) as caught:
        send(path, desk)
    problem = caught.value.problems[0]
    assert (problem.code, desk.kinds) == ("disk-full", [OutcomeKind.ACCEPTED, OutcomeKind.DEFERRED])
    assert "the disk is full" in problem.message
    assert "free some space" in problem.hint
    assert desk.outcomes[2].fault is Fault.LINE
    assert not (path / "new/2@example.org").exists()
    again = desk_of([2, 3])
    send(path, again)
    assert again.kinds == [OutcomeKind.ACCEPTED] * 2


def test_check_makes_nothing_and_the_first_lane_the_folder(tmp_path: Path) -> None:
    asyncio.run(OutboxTransport(tmp_path / "outbox").check())
    assert list(tmp_path.iterdir()) == []
    send(tmp_path / "outbox", desk_of([]))
    assert list((tmp_path / "outbox/new").iterdir()) == []


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file")
    with pytest.raises(TransportError, match="a file stands where the folder should be"):
        asyncio.run(OutboxTransport(tmp_path / "outbox").check())
    desk = desk_of([1])
    with pytest.raises(TransportError):
        send(tmp_path / "outbox" / "below", desk)
    assert desk.given == []


def test_a_read_only_folder() -> None:
    with unwritable_folder() as folder, pytest.raises(TransportError, match="no permission"):
        asyncio.run(OutboxTransport(folder / "outbox").check())


@pytest.mark.skipif(
    not Path("/sys/kernel").is_dir(), reason="needs a file system that even root cannot write"
)
def test_a_file_system_that_takes_nothing() -> None:
    with pytest.raises(TransportError) as caught:
        send(Path("/sys/newsletter-outbox"), desk_of([1]))
    assert caught.value.problems[0].code == "read-only"


def test_declined_messages_are_not_written(tmp_path: Path) -> None:
    desk = MemoryDesk([message(1), message(2)], declined=frozenset({1}))
    send(tmp_path, desk)
    assert list(desk.outcomes) == [2]
    assert [entry.name for entry in (tmp_path / "new").iterdir()] == ["2@example.org"]


def test_a_ledger_that_fails_stops_the_lane(tmp_path: Path) -> None:
    async def fail(_: Message) -> None:
        raise StorageError("gone")

    desk = desk_of([1])
    desk.on_hand = fail
    with pytest.raises(StorageError):
        send(tmp_path, desk)
    assert desk.outcomes[1].fault is Fault.LINE
    assert list((tmp_path / "new").iterdir()) == []


def test_cancelled_while_writing_waits_for_the_truth(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "slow")
    box = Maildir(tmp_path / "outbox")
    box.prepare()
    (tmp_path / "outbox/tmp/1@example.org").symlink_to(tmp_path / "slow")  # opening it waits for a reader

    async def work(cancels: int) -> MemoryDesk:
        desk = desk_of([1])
        lane = asyncio.create_task(OutboxTransport(tmp_path / "outbox").lane(desk))
        while not desk.handed:
            await asyncio.sleep(0.01)
        for _ in range(cancels):
            await asyncio.sleep(0.05)
            lane.cancel()
        await asyncio.sleep(0.05)
        if cancels == 1:
            assert not desk.outcomes
        (tmp_path / "slow").open("rb").close()
        with pytest.raises(asyncio.CancelledError):
            await lane
        return desk

    # A fifo cannot be synced, so what was written to it fails: the truth is that nothing was delivered.
    desk = asyncio.run(work(1))
    assert desk.outcomes[1].kind is OutcomeKind.DEFERRED
    (tmp_path / "outbox/tmp/1@example.org").unlink(missing_ok=True)
    (tmp_path / "outbox/tmp/1@example.org").symlink_to(tmp_path / "slow")
    desk = asyncio.run(work(2))
    assert desk.outcomes[1].kind is OutcomeKind.DOUBTFUL
