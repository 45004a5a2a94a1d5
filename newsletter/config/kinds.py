"""The kinds of values that newsletter.toml holds: what each looks like, and how it is read."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from newsletter.audience.addresses import parse_address, parse_mailbox
from newsletter.config.values import Mailbox, Rate, Secret
from newsletter.errors import ContentError
from newsletter.model import STANDARD_FIELDS, UNSUBSCRIBE_URL


class UnfitError(Exception):
    """A value that cannot be used: what is wrong with it, and how to mend it.

    The message goes on where the name of the key ends, with a blank or (": …") without. `inside` is the key
    within the value, where that is a table.
    """

    def __init__(self, message: str, hint: str = "", *, code: str = "bad-value", inside: str = "") -> None:
        super().__init__(message)
        self.inside = inside
        self.message = message if message.startswith(":") else f" {message}"
        self.hint = hint
        self.code = code


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of value: `says` describes it in the reference; `read` gives the value or raises UnfitError."""

    says: str
    read: Callable[[Any], Any]


_TYPE_NAMES = {
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "a table",
}


def _type_name(value: object) -> str:
    return _TYPE_NAMES.get(type(value), "a date or time")


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise UnfitError(
            f"must be text, not {_type_name(value)}", 'Text stands in quotation marks: key = "…".'
        )
    return value


def _line(value: object) -> str:
    """One line of text, possibly empty. A line break in a mail header would start another header."""
    text = _string(value).strip()
    if any(not character.isprintable() for character in text):
        raise UnfitError("must be one line without control characters")
    return text


def _words(value: object) -> str:
    text = _line(value)
    if not text:
        raise UnfitError("must not be empty")
    return text


def _lines(value: object) -> str:
    text = _string(value).strip()
    if any(not character.isprintable() and character != "\n" for character in text):
        raise UnfitError("must not hold control characters")
    return text


_HOST_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)", re.IGNORECASE)


def _host(value: object) -> str:
    text = _words(value)
    # a name or an IPv4 address, or an IPv6 address without brackets
    if not all(_HOST_LABEL.fullmatch(label) for label in text.split(".")) and not re.fullmatch(
        r"[0-9a-f:]+", text
    ):
        raise UnfitError(
            f"is not the name of a host: {text}", "Write the name alone, without https:// or a port."
        )
    return text.lower()


_SELECTOR_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE)


def _selector(value: object) -> str:
    """A key's name in the DNS (RFC 6376 3.1): labels as in the name of a host."""
    text = _words(value)
    if not all(_SELECTOR_LABEL.fullmatch(label) for label in text.split(".")):
        raise UnfitError(
            f"is not a selector: {text}",
            'Use letters, digits and hyphens: "news2026", without ._domainkey and without the domain.',
        )
    return text.lower()


def _web_address(value: object) -> str:
    """An https address that ends with a slash, so that paths can be put behind it."""
    text = _words(value)
    try:
        parts = urlsplit(text)
        host, _port = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if not host or parts.scheme not in ("http", "https") or " " in text:
        raise UnfitError(f"is not a web address: {text}", "Write it in full: https://example.org/.")
    if parts.scheme == "http":
        raise UnfitError(
            f"must begin with https://, not http://: {text}",
            "Mail programs offer one-click unsubscribing only over https.",
        )
    if parts.query or parts.fragment or parts.username:
        raise UnfitError(f"must be a plain address, without user, ? or #: {text}")
    return text if text.endswith("/") else f"{text}/"


def _address(value: object) -> str:
    try:
        return parse_address(_words(value)).email
    except ContentError as error:
        raise _unusable(error) from error


def _mailbox(value: object) -> Mailbox:
    try:
        name, address = parse_mailbox(_words(value))
    except ContentError as error:
        raise _unusable(error) from error
    return Mailbox(name, address.email)


def _unusable(error: ContentError) -> UnfitError:
    problem = error.problems[0]
    return UnfitError(f": {problem.message.rstrip('.')}", problem.hint)


_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def _language(value: object) -> str:
    text = _words(value)
    if not _LANGUAGE.fullmatch(text):
        better = text.replace("_", "-").split(".")[0]
        hint = f'Did you mean "{better}"?' if _LANGUAGE.fullmatch(better) else 'Write "en", "de" or "pt-BR".'
        raise UnfitError(f"is not a language tag: {text}", hint)
    return text


def _time_zone(value: object) -> str:
    text = _words(value)
    try:
        if text != "UTC":  # which needs no tables
            ZoneInfo(text)
    except (KeyError, ValueError, OSError) as error:
        near = get_close_matches(text, available_timezones(), 1)
        hint = f'Did you mean "{near[0]}"?' if near else 'Write it as "Europe/Vienna", or "UTC".'
        raise UnfitError(f"is not a time zone that is known here: {text}", hint) from error
    return text


