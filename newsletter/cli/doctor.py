"""`newsletter doctor`: is everything ready for the next issue to arrive?"""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import click

from newsletter.cli.output import counted
from newsletter.cli.session import Session, pass_session, talking
from newsletter.errors import NewsletterError

if TYPE_CHECKING:
    from newsletter.checking.diagnosis import Diagnosis
    from newsletter.checking.dns.answers import Address

_COLOURS = {"ok": "green", "warn": "yellow", "fail": "red", "skip": "dim"}
_WIDTH = 13


def _addresses(_context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]) -> list[Address]:
    try:
        return [ip_address(one) for one in given]
    except ValueError as error:
        raise click.BadParameter(f"{error}.") from error


def _name_server(_context: click.Context, _parameter: click.Parameter, given: str) -> str:
    if given:
        from newsletter.network.resolver import server_address

        try:
            server_address(given)
        except NewsletterError as error:
            raise click.BadParameter(f"{error.problems[0].message} {error.problems[0].hint}") from error
    return given


@click.command()
@click.option("--offline", is_flag=True, help="Look only at what is on this machine.")
@click.option(
    "--name-server",
    metavar="ADDRESS[:PORT]",
    default="",
    callback=_name_server,
    help="Ask this name server, not the system's.",
)
@click.option(
    "--leaving-from",
    metavar="ADDRESS",
    multiple=True,
    callback=_addresses,
    help="An address your own mail server sends from; may be given several times.",
)
@click.option(
    "--make-dkim-key",
    "selector",
    is_flag=False,
    flag_value="",
    metavar="[SELECTOR]",
    help="Instead of looking, make a key to sign the mail with, and print its DNS record.",
)
@click.option("--ed25519", is_flag=True, help="With --make-dkim-key: a key for a second, shorter signature.")
@talking
@pass_session
def doctor(
    session: Session,
    offline: bool,
    name_server: str,
    leaving_from: list[Address],
    selector: str | None,
    ed25519: bool,
) -> int:
    """Look the publication over before an issue is sent: one line a check, and how to mend what is wrong.

    Looks at settings, templates, issues, database and backups, the mail server (without sending), your
    domains in the DNS (MX, SPF, DKIM, DMARC, reverse), the address for unsubscribing, and the clock. Warnings
    do no harm now; exit code 1 means that something must be mended, 3 that newsletter.toml cannot be used.
    """
    if selector is not None:
        return _make_key(session, selector, ed25519)
    if ed25519:
        raise click.UsageError("--ed25519 goes with --make-dkim-key.")
    return _examine(session, offline, name_server, leaving_from)


def _examine(session: Session, offline: bool, name_server: str, leaving_from: list[Address]) -> int:
    from newsletter.actions.doctor import examine, symptoms
    from newsletter.checking.diagnosis import Grade, diagnose

    output = session.output
    found: list[Diagnosis] = []
    try:
        with session.publication() as publication:
            for diagnosis in examine(
                publication, offline=offline, name_server=name_server, leaving_from=leaving_from
            ):
                found.append(diagnosis)
                _show(session, diagnosis)
    except NewsletterError as error:
        if not output.json:
            raise
        found.append(diagnose("settings", "", symptoms(error.problems)))
        output.data([_data(diagnosis) for diagnosis in found])
        return error.exit_code
    output.data([_data(diagnosis) for diagnosis in found])
    counts = {grade: sum(one.grade is grade for one in found) for grade in Grade}
    failed, warned, skipped = counts[Grade.FAIL], counts[Grade.WARN], counts[Grade.SKIP]
    said = [f"{counted(failed, 'thing')} to mend"] if failed else []
    said += [f"{counted(warned, 'warning')}"] if warned else []
    said += [f"{skipped} not looked at"] if skipped else []
    output.say(f"{counted(len(found), 'check')}: {', '.join(said) or 'all is well'}.")
    output.next(session.command("doctor: again, when mended" if failed else "check"))
    return 1 if failed else 0


def _show(session: Session, diagnosis: Diagnosis) -> None:
    output = session.output
    grade = output.style_result(f"{diagnosis.grade:<4}", _COLOURS[diagnosis.grade])
    output.result(f"{grade}  {diagnosis.check:<{_WIDTH}} {diagnosis.message}")
    for line in diagnosis.mend.splitlines():
        output.result(f"{'':<{_WIDTH + 6}} {output.style_result(line, 'dim')}")


def _data(diagnosis: Diagnosis) -> dict[str, Any]:
    return {
        "check": diagnosis.check,
        "grade": str(diagnosis.grade),
        "message": diagnosis.message,
        "mend": diagnosis.mend,
    }


def _make_key(session: Session, selector: str, ed25519: bool) -> int:
    from newsletter.actions.dkim_key import make_key

    output = session.output
    with session.publication() as publication:
        made = make_key(publication, selector, ed25519=ed25519)
    output.say(f"The private key is in {output.place(made.file)}, readable only for you. Keep a copy of it.")
    output.say("\nPublish this record in the DNS (as a zone file has it):")
    output.result(made.zone_line)
    output.say("\nOr in the form of your provider: type TXT, and")
    output.result(f"name   {made.name}\nvalue  {made.record}")
    output.say("\nWhen it is there, write this into newsletter.toml:")
    output.result(made.settings)
    output.data(
        {
            "file": made.file,
            "selector": made.selector,
            "name": made.name,
            "type": "TXT",
            "value": made.record,
            "strings": made.strings,
            "settings": made.settings,
        }
    )
    output.next(session.command("doctor"))
    return 0
