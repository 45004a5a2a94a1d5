"""A campaign's counts, in words for people and as an object for programs, in all commands the same."""

from __future__ import annotations

from newsletter.cli.output import counted
from newsletter.model import Campaign, DeliveryState, Tally

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


def troubles(tally: Tally) -> str:
    """What is worth a word beside the accepted ones: 3 deferred, 1 doubtful; "" when all is well."""
    return ", ".join(f"{tally[state]:,} {state.label}" for state in _TROUBLES if tally[state])


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
