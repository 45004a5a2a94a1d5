"""The ledger's statements, as plain SQL: they run once or more for each message, so nothing is built anew."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from newsletter.model import DeliveryState, Status, Subscriber, Tier
from newsletter.storage.times import from_ms

_PLANNED, _CLAIMED, _HANDED = DeliveryState.PLANNED, DeliveryState.CLAIMED, DeliveryState.HANDED
_ACCEPTED, _REFUSED = DeliveryState.ACCEPTED, DeliveryState.REFUSED
_DEFERRED, _DOUBTFUL, _SKIPPED = DeliveryState.DEFERRED, DeliveryState.DOUBTFUL, DeliveryState.SKIPPED

_TIERS = {tier.value: tier for tier in Tier}
_STATUSES = {status.value: status for status in Status}

_ROW = """
    SELECT d.subscriber_id, s.public_id, s.email, s.email_key, s.name, s.first_name, s.last_name,
           s.tier, s.status, s.fields, s.joined_at, d.attempt
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

# The marks of a whole group in one statement each: between rows the driver would let go of the interpreter
# lock, and getting it back from the sending loop costs more than the row.
AMONG = "subscriber_id IN (SELECT value FROM json_each(?))"
CLAIM = f"""
    UPDATE deliveries SET state = {_CLAIMED}, attempt = attempt + 1, retry_at = NULL, changed_at = ?
    WHERE campaign_id = ? AND {AMONG} AND state IN ({_PLANNED}, {_DEFERRED})
"""
HAND = f"""
    UPDATE deliveries SET state = {_HANDED}, changed_at = ?
    WHERE campaign_id = ? AND attempt = ? AND {AMONG} AND state = {_CLAIMED}
      AND EXISTS (SELECT 1 FROM subscribers s WHERE s.id = deliveries.subscriber_id AND s.status = 'active')
"""
ACCEPT = f"""
    UPDATE deliveries SET state = {_ACCEPTED}, retry_at = NULL, changed_at = ?
    WHERE campaign_id = ? AND attempt = ? AND {AMONG} AND state IN ({_CLAIMED}, {_HANDED}, {_DOUBTFUL})
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
NOTE_CANCELLED = f"""
    INSERT INTO delivery_notes (campaign_id, subscriber_id, attempt, state, at, reply)
    SELECT d.campaign_id, d.subscriber_id, d.attempt, {_SKIPPED}, ?, 'the mailing was cancelled'
    FROM deliveries d JOIN campaigns c ON c.id = d.campaign_id
    WHERE d.campaign_id = ? AND c.control = 'cancelled' AND d.state IN ({_PLANNED}, {_DEFERRED})
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


def subscriber_of(row: Sequence[Any]) -> Subscriber:
    """The subscriber in a row of PLANNED or DUE (without tags, which no mail shows)."""
    number, public_id, email, email_key, name, first_name, last_name, tier, status, fields, joined_at = row[
        :11
    ]
    return Subscriber(
        id=number,
        public_id=public_id,
        email=email,
        email_key=email_key,
        name=name,
        first_name=first_name,
        last_name=last_name,
        tier=_TIERS[tier],
        status=_STATUSES[status],
        fields=json.loads(fields) if fields != "{}" else {},
        joined_at=from_ms(joined_at),
    )