_RATE = re.compile(r"(\d+)\s*/\s*([smh])")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def _rate(value: object) -> Rate | None:
    text = _string(value).strip()
    if text == "unlimited":
        return None
    match = _RATE.fullmatch(text)
    if not match or int(match[1]) == 0:
        raise UnfitError(
            f"is not a rate: {text}",
            'Write messages per second, minute or hour as "14/s", "600/m" or "5000/h", or "unlimited".',
        )
    return Rate(int(match[1]), _SECONDS[match[2]])


def _secret(value: object) -> Secret:
    """A reference. The message never repeats the value: it might be the secret itself."""
    scheme, colon, name = _string(value).partition(":")
    if not colon or scheme not in ("env", "file") or not name.strip():
        raise UnfitError(
            "must say where the secret is kept, not be the secret itself",
            'Write "env:SMTP_PASSWORD" for an environment variable, or "file:subscribers/smtp-password". '
            "If the secret stood here, change it: it may be in backups by now.",
            code="literal-secret",
        )
    return Secret(scheme, name.strip())


def _database(value: object) -> str:
    text = _words(value)
    if not text.startswith("sqlite:///") or text == "sqlite:///":
        scheme = text.split(":", 1)[0]  # the rest may hold a password
        raise UnfitError(
            f"is not an address this version can open ({scheme}:…)",
            'Write "sqlite:///subscribers/newsletter.db".',
        )
    return text


_FIELD = re.compile(r"[a-z][a-z0-9_]*")


def _field_names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise UnfitError(f"must be a list of names, not {_type_name(value)}", 'Write ["city", "company"].')
    names: list[str] = []
    for entry in value:
        name = _string(entry)
        if not _FIELD.fullmatch(name):
            raise UnfitError(
                f"holds a name that cannot be a field: {name}",
                "Use small letters, digits and _, a letter first.",
            )
        if name in STANDARD_FIELDS or name == UNSUBSCRIBE_URL:
            raise UnfitError(f"holds {name}, which every publication has already", "Leave it out.")
        if name in names:
            raise UnfitError(f"holds {name} twice", "Leave one out.")
        names.append(name)
    return tuple(names)


def _levels(value: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict):
        raise UnfitError(
            f"must be a table, not {_type_name(value)}", "Begin it with [checks] on a line of its own."
        )
    for code, wish in value.items():
        try:
            _LEVEL.read(wish)
        except UnfitError as unfit:
            raise UnfitError(unfit.message.strip(), unfit.hint, inside=code) from unfit
    return tuple(value.items())


def whole(least: int, most: int) -> Kind:
    """A whole number within bounds, both included."""

    def read(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise UnfitError(f"must be a whole number, not {_type_name(value)}")
        if not least <= value <= most:
            raise UnfitError(f"must be between {least} and {most}, not {value}")
        return value

    return Kind(f"a whole number from {least} to {most}", read)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise UnfitError(f"must be true or false, not {_type_name(value)}")
    return value


def one_of(*names: str) -> Kind:
    """One of a few words."""
    quoted = [f'"{name}"' for name in names]
    listed = f"{', '.join(quoted[:-1])} or {quoted[-1]}"

    def read(value: object) -> str:
        text = _string(value)
        if text not in names:
            near = get_close_matches(text, names, 1)
            raise UnfitError(f"must be {listed}, not {text}", f'Did you mean "{near[0]}"?' if near else "")
        return text

    return Kind(listed, read)


TEXT = Kind("text", _line)
FLAG = Kind("`true` or `false`", _flag)
WORDS = Kind("text, not empty", _words)
LINES = Kind("text, may have several lines", _lines)
PATH = Kind("a path, relative to the publication", _words)
HOST = Kind("the name of a host", _host)
SELECTOR = Kind("letters, digits and hyphens", _selector)
WEB_ADDRESS = Kind("an https address", _web_address)
ADDRESS = Kind("a mail address", _address)
MAILBOX = Kind("a name and a mail address", _mailbox)
LANGUAGE = Kind("a language tag (BCP 47)", _language)
TIME_ZONE = Kind("a time zone name", _time_zone)
RATE = Kind('messages per second, minute or hour, or "unlimited"', _rate)
SECRET = Kind("where the secret is kept: `env:NAME` or `file:PATH`", _secret)
DATABASE = Kind("a database address", _database)
FIELD_NAMES = Kind("a list of names", _field_names)
_LEVEL = one_of("off", "warn", "error")
LEVELS = Kind(_LEVEL.says, _levels)
