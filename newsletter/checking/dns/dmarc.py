"""Judging DMARC (RFC 9989): finds the policy by walking up the tree of names, and who belongs with whom."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from newsletter.checking.diagnosis import Diagnosis, Symptom, diagnose, fail, warn
from newsletter.checking.dns.answers import LookUp, Status, tags, unknown

POLICIES = ("none", "quarantine", "reject")
REMOVED = ("pct", "rf", "ri")
"""Tags of the older standard (RFC 7489) that receivers now ignore."""

MOST_LABELS = 8
"""Names with more labels are cut to one less than this, so that a walk takes so many look-ups at most."""

_VERSION = re.compile(r"v\s*=\s*DMARC1\s*(?:;|$)")
_REPORT_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s,]+")


@dataclass(frozen=True, slots=True)
class DmarcRecord:
    """A DMARC record and the domain that published it."""

    domain: str
    tags: Mapping[str, str]

    @property
    def reports(self) -> bool:
        """Whether somebody is told how the domain's mail fares."""
        return any(_REPORT_ADDRESS.fullmatch(one.strip()) for one in self.tags.get("rua", "").split(","))

    @property
    def psd(self) -> str:
        """ "y" for a public suffix such as co.uk, "n" for an organization, else "u"."""
        value = self.tags.get("psd", "u").lower()
        return value if value in ("y", "n") else "u"

    def policy_for(self, domain: str) -> str:
        """What receivers are asked to do with mail from `domain` that fails; "" when the record asks nothing
        because it is broken (RFC 9989 4.10.1)."""
        wanted = [self.tags.get(tag, "").lower() for tag in ("sp", "np") if tag in self.tags]
        policy = self.tags.get("p", "").lower()
        if policy not in POLICIES or any(value not in POLICIES for value in wanted):
            return "none" if self.reports else ""
        return self.tags.get("sp", policy).lower() if domain != self.domain else policy


@dataclass(frozen=True, slots=True)
class Walk:
    """What a walk up from a domain found (RFC 9989 4.10): records, the longest name first."""

    start: str
    records: tuple[DmarcRecord, ...] = ()
    doubled: tuple[str, ...] = ()
    """Domains with several records, which all count for nothing."""
    symptoms: tuple[Symptom, ...] = ()
    """What could not be looked up."""

    @property
    def organization(self) -> str:
        """The organizational domain (RFC 9989 4.10.2)."""
        for record in self.records:
            if record.psd == "n":
                return record.domain
            if record.psd == "y" and record.domain != self.start:
                labels = self.start.split(".")
                return ".".join(labels[-record.domain.count(".") - 2 :])
        return self.records[-1].domain if self.records else self.start

    @property
    def applied(self) -> DmarcRecord | None:
        """The record that holds for mail from the domain: its own, its organization's or its suffix's."""
        by_domain = {record.domain: record for record in self.records}
        suffix = next((record for record in self.records if record.psd == "y"), None)
        return by_domain.get(self.start) or by_domain.get(self.organization) or suffix


def walk(domain: str, look_up: LookUp) -> Walk:
    """Walks up from `domain` (lower case, ASCII)."""
    records: list[DmarcRecord] = []
    doubled: list[str] = []
    symptoms: list[Symptom] = []
    for name in _names(domain):
        answer = look_up(f"_dmarc.{name}", "TXT")
        if answer.status is Status.FAILED:
            symptoms.append(unknown(f"_dmarc.{name}", answer))
        found = [text for text in answer.values if _VERSION.match(text.strip())]
        if len(found) > 1:
            doubled.append(name)
        elif found:
            records.append(DmarcRecord(name, tags(found[0])))
            if records[-1].psd != "u":
                break
    return Walk(domain, tuple(records), tuple(doubled), tuple(symptoms))


def _names(domain: str) -> Iterator[str]:
    yield domain
    labels = domain.split(".")
    labels = labels[-(MOST_LABELS - 1) :] if len(labels) >= MOST_LABELS else labels[1:]
    for at in range(len(labels)):
        yield ".".join(labels[at:])


