"""`newsletter why`: what happened to one reader, and why, in plain words."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from newsletter.cli.session import Session, pass_session, talking
from newsletter.model import DeliveryState, Status, Subscriber

if TYPE_CHECKING:
    from newsletter.storage.deliveries import Chapter, ConsentEvent

_EVENTS = {
    "added": "was added by hand",
    "imported": "was taken in from a list",
    "confirmed": "became active",
    "paused": "paused the subscription",
    "withdrawn": "left the list",
    "bounced": "cannot be reached any more",
    "complained": "complained",
    "suppressed": "was put on the suppression list",
}
_STATES = {
    DeliveryState.PLANNED: "is still to be sent",
    DeliveryState.CLAIMED: "is about to leave",
    DeliveryState.HANDED: "is being handed over just now",
    DeliveryState.ACCEPTED: "was accepted by the mail server",
    DeliveryState.REFUSED: "was refused",
    DeliveryState.DEFERRED: "was put off by the mail server",
    DeliveryState.DOUBTFUL: "is in doubt: handed over, and no answer came",
    DeliveryState.SKIPPED: "was skipped",
}


@click.command()
@click.argument("address")
@talking
@pass_session
def why(session: Session, address: str) -> int:
    """Tell the whole story of ADDRESS: how it came onto the list, and what became of every mailing.

    Moments are in UTC.
    """
    from newsletter.errors import RefusedError

    output = session.output
    with session.publication() as publication:
        reader = publication.subscribers.get(address)
        if reader is None:
            raise RefusedError(
                f"{address} is not on the list.",
                hint="Look for other spellings with: newsletter subscribers list",
                code="not-on-the-list",
            )
        events, chapters = publication.deliveries.story(reader)
        output.result(f"{reader.email}: {reader.status}, {reader.tier}")
        for event in events:
            output.result(f"  {_moment(event.at)}  {_event_words(event)}")
        for chapter in chapters:
            output.result()
            for line in _chapter_words(reader, chapter):
                output.result(line)
        output.data(_data(reader, events, chapters))
        doubtful = [chapter.slug for chapter in chapters if chapter.state is DeliveryState.DOUBTFUL]
        if doubtful:
            output.next(session.command(f"resolve {doubtful[-1]} --accepted {reader.email}, or --resend"))
        else:
            output.next(session.command("status"))
    return 0


def _event_words(event: ConsentEvent) -> str:
    said = ", ".join(word for word in (event.detail, event.source) if word)
    return f"{_EVENTS.get(event.kind, event.kind)}{f' ({said})' if said else ''}"


def _chapter_words(reader: Subscriber, chapter: Chapter) -> list[str]:
    if chapter.state is None:
        return [f"{chapter.slug}: not mailed, {_absence(reader, chapter)}"]
    lines = [f"{chapter.slug}: {_STATES[chapter.state]}"]
    if chapter.changed_at is not None and chapter.state is not DeliveryState.PLANNED:
        lines[0] += f" ({_moment(chapter.changed_at)}, attempt {chapter.attempt})"
    if chapter.retry_at is not None:
        lines[0] += f", again from {_moment(chapter.retry_at)}"
    for note in chapter.notes:
        said = f"{note.code} {note.reply}".strip() if note.code else note.reply
        lines.append(
            f"  {_moment(note.at)}  attempt {note.attempt}: {note.state.label}{f', {said}' if said else ''}"
        )
    return lines


def _absence(reader: Subscriber, chapter: Chapter) -> str:
    """Why a reader is not in a plan, as far as can be told afterwards."""
    if reader.joined_at is not None and reader.joined_at > chapter.planned_at:
        return f"because it was planned on {_moment(chapter.planned_at)}, before this reader joined"
    if chapter.audience != "everyone":
        return f"because it was for {chapter.audience} when it was planned on {_moment(chapter.planned_at)}"
    if reader.status is not Status.ACTIVE:
        return f"because this reader was not active when it was planned on {_moment(chapter.planned_at)}"
    return f"because this reader was not on the list, or not active, on {_moment(chapter.planned_at)}"


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def _data(reader: Subscriber, events: list[ConsentEvent], chapters: list[Chapter]) -> dict[str, object]:
    def stamp(moment: datetime | None) -> str | None:
        return moment.isoformat(timespec="seconds") if moment else None

    return {
        "address": reader.email,
        "status": str(reader.status),
        "tier": str(reader.tier),
        "joined_at": stamp(reader.joined_at),
        "events": [
            {"kind": event.kind, "at": stamp(event.at), "source": event.source, "detail": event.detail}
            for event in events
        ],
        "campaigns": [
            {
                "issue": chapter.slug,
                "planned_at": stamp(chapter.planned_at),
                "state": chapter.state.label if chapter.state is not None else None,
                "why": "" if chapter.state is not None else _absence(reader, chapter),
                "attempt": chapter.attempt,
                "changed_at": stamp(chapter.changed_at),
                "retry_at": stamp(chapter.retry_at),
                "notes": [
                    {
                        "at": stamp(note.at),
                        "attempt": note.attempt,
                        "state": note.state.label,
                        "code": note.code,
                        "reply": note.reply,
                    }
                    for note in chapter.notes
                ],
            }
            for chapter in chapters
        ],
    }
