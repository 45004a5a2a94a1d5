"""A publication folder and its parts: the one place where the rooms are wired together.

Every part is made when it is first asked for, and its room imported only then: `status` needs neither
Markdown nor MJML, `check` no database.
"""

from __future__ import annotations

import shlex
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from newsletter.config import Secret, Settings, SmtpServerSettings, read_settings, resolve_secret
from newsletter.errors import ConfigurationError, ContentError, NewsletterError, Problem

if TYPE_CHECKING:
    from newsletter.audience.tokens import Tokens
    from newsletter.delivery.dkim import Signer
    from newsletter.delivery.dkim_keys import SigningKey
    from newsletter.files.issues import IssueFile
    from newsletter.files.references import ReferenceFiles
    from newsletter.model import Edition, Identity, Issue, PictureFile, Reference
    from newsletter.protocols import Clock, Transport
    from newsletter.rendering.mail import Facts
    from newsletter.rendering.theme import Theme
    from newsletter.storage.campaigns import CampaignStore
    from newsletter.storage.database import Database
    from newsletter.storage.deliveries import DeliveryStore
    from newsletter.storage.subscribers import SubscriberStore
    from newsletter.transports.session import SmtpSettings
    from newsletter.writing.citations import Bibliography

SETTINGS = "newsletter.toml"
ISSUES = "issues"
TEMPLATES = "templates"
BUILD = "build"
REQUEST_BOOK = "subscribers/resend-requests.db"
SECRET_KEY = "subscribers/secret.key"  # noqa: S105 - where it is, not what it is


