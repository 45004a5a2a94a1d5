import asyncio
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from newsletter.actions.create import create_publication
from newsletter.clock import SystemClock
from newsletter.errors import ConfigurationError, ContentError, CredentialsError, StorageError, TransportError
from newsletter.publication import Publication

Write = Callable[[str], Publication]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return create_publication(tmp_path / "letter", date(2026, 11, 24)).folder


@pytest.fixture
def opened(folder: Path) -> Publication:
    return Publication.open(folder, environ={}, clock=SystemClock())


@pytest.fixture
def smtp(folder: Path) -> Write:
    """A publication that sends by SMTP, with these lines under [delivery.smtp]."""

    def write(text: str, **environ: str) -> Publication:
        settings = folder / "newsletter.toml"
        changed = settings.read_text().replace('transport = "outbox"', 'transport = "smtp"')
        settings.write_text(f"{changed}[delivery.smtp]\n{text}\n")
        return Publication.open(folder, environ=environ, clock=SystemClock())

    return write


def line_of(folder: Path, text: str) -> int:
    rows = (folder / "newsletter.toml").read_text().splitlines()
    return next(number for number, row in enumerate(rows, start=1) if row.startswith(text))


def test_a_folder_without_settings(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(ConfigurationError, match=r"There is no newsletter\.toml in"):
            Publication.open(place, environ={}, clock=SystemClock())


def test_settings_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "newsletter.toml").mkdir()
    with pytest.raises(StorageError):
        Publication.open(tmp_path, environ={}, clock=SystemClock())


def test_settings_that_are_not_utf_8(tmp_path: Path) -> None:
    (tmp_path / "newsletter.toml").write_bytes(b'a = 1\nb = 2\nc = "\xfc"\n')
    with pytest.raises(ConfigurationError) as caught:
        Publication.open(tmp_path, environ={}, clock=SystemClock())

    assert (caught.value.problems[0].code, caught.value.problems[0].line) == ("not-utf-8", 3)


def test_who_sends(folder: Path, opened: Publication) -> None:
    (file,) = opened.issue_files
    identity = opened.identity_for(opened.issue(file))

    assert identity.from_address == identity.return_path == identity.unsubscribe_mailbox
    assert identity.list_id == "newsletter.example.org"
    assert (identity.unsubscribe_base, opened.facts.unsubscribe_available) == ("", False)
    assert identity.issue_url == "https://newsletter.example.org/welcome/"

    settings = folder / "newsletter.toml"
    settings.write_text(settings.read_text() + '[service]\nurl = "https://letters.example.org"\n')
    served = Publication.open(folder, environ={}, clock=SystemClock())
    assert (
        served.identity_for(served.issue(file)).unsubscribe_base == "https://letters.example.org/unsubscribe/"
    )
    assert served.facts.unsubscribe_available


def test_works_come_from_both_reference_files(folder: Path, opened: Publication) -> None:
    (folder / "issues/references.json").write_text(
        '[{"id": "keynes1936", "type": "book", "title": "Another"},'
        ' {"id": "b", "type": "book", "title": "B"}]'
    )
    works, problems = opened.reference_files.read()

    assert {key: work.title for key, work in works.items()} == {
        "keynes1936": "The General Theory of Employment, Interest and Money",
        "b": "B",
    }
    assert problems == []
    assert opened.reference_files.places == {
        "keynes1936": ("issues/references.bib", 3),
        "b": ("issues/references.json", 1),
    }
    assert list(opened.reference_files.read({"b"})[0]) == ["b"]


def test_a_publication_may_have_no_references(folder: Path, opened: Publication) -> None:
    (folder / "issues/references.bib").unlink()

    assert opened.reference_files.read() == ({}, [])


def test_references_that_cannot_be_read(folder: Path, opened: Publication) -> None:
    (folder / "issues/references.bib").unlink()
    (folder / "issues/references.bib").mkdir()
    with pytest.raises(StorageError):
        opened.reference_files.read()


