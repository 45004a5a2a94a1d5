"""The settings of a publication, table by table; the reference in the docs is made from these lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from newsletter.config import kinds
from newsletter.config.describing import key
from newsletter.config.feeds import FeedSettings
from newsletter.config.providers import PostmarkSettings, ResendSettings, SendmailSettings
from newsletter.config.smtp import SmtpSettings
from newsletter.config.values import Mailbox, Rate, Secret
from newsletter.themes import BASE, THEMES


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicationSettings:
    """What the newsletter is called, where its archive stands, and who writes it."""

    title: str = field(metadata=key(kinds.WORDS, "The name of the newsletter, as readers see it."))
    url: str = field(
        metadata=key(kinds.WEB_ADDRESS, "Where the archive is published; each issue has a page below it.")
    )
    sender: Mailbox = field(
        metadata=key(kinds.MAILBOX, 'Who the mail is from: `"Ann Example <ann@example.org>"`.', name="from")
    )
    reply_to: str = field(
        default="", metadata=key(kinds.ADDRESS, "Where replies go.", otherwise="the address in `from`")
    )
    language: str = field(
        default="en",
        metadata=key(
            kinds.LANGUAGE,
            "The language of the issues: for screen readers, dates and the words around the text.",
        ),
    )
    description: str = field(
        default="", metadata=key(kinds.TEXT, "One sentence about the newsletter, shown in the archive.")
    )
    author: str = field(
        default="", metadata=key(kinds.TEXT, "Who writes it.", otherwise="the name in `from`")
    )
    postal_address: str = field(
        default="",
        metadata=key(kinds.LINES, "For the foot of every mail; many laws ask for it in bulk mail."),
    )
    theme: str = field(
        default=BASE,
        metadata=key(kinds.one_of(*THEMES), "How mail and archive look; see `newsletter theme list`."),
    )
    timezone: str = field(
        default="UTC", metadata=key(kinds.TIME_ZONE, 'In which dates are meant: `"America/Vancouver"`.')
    )
    list_id: str = field(
        default="",
        metadata=key(
            kinds.HOST,
            "What mail programs know the list by (RFC 2919). Never change it once mail was sent.",
            otherwise="made from `url`: `https://example.org/weekly/` gives `weekly.example.org`",
        ),
    )

    @property
    def from_name(self) -> str:
        """The name readers see in their list of messages; the title when `from` has none."""
        return self.sender.name or self.title

    @property
    def from_address(self) -> str:
        """The bare address the mail is from."""
        return self.sender.address


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxSettings:
    """The outbox: a Maildir on this machine, which takes every message and sends none."""

    path: str = field(default="outbox", metadata=key(kinds.PATH, "The folder."))


@dataclass(frozen=True, slots=True, kw_only=True)
class DkimSettings:
    """Signing the mail (DKIM), where the mail server does not. Needs the extra `dkim`."""

    domain: str = field(
        default="",
        metadata=key(kinds.HOST, "The domain that answers for the mail.", otherwise="the domain of `from`"),
    )
    selector: str = field(
        default="",
        metadata=key(kinds.SELECTOR, "The name of the key in the DNS.", otherwise="none; needed with `key`"),
    )
    rsa_key: Secret | None = field(
        default=None,
        metadata=key(
            kinds.SECRET,
            "The private key, RSA with 2048 bits or more, in PEM format. "
            "`newsletter doctor --make-dkim-key` makes one.",
            otherwise="none; the mail is not signed here",
            name="key",
        ),
    )
    ed25519_selector: str = field(
        default="",
        metadata=key(
            kinds.SELECTOR,
            "The name of a second key in the DNS.",
            otherwise="none; needed with `ed25519_key`",
        ),
    )
    ed25519_key: Secret | None = field(
        default=None,
        metadata=key(
            kinds.SECRET,
            "A private Ed25519 key for a second, shorter signature, which some receivers know.",
            otherwise="none",
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverySettings:
    """How the mail leaves."""

    transport: str = field(
        default="outbox",
        metadata=key(
            kinds.one_of("outbox", "sendmail", "smtp", "postmark", "resend"),
            "The way out, see its table below.",
        ),
    )
    rate: Rate | None = field(
        default=None,
        metadata=key(
            kinds.RATE,
            'The most that leaves in any such time: `"14/s"`, `"600/m"`.',
            otherwise='`"unlimited"`',
        ),
    )
    connections: int = field(
        default=8, metadata=key(kinds.whole(1, 100), "How many connections to use at once, at most.")
    )
    return_path: str = field(
        default="",
        metadata=key(
            kinds.ADDRESS, "Where undeliverable mail comes back to.", otherwise="the address in `from`"
        ),
    )
    verp: bool = field(
        default=False,
        metadata=key(
            kinds.FLAG,
            "Gives each message a return path of its own, `bounces+TOKEN@…`, so that what comes back tells "
            "whom it did not reach. The mailbox must take mail for such addresses.",
            otherwise="`false`",
        ),
    )
    outbox: OutboxSettings = field(default_factory=OutboxSettings, metadata={"table": OutboxSettings})
    sendmail: SendmailSettings = field(default_factory=SendmailSettings, metadata={"table": SendmailSettings})
    smtp: SmtpSettings = field(default_factory=SmtpSettings, metadata={"table": SmtpSettings})
    postmark: PostmarkSettings = field(default_factory=PostmarkSettings, metadata={"table": PostmarkSettings})
    resend: ResendSettings = field(default_factory=ResendSettings, metadata={"table": ResendSettings})
    dkim: DkimSettings = field(default_factory=DkimSettings, metadata={"table": DkimSettings})


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveSettings:
    """The public archive."""

    output: str = field(default="public", metadata=key(kinds.PATH, "The folder the site is written to."))


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """The public web service, where readers unsubscribe with one click."""

    url: str = field(
        default="",
        metadata=key(
            kinds.WEB_ADDRESS, "Where it answers.", otherwise="none; readers then unsubscribe by mail"
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSettings:
    """Where subscribers and the ledger are kept."""

    url: str = field(
        default="sqlite:///subscribers/newsletter.db",
        metadata=key(kinds.DATABASE, "The database; a relative path is meant from the publication."),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CitationSettings:
    """How works are cited."""

    style: str = field(
        default="author-year",
        metadata=key(kinds.one_of("author-year", "vancouver"), "`(Warren 1978)` or `[1]`."),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriberSettings:
    """What is kept of a subscriber."""

    fields: tuple[str, ...] = field(
        default=(),
        metadata=key(
            kinds.FIELD_NAMES,
            'Columns of your own, which issues may use as merge fields: `["city"]`.',
            otherwise="none",
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that newsletter.toml says, with defaults filled in.

    `lines` tells on which line of `file` a key stands, by its dotted path, for errors that show up later.
    """

    publication: PublicationSettings = field(metadata={"table": PublicationSettings})
    delivery: DeliverySettings = field(default_factory=DeliverySettings, metadata={"table": DeliverySettings})
    feeds: Mapping[str, FeedSettings] = field(default_factory=dict, metadata={"named": FeedSettings})
    archive: ArchiveSettings = field(default_factory=ArchiveSettings, metadata={"table": ArchiveSettings})
    service: ServiceSettings = field(default_factory=ServiceSettings, metadata={"table": ServiceSettings})
    database: DatabaseSettings = field(default_factory=DatabaseSettings, metadata={"table": DatabaseSettings})
    citations: CitationSettings = field(
        default_factory=CitationSettings, metadata={"table": CitationSettings}
    )
    subscribers: SubscriberSettings = field(
        default_factory=SubscriberSettings, metadata={"table": SubscriberSettings}
    )
    checks: tuple[tuple[str, str], ...] = field(
        default=(),
        metadata=key(
            kinds.LEVELS,
            "How bad `newsletter check` takes what a rule finds: a key is the rule's code, as in "
            "[Rules](rules.md), or that of a warning in [How an issue is written](dialect.md).",
            otherwise="each rule decides itself",
        ),
    )
    file: str = "newsletter.toml"
    lines: Mapping[str, int] = field(default_factory=dict)

    def line(self, *paths: str) -> int:
        """The line of the first of these dotted paths that was written down; 0 when none was."""
        return next((self.lines[path] for path in paths if path in self.lines), 0)
