"""What is said before a message: its envelope, as this server can take it (RFC 5321, 1870, 3461, 6531)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from newsletter.model import Fault, Message, Outcome, OutcomeKind

_NO_XTEXT = re.compile(r"[^!-*,-<>-~]")
_LONGEST_ENVID = 100


@dataclass(frozen=True, slots=True)
class Abilities:
    """What may be asked of a server on one connection.

    `most_octets` is the longest message that it takes (RFC 1870), 0 when it names none. `reports` means that
    it is asked to report failures only, with headers only, and to whose delivery they belong (RFC 3461).
    """

    pipelining: bool = False
    chunking: bool = False
    eight_bit: bool = False
    international: bool = False
    size: bool = False
    most_octets: int = 0
    reports: bool = False

    @classmethod
    def of(cls, offers: Mapping[str, str], distrusted: Collection[str], *, reports: bool) -> Abilities:
        """From EHLO keywords in capitals with their parameters, less those that proved to be empty words."""
        can = {keyword: value for keyword, value in offers.items() if keyword not in distrusted}
        limit = can.get("SIZE", "")
        return cls(
            pipelining="PIPELINING" in can,
            chunking="CHUNKING" in can,
            eight_bit="8BITMIME" in can,
            international="SMTPUTF8" in can and "8BITMIME" in can,  # RFC 6531 3.1: one with the other
            size="SIZE" in can,
            most_octets=int(limit) if limit.isascii() and limit.isdigit() else 0,
            reports=reports and "DSN" in can,
        )


def unspeakable(can: Abilities, message: Message) -> Outcome | None:
    """Why this message cannot even be tried here, or None."""
    recipient = message.recipient
    if not (recipient.isprintable() and message.sender.isprintable()):
        return Outcome(OutcomeKind.REFUSED, reply="the address cannot be said in SMTP", fault=Fault.RECIPIENT)
    if not recipient.isascii() and not can.international:
        said = "needs SMTPUTF8: the address has letters before the @ that this mail server cannot take"
        return Outcome(OutcomeKind.REFUSED, enhanced="5.6.7", reply=said, fault=Fault.RECIPIENT)
    if message.eight_bit and not can.eight_bit:
        said = "needs 8BITMIME: the message has letters that this mail server cannot take"
        return Outcome(OutcomeKind.DEFERRED, enhanced="5.6.3", reply=said, fault=Fault.SENDER)
    size = len(message.content)
    if can.most_octets and size > can.most_octets:
        said = f"the message has {size:,} octets, and the server takes {can.most_octets:,} at most"
        return Outcome(OutcomeKind.DEFERRED, 552, "5.3.4", said, fault=Fault.SENDER)
    return None


def mail_command(can: Abilities, message: Message) -> bytes:
    """MAIL with the parameters that the message needs and the server knows."""
    words = f"MAIL FROM:<{message.sender}>"
    if can.size:
        words += f" SIZE={len(message.content)}"
    if message.eight_bit:
        words += " BODY=8BITMIME"
    if not message.recipient.isascii():
        words += " SMTPUTF8"
    if can.reports:
        name = message.message_id.strip("<>").partition("@")[0]
        words += f" RET=HDRS ENVID={_xtext(name)[:_LONGEST_ENVID]}"
    return f"{words}\r\n".encode()


def rcpt_command(can: Abilities, message: Message) -> bytes:
    """RCPT, likewise."""
    words = f"RCPT TO:<{message.recipient}>"
    if can.reports:
        words += " NOTIFY=FAILURE"
        if message.recipient.isascii():
            words += f" ORCPT=rfc822;{_xtext(message.recipient)}"
    return f"{words}\r\n".encode()


def dotted(message: Message) -> bytes:
    """The content as it travels behind DATA: one more full stop where a line begins with one (5321 4.5.2)."""
    content = message.content
    if not message.dotless and (b"\n." in content or content.startswith(b".")):
        content = content.replace(b"\n.", b"\n..")
        return b"." + content if content.startswith(b".") else content
    return content


def _xtext(value: str) -> str:
    """RFC 3461 4: what is no plain character becomes +XX."""
    return _NO_XTEXT.sub(lambda found: f"+{ord(found[0]):02X}", value)
