"""Judging SPF (RFC 7208): follows a record through everything it includes, as a receiver would at worst."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_network

from newsletter.checking.diagnosis import Diagnosis, Symptom, diagnose, fail, warn
from newsletter.checking.dns.answers import Address, Answer, Kind, LookUp, Status, unknown
from newsletter.checking.dns.spf_record import (
    COUNTED,
    Mechanism,
    Network,
    SpfRecord,
    SpfSyntaxError,
    is_spf,
    parse_spf,
)

MOST_LOOKUPS = 10
MOST_VOID = 2
MOST_MX = 10
"""RFC 7208 4.6.4: with more of any of these, receivers give up and treat the record as broken."""

_PATIENCE = 40
"""Look-ups after which we stop counting ourselves."""

_PASS, _NEUTRAL = "+", "?"


@dataclass(frozen=True, slots=True)
class Branch:
    """A mechanism with what it came to: the networks it matches, or the policy that it includes."""

    qualifier: str
    networks: tuple[Network, ...] = ()
    inner: Policy | None = None
    everybody: bool = False

    def matches(self, address: Address | None) -> bool:
        """Whether `address` matches; None is a stranger, who matches only what everybody matches."""
        if self.everybody:
            return True
        if self.inner is not None:
            return self.inner.outcome(address) == _PASS
        if address is None:
            return any(network.prefixlen == 0 for network in self.networks)
        return any(address in network for network in self.networks)


@dataclass(frozen=True, slots=True)
class Policy:
    """What a record and all that it includes say about addresses."""

    branches: tuple[Branch, ...] = ()
    redirect: Policy | None = None

    def outcome(self, address: Address | None) -> str:
        """ "+" pass, "-" fail, "~" softfail, "?" neutral (RFC 7208 2.6), for an address or a stranger."""
        for branch in self.branches:
            if branch.matches(address):
                return branch.qualifier
        return self.redirect.outcome(address) if self.redirect else _NEUTRAL


@dataclass(slots=True)
class Survey:
    """What following a record came to: how many look-ups, how many of them void, what is wrong with it."""

    policy: Policy | None = None
    lookups: int = 0
    void: list[str] = field(default_factory=list)
    symptoms: list[Symptom] = field(default_factory=list)
    uncertain: bool = False
    """True when some terms depend on the message, or could not be looked up."""


def judge_spf(
    domain: str, look_up: LookUp, *, certain: Sequence[Address] = (), probable: Sequence[Address] = ()
) -> Diagnosis:
    """The SPF record of the domain that undeliverable mail returns to.

    `certain` are addresses that mail leaves from, `probable` are guessed ones: that a record does not let
    them send is a failure for the first, and worth a warning for the others.
    """
    survey = follow(domain, look_up)
    symptoms = [*survey.symptoms, *_limits(survey)]
    if survey.policy is not None:
        symptoms += _strangers(domain, survey, survey.policy)
        if not survey.uncertain:
            symptoms += _left_out(domain, survey.policy, certain, fail)
            symptoms += _left_out(domain, survey.policy, probable, warn)
    healthy = f"{domain} has an SPF record, with {survey.lookups} of {MOST_LOOKUPS} look-ups."
    return diagnose("spf", healthy, symptoms)


def follow(domain: str, look_up: LookUp) -> Survey:
    """Looks up the record of `domain` and everything it refers to."""
    survey = Survey()
    survey.policy = _Follower(survey, look_up).policy(domain, ())
    return survey


class _Follower:
    """Goes through a record and those it refers to, noting in the survey what it sees."""

    def __init__(self, survey: Survey, look_up: LookUp) -> None:
        self._survey = survey
        self._look_up = look_up

    def policy(self, domain: str, path: tuple[str, ...]) -> Policy | None:
        """The policy at `domain`, reached through those in `path`; None when there is none to be had."""
        note = self._survey.symptoms.append
        if domain in path:
            circle = " → ".join((*path[path.index(domain) :], domain))
            note(fail(f"The SPF record goes round in a circle: {circle}.", "Take one of these out."))
            return None
        answer = self._ask(domain, "TXT", counted=bool(path))
        if answer.status is Status.FAILED:
            return None
        texts = [text for text in answer.values if is_spf(text)]
        if not texts:
            note(_missing(domain, path))
            return None
        if len(texts) > 1:
            mend = "Make one of them: v=spf1, what each allows, and a single -all or ~all at its end."
            note(fail(f"{domain} has {len(texts)} SPF records, and receivers accept none of them.", mend))
            return None
        try:
            return self._parts(domain, parse_spf(texts[0]), (*path, domain))
        except SpfSyntaxError as error:
            mend = "Correct it: one term that is not understood spoils the whole record."
            note(fail(f"The SPF record of {domain} has a term that is none: {error}.", mend))
            return None

    def _parts(self, domain: str, record: SpfRecord, path: tuple[str, ...]) -> Policy:
        branches: list[Branch] = []
        for mechanism in record.mechanisms:
            branches.append(self._branch(mechanism, domain, path))
            if mechanism.name == "all":
                break
        redirect = None
        if record.redirect and self._may_ask():
            redirect = None if self._macro(record.redirect) else self.policy(record.redirect, path)
        return Policy(tuple(branches), redirect)

    def _branch(self, mechanism: Mechanism, domain: str, path: tuple[str, ...]) -> Branch:
        name, target = mechanism.name, mechanism.domain or domain
        if name == "all":
            return Branch(mechanism.qualifier, everybody=True)
        if mechanism.network is not None:
            return Branch(mechanism.qualifier, (mechanism.network,))
        if name in COUNTED and not self._may_ask():
            return Branch(mechanism.qualifier)
        if name == "ptr":
            self._survey.uncertain = True
            mend = "Replace it by the addresses (ip4:, ip6:)."
            self._survey.symptoms.append(
                warn(f"The SPF record of {domain} uses ptr, which is slow and not to be used.", mend)
            )
        elif self._macro(target):
            pass
        elif name == "include":
            return Branch(mechanism.qualifier, inner=self.policy(target, path) or Policy())
        elif name == "exists":
            found = self._ask(target, "A")
            return Branch(mechanism.qualifier, everybody=found.status is Status.FOUND)
        else:
            hosts = [target] if name == "a" else self._exchangers(target)
            return Branch(mechanism.qualifier, self._networks(hosts, mechanism.prefixes))
        return Branch(mechanism.qualifier)

    def _may_ask(self) -> bool:
        """Counts one more of the look-ups that receivers count; False when there were far too many."""
        self._survey.lookups += 1
        return self._survey.lookups <= _PATIENCE

    def _macro(self, domain: str) -> bool:
        """Whether a domain is only known when a message comes in (RFC 7208 7)."""
        found = "%" in domain
        self._survey.uncertain |= found
        return found

    def _exchangers(self, domain: str) -> Iterable[str]:
        hosts = [host for host in self._ask(domain, "MX").values if host]
        if len(hosts) > MOST_MX:
            self._survey.symptoms.append(
                fail(
                    f"mx in the SPF record means {len(hosts)} hosts of {domain}, and {MOST_MX} are the most.",
                    "Write their addresses instead (ip4:, ip6:).",
                )
            )
        return hosts[:MOST_MX]

    def _networks(self, hosts: Iterable[str], prefixes: tuple[int, int]) -> tuple[Network, ...]:
        networks: list[Network] = []
        for host in hosts:
            four, six = self._look_up(host, "A"), self._look_up(host, "AAAA")
            if four.void and six.void:
                self._survey.void.append(host)
            for answer, bits in ((four, prefixes[0]), (six, prefixes[1])):
                self._unless_failed(host, answer)
                networks += [ip_network(f"{value}/{bits}", strict=False) for value in answer.values]
        return tuple(networks)

    def _ask(self, name: str, kind: Kind, *, counted: bool = True) -> Answer:
        answer = self._look_up(name, kind)
        if answer.void and counted:
            self._survey.void.append(name)
        return self._unless_failed(name, answer)

    def _unless_failed(self, name: str, answer: Answer) -> Answer:
        if answer.status is Status.FAILED:
            self._survey.uncertain = True
            self._survey.symptoms.append(unknown(name, answer))
        return answer


def _missing(domain: str, path: Sequence[str]) -> Symptom:
    if path:
        return fail(
            f"The SPF record of {path[-1]} refers to {domain}, which has none.", f"Take {domain} out of it."
        )
    return fail(
        f"{domain} has no SPF record, so no server may send for it.",
        f"Publish a TXT record at {domain} with what your mail provider tells you, such as "
        '"v=spf1 include:spf.provider.example -all".',
    )


def _limits(survey: Survey) -> Iterator[Symptom]:
    if survey.lookups > MOST_LOOKUPS:
        count = f"more than {_PATIENCE}" if survey.lookups > _PATIENCE else str(survey.lookups)
        yield fail(
            f"The SPF record needs {count} look-ups, and receivers make {MOST_LOOKUPS} at most.",
            "Take out what you no longer send with, or write addresses (ip4:, ip6:) instead of names.",
        )
    if len(survey.void) > MOST_VOID:
        names = ", ".join(dict.fromkeys(survey.void))
        yield fail(
            f"{len(survey.void)} look-ups of the SPF record find nothing ({names}); {MOST_VOID} are allowed.",
            "Take these names out of the record.",
        )


def _strangers(domain: str, survey: Survey, policy: Policy) -> Iterator[Symptom]:
    outcome = policy.outcome(None)
    if outcome == _PASS:
        yield fail(
            f"The SPF record of {domain} lets everybody in the world send in its name.",
            "Let it end with -all or ~all, and include nothing that ends with +all.",
        )
    elif outcome == _NEUTRAL and not survey.uncertain:
        yield warn(
            f"The SPF record of {domain} says nothing about strangers.", "Let it end with -all or ~all."
        )


def _left_out(
    domain: str,
    policy: Policy,
    addresses: Sequence[Address],
    symptom: Callable[[str, str], Symptom],
) -> Iterator[Symptom]:
    """The addresses that may not send."""
    for address in addresses:
        if policy.outcome(address) != _PASS:
            yield symptom(
                f"The SPF record of {domain} does not let {address} send.",
                f"Add ip{address.version}:{address} to it, if mail leaves from there.",
            )
