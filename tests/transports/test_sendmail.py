"""The sendmail transport with a script in the place of the program."""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from newsletter.errors import TransportError
from newsletter.model import Fault, OutcomeKind
from newsletter.transports.sendmail import SendmailSettings, SendmailTransport
from tests.transports.parts import MemoryDesk, message

SCRIPT = Path(__file__).parent / "fakes" / "sendmail.py"
ACCEPTED, DEFERRED, REFUSED, DOUBTFUL = (
    OutcomeKind.ACCEPTED,
    OutcomeKind.DEFERRED,
    OutcomeKind.REFUSED,
    OutcomeKind.DOUBTFUL,
)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    (tmp_path / "kept").mkdir()
    return tmp_path / "kept"


def settings(kept: Path, **changes: float) -> SendmailSettings:
    words = (sys.executable, "-SE", str(SCRIPT), str(kept), "-i", "-f", "{sender}", "--", "{recipient}")
    return SendmailSettings(words, processes=1, patience=changes.get("patience", 20), grace=0.1)


def desk_for(*recipients: str) -> MemoryDesk:
    return MemoryDesk([message(n, recipient=recipient) for n, recipient in enumerate(recipients)])


@pytest.mark.parametrize(
    ("code", "kind", "fault", "enhanced"),
    [
        (0, ACCEPTED, Fault.NONE, ""),
        (67, REFUSED, Fault.RECIPIENT, "5.1.1"),
        (68, REFUSED, Fault.RECIPIENT, "5.1.2"),
        (69, DEFERRED, Fault.LINE, ""),
        (75, DEFERRED, Fault.LINE, ""),
        (64, DEFERRED, Fault.SENDER, ""),
        (77, DEFERRED, Fault.SENDER, ""),
        (78, DEFERRED, Fault.SENDER, ""),
        (1, DEFERRED, Fault.SENDER, ""),
    ],
)
def test_exit_codes(kept: Path, code: int, kind: OutcomeKind, fault: Fault, enhanced: str) -> None:
    desk = desk_for(f"exit{code}@example.org", "a@example.org")
    asyncio.run(SendmailTransport(settings(kept)).lane(desk))
    outcome = desk.outcomes[0]
    assert (outcome.kind, outcome.fault, outcome.enhanced, outcome.code) == (kind, fault, enhanced, code)
    assert outcome.reply == "sendmail: it is not to be"
    assert desk.outcomes[1].kind is ACCEPTED
    assert b"\r" not in (kept / "a@example.org").read_bytes()


def test_a_program_that_is_killed_leaves_doubt(kept: Path) -> None:
    desk = desk_for("killed@example.org", "a@example.org")
    asyncio.run(SendmailTransport(settings(kept)).lane(desk))
    assert desk.kinds == [DOUBTFUL, ACCEPTED]
    assert "SIGKILL" in desk.outcomes[0].reply


def test_a_program_that_does_not_end_leaves_doubt(kept: Path) -> None:
    desk = desk_for("slow@example.org", "a@example.org")
    asyncio.run(SendmailTransport(settings(kept, patience=0.5)).lane(desk))
    assert desk.kinds == [DOUBTFUL, ACCEPTED]
    assert not (kept / "slow@example.org").exists()


def test_cancelled_while_the_program_runs(kept: Path) -> None:
    desk = desk_for("slow@example.org")

    async def work() -> None:
        lane = asyncio.create_task(SendmailTransport(settings(kept)).lane(desk))
        while not desk.handed:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        lane.cancel()
        with pytest.raises(asyncio.CancelledError):
            await lane

    begun = time.monotonic()
    asyncio.run(work())
    assert time.monotonic() - begun < 5
    assert desk.kinds == [DOUBTFUL]


@pytest.mark.parametrize("recipient", ["-oQ/tmp@example.org", "a b@example.org", "é@example.org", ""])
def test_an_address_that_could_be_an_option_is_never_given(kept: Path, recipient: str) -> None:
    desk = MemoryDesk([replace(message(1), recipient=recipient)])
    asyncio.run(SendmailTransport(settings(kept)).lane(desk))
    assert desk.kinds == [REFUSED]
    assert desk.handed == []


def test_a_sender_that_could_be_an_option_is_our_fault(kept: Path) -> None:
    desk = MemoryDesk([replace(message(1), sender="-x@example.org")])
    asyncio.run(SendmailTransport(settings(kept)).lane(desk))
    assert desk.outcomes[1].fault is Fault.SENDER


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    transport = SendmailTransport(SendmailSettings((str(tmp_path / "none"), "{recipient}")))
    with pytest.raises(TransportError, match="there is no program"):
        asyncio.run(transport.check())


def test_a_program_that_cannot_be_started(tmp_path: Path) -> None:
    broken = tmp_path / "sendmail"
    broken.write_text("#!/no/such/interpreter\n")
    broken.chmod(0o755)
    desk = desk_for("a@example.org")
    with pytest.raises(TransportError, match="cannot be started"):
        asyncio.run(SendmailTransport(SendmailSettings((str(broken), "{recipient}"))).lane(desk))
    assert desk.outcomes[0].fault is Fault.LINE
