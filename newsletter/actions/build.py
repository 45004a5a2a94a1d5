"""Compiling an issue into files to look at, exactly as a reader would get them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING

from newsletter.actions.check import require_no_errors
from newsletter.delivery.message import MessageTemplate, message_id
from newsletter.errors import ConfigurationError, Level, Problem
from newsletter.files.atomic import write_atomic
from newsletter.files.faults import write_fault
from newsletter.model import Edition, Issue, Message, Subscriber, Tier
from newsletter.publication import BUILD
from newsletter.rendering.budget import HTML_LIMIT, byte_budget

if TYPE_CHECKING:
    from newsletter.delivery.dkim import Signer
    from newsletter.publication import Publication

READER = Subscriber(
    id=0,
    public_id=bytes(8),
    email="robin.reader@example.org",
    email_key="robin.reader@example.org",
    name="Robin Reader",
    first_name="Robin",
    last_name="Reader",
)
"""An invented reader for the samples; his link for leaving leads nowhere."""

_TOKEN = "A" * 32


@dataclass(frozen=True, slots=True)
class BuiltTier:
    """The files of one tier (relative to the publication), and what its mail weighs in bytes.

    `html` is compared with `HTML_LIMIT`; `message` is the whole mail as it travels.
    """

    tier: Tier
    subject: str
    html: int
    text: int
    message: int
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Build:
    """What a build wrote: `folder` relative to the publication, the edition's digest, and each tier.

    `simulated` are the pages that show the mail as some mail programs do, where they were asked for.
    """

    issue: Issue
    folder: str
    digest: str
    tiers: tuple[BuiltTier, ...]
    warnings: tuple[Problem, ...] = ()
    simulated: tuple[str, ...] = ()
    limit: int = HTML_LIMIT


def build_issue(publication: Publication, issue: Issue, *, clients: bool = False) -> Build:
    """Writes `build/<slug>/free/` and `member/` with email.html, email.txt and message.eml; those of the free
    tier stand in `build/<slug>/` as well. With `clients`, `build/<slug>/clients/` shows it as others will.

    Raises ContentError and ConfigurationError when the issue cannot be compiled, StorageError when the files
    cannot be written. Where the key for signing is not at hand, the messages are not signed, with a warning.
    """
    warnings = require_no_errors(publication, issue)
    edition = publication.edition(issue)
    signer, unsigned = _signer(publication)
    folder = publication.folder / BUILD / issue.slug
    weights = {weight.tier: weight for weight in byte_budget(edition)}
    tiers = []
    for rendition in edition.renditions:
        message = sample_message(edition, rendition.tier, issue, signer)
        parsed = message_from_bytes(message.content, policy=policy.default)
        files = _files(message, parsed)
        places = [folder / rendition.tier.value, *([folder] if rendition.tier is Tier.FREE else [])]
        written = [_write(place, name, data) for place in places for name, data in files.items()]
        weight = weights[rendition.tier]
        tiers.append(
            BuiltTier(
                tier=rendition.tier,
                subject=str(parsed["Subject"]),
                html=weight.html,
                text=weight.text,
                message=len(message.content),
                files=tuple(path.relative_to(publication.folder).as_posix() for path in written),
            )
        )
    simulated = _simulations(publication, edition, issue) if clients else ()
    return Build(
        issue, f"{BUILD}/{issue.slug}", edition.digest, tuple(tiers), (*warnings, *unsigned), simulated
    )


def _simulations(publication: Publication, edition: Edition, issue: Issue) -> tuple[str, ...]:
    from newsletter.actions.clients import simulate

    folder = publication.folder / BUILD / issue.slug / "clients"
    return tuple(
        _write(folder, name, page).relative_to(publication.folder).as_posix()
        for name, page in simulate(publication, edition, issue)
    )


def _signer(publication: Publication) -> tuple[Signer | None, list[Problem]]:
    """What signs the mail, or why it is not signed here: whoever looks at an issue need not hold the key."""
    try:
        return publication.signer, []
    except ConfigurationError as error:
        return None, [
            replace(problem, message=f"{problem.message} message.eml is not signed.", level=Level.WARNING)
            for problem in error.problems
        ]


def sample_message(edition: Edition, tier: Tier, issue: Issue, signer: Signer | None = None) -> Message:
    """The mail of an edition as the invented reader would get it, at noon of the issue's day."""
    identity = edition.identity
    domain = identity.from_address.rpartition("@")[2]
    return MessageTemplate.compile(edition.rendition(tier), identity, signer).assemble(
        subscriber=READER,
        token=_TOKEN,
        message_id=message_id(edition.digest.encode(), 0, READER.public_id, domain),
        date=datetime.combine(issue.date, time(12), UTC),
    )


def _files(message: Message, parsed: EmailMessage) -> dict[str, bytes]:
    """The message, and its two bodies as mail programs take them out of it."""
    bodies = {part.get_content_subtype(): part for part in parsed.walk() if not part.is_multipart()}
    return {
        "email.html": str(bodies["html"].get_content()).encode(),
        "email.txt": str(bodies["plain"].get_content()).encode(),
        "message.eml": message.content,
    }


def _write(folder: Path, name: str, data: bytes) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_fault(error, Path(error.filename or folder)) from error
    write_atomic(folder / name, data, durable=False)
    return folder / name
