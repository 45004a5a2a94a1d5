"""Who an audience means, as a condition on the table of subscribers."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from newsletter.errors import RefusedError
from newsletter.model import DeliveryState, Tier

EVERYONE = "everyone"
MEMBERS = "members"
READERS_OF = "readers-of:"


@dataclass(frozen=True, slots=True)
class Audience:
    """`condition` with its `values` is true for the readers meant; `otherwise` says why others are not."""

    condition: str
    values: tuple[object, ...] = ()
    otherwise: str = ""


def audience_of(connection: Connection, name: str) -> Audience:
    """The audience called `name`: everyone, members, or readers-of:SLUG, whoever has (or may have) got that
    issue.

    Raises RefusedError for an audience that this publication does not have.
    """
    if name == EVERYONE:
        return Audience("1 = 1")
    if name == MEMBERS:
        return Audience("tier = ?", (Tier.MEMBER.value,), "not a member, and the issue is for members")
    if name.startswith(READERS_OF):
        slug = name.removeprefix(READERS_OF)
        campaign = connection.exec_driver_sql("SELECT id FROM campaigns WHERE slug = ?", (slug,)).first()
        if campaign is None:
            raise RefusedError(f"{slug} was never sent, so nobody has read it.", code="not-sent")
        return Audience(
            "id IN (SELECT subscriber_id FROM deliveries WHERE campaign_id = ? AND state IN (?, ?))",
            (campaign.id, DeliveryState.ACCEPTED, DeliveryState.DOUBTFUL),
            f"did not get {slug}",
        )
    raise RefusedError(
        f'The audience "{name}" is not known.',
        hint=f'Use "{EVERYONE}" or "{MEMBERS}" in the front matter.',
        code="unknown-audience",
    )
