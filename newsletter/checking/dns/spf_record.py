"""SPF records (RFC 7208): who may send mail for a domain, as text and in parts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TypeAlias

Network: TypeAlias = IPv4Network | IPv6Network

_VERSION = re.compile(r"v=spf1(?: |$)", re.IGNORECASE)
_MODIFIER = re.compile(r"([A-Za-z][A-Za-z0-9_.-]*)=(.*)")
_MECHANISM = re.compile(r"([+?~-]?)([A-Za-z][A-Za-z0-9]*)(?::([^/]*))?((?:/.*)?)")
_PREFIXES = re.compile(r"(?:/(\d{1,2}))?(?://(\d{1,3}))?")
_DOMAIN = re.compile(r"[!-~]+\.[A-Za-z0-9%{}-]+\.?")

NEEDS_DOMAIN = frozenset({"include", "exists"})
MAY_HAVE_DOMAIN = frozenset({"a", "mx", "ptr"})
COUNTED = NEEDS_DOMAIN | MAY_HAVE_DOMAIN
"""Mechanisms that cost a look-up (RFC 7208 4.6.4); so does the modifier `redirect`."""


class SpfSyntaxError(Exception):
    """A term that cannot be understood: receivers then treat the whole record as broken."""


@dataclass(frozen=True, slots=True)
class Mechanism:
    """One term that an address may match: `-all`, `include:example.org`, `ip4:192.0.2.0/24`.

    `domain` is "" where the record's own is meant; `network` is set for ip4 and ip6, `prefixes` are the bits
    compared of IPv4 and IPv6 addresses for a and mx.
    """

    qualifier: str
    name: str
    text: str
    domain: str = ""
    network: Network | None = None
    prefixes: tuple[int, int] = (32, 128)


@dataclass(frozen=True, slots=True)
class SpfRecord:
    """A record in parts; `redirect` is the domain whose record goes on for this one, "" for none."""

    mechanisms: tuple[Mechanism, ...]
    redirect: str = ""


def is_spf(text: str) -> bool:
    """Whether a TXT record is one of SPF (RFC 7208 4.5)."""
    return bool(_VERSION.match(text))


def parse_spf(text: str) -> SpfRecord:
    """The parts of a record. Raises SpfSyntaxError, naming the term that is wrong."""
    mechanisms: list[Mechanism] = []
    redirect = ""
    for term in text.split(" ")[1:]:
        if not term:
            continue
        if modifier := _MODIFIER.fullmatch(term):
            name, value = modifier[1].lower(), modifier[2]
            if name == "redirect":
                if redirect or not _DOMAIN.fullmatch(value):
                    raise SpfSyntaxError(term)
                redirect = value.rstrip(".").lower()
            continue  # others say nothing about addresses (RFC 7208 6)
        mechanisms.append(_mechanism(term))
    if any(mechanism.name == "all" for mechanism in mechanisms):
        redirect = ""  # RFC 7208 6.1
    return SpfRecord(tuple(mechanisms), redirect)


def _mechanism(term: str) -> Mechanism:
    match = _MECHANISM.fullmatch(term)
    if not match:
        raise SpfSyntaxError(term)
    qualifier, name, value, rest = match[1] or "+", match[2].lower(), match[3], match[4]
    if name in ("ip4", "ip6"):
        return Mechanism(qualifier, name, term, network=_network(name, term))
    if name == "all" and value is None and not rest:
        return Mechanism(qualifier, name, term)
    if name not in COUNTED or (value is None and name in NEEDS_DOMAIN):
        raise SpfSyntaxError(term)
    prefixes = _PREFIXES.fullmatch(rest)
    if (value is not None and not _DOMAIN.fullmatch(value)) or prefixes is None:
        raise SpfSyntaxError(term)
    bits = int(prefixes[1] or 32), int(prefixes[2] or 128)
    if bits[0] > 32 or bits[1] > 128 or (rest and name not in ("a", "mx")):
        raise SpfSyntaxError(term)
    return Mechanism(qualifier, name, term, domain=(value or "").rstrip(".").lower(), prefixes=bits)


def _network(name: str, term: str) -> Network:
    try:
        found = ip_network(term.partition(":")[2], strict=False)
    except ValueError as error:
        raise SpfSyntaxError(term) from error
    if found.version != int(name[2]):
        raise SpfSyntaxError(term)
    return found
