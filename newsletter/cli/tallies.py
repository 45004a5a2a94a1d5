"""A campaign's counts, in words for people and as an object for programs, in all commands the same."""

from __future__ import annotations

from datetime import UTC, datetime

from newsletter.cli.output import counted
from newsletter.model import Campaign, CampaignState, DeliveryState, Edition, Tally

NEVER = datetime.fromtimestamp(0, UTC)

_ENDS = (
    DeliveryState.ACCEPTED,
    DeliveryState.REFUSED,
    DeliveryState.DEFERRED,
    DeliveryState.DOUBTFUL,
    DeliveryState.SKIPPED,
)
_TROUBLES = (DeliveryState.DEFERRED, DeliveryState.REFUSED, DeliveryState.DOUBTFUL, DeliveryState.SKIPPED)


def tally_words(tally: Tally) -> str:
    """The counts as a person reads them: 612 of 1,000 deliveries accepted, 3 doubtful, 385 to go."""
    parts = [
        f"{tally[DeliveryState.ACCEPTED]:,} of {counted(tally.total, 'delivery', 'deliveries')} accepted"
    ]
    if said := troubles(tally):
        parts.append(said)
    if tally.remaining:
        parts.append(f"{tally.remaining:,} to go")
    return ", ".join(parts)


def settled(tally: Tally) -> int:
    """How many deliveries need nothing more: those that are not deferred and not to go."""
    return tally.total - tally.remaining - tally[DeliveryState.DEFERRED]


def troubles(tally: Tally) -> str:
    """What is worth a word beside the accepted ones: 3 deferred, 1 doubtful; "" when all is well."""
    return ", ".join(f"{tally[state]:,} {state.label}" for state in _TROUBLES if tally[state])


def rehearsed(
    edition: Edition, campaign: Campaign | None, tally: Tally | None, count: int
) -> dict[str, object]:
    """What `summary` would say before a send of `count` messages; `campaign` is None when it is the first."""
    if campaign is not None and tally is not None:
        return summary(campaign, tally)
    nobody_yet = Tally({DeliveryState.PLANNED: count})
    planned = Campaign(0, edition.slug, edition.digest, "", NEVER, CampaignState.UNFINISHED)
    return summary(planned, nobody_yet) | {"campaign": None, "state": "rehearsed"}


def summary(
    campaign: Campaign, tally: Tally, *, accepted: int = 0, seconds: float = 0.0
) -> dict[str, object]:
    """One object for programs.

    `planned` is the whole plan: accepted + refused + deferred + doubtful + skipped + remaining make it up.
    `sent_now`, `seconds` and `messages_per_second` are about this run, which had `accepted` messages taken
    in `seconds`.
    """
    return {
        "issue": campaign.slug,
        "campaign": campaign.id,
        "edition": campaign.digest,
        "state": str(campaign.state),
        "reason": campaign.reason,
        "planned": tally.total,
        **{state.label: tally[state] for state in _ENDS},
        "remaining": tally.remaining,
        "sent_now": accepted,
        "seconds": round(seconds, 3),
        "messages_per_second": round(accepted / seconds, 1) if accepted and seconds else 0.0,
    }
