"""`newsletter compose`: a draft issue from what is new in the feeds."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

import click

from newsletter.cli.days import SINCE, first_day
from newsletter.cli.output import counted
from newsletter.cli.session import Session, pass_session, talking

if TYPE_CHECKING:
    from newsletter.actions.compose import Composed


@click.command()
@click.argument("title", nargs=-1)
@click.option("--feed", "names", metavar="NAME", multiple=True, help="Only of this feed; may be repeated.")
@click.option(
    "--entry",
    "entries",
    metavar="WORDS",
    multiple=True,
    help="Only this entry, old or undated as it may be: words of its title, its address or GUID. Repeatable.",
)
@SINCE
@click.option("--undated", is_flag=True, help="Take entries without a date as well.")
@click.option("--corrections", is_flag=True, help="Name what was changed since an issue used it.")
@click.option(
    "--max", "most", metavar="N", type=click.IntRange(1, 100), default=10, show_default=True,
    help="At most N nuggets; the others are counted, and stay new.",
)  # fmt: skip
@click.option(
    "--words", metavar="N", type=click.IntRange(min=1), default=3000, show_default=True,
    help="About N words in all: longer entries are shortened, the rest counted.",
)  # fmt: skip
@click.option(
    "--full/--summary", default=True, help="The whole texts, or only how they begin.  [default: full]"
)
@click.option("--pictures", is_flag=True, help="Download the pictures and put them beside the issue.")
@click.option(
    "--date", "day", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="Its day [default: today]."
)
@click.option("--slug", default="", metavar="SLUG", help="Its name in addresses [default: from the title].")
@click.option("--dry-run", is_flag=True, help="Print the draft instead of writing it.")
@talking
@pass_session
def compose(
    session: Session,
    title: tuple[str, ...],
    names: tuple[str, ...],
    entries: tuple[str, ...],
    since: date | int | None,
    undated: bool,
    corrections: bool,
    most: int,
    words: int,
    full: bool,
    pictures: bool,
    day: datetime | None,
    slug: str,
    dry_run: bool,
) -> None:
    """Write a draft issue from the new entries of the feeds, called TITLE if you like.

    Each entry becomes a nugget, with its text in our Markdown and a link to the site. The draft notes in its
    front matter what it used, so that no entry gets into two issues. If nothing is new, nothing is written.
    """
    from newsletter.actions.compose import Request
    from newsletter.actions.compose import compose as action

    with session.publication() as publication:
        done = action(
            publication,
            Request(
                feeds=names,
                entries=entries,
                since=first_day(since, publication.today()),
                undated=undated,
                corrections=corrections,
                title=" ".join(title),
                day=day.date() if day else None,
                slug=slug,
                most=most,
                words=words,
                full=full,
                pictures=pictures,
                write=not dry_run,
            ),
        )
    session.output.problems(done.problems)
    _tell(session, done)


def _tell(session: Session, done: Composed) -> None:
    output, draft = session.output, done.draft
    output.data(
        {
            "issue": done.slug or None,
            "file": done.file or None,
            "title": draft.title if draft else None,
            "used": [
                {"feed": one.feed, "guid": one.guid, "url": one.url, "title": one.title} for one in draft.used
            ]
            if draft
            else [],
            "left": len(draft.left) if draft else 0,
            "pictures": done.pictures,
            "text": draft.text if draft and not done.file else None,
            "problems": [{"code": one.code, "message": one.message} for one in done.problems],
        }
    )
    if draft is None:
        output.result("Nothing is new in the feeds; nothing was written.")
        output.next(f"{session.command('feeds')}: what they hold, and why it is left out")
        return
    output.result(output.place(done.file) if done.file else draft.text.rstrip("\n"))
    output.say(f"{counted(len(draft.used), 'entry', 'entries')}: {draft.title}")
    if draft.left:
        output.say(
            f"{counted(len(draft.left), 'entry', 'entries')} found no room and stay new; see --max, --words."
        )
    if done.pictures:
        output.say(f"{counted(done.pictures, 'picture')} beside the issue.")
    if draft.undescribed:
        pictures = counted(len(draft.undescribed), "picture has", "pictures have")
        output.say(f"{pictures} no description: look for “A picture in” and say what is to be seen.")
    if len(draft.pictures) > done.pictures and done.file and not done.pictures:
        output.say("Pictures are shown from the site; --pictures puts copies beside the issue instead.")
    if done.file:
        output.say("Read it, make it yours, and set `status: ready` when it may go out.")
        output.next(session.command(f"check {done.slug}"))
    else:
        output.next(session.command("compose"))
