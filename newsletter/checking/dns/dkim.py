"""Judging the DKIM records in the DNS (RFC 6376 3.6.1): do they let receivers check our signatures?"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterator, Sequence

from newsletter.checking.diagnosis import Diagnosis, Symptom, diagnose, fail, warn
from newsletter.checking.dns.answers import LookUp, Status, tags, unknown
from newsletter.delivery.dkim_keys import SigningKey, record_name


def judge_dkim(domain: str, keys: Sequence[SigningKey], look_up: LookUp) -> Diagnosis:
    """The records of the keys that our mail is signed with."""
    symptoms = [symptom for key in keys for symptom in _record(domain, key, look_up)]
    names = " and ".join(record_name(key.selector, domain) for key in keys)
    return diagnose("dkim", f"The DNS holds our key at {names}.", symptoms)


def _record(domain: str, key: SigningKey, look_up: LookUp) -> Iterator[Symptom]:
    name = record_name(key.selector, domain)
    publish = f"Publish a TXT record at {name}:\n{key.record}"
    answer = look_up(name, "TXT")
    if answer.status is Status.FAILED:
        yield unknown(name, answer)
    elif not answer.values:
        yield fail(f"There is no DKIM record at {name}, so nobody can check our signatures.", publish)
    elif len(answer.values) > 1:
        yield fail(
            f"There are {len(answer.values)} TXT records at {name}, and receivers may take any of them.",
            f"Leave only this one:\n{key.record}",
        )
    else:
        yield from _contents(name, tags(answer.values[0]), key, publish)


def _contents(name: str, found: dict[str, str], key: SigningKey, publish: str) -> Iterator[Symptom]:
    octets = _octets(found.get("p"))
    if found.get("v", "DKIM1") != "DKIM1" or octets is None:
        yield fail(f"What stands at {name} is no DKIM record.", publish)
        return
    if not octets:
        yield fail(f"The key at {name} was taken back (p= is empty).", publish)
    elif octets != key.public or found.get("k", "rsa").lower() != key.kind:
        yield fail(
            f"The key at {name} is another one than ours, so every signature fails.",
            f"{publish}\nOr set delivery.dkim to the key and selector that belong together.",
        )
    if "sha256" not in _values(found, "h", "sha256"):
        yield fail(f"The record at {name} does not allow SHA-256 (h={found['h']}).", "Take h= out of it.")
    if not {"*", "email"} & _values(found, "s", "*"):
        yield fail(f"The record at {name} is not for mail (s={found['s']}).", "Take s= out of it.")
    if "y" in _values(found, "t", ""):
        yield warn(
            f"The record at {name} says that DKIM is only being tried (t=y), so signatures count for little.",
            "Take t=y out of it.",
        )


def _octets(text: str | None) -> bytes | None:
    try:
        return None if text is None else b64decode("".join(text.split()), validate=True)
    except Base64Error:
        return None


def _values(found: dict[str, str], tag: str, default: str) -> set[str]:
    return {value.strip().lower() for value in found.get(tag, default).split(":")}
