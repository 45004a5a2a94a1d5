"""What signing adds to a message, against the bare signature of `cryptography` in the same run.

Messages of the newest sample issue are assembled without a signature and with one, in turn with bare
signatures of a hash (bare, ours, bare, ours, …); all times are of the processor. Run it with:
python benchmarks/dkim.py [MESSAGES] [ROUNDS]
"""

from __future__ import annotations

import hashlib
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from docs.demo import copy_sample, newest_ready_issue
from newsletter.actions.build import READER
from newsletter.actions.choose import find_issue
from newsletter.clock import SystemClock
from newsletter.delivery.dkim import Signer
from newsletter.delivery.dkim_keys import SigningKey, read_key
from newsletter.delivery.message import MessageTemplate
from newsletter.model import Edition, Tier
from newsletter.publication import Publication

GOALS = {"rsa": "≤ 1.25 × bare", "ed25519": "≤ 60 µs"}
NAMES = {"rsa": "RSA-2048", "ed25519": "Ed25519"}


def sample_edition() -> Edition:
    """The newest sample issue, compiled."""
    with tempfile.TemporaryDirectory() as folder:
        copy_sample(Path(folder))
        publication = Publication.open(Path(folder), environ={}, clock=SystemClock())
        issue = publication.issue(find_issue(publication, newest_ready_issue(Path(folder))))
        return publication.edition(issue)


def new_key(kind: str) -> SigningKey:
    """A key of this kind."""
    key = generate_private_key(65537, 2048) if kind == "rsa" else Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return read_key(pem, "news", kind)


def assembler(edition: Edition, signer: Signer | None) -> Callable[[], int]:
    """Assembles one message; gives its size in octets."""
    template = MessageTemplate.compile(edition.rendition(Tier.FREE), edition.identity, signer)
    date = datetime(2026, 11, 24, 8, tzinfo=UTC)

    def assemble() -> int:
        message = template.assemble(
            subscriber=READER, token="A" * 32, message_id="<1@example.org>", date=date
        )
        return len(message.content)

    return assemble


def cost(work: Callable[[], object], count: int) -> float:
    """Microseconds of the processor for one time."""
    begun = time.process_time()
    for _ in range(count):
        work()
    return (time.process_time() - begun) / count * 1e6


def main() -> int:
    """Measures and prints a table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 7
    edition = sample_edition()
    plain = assembler(edition, None)
    digest, size = bytes(32), plain()
    content = bytes(size)
    print(f"{rounds} rounds of {count:,} messages of {size // 1000} kB, µs of CPU a message")
    print(f"{'':10}{'bare':>8}{'SHA-256':>10}{'signing':>10}{'ratio':>8}{'range':>12}   goal")
    for kind in ("rsa", "ed25519"):
        key = new_key(kind)
        signed = assembler(edition, Signer("example.org", [key]))
        figures = []
        for _ in range(rounds):
            bare = cost(lambda key=key: key.sign(digest), count)  # type: ignore[misc]  # bound at once
            hashing = cost(lambda: hashlib.sha256(content).digest(), count)
            figures.append((bare, hashing, cost(signed, count) - cost(plain, count)))
        ratios = sorted(ours / bare for bare, _, ours in figures)
        bare, hashing, ours = (statistics.median(column) for column in zip(*figures, strict=True))
        ratio, spread = statistics.median(ratios), f"{ratios[0]:.2f}-{ratios[-1]:.2f}"
        print(
            f"{NAMES[kind]:10}{bare:>8.0f}{hashing:>10.0f}{ours:>10.0f}{ratio:>8.2f}{spread:>12}"
            f"   {GOALS[kind]}"
        )
    print(f"without a signature, a message takes {cost(plain, count):.1f} µs")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
