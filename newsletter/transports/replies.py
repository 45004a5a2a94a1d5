"""What a mail server's refusal means: one table from stage, codes and words to outcome and fault.

The question behind each row is who has to do something. Nobody: it passes by itself, and the delivery is
deferred (fault LINE when the server is in trouble, RECIPIENT when this mailbox is). The reader: his address
takes no mail, and the delivery is refused. The sender: the server has something against us, and would have it
against the next reader too; so the delivery stays to be done (DEFERRED), the campaign pauses, and no reader
is blamed for it.

Enhanced codes (RFC 3463, RFC 5248) say more than the basic ones (RFC 5321 4.2.2); words decide where a server
has neither, or uses one code for two things, as it does with 5.7.1 and 4.7.1. A row may name the enhanced
code that its words amount to. It is filled in where the server gave none, so that a full mailbox (5.2.2) can
be told from one that is not there (5.1.1).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from newsletter.model import Fault, Outcome, OutcomeKind

_LONGEST_REPLY = 500


class Stage(Enum):
    """Where in a transaction the server answered.

    `asked` is what it answered, in words; `digit` begins the replies that let the transaction go on. CHUNK is
    a part of the message that is not the last one (RFC 3030), END its last octet, however it was sent.
    """

    RESET = ("RSET", 2)
    MAIL = ("MAIL", 2)
    RCPT = ("RCPT", 2)
    DATA = ("DATA", 3)
    CHUNK = ("BDAT", 2)
    END = ("the message", 2)

    def __init__(self, asked: str, digit: int) -> None:
        self.asked = asked
        self.digit = digit

    def goes_on(self, code: int) -> bool:
        """True when `code` lets the transaction go on."""
        return code // 100 == self.digit


_BEFORE_THE_READER = frozenset({Stage.RESET, Stage.MAIL})
_ABOUT_THE_READER = frozenset({Stage.RCPT, Stage.END})
_ANYWHERE = frozenset(Stage)

_REFUSED_READER = (OutcomeKind.REFUSED, Fault.RECIPIENT)
_LATER_READER = (OutcomeKind.DEFERRED, Fault.RECIPIENT)
_LATER_SENDER = (OutcomeKind.DEFERRED, Fault.SENDER)
_LATER_LINE = (OutcomeKind.DEFERRED, Fault.LINE)

_GREYLIST = r"gr[ae]y-?\s?list"
_LATER = r"come back|first[- ]time|(?:try|retry) (?:again )?later|try again in \d+"
_SENDING_LIMIT = (
    r"(?:sending|message|sender|hourly|daily) (?:sending |message |user )?(?:quota|limit|rate)"
    r"|rate[- ]?limit|throttl|unusual (?:rate|volume)"
    r"|too (?:many|much) (?:messages?|mails?|e-mails?|recipients?|requests?)"
)
_CONNECTIONS = r"too many.{0,40}(?:connection|session)|(?:per|in this|this) (?:smtp )?(?:connection|session)"
_POLICY = (
    r"\bspam|unsolicited|black-?\s?list|block-?\s?list|deny-?\s?list|\bblocked\b|dnsbl|\brbl\b"
    r"|reputation|complaint|\bspf\b|\bdkim\b|\bdmarc\b|unauthenticated|\bpolicy\b|\bbanned\b"
)
_RELAY = (
    r"relay(?:ing)? (?:access )?(?:is )?(?:denied|prohibited|not (?:permitted|allowed))"
    r"|(?:permitted|able) to relay|auth(?:entication)? (?:is )?required|must (?:authenticate|log ?in)"
)
_NO_SUCH_USER = (
    r"(?:unknown|invalid|no such|non-?existent) (?:local )?(?:user|recipient|mailbox|address|account|person)"
    r"|(?:user|recipient|mailbox|address|account) (?:is )?(?:unknown|invalid|not found|not known)"
    r"|do(?:es)?(?: not|n['’]t) exist|no mailbox|not our customer|unrouteable address"
)
_UNAVAILABLE = r"mailbox unavailable"
_DISABLED = r"(?:account|mailbox|user|recipient) (?:is |has been )?(?:disabled|inactive|suspended|closed)"
_FULL = r"(?:mailbox|inbox) (?:is )?(?:full|over)|over ?quota|quota (?:is )?exceeded|exceed\w* .{0,30}quota"
_TOO_BIG = r"(?:message|mail|size).{0,40}(?:too (?:big|large)|exceed)|exceed.{0,40}size"


@dataclass(frozen=True, slots=True)
class _Row:
    """All patterns must fit; an empty one fits everything. `amounts_to` is the finding's enhanced code."""

    stages: frozenset[Stage]
    code: str
    enhanced: str
    words: str
    finding: tuple[OutcomeKind, Fault]
    amounts_to: str = ""


