"""`newsletter send` and `newsletter resume`: the plan, the question, the mailing, the result."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from newsletter.cli.output import Output, counted
from newsletter.cli.session import Session, pass_session, talking
from newsletter.cli.tallies import rehearsed, settled, summary, tally_words, troubles

if TYPE_CHECKING:
    from newsletter.actions.send import Prospect, Sent
    from newsletter.model import Tally
    from newsletter.publication import Publication

_LIMIT = click.option("--limit", metavar="N", type=click.IntRange(min=1), help="Send at most N messages now.")
_NO_ARCHIVE = click.option("--no-archive", is_flag=True, help="Do not build the site afterwards.")


@click.command()
@click.argument("issue")
@click.option(
    "--dry-run", is_flag=True, help="Do everything but send: compile, plan, and look at the way out."
)
@click.option("--confirm", metavar="SLUG", help="Confirm without being asked: the slug, or SLUG@DIGEST.")
@click.option("--newcomers", is_flag=True, help="Also to readers who joined since it was planned.")
@click.option("--to-readers-of", metavar="ISSUE", default="", help="Only to those who got that other issue.")
@_LIMIT
@_NO_ARCHIVE
@talking
@pass_session
def send(
    session: Session,
    issue: str,
    dry_run: bool,
    confirm: str | None,
    newcomers: bool,
    to_readers_of: str,
    limit: int | None,
    no_archive: bool,
) -> int:
    """Send ISSUE to its readers, each exactly once.

    Shows who would be mailed and who not and why, then asks you to type the issue's slug. Scripts pass
    --confirm SLUG, or --confirm SLUG@DIGEST to send just the edition that `newsletter build` showed. Sending
    an issue again sends only what is left, and nothing twice.
    """
    from newsletter.actions import send as action

    with session.publication() as publication:
        prospect = action.prospect(publication, issue, readers_of=to_readers_of)
        if newcomers and not dry_run:
            prospect = _with_newcomers(session, publication, prospect)
        _describe(session.output, prospect)
        if dry_run:
            if confirm is not None:
                action.confirmed(prospect, confirm)
            return _rehearse(session, publication, prospect)
        if prospect.campaign is None:
            action.confirmed(prospect, confirm if confirm is not None else _ask(prospect))
        elif confirm is not None:
            action.confirmed(prospect, confirm)
        return _carry_out(session, publication, prospect, limit=limit, archive=not no_archive)


@click.command()
@click.argument("issue", required=False)
@_LIMIT
@_NO_ARCHIVE
@talking
@pass_session
def resume(session: Session, issue: str | None, limit: int | None, no_archive: bool) -> int:
    """Go on with the mailing of ISSUE where it stopped, however it stopped.

    Without ISSUE, with every mailing that is unfinished, but not with those that are paused: for cron.

    What was accepted is never sent again. Deliveries of which nobody knows whether they arrived stay as they
    are: `newsletter status ISSUE --list doubtful` names them, `newsletter resolve` settles them.
    """
    from newsletter.actions import send as action
    from newsletter.errors import RefusedError

    with session.publication() as publication:
        if issue is None:
            return _resume_all(session, publication, limit=limit, archive=not no_archive)
        prospect = action.prospect(publication, issue)
        if prospect.campaign is None:
            raise RefusedError(
                f"{prospect.edition.slug} was never sent, so there is nothing to resume.",
                hint=f"`{session.command(f'send {prospect.edition.slug}')}` sends it.",
                code="not-sent",
            )
        publication.campaigns.resume(prospect.campaign)
        prospect = action.prospect(publication, issue)
        _describe(session.output, prospect)
        return _carry_out(session, publication, prospect, limit=limit, archive=not no_archive)


def _resume_all(session: Session, publication: Publication, *, limit: int | None, archive: bool) -> int:
    """The exit code is that of the first mailing with anything but 0."""
    from newsletter.actions import send as action
    from newsletter.model import CampaignState

    waiting = [c for c in publication.campaigns.all() if c.state is CampaignState.UNFINISHED]
    if not waiting:
        session.output.say("No mailing is unfinished.")
    worst = 0
    for campaign in reversed(waiting):
        prospect = action.prospect(publication, campaign.slug)
        _describe(session.output, prospect)
        code = _carry_out(session, publication, prospect, limit=limit, archive=archive)
        worst = worst or code
    return worst


def _with_newcomers(session: Session, publication: Publication, prospect: Prospect) -> Prospect:
    from newsletter.actions import send as action
    from newsletter.errors import RefusedError

    if prospect.campaign is None:
        raise RefusedError(
            f"{prospect.edition.slug} was never sent, so everybody is a newcomer to it.",
            hint=f"`{session.command(f'send {prospect.edition.slug}')}` sends it.",
            code="not-sent",
        )
    added = publication.campaigns.add_newcomers(prospect.campaign)
    session.output.say(f"{counted(added, 'reader')} joined since it was planned.")
    return action.prospect(publication, prospect.campaign.slug)


def _describe(output: Output, prospect: Prospect) -> None:
    """Who would get what, before anything happens."""
    edition = prospect.edition
    output.say(f"{output.style(edition.title, 'bold')}")
    output.say(f"  issue {edition.slug}, edition {prospect.digest}, for {prospect.audience}")
    if prospect.plan is not None:
        tiers = ", ".join(f"{count:,} {tier}" for tier, count in sorted(prospect.plan.by_tier.items()))
        readers = counted(prospect.plan.readers, "reader")
        output.say(f"  to {readers}{f' ({tiers})' if tiers else ''}")
        for reason, count in prospect.plan.excluded.items():
            output.say(f"  not to {count:,}: {reason}")
    if prospect.tally is not None:
        output.say(f"  {tally_words(prospect.tally)}")
    for notice in prospect.notices:
        output.say(output.style(f"  {notice}", "yellow"))


def _rehearse(session: Session, publication: Publication, prospect: Prospect) -> int:
    import asyncio

    from newsletter.model import DeliveryState

    transport = publication.transport()
    asyncio.run(transport.check())
    if prospect.tally is not None:
        count = prospect.tally.remaining + prospect.tally[DeliveryState.DEFERRED]
    else:
        count = prospect.plan.readers if prospect.plan else 0
    slug = prospect.edition.slug
    session.output.result(
        f"Would send {counted(count, 'message')} through {transport.name}. Nothing was sent."
    )
    session.output.data(
        rehearsed(prospect.edition, prospect.campaign, prospect.tally, count)
        | {"would_send": count, "transport": transport.name}
    )
    confirm = f"{slug}@{prospect.digest}"
    session.output.next(f"{session.command(f'send {slug} --confirm {confirm}')}")
    return 0


def _ask(prospect: Prospect) -> str:
    """Has the person type the slug; without a terminal, names the option instead."""
    from newsletter.errors import RefusedError

    slug = prospect.edition.slug
    if not sys.stdin.isatty():
        raise RefusedError(
            "Sending wants a confirmation, and nobody can be asked here.",
            hint=f"Pass --confirm {slug}, or --confirm {slug}@{prospect.digest} for just this edition.",
            code="not-confirmed",
        )
    answer: str = click.prompt("Type the issue's slug to send it", err=True, default="", show_default=False)
    return answer.strip()


def _carry_out(
    session: Session, publication: Publication, prospect: Prospect, *, limit: int | None, archive: bool
) -> int:
    from newsletter.actions import send as action

    output = session.output
    total = prospect.tally.total if prospect.tally else prospect.plan.readers if prospect.plan else 0
    progress = output.progress("Sending", total)

    def watch(tally: Tally) -> None:
        progress.update(settled(tally), troubles(tally))

    def stopping() -> None:
        progress.finish()
        output.say("Stopping: finishing what is in flight. Once more stops at once.")

    try:
        sent = action.carry_out(publication, prospect, limit=limit, watch=watch, stopping=stopping)
    finally:
        progress.finish()
    built = True
    if archive and (sent.run is None or sent.exit_code in (0, 4, 75)):
        built = _build_archive(output, publication)
    report(session, sent, built=built)
    return sent.exit_code or int(not built)


def _build_archive(output: Output, publication: Publication) -> bool:
    """The mail is out by now: a site that cannot be built is told of and takes nothing back."""
    from newsletter.actions.archive import build_archive
    from newsletter.errors import NewsletterError

    try:
        build_archive(publication)
    except NewsletterError as error:
        output.problems(error.problems)
        output.say("The mail was sent; only the site was not built. `newsletter archive` tries again.")
        return False
    return True


def report(session: Session, sent: Sent, *, built: bool) -> None:
    """What became of the send, and what to do next."""
    from newsletter.delivery.loop import End

    output, slug, run = session.output, sent.campaign.slug, sent.run
    output.result(f"{slug}: {sent.campaign.state}. {tally_words(sent.tally)}")
    if run is not None:
        speed = f" in {run.seconds:.1f} s, {run.accepted / run.seconds:,.0f} a second" if run.accepted else ""
        output.say(f"This run: {counted(run.accepted, 'message')} accepted{speed}.")
        if run.error is not None:
            output.problems(run.error.problems)
        if run.reason:
            output.say(f"Paused, because the server said: {run.reason}")
        if run.end is End.LATER and sent.next_due is not None:
            output.say(f"Deferred deliveries are due from {sent.next_due:%H:%M} UTC on.")
    elif not sent.troubled:
        output.say("Every reader has it already: nothing was sent.")
        if sent.newcomers:
            joined = counted(sent.newcomers, "reader")
            output.say(f"{joined} joined since it was planned: --newcomers sends it to them as well.")
    accepted, seconds = (run.accepted, run.seconds) if run else (0, 0.0)
    output.data(
        summary(sent.campaign, sent.tally, accepted=accepted, seconds=seconds) | {"site_built": built}
    )
    _next(session, sent)


def _next(session: Session, sent: Sent) -> None:
    from newsletter.model import DeliveryState

    slug, tally = sent.campaign.slug, sent.tally
    steps = []
    if tally[DeliveryState.DOUBTFUL]:
        steps.append(f"{session.command(f'status {slug} --list doubtful')}: who may or may not have it")
    if tally[DeliveryState.REFUSED]:
        steps.append(f"{session.command(f'status {slug} --list refused')}: who did not get it, and why")
    if not tally.finished:
        steps.append(f"{session.command(f'resume {slug}')}: goes on, repeating nothing")
    session.output.next(*steps or [session.command(f"status {slug}")])
