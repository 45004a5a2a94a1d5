"""Judging against a real name server on loopback."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from newsletter.checking.diagnosis import Diagnosis
from newsletter.checking.dns.answers import LookUp
from newsletter.network.resolver import DnsLookUp
from tests.network.dns_server import Zone, name_server

_Result = TypeVar("_Result")


def asking(zone: Zone, judge: Callable[[LookUp], _Result]) -> _Result:
    """What `judge` says when the DNS holds this zone."""
    with name_server(zone) as server:
        return judge(DnsLookUp(server.address))


def outcome(diagnosis: Diagnosis) -> tuple[str, str]:
    return str(diagnosis.grade), diagnosis.message
