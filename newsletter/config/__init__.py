"""newsletter.toml as frozen settings: read, checked and explained from one schema. No disk, no clock."""

from newsletter.config.feeds import FeedSettings
from newsletter.config.providers import PostmarkSettings, ResendSettings, SendmailSettings
from newsletter.config.reading import read_settings
from newsletter.config.schema import (
    ArchiveSettings,
    CitationSettings,
    DatabaseSettings,
    DeliverySettings,
    DkimSettings,
    OutboxSettings,
    PublicationSettings,
    ServiceSettings,
    Settings,
    SubscriberSettings,
)
from newsletter.config.secrets import resolve_secret
from newsletter.config.smtp import SmtpServerSettings, SmtpSettings
from newsletter.config.values import Mailbox, Rate, Secret

__all__ = [
    "ArchiveSettings",
    "CitationSettings",
    "DatabaseSettings",
    "DeliverySettings",
    "DkimSettings",
    "FeedSettings",
    "Mailbox",
    "OutboxSettings",
    "PostmarkSettings",
    "PublicationSettings",
    "Rate",
    "ResendSettings",
    "Secret",
    "SendmailSettings",
    "ServiceSettings",
    "Settings",
    "SmtpServerSettings",
    "SmtpSettings",
    "SubscriberSettings",
    "read_settings",
    "resolve_secret",
]
