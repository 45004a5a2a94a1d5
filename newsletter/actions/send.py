"""Sending an issue: what a send would do, and doing it, the first time and every time after."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

from newsletter.actions.check import require_no_errors
from newsletter.actions.choose import find_issue
from newsletter.delivery.loop import End, Run, run
from newsletter.delivery.message import MessageTemplate, message_id
from newsletter.errors import ContentError, Interrupted, NewsletterError, RefusedError, TransportError
from newsletter.model import (
    Campaign,
    CampaignState,
    Claim,
    DeliveryState,
    Edition,
    IssueStatus,
    Message,
    Plan,
    Tally,
)
from newsletter.protocols import Transport
from newsletter.publication import Publication
from newsletter.storage.audiences import READERS_OF

SHORT = 12
"""Digits of a digest that commands show, and the fewest that `--confirm SLUG@DIGEST` may give are half."""


@dataclass(frozen=True, slots=True)
class Prospect:
    """What a send would do now.

    Before the first send `campaign` is None and `plan` tells who would be mailed. Afterwards the edition is
    the frozen one, `plan` is None and `tally` tells how far the campaign is. `notices` are worth reading.
    """

    edition: Edition
    audience: str
    campaign: Campaign | None = None
    plan: Plan | None = None
    tally: Tally | None = None
    notices: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """The edition's digest as commands show it."""
        return self.edition.digest[:SHORT]

    @property
    def nothing_to_do(self) -> bool:
        """True when every delivery of the campaign has come to its end."""
        return self.tally is not None and self.tally.finished


@dataclass(frozen=True, slots=True)
class Sent:
    """What a send came to: the campaign as it stands now, and this run (None: nothing was to do)."""

    campaign: Campaign
    tally: Tally
    run: Run | None
    next_due: datetime | None = None
    newcomers: int = 0
    """Readers of its audience who joined since it was planned, and are not in the plan."""

    @property
    def troubled(self) -> bool:
        """True when some deliveries were refused or are in doubt."""
        return bool(self.tally[DeliveryState.REFUSED] or self.tally[DeliveryState.DOUBTFUL])

    @property
    def exit_code(self) -> int:
        """0 done · 4 done, some refused or doubtful · 75 again later · 130 stopped · an error's own code."""
        if self.run is None:
            return 4 if self.troubled else 0
        if self.run.error is not None:
            return self.run.error.exit_code
        if self.run.end is End.STOPPED:
            return Interrupted.exit_code
        if self.run.end in (End.LATER, End.PAUSED):
            return TransportError.exit_code
        return 4 if self.troubled else 0


def prospect(publication: Publication, name: str, *, readers_of: str = "") -> Prospect:
    """Looks at an issue with the eyes of `send`; changes nothing.

    With `readers_of`, the first send goes only to those who have (or may have) got that other issue: a
    correction for those who read the mistake.

    Raises ContentError when the issue has errors, RefusedError for a draft, an archived issue, an audience
    that does not exist, or a campaign that was cancelled.
    """
    campaign = find_campaign(publication, name)
    if campaign is None:
        return _first(publication, name, readers_of)
    edition = publication.campaigns.edition(campaign)
    return Prospect(
        edition=edition,
        audience=campaign.audience,
        campaign=campaign,
        tally=publication.campaigns.tally(campaign),
        notices=_edited_since(publication, campaign.slug, edition),
    )


def find_campaign(publication: Publication, name: str) -> Campaign | None:
    """The campaign of the issue that `name` means, even when its file is gone; None when it was never sent.

    Raises RefusedError when there is neither such a campaign nor such an issue.
    """
    campaign = publication.campaigns.find(name)
    return campaign or publication.campaigns.find(find_issue(publication, name).slug)


def _first(publication: Publication, name: str, readers_of: str) -> Prospect:
    issue = publication.issue(find_issue(publication, name))
    slug = issue.slug
    if issue.status is IssueStatus.DRAFT:
        raise RefusedError(
            f"{slug} is a draft.",
            file=issue.file,
            line=issue.lines.get("status", 1),
            hint="When it is finished, write `status: ready` into its front matter.",
            code="draft",
        )
    if issue.status is IssueStatus.ARCHIVED:
        raise RefusedError(
            f"{slug} is archived: it is shown on the site and never mailed.",
            file=issue.file,
            line=issue.lines.get("status", 1),
            code="archived",
        )
    require_no_errors(publication, issue)
    audience = f"{READERS_OF}{find_issue(publication, readers_of).slug}" if readers_of else issue.audience
    plan = publication.campaigns.plan(audience)
    if not plan.readers:
        raise RefusedError(
            f"Nobody would get {slug}: there is no active reader in its audience ({audience}).",
            hint="Take in a list first: newsletter subscribers import FILE",
            code="no-readers",
        )
    return Prospect(edition=publication.edition(issue), audience=audience, plan=plan)


def _edited_since(publication: Publication, slug: str, frozen: Edition) -> tuple[str, ...]:
    """Whether the issue's file now says something else than what is being sent."""
    try:
        edition = publication.edition(publication.issue(find_issue(publication, slug)))
    except NewsletterError:
        return ("The issue's file cannot be compiled any more; what is sent is the edition frozen before.",)
    if edition.digest == frozen.digest:
        return ()
    return (
        "The issue, its look or the settings were edited after the edition was frozen; readers get the frozen"
        f" edition {frozen.digest[:SHORT]}, so that all of them get the same.",
    )


