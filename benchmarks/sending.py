"""How fast a campaign leaves, against the script that most people would write: smtplib and EmailMessage.

Both send the newest sample issue to a mail server in another process, in turn (reference, ours, reference,
ours, …); the server counts what arrived. Run it with: python benchmarks/sending.py [MESSAGES] [ROUNDS]
"""

from __future__ import annotations

import smtplib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from docs.demo import copy_sample, newest_ready_issue
from newsletter.actions import send as action
from newsletter.clock import SystemClock
from newsletter.publication import Publication

CONNECTIONS = 16
REFERENCE_SHARE = 20
"""The reference is slow: it sends one message for so many of ours."""


@contextmanager
def server(journal: Path) -> Iterator[int]:
    """The project's own sink in a process of its own, noting each message that it takes."""
    command = [sys.executable, "-m", "newsletter.transports.sink", "--port", "0", "--journal", str(journal)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()


def publication_for(folder: Path, port: int, readers: int) -> Publication:
    """The sample publication, pointed at the server, with so many readers."""
    copy_sample(folder)
    settings = folder / "newsletter.toml"
    text = settings.read_text(encoding="utf-8").replace('transport = "outbox"', 'transport = "smtp"')
    text = text.replace("connections = 8", f"connections = {CONNECTIONS}")
    text += f'\n[delivery.smtp]\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\n'
    settings.write_text(text, encoding="utf-8")
    publication = Publication.open(folder, environ={}, clock=SystemClock())
    rows = [(n.to_bytes(8, "big"), f"r{n}@example.org", f"r{n}@example.org") for n in range(readers)]
    with publication.database.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO subscribers (public_id, email, email_key, status, joined_at, changed_at)"
            " VALUES (?, ?, ?, 'active', 0, 0)",
            rows,
        )
    return publication


def ours(port: int, count: int) -> tuple[float, float]:
    """Messages a second and microseconds of CPU a message, ledger and all."""
    with tempfile.TemporaryDirectory() as folder:
        publication = publication_for(Path(folder), port, count)
        prospect = action.prospect(publication, newest_ready_issue(Path(folder)))
        cpu = time.process_time()
        sent = action.carry_out(publication, prospect)
        cpu = time.process_time() - cpu
        publication.close()
    assert sent.run is not None
    assert sent.run.accepted == count, sent
    return count / sent.run.seconds, cpu / count * 1e6


def reference(port: int, count: int, text: str, html: str) -> tuple[float, float]:
    """The same with one smtplib connection and an EmailMessage built for each reader."""
    begun, cpu = time.perf_counter(), time.process_time()
    with smtplib.SMTP("127.0.0.1", port) as connection:
        for number in range(count):
            message = EmailMessage()
            message["From"] = "Sore Points <letters@sorepoints.example.org>"
            message["To"] = f"r{number}@example.org"
            message["Subject"] = "Has massage ever moved a blood clot?"
            message["Message-ID"] = f"<reference-{number}-{begun}@example.org>"
            message.set_content(text)
            message.add_alternative(html, subtype="html")
            connection.send_message(message)
    return count / (time.perf_counter() - begun), (time.process_time() - cpu) / count * 1e6


def main() -> int:
    """Measures and prints a table; fails when the server did not get what was sent."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 4000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    few = max(20, count // REFERENCE_SHARE)
    with tempfile.TemporaryDirectory() as scratch:
        journal = Path(scratch) / "journal"
        folder = Path(scratch) / "sample"
        with server(journal) as port:
            publication = publication_for(folder, port, 1)
            edition = action.prospect(publication, newest_ready_issue(folder)).edition
            rendition = edition.renditions[0]
            text = "".join(s for s in rendition.text if isinstance(s, str))
            html = "".join(s for s in rendition.html if isinstance(s, str))
            publication.close()
            figures = [(reference(port, few, text, html), ours(port, count)) for _ in range(rounds)]
        arrived = len({line.split()[0] for line in journal.read_text().splitlines()})
    expected = rounds * (few + count)
    ratios = sorted(mine[0] / theirs[0] for theirs, mine in figures)
    print(f"{rounds} rounds of {few} and {count:,} messages of about {len(html) // 1000} kB HTML")
    print(f"{'':22}{'messages/s':>12}{'CPU µs/message':>17}")
    for name, column in (("smtplib, EmailMessage", 0), (f"ours, {CONNECTIONS} connections", 1)):
        rate = statistics.median(figure[column][0] for figure in figures)
        cpu = statistics.median(figure[column][1] for figure in figures)
        print(f"{name:22}{rate:>12,.0f}{cpu:>17,.0f}")
    print(f"ratio {statistics.median(ratios):.1f} [{ratios[0]:.1f}-{ratios[-1]:.1f}]")
    print(f"arrived {arrived:,} of {expected:,}, each once")
    return 0 if arrived == expected else 1


if __name__ == "__main__":
    raise SystemExit(main())
