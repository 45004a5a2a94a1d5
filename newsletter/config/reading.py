"""Reads newsletter.toml: every mistake in it is found at once, with its line and how to mend it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from ipaddress import ip_address
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from newsletter.config import smtp
from newsletter.config.describing import keys, named_tables, tables
from newsletter.config.kinds import UnfitError
from newsletter.config.lines import Path, key_lines
from newsletter.config.schema import Settings
from newsletter.errors import ConfigurationError, Problem

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
VERP_ROOM = 64 - 33
"""Characters that a token leaves for the return path, of the 64 before an @ (RFC 5321 4.5.3.1.1)."""


def read_settings(text: str, file: str = "newsletter.toml") -> Settings:
    """The settings in `text`; `file` is its name for messages.

    Raises ConfigurationError with all problems, in the order of their lines.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _syntax_error(str(error), text, file) from error
    reader = _Reader(file, key_lines(text))
    values = reader.fill(Settings, document, ())
    problems = reader.problems
    if not problems:
        lines = {".".join(path): line for path, line in reader.lines.items()}
        settings = _complete(Settings(**values | {"file": file, "lines": MappingProxyType(lines)}))
        problems = list(_contradictions(settings))
        if not problems:
            return settings
    raise ConfigurationError.of(sorted(problems, key=lambda problem: problem.line))


class _Reader:
    """Reads the tables of a parsed document by the schema, noting problems as it goes."""

    def __init__(self, file: str, lines: Mapping[Path, int]) -> None:
        self.file = file
        self.lines = lines
        self.problems: list[Problem] = []

    def fill(self, cls: type, data: Mapping[str, Any], path: Path) -> dict[str, Any]:
        """The values for `cls`; complete only when no problem was noted."""
        values: dict[str, Any] = {}
        known = {key.name for key in keys(cls)} | {name for name, _ in (*tables(cls), *named_tables(cls))}
        for name in data:
            if name not in known:
                self._unknown(name, data[name], path, known)
        meant = {near for name in data if name not in known for near in _nearest(name, known)}
        missing = [key.name for key in keys(cls) if key.required and key.name not in (*data, *meant)]
        if missing:
            self._missing(missing, path)
        for key in keys(cls):
            value = data.get(key.name, key.default)
            if key.name not in data or value == key.default == "":
                continue  # an optional text left empty is one left out
            try:
                values[key.attribute] = key.kind.read(value)
            except UnfitError as unfit:
                at = (*path, key.name, unfit.inside) if unfit.inside else (*path, key.name)
                self._note(unfit.code, at, f"{'.'.join(at)}{unfit.message}.", unfit.hint)
        for name, table in tables(cls):
            inner = data.get(name, {})
            if isinstance(inner, Mapping):
                filled = self.fill(table, inner, (*path, name))
                if not self.problems:
                    values[name] = table(**filled)
            else:
                hint = f"Begin the table with [{_dotted(path, name)}] on a line of its own."
                self._note("bad-value", (*path, name), f"{_dotted(path, name)} must be a table.", hint)
        for name, table in named_tables(cls):
            values[name] = MappingProxyType(self._named(table, data.get(name, {}), (*path, name)))
        return values

    def _named(self, table: type, data: object, path: Path) -> dict[str, Any]:
        """The tables below `path`, by the names that the publisher gave them."""
        found: dict[str, Any] = {}
        for name, inner in data.items() if isinstance(data, Mapping) else [("", data)]:
            where = (*path, name) if name else path
            if not isinstance(inner, Mapping):
                hint = f"Begin it with [{_dotted(path, 'NAME')}], with a name of your choice."
                self._note("bad-value", where, f"{'.'.join(where)} must be a table.", hint)
            elif not _NAME.fullmatch(name):
                message = f"“{name}” cannot be a name here."
                self._note("bad-name", where, message, "Use small letters, digits and hyphens.")
            else:
                filled = self.fill(table, inner, where)
                if not self.problems:
                    found[name] = table(**filled)
        return found

    def _unknown(self, name: str, value: object, path: Path, known: set[str]) -> None:
        where = f"[{'.'.join(path)}]" if path else "newsletter.toml"
        if isinstance(value, Mapping):
            code, message = "unknown-table", f"There is no table [{_dotted(path, name)}]."
        else:
            code, message = "unknown-key", f"There is no key {name} in {where}."
        near = _nearest(name, known)
        elsewhere = [table for table, names in _all_keys() if name in names and table != ".".join(path)]
        if near:
            hint = f"Did you mean {near[0]}?"
        elif elsewhere:
            hint = f"{name} belongs under {' or '.join(f'[{table}]' for table in elsewhere)}."
        else:
            hint = f"Known here: {', '.join(sorted(known))}."
        self._note(code, (*path, name), message, hint)

    def _missing(self, names: list[str], path: Path) -> None:
        table = ".".join(path)
        if path in self.lines:
            for name in names:
                self._note(
                    "missing-key", path, f"{table}.{name} is missing.", f'Add {name} = "…" under [{table}].'
                )
        else:
            listed = ", ".join(names[:-1]) + f" and {names[-1]}"
            self._note("missing-table", path, f"The table [{table}] is missing.", f"Add it, with {listed}.")

    def _note(self, code: str, path: Path, message: str, hint: str) -> None:
        self.problems.append(Problem(code, message, self.file, self.lines.get(path, 0), hint))