def confirmed(prospect: Prospect, word: str) -> None:
    """Checks what was typed to confirm: the slug, or SLUG@DIGEST for just the edition that was looked at.

    Raises RefusedError when it is something else.
    """
    slug, at, digest = word.partition("@")
    if slug != prospect.edition.slug:
        raise RefusedError(
            f"The confirmation {slug!r} is not the slug of this issue.",
            hint=f"It is {prospect.edition.slug}.",
            code="not-confirmed",
        )
    if not at or (len(digest) >= SHORT // 2 and prospect.edition.digest.startswith(digest.lower())):
        return
    given = digest or "empty"
    if prospect.campaign is not None:
        raise RefusedError(
            f"What is being sent is the edition frozen before, {prospect.digest}, and not {given}.",
            hint=f"Later edits reach nobody. To go on with it: --confirm {slug}@{prospect.digest}",
            code="edition-changed",
        )
    raise RefusedError(
        f"The edition is {prospect.digest}; the digest given is {given}. Was something changed since?",
        hint="Look again with `newsletter build`, then confirm the new digest.",
        code="edition-changed",
    )


def carry_out(
    publication: Publication,
    prospect: Prospect,
    *,
    limit: int | None = None,
    watch: Callable[[Tally], None] | None = None,
    stopping: Callable[[], None] | None = None,
) -> Sent:
    """Sends what is left of the campaign, after freezing it if this is the first time.

    Nothing is frozen before the transport said that it is open. The first Ctrl-C or SIGTERM calls `stopping`
    and ends the run after what is in flight; the second one ends it at once. Raises TransportError when the
    way out is closed, BusyError while another process sends this campaign, RefusedError while it is paused
    or cancelled, Interrupted after a second signal.
    """
    if prospect.campaign is not None:
        _refuse_stopped(prospect.campaign)
        if prospect.nothing_to_do:
            return _result(publication, prospect.campaign, None)
    transport = publication.transport()
    try:
        return asyncio.run(_send(publication, prospect, transport, limit, watch, stopping))
    except asyncio.CancelledError:
        raise Interrupted(
            "Stopped at once. Messages without an answer count as doubtful; nothing else is lost.",
            hint=f"`newsletter status {prospect.edition.slug}` lists them; `newsletter resume` goes on.",
        ) from None


def _refuse_stopped(campaign: Campaign) -> None:
    if campaign.state is CampaignState.PAUSED:
        raise RefusedError(
            f"The campaign of {campaign.slug} is paused: {campaign.reason or 'no reason was given'}.",
            hint=f"`newsletter resume {campaign.slug}` goes on.",
            code="paused",
        )
    if campaign.state is CampaignState.CANCELLED:
        raise RefusedError(f"The campaign of {campaign.slug} was cancelled.", code="cancelled")


async def _send(
    publication: Publication,
    prospect: Prospect,
    transport: Transport,
    limit: int | None,
    watch: Callable[[Tally], None] | None,
    stopping: Callable[[], None] | None,
) -> Sent:
    await transport.check()
    assemble = _assembler(publication, prospect)
    campaign = prospect.campaign or publication.campaigns.create(prospect.edition, prospect.audience)
    rate = publication.settings.delivery.rate
    stop = asyncio.Event()
    with (
        publication.campaigns.take(campaign, repeatable=transport.repeatable) as ledger,
        _signals(stop, stopping),
    ):
        result = await run(
            ledger,
            transport,
            assemble(campaign),
            publication.clock,
            stop=stop,
            interval=rate.seconds / rate.count if rate else 0.0,
            limit=limit,
            watch=watch,
        )
        due = await ledger.next_due()
    return _result(publication, campaign, result, due)


def _assembler(
    publication: Publication, prospect: Prospect
) -> Callable[[Campaign], Callable[[Claim], Message]]:
    """Compiles a template for each tier. Raises ContentError, or ConfigurationError when the mail cannot be
    signed, before anything is frozen."""
    edition = prospect.edition
    templates = {
        rendition.tier: MessageTemplate.compile(rendition, edition.identity, publication.signer)
        for rendition in edition.renditions
    }
    domain = edition.identity.from_address.rpartition("@")[2]
    key, verp = publication.secret_key, publication.settings.delivery.verp

    def for_campaign(campaign: Campaign) -> Callable[[Claim], Message]:
        def assemble(claim: Claim) -> Message:
            reader = claim.subscriber
            if reader.tier not in templates:
                raise ContentError(f"The edition has no rendition for the tier {reader.tier}.")
            return templates[reader.tier].assemble(
                subscriber=reader,
                token=publication.tokens.unsubscribe(reader.public_id),
                message_id=message_id(key, campaign.id, reader.public_id, domain),
                date=publication.clock.now(),
                bounce_token=publication.tokens.bounce(reader.public_id, campaign.id) if verp else "",
            )

        return assemble

    return for_campaign


@contextmanager
def _signals(stop: asyncio.Event, stopping: Callable[[], None] | None) -> Iterator[None]:
    """The first signal asks to stop, the second one cancels."""
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()

    def asked() -> None:
        if stop.is_set() and task is not None:
            task.cancel()
            return
        stop.set()
        if stopping:
            stopping()

    handled = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    with suppress(NotImplementedError, RuntimeError, ValueError):  # not in the main thread: nobody asks
        for number in handled:
            loop.add_signal_handler(number, asked)
    try:
        yield
    finally:
        for number in handled:
            with suppress(NotImplementedError, RuntimeError, ValueError):
                loop.remove_signal_handler(number)


def _result(
    publication: Publication, campaign: Campaign, run: Run | None, due: datetime | None = None
) -> Sent:
    found = publication.campaigns.find(campaign.slug) or campaign
    tally = publication.campaigns.tally(found)
    return Sent(found, tally, run, due, publication.campaigns.count_newcomers(found))
