"""Campaigns: planning and freezing one, steering it, and taking it to send."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime

from sqlalchemy import Connection

from newsletter.audience.tokens import Tokens
from newsletter.errors import BusyError, RefusedError
from newsletter.model import Campaign, CampaignState, DeliveryState, Edition, Plan, Status, Tally, Tier
from newsletter.rendering.frozen import edition_from_json, edition_to_json
from newsletter.storage import statements as sql
from newsletter.storage.audiences import READERS_OF, Audience, audience_of
from newsletter.storage.books import LEASE
from newsletter.storage.database import Database
from newsletter.storage.ledger import SqlLedger
from newsletter.storage.machine import boot_id
from newsletter.storage.suppressions import suppress_key, suppressed_among
from newsletter.storage.times import from_ms, to_ms


class CampaignStore:
    """All campaigns of a publication."""

    def __init__(self, database: Database, tokens: Tokens, now: Callable[[], datetime]) -> None:
        self._database = database
        self._tokens = tokens
        self._now = now

    # --- planning ----------------------------------------------------------------------------------------

    def plan(self, audience: str) -> Plan:
        """Who a campaign for `audience` would mail now, and who not and why; changes nothing.

        Raises RefusedError for an audience that this publication does not have.
        """
        by_tier: dict[Tier, int] = {}
        excluded: dict[str, int] = {}
        with self._database.read() as connection:
            meant = audience_of(connection, audience)
            for status, tier, wanted, count in connection.exec_driver_sql(
                f"SELECT status, tier, {meant.condition}, count(*) FROM subscribers"
                " GROUP BY 1, 2, 3 ORDER BY 1, 2",
                meant.values,
            ):
                if status == Status.ACTIVE and wanted:
                    by_tier[Tier(tier)] = count
                else:
                    reason = meant.otherwise if status == Status.ACTIVE else status
                    excluded[reason] = excluded.get(reason, 0) + count
        return Plan(sum(by_tier.values()), by_tier, excluded)

    def create(self, edition: Edition, audience: str) -> Campaign:
        """Freezes the edition and one row for each reader of the audience, in one transaction.

        Raises BusyError when the issue has a campaign by now.
        """
        now = to_ms(self._now())
        with self._database.write() as connection:
            meant = audience_of(connection, audience)
            if connection.exec_driver_sql("SELECT 1 FROM campaigns WHERE slug = ?", (edition.slug,)).first():
                raise BusyError(
                    f"Another process has just begun to send {edition.slug}.",
                    hint=f"`newsletter status {edition.slug}` shows how far it is.",
                )
            connection.exec_driver_sql(
                "INSERT INTO editions (digest, content, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (edition.digest, edition_to_json(edition), now),
            )
            campaign_id = connection.exec_driver_sql(
                "INSERT INTO campaigns (slug, edition_id, audience, created_at)"
                " SELECT ?, id, ?, ? FROM editions WHERE digest = ? RETURNING id",
                (edition.slug, audience, now, edition.digest),
            ).scalar_one()
            self._freeze(connection, campaign_id, meant, now)
        found = self.find(edition.slug)
        assert found is not None  # noqa: S101 - it was written just now
        return found

    def add_newcomers(self, campaign: Campaign) -> int:
        """Adds the readers of the campaign's audience who are not in its plan yet; gives their number.

        They get the frozen edition. Nobody who is in the plan already is touched. Raises RefusedError when
        the campaign was cancelled.
        """
        if campaign.state is CampaignState.CANCELLED:
            raise RefusedError(f"The campaign of {campaign.slug} was cancelled.", code="cancelled")
        with self._database.write() as connection:
            meant = audience_of(connection, campaign.audience)
            return self._freeze(connection, campaign.id, meant, to_ms(self._now()))

    def count_newcomers(self, campaign: Campaign) -> int:
        """How many readers `add_newcomers` would add; for a mailing to another issue's readers always 0."""
        if campaign.audience.startswith(READERS_OF):
            return 0
        with self._database.read() as connection:
            meant = audience_of(connection, campaign.audience)
            return int(
                connection.exec_driver_sql(
                    f"SELECT count(*) FROM subscribers WHERE status = 'active' AND {meant.condition}"
                    " AND id NOT IN (SELECT subscriber_id FROM deliveries WHERE campaign_id = ?)",
                    (*meant.values, campaign.id),
                ).scalar_one()
            )

    @staticmethod
    def _freeze(connection: Connection, campaign_id: int, meant: Audience, now: int) -> int:
        return connection.exec_driver_sql(
            "INSERT INTO deliveries (campaign_id, subscriber_id, state, attempt, changed_at)"
            f" SELECT ?, id, 0, 0, ? FROM subscribers WHERE status = 'active' AND {meant.condition}"
            " ON CONFLICT DO NOTHING",
            (campaign_id, now, *meant.values),
        ).rowcount

    # --- asking ------------------------------------------------------------------------------------------

    def find(self, slug: str) -> Campaign | None:
        """The campaign of an issue; None when it was never sent."""
        return next(iter(self._campaigns("WHERE c.slug = ?", (slug,))), None)

    def all(self) -> list[Campaign]:
        """All campaigns, the newest first."""
        return self._campaigns("ORDER BY c.created_at DESC, c.id DESC", ())

    def begun(self) -> dict[str, datetime]:
        """When the campaign of each issue was made, by the issue's slug."""
        with self._database.read() as connection:
            rows = connection.exec_driver_sql("SELECT slug, created_at FROM campaigns").all()
        return {row.slug: from_ms(row.created_at) for row in rows}

    def _campaigns(self, clause: str, values: tuple[object, ...]) -> list[Campaign]:
        with self._database.read() as connection:
            rows = connection.exec_driver_sql(
                "SELECT c.id, c.slug, e.digest, c.audience, c.created_at, c.control, c.reason, c.lease_until"
                f" FROM campaigns c JOIN editions e ON e.id = c.edition_id {clause}",
                values,
            ).all()
            return [
                Campaign(
                    id=row.id,
                    slug=row.slug,
                    digest=row.digest,
                    audience=row.audience,
                    created_at=from_ms(row.created_at),
                    state=self._state(connection, row.id, row.control, row.lease_until),
                    reason=row.reason,
                )
                for row in rows
            ]

    def _state(
        self, connection: Connection, campaign_id: int, control: str, lease_until: int
    ) -> CampaignState:
        """Derived from the rows; a finished campaign is sent whatever else was said about it."""
        if self._tally(connection, campaign_id).finished:
            return CampaignState.CANCELLED if control == "cancelled" else CampaignState.SENT
        if control != "run":
            return CampaignState(control)
        alive = lease_until > to_ms(self._now()) and self._database.locked(_lock_name(campaign_id))
        return CampaignState.SENDING if alive else CampaignState.UNFINISHED

    def edition(self, campaign: Campaign) -> Edition:
        """The frozen edition."""
        with self._database.read() as connection:
            content = connection.exec_driver_sql(
                "SELECT content FROM editions WHERE digest = ?", (campaign.digest,)
            ).scalar_one()
        return edition_from_json(content)

    def tally(self, campaign: Campaign) -> Tally:
        """The counts of all states."""
        with self._database.read() as connection:
            return self._tally(connection, campaign.id)

    @staticmethod
    def _tally(connection: Connection, campaign_id: int) -> Tally:
        rows = connection.exec_driver_sql(sql.TALLY, (campaign_id,))
        return Tally({DeliveryState(state): count for state, count in rows})

    # --- steering ----------------------------------------------------------------------------------------

    def pause(self, campaign: Campaign, reason: str) -> None:
        """No further message leaves; a running sender notices with its next message."""
        self._control(campaign, "paused", reason)

    def resume(self, campaign: Campaign) -> None:
        """Takes a pause back."""
        self._control(campaign, "run", "")

    def cancel(self, campaign: Campaign) -> int:
        """Stops the campaign for good: what has not left is skipped. Gives the number of those deliveries.

        A running sender skips what it had claimed when it ends.
        """
        with self._database.write() as connection:
            connection.exec_driver_sql(
                "UPDATE campaigns SET control = 'cancelled', reason = '' WHERE id = ?",
                (campaign.id,),
            )
        with suppress(BusyError):
            alone = not self._database.locked(_lock_name(campaign.id))
            self._take_over(campaign, alone=alone, repeatable=False)
        with self._database.write() as connection:
            now = to_ms(self._now())
            connection.exec_driver_sql(sql.NOTE_CANCELLED, (now, campaign.id))
            values = (now, campaign.id, campaign.id)
            return connection.exec_driver_sql(sql.SKIP_CANCELLED, values).rowcount

    def _control(self, campaign: Campaign, control: str, reason: str) -> None:
        with self._database.write() as connection:
            connection.exec_driver_sql(
                "UPDATE campaigns SET control = ?, reason = ? WHERE id = ? AND control <> 'cancelled'",
                (control, reason, campaign.id),
            )

    # --- sending -----------------------------------------------------------------------------------------

    @contextmanager
    def take(self, campaign: Campaign, *, repeatable: bool) -> Iterator[SqlLedger]:
        """Takes the campaign for this process and gives its ledger; lets go of it at the end of the block.

        What a former sender left behind is set right first: claimed rows go back to planned and handed ones
        become doubtful (or planned, when the transport is `repeatable`); after a restart of the machine
        claimed rows are doubtful as well, because their handed mark may have been lost with the power.
        Raises BusyError while another process is sending it.
        """
        with self._database.lock(_lock_name(campaign.id)) as alone:
            epoch = self._take_over(campaign, alone=alone, repeatable=repeatable)
            ledger = SqlLedger(
                self._database,
                campaign.id,
                epoch,
                now=self._now,
                suppressed=self._suppressed,
                bounced=self._bounced,
            )
            ledger.start()
            try:
                yield ledger
            finally:
                ledger.close()
                with self._database.write() as connection:
                    connection.exec_driver_sql(
                        "UPDATE campaigns SET owner = '', lease_until = 0 WHERE id = ? AND epoch = ?",
                        (campaign.id, epoch),
                    )

    def _take_over(self, campaign: Campaign, *, alone: bool, repeatable: bool) -> int:
        now = self._now()
        boot = boot_id()
        with self._database.write() as connection:
            row = connection.exec_driver_sql(
                "SELECT epoch, boot, lease_until FROM campaigns WHERE id = ?", (campaign.id,)
            ).one()
            if not alone and row.lease_until > to_ms(now):
                raise BusyError(
                    f"Another process is sending {campaign.slug}.",
                    hint=f"`newsletter status {campaign.slug}` shows how far it is.",
                )
            self._recover(connection, campaign.id, restarted=row.boot != boot, repeatable=repeatable)
            connection.exec_driver_sql(
                "UPDATE campaigns SET epoch = ?, owner = ?, boot = ?, lease_until = ? WHERE id = ?",
                (row.epoch + 1, uuid.uuid4().hex, boot, to_ms(now + LEASE), campaign.id),
            )
        return int(row.epoch) + 1

    def _recover(
        self, connection: Connection, campaign_id: int, *, restarted: bool, repeatable: bool
    ) -> None:
        now = to_ms(self._now())
        doubted = [DeliveryState.HANDED, DeliveryState.CLAIMED] if restarted else [DeliveryState.HANDED]
        if repeatable:
            doubted = []
        said = "the machine was restarted" if restarted else "the sender ended"
        for state in doubted:
            connection.exec_driver_sql(
                "INSERT INTO delivery_notes (campaign_id, subscriber_id, attempt, state, at, reply)"
                " SELECT campaign_id, subscriber_id, attempt, ?, ?, ? FROM deliveries"
                " WHERE campaign_id = ? AND state = ?",
                (DeliveryState.DOUBTFUL, now, f"{said} before an answer was written", campaign_id, state),
            )
            self._shift(connection, campaign_id, state, DeliveryState.DOUBTFUL, now)
        for state in (DeliveryState.HANDED, DeliveryState.CLAIMED):
            self._shift(connection, campaign_id, state, DeliveryState.PLANNED, now)

    @staticmethod
    def _shift(
        connection: Connection, campaign_id: int, source: DeliveryState, target: DeliveryState, now: int
    ) -> None:
        connection.exec_driver_sql(
            "UPDATE deliveries SET state = ?, changed_at = ? WHERE campaign_id = ? AND state = ?",
            (target, now, campaign_id, source),
        )

    def _suppressed(self, connection: Connection, keys: Sequence[str]) -> set[str]:
        return suppressed_among(connection, self._tokens, keys)

    def _bounced(self, connection: Connection, key: str, at: int) -> None:
        suppress_key(connection, self._tokens, key, reason="bounced", source="refused while sending", at=at)


def _lock_name(campaign_id: int) -> str:
    return f"campaign-{campaign_id}"
