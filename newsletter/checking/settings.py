"""Rules about newsletter.toml: what is allowed there, and yet unwise."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.config import Settings
from newsletter.errors import Level, Problem

RESERVED = ("example.org", "example.com", "example.net", "example")
"""Domains that belong to nobody (RFC 2606), so that no mail from there can be meant."""

SETTINGS_RULES = {
    "no-postal-address": "newsletter.toml holds a postal address.",
    "no-one-click": "Mail that really leaves has a one-click link for unsubscribing.",
    "example-address": "Mail that really leaves comes from an address of your own.",
}
"""What each of these rules says, by its code; all are warnings."""

_HERE = ("localhost", "127.0.0.1", "::1")


def check_settings(settings: Settings) -> Iterator[Problem]:
    """What should be looked at before mail is sent to strangers; warnings only."""
    publication, delivery = settings.publication, settings.delivery
    if not publication.postal_address:
        yield _warning(
            settings,
            "no-postal-address",
            "The mail will hold no postal address.",
            "Many laws ask for one in bulk mail: set publication.postal_address.",
            "publication",
        )
    if delivery.transport != "smtp" or delivery.smtp.host in _HERE:
        return
    if not settings.service.url:
        yield _warning(
            settings,
            "no-one-click",
            "Readers can unsubscribe only by writing a mail, because service.url is not set.",
            "Gmail and Yahoo ask bulk senders for a one-click link.",
            "delivery.transport",
        )
    domain = publication.from_address.rpartition("@")[2]
    if any(domain == reserved or domain.endswith(f".{reserved}") for reserved in RESERVED):
        yield _warning(
            settings,
            "example-address",
            f"The mail would come from {publication.from_address}, which is an example.",
            "Set publication.from to an address of your own.",
            "publication.from",
        )


def _warning(settings: Settings, code: str, message: str, hint: str, key: str) -> Problem:
    return Problem(code, message, settings.file, settings.line(key), hint, Level.WARNING)