class Publication:
    """Everything of one newsletter. Make it with `open`, and `close` it in the end."""

    def __init__(self, folder: Path, settings: Settings, environ: Mapping[str, str], clock: Clock) -> None:
        self.folder = folder
        self.settings = settings
        self.clock = clock
        self._environ = environ
        self._issues: dict[str, Issue] = {}

    @classmethod
    def open(cls, folder: Path, *, environ: Mapping[str, str], clock: Clock) -> Publication:
        """The publication in `folder`; `environ` is where secrets may be kept.

        Raises ConfigurationError when newsletter.toml is missing or has mistakes.
        """
        from newsletter.files.faults import read_fault

        try:
            text = (folder / SETTINGS).read_bytes().decode()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise ConfigurationError(
                f"There is no {SETTINGS} in {folder if folder != Path() else 'this folder'}.",
                hint="Go to the folder of your publication, or name it: newsletter -C DIR …\n"
                "To start a new one: newsletter init DIR",
                code="no-publication",
            ) from error
        except OSError as error:
            raise read_fault(error, folder / SETTINGS) from error
        except UnicodeDecodeError as error:
            raise ConfigurationError(
                f"Byte {error.start + 1} is not UTF-8.",
                file=SETTINGS,
                line=error.object.count(b"\n", 0, error.start) + 1,
                hint="Save the file as UTF-8: your editor asks for the encoding in its “Save as…” dialog.",
                code="not-utf-8",
            ) from error
        return cls(folder, read_settings(text, SETTINGS), environ, clock)

    def close(self) -> None:
        """Lets go of the database, if it was opened."""
        database = self.__dict__.pop("database", None)
        if database is not None:
            database.close()

    def today(self) -> date:
        """The day it is where the publication is at home."""
        return self._day(self.clock.now())

    def _day(self, moment: datetime) -> date:
        from zoneinfo import ZoneInfo

        name = self.settings.publication.timezone
        return moment.astimezone(UTC if name == "UTC" else ZoneInfo(name)).date()

    # --- issues ------------------------------------------------------------------------------------------

    @cached_property
    def issue_files(self) -> list[IssueFile]:
        """The issues on disk, oldest first, not read yet. Raises ContentError for names that do not fit."""
        from newsletter.files.issues import find_issues

        return find_issues(self.folder / ISSUES)

    def issue(self, file: IssueFile) -> Issue:
        """An issue, read once. Raises ContentError with all its problems."""
        from newsletter.writing.issue import read_issue

        if file.slug not in self._issues:
            self._issues[file.slug] = read_issue(file.read())
        return self._issues[file.slug]

    def picture_folder(self, issue: Issue) -> Path:
        """Where the pictures of an issue lie."""
        return (self.folder / issue.file).parent

    def look_at_pictures(self, issue: Issue) -> tuple[dict[str, PictureFile], list[Problem]]:
        """The pictures beside the issue that can be used, and what is wrong with others."""
        from newsletter.files.illustrations import read_pictures

        return read_pictures(self.picture_folder(issue), issue)

    def pictures(self, issue: Issue) -> dict[str, PictureFile]:
        """The pictures beside the issue that are there. Raises ContentError for those that cannot be used."""
        found, problems = self.look_at_pictures(issue)
        if problems:
            raise ContentError.of(problems)
        return found

    @cached_property
    def reference_files(self) -> ReferenceFiles:
        """The files with the works that issues cite."""
        from newsletter.files.references import ReferenceFiles

        return ReferenceFiles(self.folder / ISSUES)

    def read_references(self, issue: Issue) -> tuple[dict[str, Reference], list[Problem]]:
        """The works that the issue cites, by key, as far as they are known, and what is wrong with others."""
        from newsletter.files.references import cited_keys

        cited = cited_keys(issue)
        return self.reference_files.read(cited) if cited else ({}, [])

    def bibliography(self, issue: Issue) -> Bibliography:
        """The works that the issue cites, in order."""
        from newsletter.writing.citations import Bibliography

        return Bibliography(issue.body, self.read_references(issue)[0], self.settings.citations.style)

    # --- how it looks ------------------------------------------------------------------------------------

    @cached_property
    def theme(self) -> Theme:
        """The publication's templates and tokens over those of the theme."""
        from newsletter.files.themes import open_theme

        publication = self.settings.publication
        return open_theme(publication.theme, self.folder / TEMPLATES, publication.language)

    @contextmanager
    def naming_templates(self) -> Iterator[None]:
        """Lets problems with the publication's own templates name their files in `templates/`."""
        try:
            yield
        except NewsletterError as error:
            error.problems = tuple(
                replace(problem, file=f"{TEMPLATES}/{problem.file}")
                if problem.file and (self.folder / TEMPLATES / problem.file).is_file()
                else problem
                for problem in error.problems
            )
            raise

    @cached_property
    def facts(self) -> Facts:
        """What templates say about the publication."""
        from newsletter.rendering.mail import Facts

        publication = self.settings.publication
        return Facts(
            title=publication.title,
            url=publication.url,
            language=publication.language,
            postal_address=publication.postal_address,
            description=publication.description,
            author=publication.author,
            unsubscribe_available=bool(self.settings.service.url),
        )

    def identity_for(self, issue: Issue) -> Identity:
        """Who sends the issue, and the addresses that belong to it."""
        from newsletter.delivery.headers import feedback_id
        from newsletter.model import Identity

        publication, service = self.settings.publication, self.settings.service
        return Identity(
            from_name=publication.from_name,
            from_address=publication.from_address,
            return_path=self.settings.delivery.return_path,
            list_id=publication.list_id,
            list_name=publication.title,
            unsubscribe_mailbox=publication.reply_to or publication.from_address,
            reply_to=publication.reply_to,
            unsubscribe_base=f"{service.url}unsubscribe/" if service.url else "",
            archive_url=publication.url,
            issue_url=f"{publication.url}{quote(issue.slug)}/",
            feedback_id=feedback_id(issue.slug, publication.list_id),
            language=publication.language,
        )

    def edition(self, issue: Issue) -> Edition:
        """The issue compiled and frozen. Raises ContentError and ConfigurationError."""
        from newsletter.rendering.edition import build_edition

        bibliography, pictures = self.bibliography(issue), self.pictures(issue)
        with self.naming_templates():
            return build_edition(
                issue, bibliography, pictures, self.theme, self.facts, self.identity_for(issue)
            )

    # --- readers and deliveries --------------------------------------------------------------------------

    @cached_property
    def database(self) -> Database:
        """The database, at the current schema; made when it is not there yet."""
        from newsletter.storage.database import open_database

        return open_database(self.settings.database.url, self.folder)

    @cached_property
    def secret_key(self) -> bytes:
        """What tokens and Message-IDs are made with; made once, and never to be lost.

        Raises ConfigurationError when it is lost all the same.
        """
        from newsletter.storage.secrets import key_is_lost, load_or_create_key

        path = self.folder / SECRET_KEY
        if key_is_lost(path, self.database):
            raise ConfigurationError(
                f"{SECRET_KEY} is gone, and the list was used with it.",
                file=SECRET_KEY,
                hint="Put it back from your copy: without it the suppression list cannot be read, and the\n"
                "links in mails already sent do not work.",
                code="lost-key",
            )
        return load_or_create_key(path)

    @cached_property
    def tokens(self) -> Tokens:
        """Makes and reads the tokens in links."""
        from newsletter.audience.tokens import Tokens

        return Tokens(self.secret_key)

    @cached_property
    def subscribers(self) -> SubscriberStore:
        """The list. Raises ConfigurationError when the secret key is not the one that belongs to it."""
        from newsletter.storage.subscribers import SubscriberStore

        return SubscriberStore(self.database, self.tokens, self.clock.now)

    @cached_property
    def campaigns(self) -> CampaignStore:
        """The mailings, and their ledger. Raises ConfigurationError as `subscribers` does."""
        from newsletter.storage.campaigns import CampaignStore
        from newsletter.storage.secrets import hold_key

        hold_key(self.database, self.tokens)
        return CampaignStore(self.database, self.tokens, self.clock.now)

    @cached_property
    def deliveries(self) -> DeliveryStore:
        """The single deliveries of all mailings."""
        from newsletter.storage.deliveries import DeliveryStore

        return DeliveryStore(self.database, self.clock.now)

    @cached_property
    def signer(self) -> Signer | None:
        """What signs the mail (DKIM); None when newsletter.toml names no key for it.

        Raises ConfigurationError when a key is not there or cannot be used, or when its library is missing.
        """
        from newsletter.delivery.dkim import Signer
        from newsletter.delivery.headers import a_labels

        dkim = self.settings.delivery.dkim
        if dkim.rsa_key is None:
            return None
        keys = [self._signing_key(dkim.rsa_key, dkim.selector, "rsa", "delivery.dkim.key")]
        if dkim.ed25519_key is not None:
            name = "delivery.dkim.ed25519_key"
            keys.append(self._signing_key(dkim.ed25519_key, dkim.ed25519_selector, "ed25519", name))
        return Signer(dkim.domain if dkim.domain.isascii() else a_labels(dkim.domain), keys)

    def _signing_key(self, secret: Secret, selector: str, kind: str, key: str) -> SigningKey:
        from newsletter.delivery.dkim_keys import read_key

        file, line = self.settings.file, self.settings.line(key)
        pem = self._secret(secret, key, whole=True)
        if secret.scheme == "file" and (self.folder / secret.name).stat().st_mode & stat.S_IRWXO:
            raise ConfigurationError(
                f"{key}: everybody on this machine can read {secret.name}, and sign mail in your name.",
                file=file,
                line=line,
                hint=f"Make it yours alone: chmod 600 {shlex.quote(str(self.folder / secret.name))}\n"
                "If strangers have accounts here, make a new key: newsletter doctor --make-dkim-key",
                code="open-key",
            )
        return read_key(pem, selector, kind, key=key, file=file, line=line)

    @cached_property
    def sent_on(self) -> dict[str, date] | None:
        """The day on which each issue was first sent, by its slug; None while there is no database to ask."""
        url = self.settings.database.url
        if url.startswith("sqlite:///") and not (self.folder / url.removeprefix("sqlite:///")).exists():
            return None
        return {slug: self._day(moment) for slug, moment in self.campaigns.begun().items()}

    def transport(self) -> Transport:
        """The way out that newsletter.toml names.

        Raises ConfigurationError when its password or certificates are not there.
        """
        from newsletter.transports.located import LocatedTransport

        settings, delivery = self.settings, self.settings.delivery
        if delivery.transport == "outbox":
            from newsletter.transports.outbox import OutboxTransport

            outbox = OutboxTransport(self.folder / delivery.outbox.path)
            line = settings.line("delivery.outbox.path", "delivery.transport", "delivery")
            return LocatedTransport(outbox, settings.file, line)
        if delivery.transport == "sendmail":
            from newsletter.transports.sendmail import SendmailSettings, SendmailTransport

            sendmail = SendmailTransport(
                SendmailSettings(
                    delivery.sendmail.command,
                    processes=delivery.connections,
                    patience=float(delivery.sendmail.timeout),
                )
            )
            line = settings.line("delivery.sendmail.command", "delivery.transport")
            return LocatedTransport(sendmail, settings.file, line)
        if delivery.transport in ("postmark", "resend"):
            return self._provider(delivery.transport)
        from newsletter.transports.smtp import SmtpTransport

        login = "delivery.smtp.password", "delivery.smtp.username"
        return LocatedTransport(
            SmtpTransport(*(self._smtp_server(path, server) for path, server in delivery.smtp.all())),
            settings.file,
            settings.line("delivery.smtp.host"),
            settings.line(*login),
        )

    def _smtp_server(self, path: str, server: SmtpServerSettings) -> SmtpSettings:
        from newsletter.transports.session import Patience, SmtpSettings

        smtp = self.settings.delivery.smtp
        wait = float(smtp.timeout)
        return SmtpSettings(
            host=server.host,
            port=server.port,
            security=server.security,
            ehlo_name=smtp.hello,
            username=server.username,
            password=self._secret(server.password, f"{path}.password"),
            fresh_password=lambda: self._secret(server.password, f"{path}.password"),
            auth=server.auth,
            ca_file=self.folder / server.ca_file if server.ca_file else None,
            connections=self.settings.delivery.connections,
            per_connection=smtp.per_connection,
            in_flight=smtp.in_flight,
            idle=float(smtp.idle),
            weight=server.weight,
            dsn=smtp.dsn,
            patience=Patience(connect=wait, greeting=wait, answer=wait),
        )

    def _provider(self, name: str) -> Transport:
        """The way out over a provider's API."""
        from newsletter.transports.api import ApiSettings, ApiTransport
        from newsletter.transports.located import LocatedTransport
        from newsletter.transports.postmark import PostmarkTransport
        from newsletter.transports.resend import ResendTransport

        settings, delivery = self.settings, self.settings.delivery
        line = settings.line(f"delivery.{name}.endpoint", f"delivery.{name}", "delivery.transport")
        token_line = settings.line(f"delivery.{name}.token")
        provider = delivery.postmark if name == "postmark" else delivery.resend
        access = ApiSettings(self._secret(provider.token, f"delivery.{name}.token"), provider.endpoint)
        transport: ApiTransport
        try:
            if name == "postmark":
                transport = PostmarkTransport(access, delivery.postmark.stream)
            else:
                transport = ResendTransport(access, self.folder / REQUEST_BOOK)
        except ConfigurationError as error:
            error.problems = tuple(
                replace(problem, file=settings.file, line=token_line) for problem in error.problems
            )
            raise
        return LocatedTransport(transport, settings.file, line, token_line)

    def _secret(self, secret: Secret | None, key: str, *, whole: bool = False) -> str:
        """The secret behind a reference, looked up now; "" for none. See `resolve_secret` for `whole`."""
        if secret is None:
            return ""
        return resolve_secret(
            secret,
            self._environ,
            lambda name: (self.folder / name).read_text(encoding="utf-8"),
            key=key,
            file=self.settings.file,
            line=self.settings.line(key),
            whole=whole,
        )
