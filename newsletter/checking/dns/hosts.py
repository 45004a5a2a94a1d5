"""Judging hosts: can a domain receive mail, and does an address know its own name?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address

from newsletter.checking.diagnosis import Diagnosis, Symptom, diagnose, fail, warn
from newsletter.checking.dns.answers import Address, LookUp, Status, unknown


def judge_receiving(domains: Mapping[str, Sequence[str]], look_up: LookUp) -> Diagnosis:
    """Whether the domains of our addresses take mail; the values say what each is used for ("from")."""
    symptoms = [symptom for domain, uses in domains.items() for symptom in _receiving(domain, uses, look_up)]
    return diagnose("mail-domains", f"{_listed(list(domains))} can receive mail.", symptoms)


def _receiving(domain: str, uses: Sequence[str], look_up: LookUp) -> Iterator[Symptom]:
    what = f"{domain} ({_listed(uses)})"
    exchangers = look_up(domain, "MX")
    if exchangers.status is Status.FOUND:
        if exchangers.values == ("",):
            yield fail(
                f"{what} says that it takes no mail (RFC 7505).",
                "Publish an MX record, or use an address whose mail is read.",
            )
        elif not any(addresses(host, look_up) for host in exchangers.values if host):
            yield warn(
                f"The mail servers of {what} have no addresses: {_listed(exchangers.values)}.",
                "Correct its MX records.",
            )
    elif exchangers.status is Status.FAILED:
        yield unknown(domain, exchangers)
    elif not addresses(domain, look_up):
        four = look_up(domain, "A")
        if four.status is Status.FAILED:
            yield unknown(domain, four)
        else:
            yield fail(
                f"{what} has neither a mail server (MX) nor an address, so mail to it is lost.",
                "Publish an MX record, or use another address.",
            )


def judge_reverse(certain: Sequence[Address], probable: Sequence[Address], look_up: LookUp) -> Diagnosis:
    """Whether the names of sending addresses lead back to them ("forward-confirmed reverse DNS").

    What is wrong with `probable` ones, which we only guessed, is worth a warning.
    """
    symptoms = [symptom for address in certain for symptom in _reverse(address, look_up)]
    for address in probable:
        symptoms += [warn(symptom.message, symptom.mend) for symptom in _reverse(address, look_up)]
    listed = _listed([str(address) for address in (*certain, *probable)])
    return diagnose("reverse-dns", f"The name of {listed} leads back to it.", symptoms)


def _reverse(address: Address, look_up: LookUp) -> Iterator[Symptom]:
    answer = look_up(address.reverse_pointer, "PTR")
    mend = f"Ask whoever gave you {address} to set its reverse DNS to the name of your mail server."
    if answer.status is Status.FAILED:
        yield unknown(f"The name of {address}", answer)
    elif not answer.values:
        yield fail(f"{address} has no name (PTR); large receivers turn its mail away.", mend)
    elif not any(address in addresses(name, look_up) for name in answer.values):
        yield fail(f"{address} is called {_listed(answer.values)}, a name that leads elsewhere.", mend)


def addresses(host: str, look_up: LookUp) -> list[Address]:
    """The addresses of a host, of both kinds."""
    return [ip_address(value) for kind in ("A", "AAAA") for value in look_up(host, kind).values]


def _listed(words: Sequence[str]) -> str:
    """Words with commas, and an "and" before the last."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
