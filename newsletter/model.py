"""The words of the house as frozen data: issue, edition, subscriber, delivery (see docs/glossary.md).

No behaviour beyond what follows from the fields themselves. Times are aware datetimes in UTC; dates are the
publisher's calendar dates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import IntEnum, StrEnum
from typing import TypeAlias

from newsletter.document import Body, Merge

# --- readers ---------------------------------------------------------------------------------------------


class Tier(StrEnum):
    """What a reader gets: everything, or everything but the members' parts."""

    FREE = "free"
    MEMBER = "member"


class Status(StrEnum):
    """Where a subscriber stands. Only ACTIVE ones are mailed; the last three are final but for the reader."""

    UNCONFIRMED = "unconfirmed"
    ACTIVE = "active"
    PAUSED = "paused"
    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A reader on the list.

    `public_id`: 8 random bytes, the subject of every token (the row number never leaves the machine).
    `email` is the address as typed, `email_key` as compared. `fields` are the publisher's own columns.
    """

    id: int
    public_id: bytes
    email: str
    email_key: str
    name: str = ""
    first_name: str = ""
    last_name: str = ""
    tier: Tier = Tier.FREE
    status: Status = Status.ACTIVE
    tags: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    joined_at: datetime | None = None


STANDARD_FIELDS = ("first_name", "last_name", "name", "email", "tier")
"""Merge fields that every publication has."""

CONDITIONS = tuple(tier.value for tier in Tier)
"""What only a choice of words may ask, beside the fields: `{{ "Thank you." if member else "Join us." }}`."""

# --- references ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Name:
    """An author: `family`, `given` and particle ("van der"); or `literal`, for an institution."""

    family: str = ""
    given: str = ""
    particle: str = ""
    suffix: str = ""
    literal: str = ""


@dataclass(frozen=True, slots=True)
class Reference:
    """A work that can be cited; `kind` is a CSL type (article-journal, book, chapter, thesis, webpage, …)."""

    key: str
    kind: str
    title: str
    authors: tuple[Name, ...] = ()
    editors: tuple[Name, ...] = ()
    year: str = ""
    container: str = ""
    volume: str = ""
    number: str = ""
    pages: str = ""
    edition: str = ""
    publisher: str = ""
    place: str = ""
    doi: str = ""
    pmid: str = ""
    url: str = ""
    accessed: str = ""
    file: str = ""
    line: int = 0


# --- issues and editions ---------------------------------------------------------------------------------


class IssueStatus(StrEnum):
    """DRAFT: still being written. READY: may be sent and archived. ARCHIVED: archived, never sendable."""

    DRAFT = "draft"
    READY = "ready"
    ARCHIVED = "archived"


@dataclass(frozen=True, slots=True)
class FeedSource:
    """A feed entry that an issue used: the next issue leaves it out.

    `feed` is the feed's name in newsletter.toml, `date` the day the entry appeared, and `hash` the
    fingerprint of its words, by which a later change is noticed.
    """

    guid: str = ""
    url: str = ""
    title: str = ""
    feed: str = ""
    date: date | None = None
    hash: str = ""


@dataclass(frozen=True, slots=True)
class Issue:
    """What the publisher wrote: front matter and text.

    `slug` is the file's name without date and ending; `file` its path relative to the publication; `lines`
    tells on which line each front matter key stands. `audience` is "everyone", "members" or "segment:NAME".
    """

    slug: str
    file: str
    title: str
    subject: str
    date: date
    body: Body
    preheader: str = ""
    status: IssueStatus = IssueStatus.DRAFT
    tags: tuple[str, ...] = ()
    audience: str = "everyone"
    canonical: str = ""
    corrects: str = ""
    sources: tuple[FeedSource, ...] = ()
    lines: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PictureFile:
    """What is known of a picture beside an issue: `width` and `height` in pixels, `size` in bytes.

    `format` is the lower-case name of what the bytes are ("png", "jpeg", "gif", "webp", "svg", …).
    """

    src: str
    width: int
    height: int
    size: int
    format: str


Segments: TypeAlias = tuple[str | Merge, ...]
"""Text with holes: literal runs and merge fields in turn."""

UNSUBSCRIBE_URL = "unsubscribe_url"
"""The merge field that every rendition has: the reader's own link for leaving."""


@dataclass(frozen=True, slots=True)
class Rendition:
    """An edition as one tier gets it. In `html` a hole stands where its value is escaped for HTML (text or
    attribute value); in `text` and `subject` it stands as it is."""

    tier: Tier
    subject: Segments
    html: Segments
    text: Segments


