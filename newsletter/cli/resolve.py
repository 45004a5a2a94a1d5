"""`newsletter resolve`: settling deliveries that are in doubt, on a person's word."""

from __future__ import annotations

import click

from newsletter.cli.output import counted
from newsletter.cli.session import Session, pass_session, talking


@click.command()
@click.argument("issue")
@click.argument("addresses", nargs=-1, metavar="[ADDRESS ...]")
@click.option("--accepted", is_flag=True, help="They have it: count them as accepted.")
@click.option("--resend", is_flag=True, help="They do not have it: send to them again.")
@talking
@pass_session
def resolve(session: Session, issue: str, addresses: tuple[str, ...], accepted: bool, resend: bool) -> int:
    """Settle the doubtful deliveries of ISSUE: all of them, or those to the given addresses.

    A delivery is in doubt when the message was handed over and no answer came back: the reader may have it or
    not. Your mail server's log knows (search it for the address or the Message-ID). Nothing is decided for
    you, because a wrong guess mails somebody twice or never.
    """
    from newsletter.audience.addresses import parse_address
    from newsletter.cli.steer import find_campaign
    from newsletter.model import DeliveryState

    if accepted == resend:
        raise click.UsageError("Say which: --accepted (they have it) or --resend (they do not).")
    keys = [parse_address(address).key for address in addresses] or None
    with session.publication() as publication:
        campaign = find_campaign(session, publication, issue)
        doubtful = publication.campaigns.tally(campaign)[DeliveryState.DOUBTFUL]
        target = DeliveryState.ACCEPTED if accepted else DeliveryState.PLANNED
        settled = publication.deliveries.resolve(campaign, target, keys)
        done = "counted as accepted" if accepted else "to be sent again"
        session.output.result(
            f"{counted(settled, 'delivery', 'deliveries')} {done}; {doubtful - settled} in doubt."
        )
        session.output.data({"issue": campaign.slug, "settled": settled, "doubtful": doubtful - settled})
        step = f"resume {campaign.slug}" if resend and settled else f"status {campaign.slug}"
        session.output.next(session.command(step))
    return 0
