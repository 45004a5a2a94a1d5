"""How fast mail leaves over SMTP, ledger and all: against smtp-source, a script, over long lines, over TLS.

Each figure is measured in turn with its reference (reference, ours, reference, ours, …) into the same server,
which counts what arrived by distinct Message-IDs. Run it with `python benchmarks/smtp.py --help`. Postfix's
smtp-source and smtp-sink take part where they are installed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import shutil
import smtplib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import trustme

from newsletter.audience.tokens import Tokens
from newsletter.clock import SystemClock
from newsletter.delivery.loop import run
from newsletter.delivery.message import MessageTemplate, message_id
from newsletter.document import Merge
from newsletter.model import Claim, Edition, Identity, Message, Rendition, Tier
from newsletter.rendering.frozen import edition_from_json, edition_to_json
from newsletter.storage.campaigns import CampaignStore
from newsletter.storage.database import open_database
from newsletter.transports.session import SmtpSettings
from newsletter.transports.smtp import SmtpTransport

CONNECTIONS = 16
SIZE = 60_000
LINE = "Seventy-six characters of plain text, as they come, with nothing unusual.\n"
POSTFIX = ("/usr/sbin", "/usr/libexec/postfix")


@dataclass(frozen=True)
class Figure:
    """One measurement: messages a second, microseconds of CPU a message, peak memory in megabytes."""

    rate: float
    cpu: float
    memory: float = 0.0


# --- our sender, in a process of its own -----------------------------------------------------------------


def edition() -> Edition:
    """About SIZE octets of mail, with the reader's name and link in both parts."""
    leave, name = Merge("unsubscribe_url"), Merge("first_name", "there")
    text = LINE * (SIZE // 4 // len(LINE))
    html = "<p>" + LINE * (SIZE * 3 // 4 // len(LINE)) + "</p>"
    rendition = Rendition(
        Tier.FREE, ("Sore points",), ("Hello ", name, html, leave), ("Hello ", name, text, leave)
    )
    identity = Identity(
        from_name="Sore Points",
        from_address="news@example.org",
        return_path="bounces@example.org",
        list_id="news.example.org",
        list_name="Sore Points",
        unsubscribe_mailbox="news@example.org",
        unsubscribe_base="https://letters.example.org/unsubscribe/",
    )
    bare = Edition("sore-points", "Sore points", identity, (rendition,), "")
    return edition_from_json(edition_to_json(bare))


def send(port: int, count: int, settings: dict[str, object]) -> dict[str, float]:
    """Sends to so many readers and measures this process."""
    tokens, clock, frozen = Tokens(bytes(32)), SystemClock(), edition()
    template = MessageTemplate.compile(frozen.renditions[0], frozen.identity)
    server = SmtpSettings(
        **{"host": "localhost", "port": port, "security": "none", "ehlo_name": "example.org"} | settings  # type: ignore[arg-type]  # from our own caller
    )
    with tempfile.TemporaryDirectory() as folder:
        database = open_database("sqlite:///subscribers/newsletter.db", Path(folder))
        rows = [
            (os.urandom(8), f"r{n}@example.org", f"r{n}@example.org", f"Reader {n}") for n in range(count)
        ]
        with database.write() as connection:
            connection.exec_driver_sql(
                "INSERT INTO subscribers (public_id, email, email_key, name, status, joined_at, changed_at)"
                " VALUES (?, ?, ?, ?, 'active', 0, 0)",
                rows,
            )
        del rows
        store = CampaignStore(database, tokens, clock.now)
        campaign = store.create(frozen, "everyone")

        def assemble(claim: Claim) -> Message:
            reader = claim.subscriber
            return template.assemble(
                subscriber=reader,
                token=tokens.unsubscribe(reader.public_id),
                message_id=message_id(
                    bytes(32), int.from_bytes(os.urandom(6)), reader.public_id, "example.org"
                ),
                date=clock.now(),
            )

        async def work() -> float:
            with store.take(campaign, repeatable=False) as ledger:
                result = await run(ledger, SmtpTransport(server), assemble, clock, stop=asyncio.Event())
            assert result.accepted == count, result
            return result.seconds

        before = time.process_time()
        seconds = asyncio.run(work())
        cpu = time.process_time() - before
        database.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"rate": count / seconds, "cpu": cpu / count * 1e6, "memory": peak}


def ours(port: int, count: int, **settings: object) -> Figure:
    """Our sender, with its ledger, safe against power loss."""
    command = [sys.executable, __file__, "--send", str(port), str(count), json.dumps(settings)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    return Figure(**json.loads(done.stdout))


# --- references ------------------------------------------------------------------------------------------


def smtp_source(port: int, count: int) -> Figure:
    """Postfix's own benchmark: fixed content, as many sessions, no ledger."""
    program = str(postfix("smtp-source"))
    sizes = ["-s", str(CONNECTIONS), "-m", str(count), "-l", str(SIZE)]
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([program, "-d", *sizes, f"127.0.0.1:{port}"], check=True)
    seconds, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Figure(count / seconds, cpu / count * 1e6)


def script(port: int, count: int) -> Figure:
    """What most people would write: smtplib, and an EmailMessage for each reader."""
    html = LINE * (SIZE * 3 // 4 // len(LINE))
    begun, cpu = time.perf_counter(), time.process_time()
    with smtplib.SMTP("127.0.0.1", port) as connection:
        for number in range(count):
            message = EmailMessage()
            message["From"] = "Sore Points <news@example.org>"
            message["To"] = f"r{number}@example.org"
            message["Subject"] = "Sore points"
            message["Message-ID"] = f"<{number}.{begun}@example.org>"
            message.set_content(f"Hello {number}\n" + LINE * (SIZE // 4 // len(LINE)))
            message.add_alternative(f"<p>Hello {number}{html}</p>", subtype="html")
            connection.send_message(message)
    return Figure(count / (time.perf_counter() - begun), (time.process_time() - cpu) / count * 1e6)


def postfix(name: str) -> Path | None:
    """Where one of Postfix's test programs is; None when it is not installed."""
    found = shutil.which(name, path=os.pathsep.join((*POSTFIX, os.environ.get("PATH", ""))))
    return Path(found) if found else None


# --- servers ---------------------------------------------------------------------------------------------


class Count:
    """How many messages were sent, and how many different ones arrived."""

    def __init__(self) -> None:
        self.sent = self.arrived = 0

    @contextmanager
    def server(self, *options: str) -> Iterator[int]:
        """Our own sink, which writes down every Message-ID."""
        with tempfile.TemporaryDirectory() as folder:
            journal = Path(folder) / "journal"
            command = [
                sys.executable,
                "-m",
                "newsletter.transports.sink",
                "--no-sync",
                "--journal",
                str(journal),
            ]
            process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True)
            assert process.stdout is not None
            try:
                yield int(process.stdout.readline())
            finally:
                process.terminate()
                process.wait()
            self.arrived += len({line.split()[0] for line in journal.read_text().splitlines()})


@contextmanager
def smtp_sink() -> Iterator[int]:
    """Postfix's sink, which reads octet by octet and counts nothing."""
    port = 20_000 + os.getpid() % 10_000
    process = subprocess.Popen([str(postfix("smtp-sink")), "-u", "nobody", f"127.0.0.1:{port}", "1000"])
    try:
        time.sleep(0.5)
        yield port
    finally:
        process.terminate()
        process.wait()


# --- the tables ------------------------------------------------------------------------------------------


def pairs(
    rounds: int, reference: Callable[[], Figure], mine: Callable[[], Figure]
) -> tuple[list[Figure], list[Figure], list[float]]:
    """Measures in turn; the ratios of the rates, sorted."""
    found = [(reference(), mine()) for _ in range(rounds)]
    ratios = sorted(b.rate / a.rate for a, b in found)
    return [a for a, _ in found], [b for _, b in found], ratios


def row(name: str, figures: list[Figure], ratios: list[float] | None = None) -> None:
    """One line: medians, and the median ratio with its range."""
    rate, cpu = (statistics.median(getattr(figure, what) for figure in figures) for what in ("rate", "cpu"))
    memory = max(figure.memory for figure in figures)
    said = f"{statistics.median(ratios):6.2f} [{ratios[0]:.2f}-{ratios[-1]:.2f}]" if ratios else ""
    print(f"{name:44}{rate:>10,.0f}{cpu:>10,.0f}{f'{memory:.0f}' if memory else '':>8}   {said}")


def compare(
    title: str, rounds: int, name: str, reference: Callable[[], Figure], mine: Callable[[], Figure]
) -> None:
    """Prints a reference and our sender below it."""
    theirs, figures, ratios = pairs(rounds, reference, mine)
    print(title)
    row(f"  {name}", theirs)
    row("  ours", figures, ratios)


def long_lines(count: Count, messages: int, rounds: int) -> None:
    """Messages a round trip and connection, by what the server offers."""
    kinds = {
        "one command at a time": ["--no-pipelining", "--no-chunking"],
        "PIPELINING": ["--no-chunking"],
        "PIPELINING and CHUNKING": [],
    }
    for milliseconds in (20, 50):
        for number, (name, options) in enumerate(kinds.items()):
            some = messages // 4 * (number + 1) // 2
            with count.server("--round-trip", str(milliseconds), *options) as port:
                figures = [ours(port, some, connections=CONNECTIONS) for _ in range(rounds)]
                count.sent += rounds * some
            trips = statistics.median(figure.rate for figure in figures) * milliseconds / 1000 / CONNECTIONS
            row(f"  {milliseconds} ms, {name}: {trips:.2f} a trip", figures)


def encrypted(count: Count, messages: int, rounds: int) -> None:
    """TLS against the plain rate."""
    authority = trustme.CA()
    with tempfile.TemporaryDirectory() as folder:
        trusted, server = Path(folder) / "authority.pem", Path(folder) / "server.pem"
        authority.cert_pem.write_to_path(str(trusted))
        authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(server))
        with count.server() as plain, count.server("--certificate", str(server)) as private:
            compare(
                "encrypted (TLS 1.3), against plain, our sink",
                rounds,
                "plain",
                lambda: ours(plain, messages, connections=CONNECTIONS),
                lambda: ours(
                    private, messages, connections=CONNECTIONS, security="tls", ca_file=str(trusted)
                ),
            )
        count.sent += 2 * rounds * messages


def main() -> int:
    """Measures and prints; fails when a server did not get what was sent."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--send", nargs=3, metavar=("PORT", "COUNT", "SETTINGS"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.send:
        port, readers, settings = arguments.send
        print(json.dumps(send(int(port), int(readers), json.loads(settings))))
        return 0
    messages, rounds, count = arguments.messages, arguments.rounds, Count()
    print(f"{messages:,} messages of {SIZE // 1000} kB, {CONNECTIONS} connections, medians of {rounds}")
    print(f"{'':44}{'msg/s':>10}{'CPU µs':>10}{'MB':>8}   ratio [range]")
    if postfix("smtp-source") and postfix("smtp-sink"):
        with smtp_sink() as port:
            compare(
                "into smtp-sink, against smtp-source",
                rounds,
                "smtp-source",
                lambda: smtp_source(port, messages),
                lambda: ours(port, messages, connections=CONNECTIONS),
            )
        with count.server() as port:
            compare(
                "into our sink, against smtp-source",
                rounds,
                "smtp-source",
                lambda: smtp_source(port, messages),
                lambda: ours(port, messages, connections=CONNECTIONS),
            )
            count.sent += 2 * rounds * messages
    few = max(20, messages // 40)
    with count.server() as port:
        compare(
            "into our sink, against a script",
            rounds,
            "smtplib, EmailMessage, one connection",
            lambda: script(port, few),
            lambda: ours(port, messages, connections=CONNECTIONS),
        )
        count.sent += rounds * (few + messages)
    encrypted(count, messages, rounds)
    print("over long lines, our sink; messages a round trip and connection")
    long_lines(count, messages, min(rounds, 3))
    print(f"arrived {count.arrived:,} of {count.sent:,}, each counted once by its Message-ID")
    return 0 if count.arrived == count.sent else 1


if __name__ == "__main__":
    raise SystemExit(main())
