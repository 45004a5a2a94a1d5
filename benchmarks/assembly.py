"""How long putting one message together takes: plain, with merge fields, signed; and what the mail weighs.

In the same run, in turn with ours: the standard library's EmailMessage built for each reader, and what
OpenSSL needs for one RSA signature of 2,048 bits. Run: python benchmarks/assembly.py [MESSAGES] [ROUNDS]
"""

from __future__ import annotations

import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from newsletter.audience.tokens import Tokens
from newsletter.clock import SystemClock
from newsletter.delivery.dkim import Signer
from newsletter.delivery.message import MessageTemplate, message_id
from newsletter.document import Merge
from newsletter.model import UNSUBSCRIBE_URL, Rendition, Subscriber
from newsletter.publication import Publication
from newsletter.rendering.budget import HTML_LIMIT, byte_budget

ROOT = Path(__file__).resolve().parents[1]
AT = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
REFERENCE_SHARE = 20
"""The reference is slow: it builds one message for so many of ours."""


def readers(count: int) -> list[Subscriber]:
    """Readers with names of several scripts."""
    names = ("Ada Lovelace", "Zoë Müller", "山田 太郎", "Łukasz O’Neill")
    return [
        Subscriber(
            id=number,
            public_id=number.to_bytes(8, "big"),
            email=f"r{number}@example.org",
            email_key=f"r{number}@example.org",
            name=names[number % 4],
            first_name=names[number % 4].split()[0],
            fields={"town": ("Vancouver", "Zürich", "東京", "Łódź")[number % 4]},
        )
        for number in range(count)
    ]


def without_fields(rendition: Rendition) -> Rendition:
    """The rendition with its fallbacks written in, but for the link for leaving."""

    def plain(segments: tuple[str | Merge, ...]) -> tuple[str | Merge, ...]:
        return tuple(
            each if isinstance(each, str) or each.name == UNSUBSCRIBE_URL else each.fallback or ""
            for each in segments
        )

    return replace(
        rendition, subject=plain(rendition.subject), html=plain(rendition.html), text=plain(rendition.text)
    )


def with_fields(rendition: Rendition) -> Rendition:
    """The same with four more merge fields, one of them in the subject, one filtered, one a choice."""
    more: tuple[str | Merge, ...] = (
        Merge("town", "your town"),
        Merge("first_name", "you", filters=("title",)),
        Merge("member", "reader", then="member"),
    )
    return replace(
        rendition,
        subject=(*rendition.subject, ", ", Merge("first_name", "reader")),
        html=(*rendition.html, *more),
        text=(*rendition.text, *more),
    )


def timed(count: int, work: Callable[[int], object]) -> float:
    """Microseconds for one of `count` pieces of work."""
    begun = time.perf_counter()
    for number in range(count):
        work(number)
    return (time.perf_counter() - begun) / count * 1e6


def openssl_signature() -> float | None:
    """Microseconds of one RSA signature with 2,048 bits, as `openssl speed` measures it."""
    openssl = shutil.which("openssl")
    if openssl is None:
        return None
    said = subprocess.run(
        [openssl, "speed", "-seconds", "1", "rsa2048"], capture_output=True, text=True, check=True
    ).stdout
    found = re.search(r"rsa\s+2048 bits\s+([0-9.]+)s", said)
    return float(found[1]) * 1e6 if found else None


def signer() -> Signer | None:
    """Signs with a fresh key; None where the extra `dkim` is not installed."""
    try:
        from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    except ImportError:
        return None
    from newsletter.delivery.dkim_keys import read_key

    key = generate_private_key(65537, 2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return Signer("sorepoints.example.org", [read_key(pem, "news", "rsa")])


def main() -> int:
    """Measures and prints two tables."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    publication = Publication.open(ROOT, environ={}, clock=SystemClock())
    editions = [publication.edition(publication.issue(file)) for file in publication.issue_files]
    publication.close()
    edition, people, tokens = editions[-1], readers(count), Tokens(bytes(32))
    rendition = without_fields(edition.renditions[0])

    def ours(rendition: Rendition, signed: Signer | None = None) -> Callable[[int], object]:
        template = MessageTemplate.compile(rendition, edition.identity, signed)
        return lambda number: template.assemble(
            subscriber=people[number],
            token=tokens.unsubscribe(people[number].public_id),
            message_id=message_id(bytes(32), 1, people[number].public_id, "sorepoints.example.org"),
            date=AT,
        )

    def reference(number: int) -> bytes:
        person, link = people[number], f"https://letters.example.org/u/{tokens.unsubscribe(bytes(8))}"
        message = EmailMessage(policy=policy.SMTP)
        message["From"] = "Sore Points <letters@sorepoints.example.org>"
        message["To"] = f"{person.name} <{person.email}>"
        message["Subject"] = "Has massage ever moved a blood clot?"
        message.set_content("".join(each if isinstance(each, str) else link for each in rendition.text))
        html = "".join(each if isinstance(each, str) else link for each in rendition.html)
        message.add_alternative(html, subtype="html")
        return message.as_bytes()

    works: dict[str, tuple[int, Callable[[int], object]]] = {
        "EmailMessage": (max(10, count // REFERENCE_SHARE), reference),
        "ours, plain": (count, ours(rendition)),
        "ours, with merge fields": (count, ours(with_fields(rendition))),
    }
    if key := signer():
        works["ours, signed (RSA-2048)"] = (count // 4, ours(rendition, key))
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, (share, work) in works.items():
            times[name].append(timed(share, work))
    print(f"{edition.slug}: µs a message, median of {rounds} rounds [least-most]")
    for name, figures in times.items():
        print(f"  {name:26}{statistics.median(figures):>10,.1f}  [{min(figures):,.1f}-{max(figures):,.1f}]")
    if (bare := openssl_signature()) is not None:
        print(f"  {'openssl, one signature':26}{bare:>10,.1f}")
    print(f"\nbytes of mail, HTML of {HTML_LIMIT:,}")
    for each in editions:
        for weight in byte_budget(each):
            template = MessageTemplate.compile(each.rendition(weight.tier), each.identity)
            whole = len(
                template.assemble(
                    subscriber=people[0], token="A" * 32, message_id="<1@example.org>", date=AT
                ).content
            )
            print(
                f"  {each.slug:26}{weight.tier:8}"
                f"{weight.html:>9,} HTML{weight.text:>9,} text{whole:>9,} message"
            )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