def judge_dmarc(author: str, return_path: str, signing: str | None, look_up: LookUp) -> Diagnosis:
    """The DMARC policy for mail from the domain `author`, and whether our mail can pass it.

    `return_path` is the domain that SPF speaks for, `signing` the one that our DKIM signatures speak for;
    None when the mail is not signed here (its server may sign it yet).
    """
    found = walk(author, look_up)
    record = found.applied
    symptoms = [*found.symptoms, *_doubled(found.doubled)]
    if record is None:
        if not symptoms:
            symptoms.append(_missing(author, found.organization))
        return diagnose("dmarc", "", symptoms)
    policy = record.policy_for(author)
    symptoms += _about(record, policy)
    symptoms += _alignment(record, found, return_path, signing, look_up)
    where = "" if record.domain == author else f", published by {record.domain}"
    healthy = f"Receivers are asked for p={policy} on mail from {author} that fails{where}."
    if policy == "none":
        healthy += " Once the reports show that all is well, quarantine or reject protects the name."
    return diagnose("dmarc", healthy, symptoms)


def _doubled(domains: Sequence[str]) -> Iterator[Symptom]:
    for domain in domains:
        yield fail(
            f"_dmarc.{domain} has several DMARC records, and none of them counts.", "Leave one of them."
        )


def _missing(author: str, organization: str) -> Symptom:
    return fail(
        f"{author} has no DMARC record; large receivers turn bulk mail without one away.",
        f"Publish a TXT record at _dmarc.{organization}: "
        f'"v=DMARC1; p=none; rua=mailto:dmarc@{organization}".',
    )


def _about(record: DmarcRecord, policy: str) -> Iterator[Symptom]:
    place = f"The DMARC record of {record.domain}"
    broken = [
        f"{tag}={record.tags.get(tag, '')}"
        for tag in ("p", "sp", "np")
        if (tag in record.tags or tag == "p") and record.tags.get(tag, "").lower() not in POLICIES
    ]
    if broken:
        says = f"{place} has no valid policy ({', '.join(broken)})"
        mend = "Write p=none, p=quarantine or p=reject."
        if policy:
            yield warn(f"{says}, and counts as p=none.", mend)
        else:
            yield fail(f"{says}, and counts for nothing.", mend)
    elif policy == "none" and not record.reports:
        yield warn(
            f"{place} asks for nothing (p=none) and tells nobody.",
            f"Add an address for reports: rua=mailto:dmarc@{record.domain}",
        )
    removed = [f"{tag}={record.tags[tag]}" for tag in REMOVED if tag in record.tags]
    if removed:
        yield warn(
            f"{place} holds {', '.join(removed)}, which receivers now ignore (RFC 9989).",
            "Take it out; t=y is the way to try a policy.",
        )
    if record.tags.get("t", "").lower() == "y" and policy != "none":
        yield warn(
            f"{place} is in test mode (t=y): p={policy} is not applied.", "Take t=y out when you are sure."
        )


def _alignment(
    record: DmarcRecord,
    author: Walk,
    return_path: str,
    signing: str | None,
    look_up: LookUp,
) -> Iterator[Symptom]:
    """DMARC passes when SPF or DKIM passes for a domain that belongs with the author's (RFC 9989 4.10.2)."""

    def aligned(domain: str, mode: str) -> bool:
        if domain == author.start:
            return True
        strict = record.tags.get(mode, "r").lower() == "s"
        return not strict and walk(domain, look_up).organization == author.organization

    by_spf = aligned(return_path, "aspf")
    if signing is None and not by_spf:
        yield warn(
            f"Undeliverable mail returns to {return_path}, which does not belong with {author.start}. As the "
            "mail is not signed here, it passes DMARC only if your mail server signs it.",
            f"Set delivery.return_path to an address at {author.start}, or sign the mail (delivery.dkim).",
        )
    elif signing is not None and not aligned(signing, "adkim"):
        symptom = warn if by_spf else fail
        yield symptom(
            f"The signatures are those of {signing}, which does not belong with {author.start}.",
            "Set delivery.dkim.domain to the domain of the From address.",
        )
