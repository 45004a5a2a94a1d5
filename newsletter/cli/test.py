"""`newsletter test`: the mail of an issue, really sent, to your own addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from newsletter.cli.session import Session, pass_session, talking

if TYPE_CHECKING:
    from newsletter.actions.test import Tested
    from newsletter.model import Outcome


@click.command()
@click.argument("issue")
@click.option(
    "--to",
    "recipients",
    metavar="ADDRESS",
    multiple=True,
    required=True,
    help="Where to send it; repeatable.",
)
@click.option("--tier", type=click.Choice(["free", "member"]), help="As readers of this tier get it.")
@click.option("--as", "like", metavar="ADDRESS", help="As this subscriber gets it, with his name and fields.")
@click.option("--empty", is_flag=True, help="As somebody of whom nothing is known, so that fallbacks show.")
@talking
@pass_session
def test(
    session: Session, issue: str, recipients: tuple[str, ...], tier: str | None, like: str | None, empty: bool
) -> int:
    """Send one real message of ISSUE, marked [TEST], to each ADDRESS.

    It goes the way that `newsletter send` would take, and but for the mark its octets are the same. Nothing
    is noted anywhere, and drafts may be tested too. The link for unsubscribing in it is a real one that
    belongs to nobody: following it unsubscribes no reader, not even the one given with --as.
    """
    from newsletter.actions.choose import find_issue
    from newsletter.actions.test import send_test, stand_in
    from newsletter.model import Tier

    if like and empty:
        raise click.UsageError("Give either --as or --empty.")
    with session.publication() as publication:
        written = publication.issue(find_issue(publication, issue))
        reader = stand_in(publication, like or "", empty=empty)
        tested = send_test(publication, written, recipients, reader, Tier(tier) if tier else None)
    session.output.problems(tested.warnings)
    _show(session, tested)
    slug = tested.edition.slug
    session.output.next(
        session.command(f"send {slug} --dry-run" if tested.exit_code == 0 else f"test {slug} --to ADDRESS")
    )
    return tested.exit_code


def _show(session: Session, tested: Tested) -> None:
    session.output.data(
        {
            "issue": tested.edition.slug,
            "edition": tested.edition.digest,
            "tier": str(tested.tier),
            "messages": [{"to": email, **_data(outcome)} for email, outcome in tested.outcomes],
        }
    )
    session.output.table([(email, str(outcome.kind), outcome.reply) for email, outcome in tested.outcomes])


def _data(outcome: Outcome) -> dict[str, Any]:
    return {"outcome": str(outcome.kind), "code": outcome.code, "reply": outcome.reply}
