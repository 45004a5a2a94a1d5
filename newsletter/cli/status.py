"""`newsletter status`: the ledger's counts, or the deliveries in one state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from newsletter.cli.session import Session, pass_session, talking
from newsletter.cli.steer import find_campaign
from newsletter.cli.tallies import settled, summary, tally_words, troubles
from newsletter.model import CampaignState, DeliveryState

if TYPE_CHECKING:
    from newsletter.model import Campaign
    from newsletter.publication import Publication

WATCH_EVERY = 0.5
"""Seconds between two looks at the ledger with --watch; each reads it once and locks nothing."""

_STATES = ("planned", "claimed", "handed", "accepted", "refused", "deferred", "doubtful", "skipped")


@click.command()
@click.argument("issue", required=False)
@click.option(
    "--list",
    "listed",
    metavar="STATE",
    type=click.Choice(_STATES),
    help=f"List the deliveries in one state: {', '.join(_STATES)}.",
)
@click.option("--watch", is_flag=True, help="Keep looking until the mailing comes to rest.")
@talking
@pass_session
def status(session: Session, issue: str | None, listed: str | None, watch: bool) -> int:
    """See how far the mailing of ISSUE is, and what became of it; without ISSUE, all mailings.

    With --list STATE, one line for each delivery in that state: address, state, reply, times.
    """
    with session.publication() as publication:
        if issue is None:
            if listed or watch:
                raise click.UsageError("--list and --watch need an ISSUE.")
            return _overview(session, publication)
        campaign = find_campaign(session, publication, issue)
        if watch:
            campaign = _watch(session, publication, campaign)
        if listed:
            return _deliveries(session, publication, campaign, listed)
        return _one(session, publication, campaign)


def _overview(session: Session, publication: Publication) -> int:

    campaigns = publication.campaigns.all()
    rows = []
    for campaign in campaigns:
        tally = publication.campaigns.tally(campaign)
        rows.append((campaign.slug, str(campaign.state), tally_words(tally)))
        session.output.data(summary(campaign, tally))
    if rows and not session.output.json:
        session.output.table(rows)
    if not rows:
        session.output.say("Nothing was sent yet.")
        session.output.next(session.command("send ISSUE --dry-run"))
    return 0


def _watch(session: Session, publication: Publication, campaign: Campaign) -> Campaign:
    """Shows the progress of a sender in another process until it ends; gives the campaign as it is then."""
    import time

    progress = session.output.progress("Sending", publication.campaigns.tally(campaign).total)
    while campaign.state is CampaignState.SENDING:
        tally = publication.campaigns.tally(campaign)
        progress.update(settled(tally), troubles(tally))
        time.sleep(WATCH_EVERY)
        campaign = publication.campaigns.find(campaign.slug) or campaign
    progress.finish()
    return campaign


def _one(session: Session, publication: Publication, campaign: Campaign) -> int:
    output = session.output
    tally = publication.campaigns.tally(campaign)
    output.result(f"{campaign.slug}: {campaign.state}{f' ({campaign.reason})' if campaign.reason else ''}")
    output.result(
        f"  edition {campaign.digest[:12]}, frozen {campaign.created_at:%Y-%m-%d %H:%M} UTC,"
        f" for {campaign.audience}"
    )
    for state in DeliveryState:
        if tally[state]:
            output.result(f"  {tally[state]:>9,} {state.label}")
    output.result(f"  {tally.total:>9,} in all")
    output.data(summary(campaign, tally))
    if campaign.state in (CampaignState.UNFINISHED, CampaignState.PAUSED):
        output.next(session.command(f"resume {campaign.slug}"))
    elif tally[DeliveryState.DOUBTFUL]:
        output.next(
            f"{session.command(f'status {campaign.slug} --list doubtful')}: who may or may not have it",
            f"{session.command(f'resolve {campaign.slug} --accepted')}: they have it, or --resend",
        )
    elif tally[DeliveryState.REFUSED]:
        output.next(session.command(f"status {campaign.slug} --list refused"))
    return 0


def _deliveries(session: Session, publication: Publication, campaign: Campaign, listed: str) -> int:
    output = session.output
    count = 0
    for row in publication.deliveries.rows(campaign, DeliveryState[listed.upper()]):
        count += 1
        said = f"{row.code} {row.reply}".strip() if row.code else row.reply
        again = f", again from {row.retry_at:%Y-%m-%d %H:%M:%S}" if row.retry_at else ""
        output.result(
            f"{row.email or '(forgotten)'}\t{row.state.label}"
            f"\t{row.changed_at:%Y-%m-%d %H:%M:%S}{again}\t{said}"
        )
        output.data(
            {
                "address": row.email,
                "state": row.state.label,
                "attempt": row.attempt,
                "code": row.code,
                "reply": row.reply,
                "changed_at": row.changed_at.isoformat(timespec="seconds"),
                "retry_at": row.retry_at.isoformat(timespec="seconds") if row.retry_at else None,
            }
        )
    if not count:
        output.say(f"No delivery of {campaign.slug} is {listed}.")
    elif listed == "doubtful":
        output.next(
            f"{session.command(f'resolve {campaign.slug} --accepted [ADDRESS ...]')}: they have it",
            f"{session.command(f'resolve {campaign.slug} --resend [ADDRESS ...]')}: they do not, send again",
        )
    return 0
