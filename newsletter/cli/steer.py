"""`newsletter pause`, `retry` and `cancel`: from another terminal, while a mailing runs or lies still."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from newsletter.cli.output import counted
from newsletter.cli.session import Session, pass_session, talking

if TYPE_CHECKING:
    from newsletter.model import Campaign
    from newsletter.publication import Publication


@click.command()
@click.argument("issue")
@click.option("--reason", default="paused by hand", show_default=True, help="Kept for whoever looks later.")
@talking
@pass_session
def pause(session: Session, issue: str, reason: str) -> int:
    """Let no further message of ISSUE leave for now.

    A mailing that is running finishes the messages in flight and ends.
    """
    with session.publication() as publication:
        campaign = find_unfinished(session, publication, issue)
        publication.campaigns.pause(campaign, reason)
        session.output.result(f"{campaign.slug} is paused.")
        session.output.data({"issue": campaign.slug, "state": "paused"})
        session.output.next(session.command(f"resume {campaign.slug}"))
    return 0


@click.command()
@click.argument("issue")
@click.option("--refused", is_flag=True, help="Also those that were refused, if the reader is still active.")
@talking
@pass_session
def retry(session: Session, issue: str, refused: bool) -> int:
    """Make the deferred deliveries of ISSUE due now, without waiting for their time.

    Mail servers ask for patience for a reason: do this when you know that the trouble is over.
    """
    with session.publication() as publication:
        campaign = find_campaign(session, publication, issue)
        count = publication.deliveries.retry(campaign, refused=refused)
        session.output.result(
            f"{counted(count, 'delivery', 'deliveries')} of {campaign.slug} may be tried now."
        )
        session.output.data({"issue": campaign.slug, "due": count})
        session.output.next(session.command(f"resume {campaign.slug}"))
    return 0


@click.command()
@click.argument("issue")
@click.option("--confirm", metavar="SLUG", help="Confirm without being asked.")
@talking
@pass_session
def cancel(session: Session, issue: str, confirm: str | None) -> int:
    """Stop the mailing of ISSUE for good: who has not got it will not get it."""
    from newsletter.errors import RefusedError
    from newsletter.model import CampaignState

    with session.publication() as publication:
        campaign = find_unfinished(session, publication, issue)
        if confirm != campaign.slug:
            raise RefusedError(
                "Cancelling cannot be taken back.",
                hint=f"Say so with --confirm {campaign.slug}; `newsletter pause` only interrupts.",
                code="not-confirmed",
            )
        skipped = publication.campaigns.cancel(campaign)
        running = campaign.state is CampaignState.SENDING
        more = ", and what the running sender has claimed" if running else ""
        session.output.result(
            f"{campaign.slug} is cancelled; {counted(skipped, 'reader')} will not get it{more}."
        )
        session.output.data({"issue": campaign.slug, "state": "cancelled", "skipped": skipped})
        session.output.next(session.command(f"status {campaign.slug}"))
    return 0


def find_unfinished(session: Session, publication: Publication, issue: str) -> Campaign:
    """The campaign of an issue, if there is anything left to steer; RefusedError when not."""
    from newsletter.errors import RefusedError
    from newsletter.model import CampaignState

    campaign = find_campaign(session, publication, issue)
    if campaign.state in (CampaignState.SENT, CampaignState.CANCELLED):
        raise RefusedError(
            f"The mailing of {campaign.slug} is {campaign.state}: nothing is left to hold back.",
            hint=f"`{session.command(f'status {campaign.slug}')}` shows what became of it.",
            code="finished",
        )
    return campaign


def find_campaign(session: Session, publication: Publication, issue: str) -> Campaign:
    """The campaign of an issue; RefusedError when it was never sent."""
    from newsletter.actions import send as action
    from newsletter.errors import RefusedError

    campaign = action.find_campaign(publication, issue)
    if campaign is None:
        raise RefusedError(
            f"{issue} was never sent.",
            hint=f"`{session.command(f'send {issue}')}` sends it.",
            code="not-sent",
        )
    return campaign