def _nearest(name: str, known: set[str]) -> list[str]:
    return get_close_matches(name, sorted(known), 1)


def _dotted(path: Path, name: str) -> str:
    return ".".join((*path, name))


def _all_keys(cls: type = Settings, path: Path = ()) -> Iterator[tuple[str, set[str]]]:
    """Every table's dotted name with the names of its keys."""
    yield ".".join(path), {key.name for key in keys(cls)}
    for name, table in tables(cls):
        yield from _all_keys(table, (*path, name))
    for name, table in named_tables(cls):
        yield from _all_keys(table, (*path, name, "NAME"))


def _complete(settings: Settings) -> Settings:
    """Fills in the defaults that follow from other keys."""
    publication, delivery = settings.publication, settings.delivery
    return replace(
        settings,
        publication=replace(
            publication,
            author=publication.author or publication.from_name,
            list_id=publication.list_id or _list_id(publication.url, publication.from_address),
        ),
        delivery=replace(
            delivery,
            return_path=delivery.return_path or publication.from_address,
            dkim=replace(
                delivery.dkim,
                domain=delivery.dkim.domain or publication.from_address.rpartition("@")[2],
            ),
            smtp=smtp.completed(delivery.smtp, publication.from_address.rpartition("@")[2]),
        ),
    )


def _list_id(url: str, from_address: str) -> str:
    """A list's name from where it stands: `https://example.org/weekly/` gives `weekly.example.org`."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    labels = [label for label in reversed(parts.path.split("/")) if re.fullmatch(r"[A-Za-z0-9-]+", label)]
    if "." not in host or _is_ip(host) or not host.isascii():
        host = f"newsletter.{from_address.rpartition('@')[2]}"
    return ".".join((*labels, host)).lower()


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _contradictions(settings: Settings) -> Iterator[Problem]:
    """What is wrong only when several keys are looked at together."""
    delivery, file = settings.delivery, settings.file
    yield from smtp.contradictions(delivery.smtp, file, settings.line, used=delivery.transport == "smtp")
    local = settings.delivery.return_path.rpartition("@")[0]
    if settings.delivery.verp and (len(local) > VERP_ROOM or not re.fullmatch(r"[A-Za-z0-9._+-]+", local)):
        yield Problem(
            "bad-value",
            f"delivery.verp needs a return path with at most {VERP_ROOM} plain characters before the @, "
            f"not {local}.",
            file,
            settings.line("delivery.return_path", "delivery.verp"),
            "A token of 33 characters is added to it, and mail servers take no more than 64 in all.",
        )
    for name, token in (
        ("postmark", settings.delivery.postmark.token),
        ("resend", settings.delivery.resend.token),
    ):
        if settings.delivery.transport == name and token is None:
            yield Problem(
                "missing-key",
                f'delivery.{name}.token is missing, and delivery.transport is "{name}".',
                file,
                settings.line(f"delivery.{name}", "delivery.transport"),
                f'Add token = "env:{name.upper()}_TOKEN" under [delivery.{name}].',
            )
    yield from _half_keys(settings)


def _half_keys(settings: Settings) -> Iterator[Problem]:
    """What is wrong with the keys that the mail is to be signed with."""
    dkim, file = settings.delivery.dkim, settings.file
    for prefix, selector, secret in (
        ("", dkim.selector, dkim.rsa_key),
        ("ed25519_", dkim.ed25519_selector, dkim.ed25519_key),
    ):
        if bool(selector) != bool(secret):
            here, there = ("selector", "key") if selector else ("key", "selector")
            yield Problem(
                "missing-key",
                f"delivery.dkim.{prefix}{here} is set, but there is no {prefix}{there} to go with it.",
                file,
                settings.line(f"delivery.dkim.{prefix}{here}"),
                "`newsletter doctor --make-dkim-key` makes a key, and says what to write here.",
            )
    if dkim.ed25519_key and not dkim.rsa_key:
        yield Problem(
            "missing-key",
            "delivery.dkim.ed25519_key is set, but there is no key (RSA) beside it.",
            file,
            settings.line("delivery.dkim.ed25519_key"),
            "Many receivers know RSA alone: an Ed25519 signature can only be a second one.",
        )


_POSITION = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def _syntax_error(said: str, text: str, file: str) -> ConfigurationError:
    position = _POSITION.search(said)
    message = said[: position.start()] if position else said
    line = int(position[1]) if position and position[1] else text.rstrip().count("\n") + 1
    if "Invalid value" in message:
        hint = 'Text stands in quotation marks: title = "…"; numbers, true and false without.'
    elif "Cannot overwrite" in message or "Cannot declare" in message or "Cannot mutate" in message:
        hint = "A key or table of this name stands further up; keep one of the two."
    else:
        hint = 'Each line is a table like [publication] or a key like title = "…".'
    return ConfigurationError(
        f"Not valid TOML: {message}.", file=file, line=line, hint=hint, code="toml-syntax"
    )
