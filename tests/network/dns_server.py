"""A name server on loopback, over UDP and TCP, that answers from a dictionary."""

from __future__ import annotations

import socketserver
import struct
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

Zone = Mapping[str, Mapping[str, Sequence[str]]]
"""Records by name and kind, as zone files have them; "ERROR" and "SILENCE" are kinds for trouble."""

_TTL = 60


class NameServer:
    """Answers questions about a zone, and remembers them."""

    def __init__(self, zone: Zone) -> None:
        self.zone = {name.lower(): dict(records) for name, records in zone.items()}
        self.asked: list[tuple[str, str]] = []
        self.port = 0

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def answer(self, wire: bytes, *, udp: bool) -> bytes | None:
        """The answer to a question; None for silence."""
        query = dns.message.from_wire(wire)
        (question,) = query.question
        name = str(question.name).rstrip(".").lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, kind))
        records = self.zone.get(name)
        if records is not None and "SILENCE" in records:
            return None
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        if records is not None and "ERROR" in records:
            response.set_rcode(dns.rcode.SERVFAIL)
        elif records is None and not any(known.endswith(f".{name}") for known in self.zone):
            response.set_rcode(dns.rcode.NXDOMAIN)
        else:
            self._fill(response, name, kind)
        whole = response.to_wire(max_size=65535)
        if udp and len(whole) > (query.payload or 512):
            short = dns.message.make_response(query)
            short.flags |= dns.flags.TC
            return short.to_wire()
        return whole

    def _fill(self, response: dns.message.Message, name: str, kind: str) -> None:
        for _ in range(10):  # aliases may go round in a circle
            records = self.zone.get(name, {})
            asked, found = (
                (kind, records.get(kind)) if "CNAME" not in records else ("CNAME", records["CNAME"])
            )
            if found:
                response.answer.append(
                    dns.rrset.from_text_list(f"{name}.", _TTL, dns.rdataclass.IN, asked, list(found))
                )
            if asked != "CNAME" or not found:
                return
            name = found[0].rstrip(".").lower()


class _Udp(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        wire, sock = self.request
        answer = self.server.names.answer(wire, udp=True)  # type: ignore[attr-defined]  # set below
        if answer is not None:
            sock.sendto(answer, self.client_address)


class _Tcp(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        while length := self.rfile.read(2):
            wire = self.rfile.read(struct.unpack("!H", length)[0])
            answer = self.server.names.answer(wire, udp=False)  # type: ignore[attr-defined]  # set below
            if answer is not None:
                self.wfile.write(struct.pack("!H", len(answer)) + answer)


def _bound() -> tuple[socketserver.ThreadingUDPServer, socketserver.ThreadingTCPServer]:
    """Servers on one port, which must be free for both."""
    while True:
        udp = socketserver.ThreadingUDPServer(("127.0.0.1", 0), _Udp)
        try:
            return udp, socketserver.ThreadingTCPServer(udp.server_address, _Tcp)
        except OSError:
            udp.server_close()


@contextmanager
def name_server(zone: Zone) -> Iterator[NameServer]:
    """A name server for the length of the block."""
    names = NameServer(zone)
    udp, tcp = _bound()
    names.port = udp.server_address[1]
    tcp.daemon_threads = udp.daemon_threads = True
    for server in (udp, tcp):
        vars(server)["names"] = names  # for the handlers
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield names
    finally:
        for server in (udp, tcp):
            server.shutdown()
            server.server_close()


def text(value: str) -> str:
    """A TXT record as zone files have it, cut into strings."""
    strings = [value[start : start + 255] for start in range(0, len(value), 255)] or [""]
    return " ".join('"' + string.replace("\\", "\\\\").replace('"', '\\"') + '"' for string in strings)


def txt(*values: str) -> dict[str, list[str]]:
    """The TXT records of a name."""
    return {"TXT": [text(value) for value in values]}
