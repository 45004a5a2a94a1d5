"""The mail through the eyes of mail programs: what they drop of it, and pages that show it as they do."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from email import message_from_bytes, policy
from importlib.resources import files
from typing import TYPE_CHECKING

from newsletter.actions.build import sample_message
from newsletter.checking import simulations
from newsletter.checking.clients import CLIENT_RULES, TABLE, ClientTable, losses
from newsletter.errors import NewsletterError, Problem
from newsletter.model import Tier

if TYPE_CHECKING:
    from newsletter.checking.clients import Loss
    from newsletter.files.issues import IssueFile
    from newsletter.model import Edition, Issue
    from newsletter.publication import Publication


@dataclass(frozen=True, slots=True)
class ClientCheck:
    """What the mail programs that were asked for drop: problems, and deliberate extras of the look."""

    problems: tuple[Problem, ...]
    extras: tuple[Loss, ...]


def read_table() -> ClientTable:
    """What mail programs drop, as it comes with the package."""
    return ClientTable.read(files("newsletter").joinpath(TABLE).read_text(encoding="utf-8"))


def check_clients(
    publication: Publication, issues: Sequence[IssueFile], names: Collection[str]
) -> ClientCheck:
    """Looks at the whole mail of each issue with the eyes of the programs that `names` mean.

    Issues that cannot be compiled are passed over. Raises ContentError for a name that means none.
    """
    table = read_table()
    chosen = table.choose(names)
    problems: list[Problem] = []
    extras: dict[str, Loss] = {}
    for file in issues:
        try:
            issue = publication.issue(file)
            html = _html(publication.edition(issue), issue, Tier.MEMBER)
        except NewsletterError:
            continue  # what is wrong with it is told by the rules
        found = losses(html, table, chosen)
        problems += CLIENT_RULES.problems(found, issue.file)
        extras |= {loss.feature: loss for loss in found if loss.extra}
    return ClientCheck(tuple(problems), tuple(extras.values()))


def simulate(publication: Publication, edition: Edition, issue: Issue) -> Iterator[tuple[str, bytes]]:
    """Name and content of a page for each way of showing the free tier's mail; pictures are those on disk."""
    table = read_table()
    html = _html(edition, issue, Tier.FREE)
    for source in publication.pictures(issue):
        local = (publication.picture_folder(issue) / source).resolve().as_uri()
        html = html.replace(f'src="{edition.identity.issue_url}{source}"', f'src="{local}"')
    pages = {
        "gmail.html": simulations.gmail(html, table.properties("gmail.desktop-webmail")),
        "outlook.html": simulations.outlook(html, table.properties("outlook.windows")),
        "images-off.html": simulations.images_off(html),
        "dark-forced.html": simulations.dark_forced(html),
        "text-only.txt": _body(edition, issue, Tier.FREE, "plain"),
    }
    for name, page in pages.items():
        yield name, page.encode()


def _html(edition: Edition, issue: Issue, tier: Tier) -> str:
    return _body(edition, issue, tier, "html")


def _body(edition: Edition, issue: Issue, tier: Tier, kind: str) -> str:
    """One body of the sample message, taken out of it as mail programs do."""
    message = message_from_bytes(sample_message(edition, tier, issue).content, policy=policy.default)
    part = message.get_body((kind,))
    return str(part.get_content()) if part is not None else ""
