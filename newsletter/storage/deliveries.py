"""Single deliveries, as people look at them and settle them: lists, doubts, and the story of one reader."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from newsletter.errors import RefusedError
from newsletter.model import Campaign, DeliveryState, Subscriber
from newsletter.storage import statements as sql
from newsletter.storage.database import Database
from newsletter.storage.times import from_ms, to_ms


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One delivery; `email` is "" when the person was forgotten, `code` and `reply` what was said last."""

    email: str
    state: DeliveryState
    attempt: int
    changed_at: datetime
    retry_at: datetime | None
    code: int
    reply: str


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that was said about a delivery: at which attempt it became `state`, and in which words."""

    at: datetime
    attempt: int
    state: DeliveryState
    code: int
    reply: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """One campaign in a reader's story; `state` is None when he was not in its plan."""

    slug: str
    audience: str
    planned_at: datetime
    state: DeliveryState | None
    attempt: int = 0
    changed_at: datetime | None = None
    retry_at: datetime | None = None
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class ConsentEvent:
    """One thing that happened to a subscription: added, imported, unsubscribed, suppressed, …"""

    kind: str
    at: datetime
    source: str
    detail: str


class DeliveryStore:
    """The deliveries of all campaigns."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    def rows(self, campaign: Campaign, state: DeliveryState) -> Iterator[DeliveryRow]:
        """The deliveries of a campaign in one state, in the order of planning."""
        with self._database.read() as connection:
            for row in connection.exec_driver_sql(sql.DELIVERIES, (campaign.id, state)):
                yield DeliveryRow(
                    email=row.email,
                    state=DeliveryState(row.state),
                    attempt=row.attempt,
                    changed_at=from_ms(row.changed_at),
                    retry_at=_moment(row.retry_at),
                    code=row.code,
                    reply=row.reply,
                )

    def resolve(self, campaign: Campaign, verdict: DeliveryState, emails: Sequence[str] | None) -> int:
        """Settles doubtful deliveries on a person's word: ACCEPTED, or PLANNED to have them sent again.

        `emails` are addresses as compared; None means all. Gives the number of deliveries settled, and notes
        the decision with each. Raises RefusedError, settling none, when one of `emails` is not in doubt.
        """
        now = to_ms(self._now())
        with self._database.write() as connection:
            rows = connection.exec_driver_sql(sql.DOUBTFUL, (campaign.id,)).all()
            if emails is not None:
                strangers = set(emails) - {row.email_key for row in rows}
                if strangers:
                    raise RefusedError(
                        f"Not in doubt: {', '.join(sorted(strangers))}. Nothing was settled.",
                        hint=f"`newsletter status {campaign.slug} --list doubtful` names those that are.",
                        code="not-doubtful",
                    )
                rows = [row for row in rows if row.email_key in emails]
            if not rows:
                return 0
            keys = [(verdict, now, campaign.id, row.subscriber_id) for row in rows]
            connection.exec_driver_sql(sql.RESOLVE, keys)
            said = f"was in doubt; the publisher decided: {verdict.label}"
            notes = [(campaign.id, row.subscriber_id, row.attempt, verdict, now, 0, "", said) for row in rows]
            connection.exec_driver_sql(sql.NOTE, notes)
        return len(rows)

    def retry(self, campaign: Campaign, *, refused: bool) -> int:
        """Makes deferred deliveries due now; with `refused`, refused ones whose reader is still active are
        planned anew as well. Gives the number of deliveries that may now be tried."""
        now = to_ms(self._now())
        with self._database.write() as connection:
            count = connection.exec_driver_sql(sql.RETRY_DEFERRED, (now, now, campaign.id)).rowcount
            if refused:
                count += connection.exec_driver_sql(sql.RETRY_REFUSED, (now, campaign.id)).rowcount
        return count

    def story(self, subscriber: Subscriber) -> tuple[list[ConsentEvent], list[Chapter]]:
        """What happened to a reader: to the subscription, and in every campaign, each from first to last."""
        with self._database.read() as connection:
            events = [
                ConsentEvent(row.kind, from_ms(row.at), row.source, row.detail)
                for row in connection.exec_driver_sql(sql.CONSENT, (subscriber.id,))
            ]
            notes: dict[int, list[Note]] = {}
            for row in connection.exec_driver_sql(sql.NOTES, (subscriber.id,)):
                note = Note(from_ms(row.at), row.attempt, DeliveryState(row.state), row.code, row.reply)
                notes.setdefault(row.campaign_id, []).append(note)
            chapters = [
                _chapter(row, notes.get(row.id, []))
                for row in connection.exec_driver_sql(sql.STORY, (subscriber.id,))
            ]
        return events, chapters


def _chapter(row: Any, notes: list[Note]) -> Chapter:
    if row.state is None:
        return Chapter(row.slug, row.audience, from_ms(row.created_at), None)
    return Chapter(
        slug=row.slug,
        audience=row.audience,
        planned_at=from_ms(row.created_at),
        state=DeliveryState(row.state),
        attempt=row.attempt,
        changed_at=from_ms(row.changed_at),
        retry_at=_moment(row.retry_at),
        notes=tuple(notes),
    )


def _moment(ms: int | None) -> datetime | None:
    return None if ms is None else from_ms(ms)