@dataclass(frozen=True, slots=True)
class Identity:
    """Who sends, and the addresses that belong to the list rather than to a reader.

    `from_address`, `reply_to` and `return_path` are bare addresses. `list_id` is the identifier alone
    ("weekly.example.org", RFC 2919). `unsubscribe_base` is the https address that a reader's token is
    appended to, "" when the publication has no web service; `unsubscribe_mailbox` takes the mailto way.
    `archive_url` is the address of the archive, `issue_url` of this issue in it. `feedback_id` tells mailbox
    providers which mailing a complaint is about, and no more. `language` is the one of the issue.
    """

    from_name: str
    from_address: str
    return_path: str
    list_id: str
    list_name: str
    unsubscribe_mailbox: str
    reply_to: str = ""
    unsubscribe_base: str = ""
    archive_url: str = ""
    issue_url: str = ""
    feedback_id: str = ""
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Edition:
    """An issue compiled and frozen for sending: one rendition a tier.

    `digest` is the SHA-256 (hex) over everything else, so that equal digests mean equal mail; commands show
    its first 12 digits.
    """

    slug: str
    title: str
    identity: Identity
    renditions: tuple[Rendition, ...]
    digest: str

    def rendition(self, tier: Tier) -> Rendition:
        """The rendition for `tier`; KeyError when the edition has none."""
        for rendition in self.renditions:
            if rendition.tier is tier:
                return rendition
        raise KeyError(tier)


# --- campaigns and deliveries ----------------------------------------------------------------------------


class DeliveryState(IntEnum):
    """The states of a delivery (docs/architecture.md draws the arrows); the numbers are stored."""

    PLANNED = 0
    CLAIMED = 1
    HANDED = 2
    ACCEPTED = 3
    REFUSED = 4
    DEFERRED = 5
    DOUBTFUL = 6
    SKIPPED = 7

    @property
    def label(self) -> str:
        """The state as people read it."""
        return self.name.lower()


class OutcomeKind(StrEnum):
    """What the transport said at once."""

    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    REFUSED = "refused"
    DOUBTFUL = "doubtful"


class Fault(StrEnum):
    """Whose fault a failure is: decides what happens to the reader and to the campaign."""

    NONE = ""
    RECIPIENT = "recipient"
    """The address does not take mail: refused, and (when permanent) suppressed."""
    SENDER = "sender"
    """Policy, authentication, blocked address, quota: the campaign pauses, the reader is not blamed."""
    LINE = "line"
    """The connection failed before the message was handed over: nothing happened, try again soon."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one handed message.

    `code` is the SMTP reply or HTTP status, `enhanced` the RFC 3463 code ("5.1.1"), `reply` the other side's
    words, `provider_id` its name for the message.
    """

    kind: OutcomeKind
    code: int = 0
    enhanced: str = ""
    reply: str = ""
    provider_id: str = ""
    fault: Fault = Fault.NONE

    @property
    def hard(self) -> bool:
        """True when the address itself is dead (5.1.x or 5.2.1, RFC 3463): it is never mailed again.

        A bare 550 is not enough: many servers say it about content or about us.
        """
        dead = self.enhanced.startswith("5.1.") or self.enhanced == "5.2.1"
        return dead and self.kind is OutcomeKind.REFUSED and self.fault is Fault.RECIPIENT


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that this process may carry out: who, and the how-many-th attempt (counted from 1)."""

    subscriber: Subscriber
    attempt: int


@dataclass(frozen=True, slots=True)
class Message:
    """MIME content and its envelope, ready for a transport.

    `content` has CRLF line ends, no line over 998 octets, only ASCII unless `eight_bit`; it ends with CRLF.
    `key` is the subscriber's row number, the name of the delivery in its campaign. `dotless` promises that
    no line begins with a full stop, so that nobody needs to look (RFC 5321 4.5.2).
    """

    key: int
    message_id: str
    sender: str
    recipient: str
    content: bytes
    eight_bit: bool = False
    dotless: bool = False


class CampaignState(StrEnum):
    """Derived from the ledger, never set by a counter; only PAUSED and CANCELLED are somebody's decision.

    SENDING: a process is at it now. UNFINISHED: something is left to send, and nobody is at it.
    """

    SENDING = "sending"
    UNFINISHED = "unfinished"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    SENT = "sent"


@dataclass(frozen=True, slots=True)
class Tally:
    """How many deliveries of a campaign are in each state; the values sum to the plan."""

    counts: Mapping[DeliveryState, int]

    def __getitem__(self, state: DeliveryState) -> int:
        return self.counts.get(state, 0)

    @property
    def total(self) -> int:
        """All deliveries of the plan."""
        return sum(self.counts.values())

    @property
    def remaining(self) -> int:
        """Deliveries not yet tried to the end: planned, claimed or handed. Deferred ones count apart, so that
        accepted + refused + deferred + doubtful + skipped + remaining is the plan."""
        return self[DeliveryState.PLANNED] + self[DeliveryState.CLAIMED] + self[DeliveryState.HANDED]

    @property
    def finished(self) -> bool:
        """True when nothing is left to do: no delivery is planned, claimed, handed or deferred."""
        return self.remaining == 0 and self[DeliveryState.DEFERRED] == 0


@dataclass(frozen=True, slots=True)
class Campaign:
    """The mailing of one edition to one audience, as the ledger has it."""

    id: int
    slug: str
    digest: str
    audience: str
    created_at: datetime
    state: CampaignState
    reason: str = ""
    """Why it is paused, in the words of whoever or whatever paused it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Who a campaign would mail, and who not and why (reason → how many)."""

    readers: int
    by_tier: Mapping[Tier, int]
    excluded: Mapping[str, int]