# The first row that fits decides.
_TABLE = (
    # 421: the server closes this connection. Its own limits for one connection are nobody's fault; what it
    # has against our address or our volume is ours.
    _Row(_ANYWHERE, "421", "", _CONNECTIONS, _LATER_LINE),
    _Row(_ANYWHERE, "421", "", f"{_SENDING_LIMIT}|{_POLICY}", _LATER_SENDER),
    _Row(_ANYWHERE, "421", r"4\.7\..*", "", _LATER_SENDER),
    _Row(_ANYWHERE, "421", "", "", _LATER_LINE),
    # No login, or the wrong one, whenever the server notices.
    _Row(_ANYWHERE, "530|534|535|538", "", "", _LATER_SENDER),
    _Row(_ANYWHERE, "", "", _RELAY, _LATER_SENDER, "5.7.1"),
    # How much we may send. Amazon says it with 454, Gmail with 5.4.5.
    _Row(_ANYWHERE, "454", "", "", _LATER_SENDER),
    _Row(_ANYWHERE, "", r"5\.4\.5", "", _LATER_SENDER),
    _Row(_ANYWHERE, "", "", _SENDING_LIMIT, _LATER_SENDER),
    # Before the reader was named, only the sender or the server can be meant.
    _Row(_BEFORE_THE_READER, "4..", r"4\.7\..*", "", _LATER_SENDER),
    _Row(_BEFORE_THE_READER, "4..", "", "", _LATER_LINE),
    _Row(_BEFORE_THE_READER, "5..", "", "", _LATER_SENDER),
    # Temporary refusals of one reader. Greylisting uses the policy codes and is none: it passes by waiting.
    _Row(_ANYWHERE, "4..", "", _GREYLIST, _LATER_READER),
    _Row(_ANYWHERE, "4..", "", _POLICY, _LATER_SENDER),
    _Row(_ANYWHERE, "4..", "", _LATER, _LATER_READER),
    _Row(_ANYWHERE, "4..", r"4\.7\..*", "", _LATER_SENDER),
    _Row(_ANYWHERE, "4..", "", _FULL, _LATER_READER, "4.2.2"),
    _Row(_ANYWHERE, "4..", "", "", _LATER_READER),
    # Policy codes that are about the reader: 5.7.2 closed list, 5.7.13 account disabled, 5.7.17 and 5.7.18
    # address has a new owner (RFC 7293); and servers that answer 5.7.1 to hide who exists.
    _Row(_ABOUT_THE_READER, "5..", r"5\.7\.(?:2|13|17|18)", "", _REFUSED_READER),
    _Row(_ABOUT_THE_READER, "5..", r"5\.7\..*", _NO_SUCH_USER, _REFUSED_READER),
    _Row(_ANYWHERE, "5..", r"5\.7\..*", "", _LATER_SENDER),
    # Addresses: 5.1.7 and 5.1.8 are the sender's, the others the reader's. Outlook.com says 5.5.0.
    _Row(_ANYWHERE, "5..", r"5\.1\.[78]", "", _LATER_SENDER),
    _Row(_ABOUT_THE_READER, "5..", r"5\.[12]\..*", "", _REFUSED_READER),
    _Row(_ABOUT_THE_READER, "5..", r"5\.5\..*", f"{_NO_SUCH_USER}|{_UNAVAILABLE}", _REFUSED_READER),
    # The message itself, the same for all: too big (5.3.4), contents not supported (5.6.x, though at RCPT
    # 5.6.7 is an address that needs SMTPUTF8); or a dialogue that went wrong (5.5.x, 500 to 504).
    _Row(_ANYWHERE, "5..", r"5\.3\.4", "", _LATER_SENDER),
    _Row(frozenset({Stage.END}), "5..", r"5\.6\..*", "", _LATER_SENDER),
    _Row(_ANYWHERE, "5..", r"5\.5\..*", "", _LATER_SENDER),
    _Row(_ANYWHERE, "50[0-4]", "", "", _LATER_SENDER),
    # The reader's server cannot be reached or does not want this: nothing that we could mend.
    _Row(_ABOUT_THE_READER, "5..", r"5\.[346]\..*", "", _REFUSED_READER),
    # No telling code: the words.
    _Row(_ABOUT_THE_READER, "5..", "", _NO_SUCH_USER, _REFUSED_READER, "5.1.1"),
    _Row(_ABOUT_THE_READER, "5..", "", _DISABLED, _REFUSED_READER, "5.2.1"),
    _Row(_ABOUT_THE_READER, "5..", "", _FULL, _REFUSED_READER, "5.2.2"),
    _Row(_ABOUT_THE_READER, "55[24]", "", _TOO_BIG, _LATER_SENDER, "5.3.4"),
    _Row(_ANYWHERE, "5..", "", _POLICY, _LATER_SENDER, "5.7.1"),
    # A bare refusal of one reader is taken at its word, but proves no dead address: it gets no 5.1.x.
    _Row(_ABOUT_THE_READER, "5..", "", "", _REFUSED_READER),
    _Row(_ANYWHERE, "5..", "", "", _LATER_SENDER),
)
_COMPILED = tuple(
    (row, re.compile(row.code), re.compile(row.enhanced), re.compile(row.words, re.IGNORECASE))
    for row in _TABLE
)
_ADDRESSES = re.compile(r"<[^<>]*>|\S+@\S+")
_QUEUE_NAME = re.compile(r"(?:queued as |\bid=|^ok:? (?=\S+$))<?([\w.@-]{6,100})", re.IGNORECASE)