def test_pictures_that_cannot_be_used(folder: Path, opened: Publication) -> None:
    (file,) = opened.issue_files
    file.path.write_text(
        file.path.read_text() + "\n## More\n\n![a](no.png)\n\n![b](gone.png)\n\n![c](https://a.dev/c.png)\n"
    )
    (folder / "issues/no.png").write_text("no picture")
    issue = opened.issue(file)
    found, problems = opened.look_at_pictures(issue)

    assert found == {}
    assert [problem.code for problem in problems] == ["not-a-picture"]
    with pytest.raises(ContentError):
        opened.pictures(issue)


def test_own_templates_are_named_where_they_are(folder: Path, opened: Publication) -> None:
    (folder / "templates/email").mkdir()
    (folder / "templates/email/masthead.mjml.j2").write_text("{% if %}")
    (file,) = opened.issue_files
    with pytest.raises(ConfigurationError) as caught:
        opened.edition(opened.issue(file))

    assert caught.value.problems[0].file == "templates/email/masthead.mjml.j2"


def test_the_key_is_made_once_and_tied_to_the_database(folder: Path, opened: Publication) -> None:
    key = opened.secret_key
    assert opened.subscribers.counts().total == 0
    opened.close()
    again = Publication.open(folder, environ={}, clock=SystemClock())
    assert again.secret_key == key
    assert again.campaigns.all() == []
    again.close()

    (folder / "subscribers/secret.key").unlink()
    other = Publication.open(folder, environ={}, clock=SystemClock())
    with pytest.raises(ConfigurationError, match="is gone"):
        _ = other.campaigns
    other.close()


def test_closing_what_was_never_opened(opened: Publication) -> None:
    opened.close()
    assert not (opened.folder / "subscribers/newsletter.db").exists()


def test_the_outbox_is_the_way_out(folder: Path, opened: Publication) -> None:
    transport = opened.transport()
    asyncio.run(transport.check())

    assert (transport.name, transport.repeatable, transport.lanes > 0) == ("outbox", True, True)
    assert not (folder / "outbox").exists()


def test_an_outbox_that_cannot_be_is_named_with_its_line(folder: Path, opened: Publication) -> None:
    (folder / "outbox").touch()
    with pytest.raises(TransportError) as caught:
        asyncio.run(opened.transport().check())

    (problem,) = caught.value.problems
    assert (problem.file, problem.line) == ("newsletter.toml", line_of(folder, "transport"))


def test_smtp_is_the_way_out(smtp: Write) -> None:
    transport = smtp('host = "127.0.0.1"\nsecurity = "none"').transport()

    assert (transport.name, transport.repeatable, transport.lanes) == ("smtp", False, 8)


def test_a_password_is_looked_up_when_it_is_needed(folder: Path, smtp: Write) -> None:
    server = 'host = "127.0.0.1"\nport = 1\nsecurity = "none"\n'
    publication = smtp(f'{server}username = "ann"\npassword = "file:subscribers/password"')
    with pytest.raises(ConfigurationError) as caught:
        publication.transport()
    assert caught.value.problems[0].line == line_of(folder, "password")

    (folder / "subscribers/password").write_text("hunter2\n")
    with pytest.raises(TransportError) as failed:
        asyncio.run(publication.transport().check())
    assert failed.value.problems[0].line == line_of(folder, "host")


def test_certificates_that_are_not_there(smtp: Write) -> None:
    with pytest.raises(ConfigurationError):
        smtp('host = "mail.example.org"\nca_file = "nowhere.pem"').transport()


class Closed:
    """A transport that only fails."""

    name, lanes, repeatable = "closed", 1, False

    def __init__(self, error: TransportError) -> None:
        self.error = error

    async def check(self) -> None:
        raise self.error

    async def lane(self, desk: object) -> None:
        raise self.error


def test_errors_point_at_host_or_login() -> None:
    from newsletter.transports.located import LocatedTransport

    for error, line in (
        (TransportError("down"), 5),
        (CredentialsError("who?"), 7),
        (TransportError("known", file="a.pem", line=1), 1),
    ):
        transport = LocatedTransport(Closed(error), "newsletter.toml", 5, 7)
        for attempt in (transport.check(), transport.lane(None)):  # type: ignore[arg-type] # no desk needed
            with pytest.raises(TransportError) as caught:
                asyncio.run(attempt)
            assert caught.value.problems[0].line == line
