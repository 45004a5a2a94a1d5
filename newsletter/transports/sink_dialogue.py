"""The sink's part of the conversation, line by line: strict about order, as servers should be (RFC 5321)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import Enum, auto
from typing import ClassVar

from newsletter.transports.login import LoginDesk
from newsletter.transports.sink_conduct import Conduct

_PATH = re.compile(r"(?:FROM|TO):\s*<([^<>]*)>(.*)", re.IGNORECASE)
_CHUNK = re.compile(r"([0-9]{1,9})(?: +(LAST))?", re.IGNORECASE)


class Then(Enum):
    """What follows a line: another one, a message up to its dot, a chunk of one, TLS, or nothing more."""

    LINE = auto()
    CONTENT = auto()
    CHUNK = auto()
    TLS = auto()
    END = auto()


class SinkDialogue:
    """One connection's conversation. `taken` counts the messages that were taken over it."""

    def __init__(self, conduct: Conduct, *, encrypted: bool) -> None:
        self.then = Then.LINE
        self.sender: str | None = None
        self.recipients: list[str] = []
        self.chunk = 0
        """Octets that follow, when a chunk does."""
        self.last = False
        """Whether that chunk is the message's last one."""
        self.taken = 0
        self.encrypted = encrypted
        self._conduct = conduct
        self._in_chunks = False
        self._login: LoginDesk | None = None
        self._logged_in = conduct.login is None

    def answer(self, line: str) -> list[str]:
        """The reply to a line, in lines; `then` says what follows."""
        self.then = Then.LINE
        if self._login is not None:
            return self._answer_login(self._login.take(line))
        verb, _, argument = line.partition(" ")
        command = self._COMMANDS.get(verb.upper())
        if command is None or (verb.upper() == "BDAT" and not self._conduct.chunking):
            return ["502 5.5.2 Unknown command"]
        said = command(self, argument.strip())
        return said if isinstance(said, list) else [said]

    def refuse_chunk(self) -> str:
        """Why the chunk that has just come is not taken, or ""; it was to be read anyway (RFC 3030 2)."""
        refusal = "" if self.recipients else "503 5.5.1 No valid recipients"
        if refusal and self.last:
            self.forget()
        self._in_chunks = not (refusal or self.last)
        return refusal

    def forget(self) -> None:
        """Ends the transaction."""
        self.sender = None
        self.recipients = []
        self._in_chunks = False

    def _ehlo(self, argument: str) -> list[str]:
        self.forget()
        offers = list(self._conduct.offers(encrypted=self.encrypted))
        return [
            f"250-sink greets {argument}",
            *(f"250-{offer}" for offer in offers[:-1]),
            f"250 {offers[-1]}",
        ]

    def _helo(self, _argument: str) -> str:
        self.forget()
        return "250 sink"

    def _mail(self, argument: str) -> str:
        path = _PATH.match(argument)
        if not self._logged_in:
            return "530 5.7.0 Authentication required"
        if self._conduct.close_after and self.taken >= self._conduct.close_after:
            self.then = Then.END
            return "421 4.7.0 Too many messages on this connection"
        if self.sender is not None:
            return "503 5.5.1 One at a time"
        if path is None:
            return "501 5.5.4 MAIL FROM:<address>"
        if "SMTPUTF8" in path[2].upper() and not self._conduct.international:
            return "555 5.5.4 SMTPUTF8 was not offered"
        self.sender = path[1]
        return "250 2.1.0 Ok"

    def _rcpt(self, argument: str) -> str:
        path = _PATH.match(argument)
        if self.sender is None or self._in_chunks:
            return "503 5.5.1 MAIL first"
        if path is None or not path[1]:
            return "501 5.5.4 RCPT TO:<address>"
        for pattern, reply in self._conduct.refuse:
            if pattern.search(path[1]):
                return reply
        self.recipients.append(path[1])
        return "250 2.1.5 Ok"

    def _data(self, _argument: str) -> str:
        if not self.recipients or self._in_chunks:
            return "503 5.5.1 No valid recipients"
        self.then = Then.CONTENT
        return "354 End with a dot on a line of its own"

    def _bdat(self, argument: str) -> str | list[str]:
        match = _CHUNK.fullmatch(argument)
        if match is None:
            return "501 5.5.4 BDAT SIZE [LAST]"
        self.then = Then.CHUNK
        self.chunk, self.last = int(match[1]), match[2] is not None
        return []

    def _rset(self, _argument: str) -> str:
        self.forget()
        return "250 2.0.0 Ok"

    def _noop(self, _argument: str) -> str:
        return "250 2.0.0 Ok"

    def _quit(self, _argument: str) -> str:
        self.then = Then.END
        return "221 2.0.0 Bye"

    def _starttls(self, _argument: str) -> str:
        if self.encrypted or not self._conduct.starttls:
            return "503 5.5.1 Not here"
        self.forget()
        self.then = Then.TLS
        return "220 2.0.0 Go ahead"

    def _auth(self, argument: str) -> str | list[str]:
        if self._conduct.login is None:
            return "503 5.5.1 Not here"
        self._login = LoginDesk(*self._conduct.login)
        return self._answer_login(self._login.begin(argument))

    def _answer_login(self, reply: str) -> list[str]:
        if not reply.startswith("334"):
            self._login = None
            self._logged_in = self._logged_in or reply.startswith("235")
        return [reply]

    _COMMANDS: ClassVar[Mapping[str, Callable[[SinkDialogue, str], str | list[str]]]] = {
        "EHLO": _ehlo,
        "HELO": _helo,
        "MAIL": _mail,
        "RCPT": _rcpt,
        "DATA": _data,
        "BDAT": _bdat,
        "RSET": _rset,
        "NOOP": _noop,
        "QUIT": _quit,
        "STARTTLS": _starttls,
        "AUTH": _auth,
    }