def classify(code: int, enhanced: str, text: str, stage: Stage) -> Outcome:
    """The outcome that a server's answer amounts to.

    `code` is the reply code, `enhanced` its RFC 3463 code or "", `text` its words. A positive answer is
    ACCEPTED to the message itself; to an earlier stage it is no outcome at all: ValueError.
    """
    reply = text[:_LONGEST_REPLY]
    if code < 400:
        if stage is not Stage.END or not stage.goes_on(code):
            raise ValueError(f"{code} to {stage.asked} is no outcome")
        queued = _QUEUE_NAME.search(text)
        return Outcome(OutcomeKind.ACCEPTED, code, enhanced, reply, provider_id=queued[1] if queued else "")
    said = _ADDRESSES.sub("", text)  # an address may hold any of the words that the table looks for
    for row, codes, enhanceds, words in _COMPILED:
        if (
            stage in row.stages
            and (not row.code or codes.fullmatch(str(code)))
            and (not row.enhanced or enhanceds.fullmatch(enhanced))
            and (not row.words or words.search(said))
        ):
            kind, fault = row.finding
            return Outcome(kind, code, _telling(enhanced, row.amounts_to), reply, fault=fault)
    raise ValueError(f"{code} is no SMTP reply code")


def _telling(enhanced: str, amounts_to: str) -> str:
    """The server's enhanced code, unless it says nothing ("5.0.0") and the words say more."""
    return amounts_to if amounts_to and enhanced in ("", "5.0.0", "4.0.0") else enhanced
