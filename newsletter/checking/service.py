"""Judging what web servers answer: the one-click address for leaving (RFC 8058), and the time they have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from newsletter.checking.diagnosis import Diagnosis, Grade, diagnose, fail, warn

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
"""The form that mail programs post (RFC 8058 3.2)."""

NOBODY = "A" * 32
"""A token as long as those in the mail, and nobody's: its code would have to be a keyed hash of itself."""

_SMALL, _LARGE = timedelta(minutes=1), timedelta(hours=1)
_UNKNOWN_TOKEN = (400, 404, 410, 422)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a web server answered; `fault` tells why it did not.

    `location` is where a redirect points to, `date` the server's time when it answered, `received` ours.
    """

    url: str
    status: int = 0
    location: str = ""
    date: datetime | None = None
    received: datetime | None = None
    fault: str = ""


def judge_one_click(reply: Reply, health: Reply | None) -> Diagnosis:
    """Whether a mail program's POST with a token would be heard.

    `reply` is the answer to a token that is nobody's. Where that token is not known, `health` is what
    `/healthz` answers: it tells our service from any other server that has no such page.
    """
    check, place = "one-click", reply.url.removesuffix(NOBODY)
    if reply.fault:
        found = fail(
            f"{place}… cannot be asked: {reply.fault}.",
            "Look whether the web service runs, and whether service.url is right.",
        )
    elif 300 <= reply.status < 400:
        found = fail(
            f"{place}… sends mail programs elsewhere ({reply.status}: {reply.location}); they do not go.",
            "Set service.url to the final address, with https:// and the right host.",
        )
    elif reply.status in _UNKNOWN_TOKEN and not (health and 200 <= health.status < 300):
        found = warn(
            f"{place}… answers {reply.status}, and nothing shows that the service runs there.",
            "Look whether the web service runs, and whether service.url is right.",
        )
    elif 200 <= reply.status < 300 or reply.status in _UNKNOWN_TOKEN:
        return Diagnosis(check, Grade.OK, f"{place}… takes one-click unsubscribing (RFC 8058).")
    elif reply.status in (401, 403, 407, 511):
        found = fail(
            f"{place}… wants to know who is asking ({reply.status}), which a mail program cannot tell.",
            "Let everybody POST there: no login, no cookies, no check for robots.",
        )
    else:
        found = fail(
            f"{place}… does not take a mail program's POST: it answers {reply.status}.",
            "Look into the log of the server.",
        )
    return diagnose(check, "", [found])


def judge_clock(replies: Sequence[Reply]) -> Diagnosis:
    """Our clock against the one of the first server that told its time."""
    told = next((reply for reply in replies if reply.date and reply.received), None)
    if told is None or told.date is None or told.received is None:
        return Diagnosis("clock", Grade.SKIP, "No server told its time.")
    difference = told.received - told.date
    size = abs(difference)
    way = "ahead" if difference > timedelta() else "behind"
    seconds = round(size.total_seconds())
    found = []
    if size > _SMALL:
        symptom = fail if size > _LARGE else warn
        found.append(
            symptom(
                f"The clock here is {seconds:,} seconds {way} of the one at {told.url}.",
                "Let the system set it (timedatectl set-ntp true): dates and signatures depend on it.",
            )
        )
    return diagnose("clock", "The clock is right.", found)
