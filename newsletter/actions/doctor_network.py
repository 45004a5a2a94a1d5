"""How the network sees a publication: its domains in the DNS, the address for leaving, and the time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from newsletter.checking.diagnosis import Diagnosis, Grade, diagnose, warn
from newsletter.checking.dns.answers import Address, LookUp
from newsletter.checking.settings import RESERVED
from newsletter.delivery.headers import a_labels
from newsletter.errors import ConfigurationError

if TYPE_CHECKING:
    from newsletter.checking.service import Reply
    from newsletter.publication import Publication

SIGNING_THEMSELVES = ("postmark", "resend")
"""Transports that put the mail together anew, and sign it for the domain that they were told about."""

OFFLINE = "Not looked at, because of --offline."


def examine(
    publication: Publication, *, offline: bool, name_server: str, leaving_from: Sequence[Address]
) -> Iterator[Diagnosis]:
    """The checks that ask the network; see `actions.doctor.examine`."""
    yield from _dns(publication, offline, name_server, leaving_from)
    yield from _web(publication, offline)


# --- the DNS ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _House:
    """The publication as the DNS knows it: domains in ASCII, and addresses that mail leaves from."""

    author: str
    return_path: str
    replies: str
    signing: str | None
    certain: Sequence[Address]
    probable: Sequence[Address] = field(default=())


def _dns(
    publication: Publication, offline: bool, name_server: str, leaving_from: Sequence[Address]
) -> Iterator[Diagnosis]:
    checks: dict[str, Callable[[Publication, _House, LookUp], Diagnosis]] = {
        "mail-domains": _receiving,
        "spf": _spf,
        "dkim": _dkim,
        "dmarc": _dmarc,
        "reverse-dns": _reverse,
    }
    author = _domain(publication.settings.publication.from_address)
    said = OFFLINE if offline else ""
    if not said and _reserved(author) and not name_server:
        said = f"{author} is an example, and belongs to nobody."
    look_up: LookUp | None = None
    if not said:
        from newsletter.network.resolver import DnsLookUp

        try:
            look_up = DnsLookUp(name_server)
        except ConfigurationError as error:
            (problem,) = error.problems
            yield diagnose("dns", "", [warn(problem.message, problem.hint)])
            said = "The DNS cannot be asked."
    if look_up is None:
        yield from (Diagnosis(check, Grade.SKIP, said) for check in checks)
        return
    house = _house(publication, author, leaving_from, look_up)
    yield from (judge(publication, house, look_up) for judge in checks.values())


def _house(publication: Publication, author: str, leaving_from: Sequence[Address], look_up: LookUp) -> _House:
    from newsletter.checking.dns.dmarc import walk
    from newsletter.checking.dns.hosts import addresses

    settings, delivery = publication.settings, publication.settings.delivery
    dkim = delivery.dkim
    probable: list[Address] = []
    host = delivery.smtp.host
    organization = walk(author, look_up).organization
    if not leaving_from and delivery.transport == "smtp" and f".{host}".endswith(f".{organization}"):
        probable = addresses(host, look_up)  # a server of our own: most likely mail leaves from there
    return _House(
        author=author,
        return_path=_domain(delivery.return_path),
        replies=_domain(settings.publication.reply_to or settings.publication.from_address),
        signing=_ascii(dkim.domain) if _signs(publication) else None,
        certain=leaving_from,
        probable=probable,
    )


def _signs(publication: Publication) -> bool:
    """Whether our signatures go out with the mail."""
    delivery = publication.settings.delivery
    return delivery.dkim.rsa_key is not None and delivery.transport not in SIGNING_THEMSELVES


def _receiving(_publication: Publication, house: _House, look_up: LookUp) -> Diagnosis:
    from newsletter.checking.dns.hosts import judge_receiving

    uses: dict[str, list[str]] = {}
    for domain, use in (
        (house.author, "from"),
        (house.return_path, "return_path"),
        (house.replies, "reply_to"),
    ):
        uses.setdefault(domain, []).append(use)
    return judge_receiving(uses, look_up)


def _spf(_publication: Publication, house: _House, look_up: LookUp) -> Diagnosis:
    from newsletter.checking.dns.spf import judge_spf

    return judge_spf(house.return_path, look_up, certain=house.certain, probable=house.probable)


def _dkim(publication: Publication, _house: _House, look_up: LookUp) -> Diagnosis:
    from newsletter.checking.dns.dkim import judge_dkim

    try:
        signer = publication.signer if _signs(publication) else None
    except ConfigurationError:
        return Diagnosis("dkim", Grade.SKIP, "Our key cannot be read; see dkim-key.")
    if signer is None:
        said = "The mail is not signed here; look for dkim=pass in a mail that you send to yourself."
        return Diagnosis("dkim", Grade.SKIP, said)
    return judge_dkim(signer.domain, signer.keys, look_up)


def _dmarc(_publication: Publication, house: _House, look_up: LookUp) -> Diagnosis:
    from newsletter.checking.dns.dmarc import judge_dmarc

    return judge_dmarc(house.author, house.return_path, house.signing, look_up)


def _reverse(publication: Publication, house: _House, look_up: LookUp) -> Diagnosis:
    from newsletter.checking.dns.hosts import judge_reverse

    if house.certain or house.probable:
        return judge_reverse(house.certain, house.probable, look_up)
    delivery = publication.settings.delivery
    if delivery.transport == "outbox":
        said = "The outbox sends nothing."
    elif delivery.transport == "sendmail" or (delivery.transport == "smtp" and _is_here(delivery.smtp.host)):
        said = "Mail leaves from this machine; name its public address with --leaving-from to look at it."
    else:
        through = delivery.smtp.host if delivery.transport == "smtp" else delivery.transport
        said = f"Mail leaves through {through}, whose business this is."
    return Diagnosis("reverse-dns", Grade.SKIP, said)


# --- web servers -----------------------------------------------------------------------------------------


def _web(publication: Publication, offline: bool) -> Iterator[Diagnosis]:
    from newsletter.checking.service import judge_clock

    settings = publication.settings
    replies: list[Reply] = []
    said = OFFLINE if offline else ""
    if not said and not settings.service.url:
        said = "service.url is not set, so readers leave by writing a mail."
    if not said and _reserved(_host(settings.service.url)):
        said = f"{_host(settings.service.url)} is an example, and belongs to nobody."
    yield Diagnosis("one-click", Grade.SKIP, said) if said else _one_click(publication, replies)
    if offline:
        yield Diagnosis("clock", Grade.SKIP, OFFLINE)
        return
    if not replies and not _reserved(_host(settings.publication.url)):
        from newsletter.network.web import ask

        replies.append(ask("HEAD", settings.publication.url, publication.clock.now))
    yield judge_clock(replies)


def _one_click(publication: Publication, replies: list[Reply]) -> Diagnosis:
    """Posts as a mail program would, with a token that is nobody's."""
    from newsletter.checking.service import NOBODY, ONE_CLICK, judge_one_click
    from newsletter.network.web import ask

    url = publication.settings.service.url
    reply = ask("POST", f"{url}unsubscribe/{NOBODY}", publication.clock.now, ONE_CLICK)
    replies.append(reply)
    health = ask("GET", f"{url}healthz", publication.clock.now) if reply.status >= 400 else None
    return judge_one_click(reply, health)


# --- names -----------------------------------------------------------------------------------------------


def _domain(address: str) -> str:
    return _ascii(address.rpartition("@")[2])


def _ascii(domain: str) -> str:
    return (domain if domain.isascii() else a_labels(domain)).lower()


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _reserved(domain: str) -> bool:
    return any(f".{domain}".endswith(f".{reserved}") for reserved in RESERVED)


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
