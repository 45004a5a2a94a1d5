"""Looking a publication over: its settings and texts, its readers, the way out, and what the network sees."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from newsletter.actions import doctor_network
from newsletter.actions.check import check_files
from newsletter.checking.diagnosis import Diagnosis, Grade, Symptom, diagnose, fail, warn
from newsletter.checking.dns.answers import Address
from newsletter.checking.settings import check_settings
from newsletter.errors import ConfigurationError, Level, NewsletterError, Problem
from newsletter.model import IssueStatus
from newsletter.publication import SECRET_KEY

if TYPE_CHECKING:
    from newsletter.publication import Publication

NEWEST = 10
"""How many issues are checked: the newest ones. `newsletter check` checks all."""

ON_THIS_MACHINE = ("outbox", "sendmail")
"""Transports that can be tried without a network."""

COPY_AGE = timedelta(days=7)
"""How old the newest copy of the database may be."""


def examine(
    publication: Publication,
    *,
    offline: bool = False,
    name_server: str = "",
    leaving_from: Sequence[Address] = (),
) -> Iterator[Diagnosis]:
    """One diagnosis a check, as each is made.

    With `offline`, nothing is asked of the network. `name_server` is asked instead of the system's.
    `leaving_from` are the addresses that mail leaves this house from, where it has a mail server of its own.
    """
    for check, look in (
        ("settings", _settings),
        ("database", _database),
        ("backup", _backup),
        ("templates", _templates),
        ("issues", _issues),
        ("dkim-key", _dkim_key),
    ):
        yield _look(check, look, publication)
    if offline and publication.settings.delivery.transport not in ON_THIS_MACHINE:
        yield Diagnosis("transport", Grade.SKIP, doctor_network.OFFLINE)
    else:
        yield _look("transport", _transport, publication)
    yield from doctor_network.examine(
        publication, offline=offline, name_server=name_server, leaving_from=leaving_from
    )


def _look(check: str, look: Callable[[Publication], Diagnosis], publication: Publication) -> Diagnosis:
    """One check; what it could not get past is what is wrong."""
    try:
        return look(publication)
    except NewsletterError as error:
        return diagnose(check, "", symptoms(error.problems))


def symptoms(problems: Sequence[Problem]) -> list[Symptom]:
    """Problems as symptoms, each with its place."""
    found = []
    for problem in problems:
        line = f":{problem.line}" if problem.line else ""
        place = f"{problem.file}{line}: " if problem.file else ""
        kind = fail if problem.level is Level.ERROR else warn
        found.append(kind(f"{place}{problem.message}", problem.hint))
    return found


def _settings(publication: Publication) -> Diagnosis:
    settings = publication.settings
    return diagnose("settings", f"{settings.file} is in order.", symptoms(list(check_settings(settings))))


def _templates(publication: Publication) -> Diagnosis:
    """Compiles every template there is, and shows an issue that uses everything, as mail and as pages."""
    from newsletter.actions.archive import site_facts
    from newsletter.archive.site import PageSource, build_site, picture_href
    from newsletter.checking.specimen import PICTURES, REFERENCES, specimen
    from newsletter.rendering.edition import build_edition
    from newsletter.rendering.web import render_web
    from newsletter.writing.citations import Bibliography

    issue, theme = specimen(), publication.theme
    names = theme.environment.list_templates(extensions=["j2"])
    with publication.naming_templates(), _template_faults():
        for name in names:
            theme.environment.get_template(name)
        bibliography = Bibliography(issue.body, REFERENCES, publication.settings.citations.style)
        build_edition(
            issue, bibliography, PICTURES, theme, publication.facts, publication.identity_for(issue)
        )
        body = render_web(issue, bibliography, PICTURES, words=theme.words, picture_href=picture_href)
        for _ in build_site([PageSource(issue, body)], theme, site_facts(publication)):
            pass
    return diagnose("templates", f"All {len(names)} templates compile and show a specimen issue.", [])


@contextmanager
def _template_faults() -> Iterator[None]:
    """Templates that nothing includes yet are compiled by Jinja2 itself; the others are explained already."""
    from jinja2 import TemplateSyntaxError

    try:
        yield
    except TemplateSyntaxError as error:
        raise ConfigurationError(
            f"The template cannot be read: {error.message}", file=error.name or "", line=error.lineno
        ) from error


def _issues(publication: Publication) -> Diagnosis:
    """The newest issues; what is wrong in a draft is only worth a warning."""
    files = publication.issue_files[-NEWEST:]
    checked = check_files(publication, files)
    drafts = {file.file for file in files if _is_draft(publication, file.slug)}
    found = []
    for file in dict.fromkeys(problem.file for problem in checked.problems):
        errors = [one for one in checked.problems if one.file == file and one.level is Level.ERROR]
        if errors:
            kind = warn if file in drafts else fail
            count = f"{len(errors)} error{'s' if len(errors) > 1 else ''}"
            found.append(
                kind(f"{file} has {count}.", "`newsletter check` tells which, and how to mend them.")
            )
    healthy = "No errors in the newest issues." if files else "There is no issue yet."
    return diagnose("issues", healthy, found)


def _is_draft(publication: Publication, slug: str) -> bool:
    file = next(file for file in publication.issue_files if file.slug == slug)
    try:
        return publication.issue(file).status is IssueStatus.DRAFT
    except NewsletterError:
        return False


def _database(publication: Publication) -> Diagnosis:
    from newsletter.storage.health import faults, people
    from newsletter.storage.secrets import hold_key

    if not _database_file(publication).exists():
        return diagnose("database", "There is no database yet; the first reader makes one.", [])
    mend = "Put back the newest copy from the folder `backups` beside it."
    found = [fail(f"The database is damaged: {fault}.", mend) for fault in faults(publication.database)]
    if (publication.folder / SECRET_KEY).exists():
        hold_key(publication.database, publication.tokens)
    else:
        found.append(
            fail(
                f"There is no {SECRET_KEY}, without which nobody's wish to leave is known.",
                "Put back the one that belongs to the database.",
            )
        )
    count = people(publication.database)
    known = "1 person is" if count == 1 else f"{count:,} people are"
    return diagnose("database", f"The database is sound; {known} in it.", found)


def _backup(publication: Publication) -> Diagnosis:
    from newsletter.storage.health import newest_copy, people

    path = _database_file(publication)
    if not path.exists() or not people(publication.database):
        return diagnose("backup", "There are no readers to lose yet.", [])
    folder = path.parent.name
    mend = f"Copy {folder}/ with all that is in it to another disk, while nothing is being sent."
    made = newest_copy(path)
    if made is None:
        return diagnose("backup", "", [warn(f"There is no copy of the database in {folder}/backups/.", mend)])
    age = publication.clock.now() - made
    days = f"{age.days} day{'s' if age.days != 1 else ''}"
    found = [warn(f"The newest copy of the database is {days} old.", mend)] if age > COPY_AGE else []
    return diagnose("backup", f"The newest copy of the database is of {made:%Y-%m-%d}.", found)


def _database_file(publication: Publication) -> Path:
    from newsletter.storage.database import SQLITE_PREFIX

    return publication.folder / publication.settings.database.url.removeprefix(SQLITE_PREFIX)


def _dkim_key(publication: Publication) -> Diagnosis:
    signer = publication.signer
    if signer is None:
        said = "The mail is not signed here; your mail server should do it."
        return Diagnosis("dkim-key", Grade.SKIP, said)
    transport = publication.settings.delivery.transport
    if transport in doctor_network.SIGNING_THEMSELVES:
        said = f"{transport} signs the mail itself: [delivery.dkim] is not used."
        mend = "Publish the DKIM record that it gives you, and take [delivery.dkim] out."
        return diagnose("dkim-key", "", [warn(said, mend)])
    kinds = " and ".join("RSA" if key.kind == "rsa" else "Ed25519" for key in signer.keys)
    return diagnose("dkim-key", f"The mail is signed for {signer.domain} ({kinds}).", [])


def _transport(publication: Publication) -> Diagnosis:
    transport = publication.transport()
    asyncio.run(transport.check())
    smtp = publication.settings.delivery.smtp
    said = {
        "outbox": "The outbox takes messages; none leaves this machine.",
        "sendmail": "The program that takes the mail is there.",
        "smtp": f"{smtp.host}:{smtp.port} lets us in.",
    }
    return diagnose("transport", said.get(transport.name, f"{transport.name} lets us in."), [])
