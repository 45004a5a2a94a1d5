"""Rules about newsletter.toml: what is allowed there, and yet unwise."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.checking.rule import Finding, Rulebook
from newsletter.config import Settings
from newsletter.errors import Level, Problem

RESERVED = ("example.org", "example.com", "example.net", "example")
"""Domains that belong to nobody (RFC 2606), so that no mail from there can be meant."""

SETTINGS_RULES: Rulebook[Settings] = Rulebook("In newsletter.toml")
_HERE = ("localhost", "127.0.0.1", "::1")


def check_settings(settings: Settings) -> list[Problem]:
    """What should be looked at before mail is sent to strangers."""
    return SETTINGS_RULES.problems(settings, settings.file)


@SETTINGS_RULES.rule("no-postal-address", Level.WARNING, "newsletter.toml holds a postal address.")
def no_postal_address(settings: Settings) -> Iterator[Finding]:
    """Laws ask for one."""
    if not settings.publication.postal_address:
        hint = "Many laws ask for one in bulk mail: set publication.postal_address."
        yield Finding(settings.line("publication"), "The mail will hold no postal address.", hint)


@SETTINGS_RULES.rule(
    "no-one-click", Level.WARNING, "Mail that really leaves has a one-click link for unsubscribing."
)
def no_one_click(settings: Settings) -> Iterator[Finding]:
    """Without it, large receivers take bulk mail for spam (RFC 8058)."""
    if _leaves(settings) and not settings.service.url:
        message = "Readers can unsubscribe only by writing a mail, because service.url is not set."
        hint = "Gmail and Yahoo ask bulk senders for a one-click link."
        yield Finding(settings.line("delivery.transport"), message, hint)


@SETTINGS_RULES.rule(
    "example-address", Level.WARNING, "Mail that really leaves comes from an address of your own."
)
def example_address(settings: Settings) -> Iterator[Finding]:
    """The sample's address was left standing."""
    address = settings.publication.from_address
    domain = address.rpartition("@")[2]
    is_reserved = any(domain == reserved or domain.endswith(f".{reserved}") for reserved in RESERVED)
    if _leaves(settings) and is_reserved:
        message = f"The mail would come from {address}, which is an example."
        hint = "Set publication.from to an address of your own."
        yield Finding(settings.line("publication.from"), message, hint)


def _leaves(settings: Settings) -> bool:
    """Whether mail leaves this machine."""
    delivery = settings.delivery
    here = delivery.transport == "smtp" and delivery.smtp.host in _HERE
    return delivery.transport != "outbox" and not here
