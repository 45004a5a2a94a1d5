"""The ledger's statements, as plain SQL: they run once or more for each message, so nothing is built anew."""

from __future__ import annotations

import json
from typing import Any

from newsletter.model import DeliveryState, Status, Subscriber, Tier
from newsletter.storage.times import from_ms

_PLANNED, _CLAIMED, _HANDED = DeliveryState.PLANNED, DeliveryState.CLAIMED, DeliveryState.HANDED
_REFUSED = DeliveryState.REFUSED
_DEFERRED, _DOUBTFUL, _SKIPPED = DeliveryState.DEFERRED, DeliveryState.DOUBTFUL, DeliveryState.SKIPPED

_ROW = """
    SELECT d.subscriber_id, d.attempt, s.public_id, s.email, s.email_key, s.name, s.first_name, s.last_name,
           s.tier, s.status, s.fields, s.joined_at
    FROM deliveries d LEFT JOIN subscribers s ON s.id = d.subscriber_id
"""

CONTROL = "SELECT epoch, control FROM campaigns WHERE id = ?"
RENEW = "UPDATE campaigns SET lease_until = ? WHERE id = ? AND epoch = ?"
PAUSE = "UPDATE campaigns SET control = 'paused', reason = ? WHERE id = ? AND control = 'run'"
TALLY = "SELECT state, count(*) FROM deliveries WHERE campaign_id = ? GROUP BY state"
STATE = "SELECT state FROM deliveries WHERE campaign_id = ? AND subscriber_id = ?"

PLANNED = f"""{_ROW}
    WHERE d.campaign_id = ? AND d.state = {_PLANNED} AND d.subscriber_id > ?
    ORDER BY d.subscriber_id LIMIT ?
"""
DUE = f"""{_ROW}
    WHERE d.campaign_id = ? AND d.state = {_DEFERRED} AND d.retry_at <= ?
    ORDER BY d.retry_at LIMIT ?
"""
NEXT_DUE = f"SELECT min(retry_at) FROM deliveries WHERE campaign_id = ? AND state = {_DEFERRED}"

CLAIM = f"""
    UPDATE deliveries SET state = {_CLAIMED}, attempt = attempt + 1, retry_at = NULL, changed_at = ?
    WHERE campaign_id = ? AND subscriber_id = ? AND state IN ({_PLANNED}, {_DEFERRED})
"""
HAND = f"""
    UPDATE deliveries SET state = {_HANDED}, changed_at = ?
    WHERE campaign_id = ? AND subscriber_id = ? AND attempt = ? AND state = {_CLAIMED}
      AND EXISTS (SELECT 1 FROM subscribers s WHERE s.id = deliveries.subscriber_id AND s.status = 'active')
"""
SETTLE = f"""
    UPDATE deliveries SET state = ?, retry_at = ?, changed_at = ?
    WHERE campaign_id = ? AND subscriber_id = ? AND attempt = ?
      AND state IN ({_CLAIMED}, {_HANDED}, {_DOUBTFUL})
"""
RELEASE = f"""
    UPDATE deliveries SET state = {_PLANNED}, attempt = attempt - 1, changed_at = ?
    WHERE campaign_id = ? AND subscriber_id = ? AND attempt = ? AND state = {_CLAIMED}
"""
SKIP = f"""
    UPDATE deliveries SET state = {_SKIPPED}, retry_at = NULL, changed_at = ?
    WHERE campaign_id = ? AND subscriber_id = ? AND state IN ({_PLANNED}, {_CLAIMED}, {_DEFERRED})
"""
RESOLVE = f"""
    UPDATE deliveries SET state = ?, changed_at = ?
    WHERE campaign_id = ? AND subscriber_id = ? AND state = {_DOUBTFUL}
"""
RETRY_DEFERRED = f"""
    UPDATE deliveries SET retry_at = ?, changed_at = ? WHERE campaign_id = ? AND state = {_DEFERRED}
"""
RETRY_REFUSED = f"""
    UPDATE deliveries SET state = {_PLANNED}, attempt = 0, changed_at = ?
    WHERE campaign_id = ? AND state = {_REFUSED}
      AND EXISTS (SELECT 1 FROM subscribers s WHERE s.id = deliveries.subscriber_id AND s.status = 'active')
"""
SKIP_CANCELLED = f"""
    UPDATE deliveries SET state = {_SKIPPED}, retry_at = NULL, changed_at = ?
    WHERE campaign_id = ? AND state IN ({_PLANNED}, {_DEFERRED})
      AND EXISTS (SELECT 1 FROM campaigns c WHERE c.id = ? AND c.control = 'cancelled')
"""
NOTE = """
    INSERT INTO delivery_notes (campaign_id, subscriber_id, attempt, state, at, code, enhanced, reply)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""

DELIVERIES = """
    SELECT coalesce(s.email, '') AS email, d.state, d.attempt, d.changed_at, d.retry_at,
           coalesce(n.code, 0) AS code, coalesce(n.reply, '') AS reply
    FROM deliveries d
    LEFT JOIN subscribers s ON s.id = d.subscriber_id
    LEFT JOIN delivery_notes n ON n.id = (
        SELECT max(id) FROM delivery_notes
        WHERE campaign_id = d.campaign_id AND subscriber_id = d.subscriber_id AND state = d.state)
    WHERE d.campaign_id = ? AND d.state = ? ORDER BY d.subscriber_id
"""
DOUBTFUL = f"""
    SELECT d.subscriber_id, d.attempt, s.email_key
    FROM deliveries d LEFT JOIN subscribers s ON s.id = d.subscriber_id
    WHERE d.campaign_id = ? AND d.state = {_DOUBTFUL} ORDER BY d.subscriber_id
"""
CONSENT = "SELECT kind, at, source, detail FROM consent_events WHERE subscriber_id = ? ORDER BY id"
NOTES = """
    SELECT campaign_id, at, attempt, state, code, reply FROM delivery_notes
    WHERE subscriber_id = ? ORDER BY id
"""
STORY = """
    SELECT c.id, c.slug, c.audience, c.created_at, d.state, d.attempt, d.changed_at, d.retry_at
    FROM campaigns c LEFT JOIN deliveries d ON d.campaign_id = c.id AND d.subscriber_id = ?
    ORDER BY c.created_at, c.id
"""


def unmailable(status: str | None, suppressed: bool) -> str:
    """Why a reader may not be mailed now, in plain words; "" when he may."""
    if status is None:
        return "forgotten since the campaign was planned"
    if status != Status.ACTIVE:
        return f"{status} since the campaign was planned"
    return "on the suppression list" if suppressed else ""


def subscriber_of(row: Any) -> Subscriber:
    """The subscriber in a row of PLANNED or DUE (without tags, which no mail shows)."""
    return Subscriber(
        id=row.subscriber_id,
        public_id=row.public_id,
        email=row.email,
        email_key=row.email_key,
        name=row.name,
        first_name=row.first_name,
        last_name=row.last_name,
        tier=Tier(row.tier),
        status=Status(row.status),
        fields=json.loads(row.fields) if row.fields != "{}" else {},
        joined_at=from_ms(row.joined_at),
    )
