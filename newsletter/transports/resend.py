"""The resend transport: up to 100 messages a request, each request with an idempotency key (/emails/batch).

Within 24 hours Resend answers a request that it knows by its key as it did the first time, and sends nothing
again. But the request has to be the very same one, so each is kept in a book until its answer is there, and a
message whose fate is open is never put into another request.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from newsletter.model import Outcome, OutcomeKind
from newsletter.protocols import Desk
from newsletter.transports.api import ApiSettings, ApiTransport
from newsletter.transports.batches import Request
from newsletter.transports.calls import Reply
from newsletter.transports.letter import Letter
from newsletter.transports.request_book import RequestBook
from newsletter.transports.verdicts import Failure, Trouble, retry_after

ENDPOINT = "https://api.resend.com"

KEYS_LAST = 23 * 3600.0
"""Seconds that we trust a key for: an hour less than Resend remembers it."""

_QUOTAS = frozenset({"daily_quota_exceeded", "monthly_quota_exceeded"})
_TOO_LATE = Outcome(
    OutcomeKind.DOUBTFUL, reply="no answer came within the day that Resend remembers a request for"
)


class ResendTransport(ApiTransport):
    """Sends through Resend. `book` is the file in which requests are kept, private to its owner."""

    name = "resend"
    repeatable = True
    most_messages = 100
    most_octets = 40_000_000
    largest_message = 40_000_000
    send_path = "/emails/batch"
    check_path = "/domains"
    hint = "check token in [delivery.resend]: it is an API key, and may be one that can only send"

    def __init__(self, settings: ApiSettings, book: Path) -> None:
        super().__init__(settings)
        self._book = RequestBook(book)
        self._key = ""
        """Of the request that is being made; there is never more than one."""

    def fields(self, token: str) -> dict[str, str]:
        """See `ApiTransport.fields`."""
        return {"Authorization": f"Bearer {token}", "User-Agent": "newsletter"}

    def fields_of(self, letter: Letter) -> dict[str, Any]:
        """See `ApiTransport.fields_of`."""
        item: dict[str, Any] = {
            "from": letter.sender,
            "to": [letter.recipient],
            "reply_to": letter.reply_to,
            "subject": letter.subject,
            "html": letter.html,
            "text": letter.text,
            "headers": {**dict(letter.headers), "X-Entity-Ref-ID": letter.delivery},
        }
        return {name: value for name, value in item.items() if value != ""}

    def extra(self) -> Mapping[str, str]:
        """See `ApiTransport.extra`."""
        return {"Idempotency-Key": self._key, "x-batch-validation": "permissive"}

    def read(self, reply: Reply, count: int) -> list[Outcome] | Failure:
        """See `ApiTransport.read`. Errors name their message by its place; the others' ids come in order."""
        answer = reply.json()
        if reply.status in (200, 201):
            return self._outcomes(answer, count) or Failure(
                Trouble.UNKNOWN, reply.status, "an answer that cannot be read"
            )
        return self._failure(reply, answer)

    def read_check(self, reply: Reply) -> Failure | None:
        """See `ApiTransport.read_check`. A key that can only send is a good key."""
        answer = reply.json()
        if reply.status == 200 or _error(answer)[0] == "restricted_api_key":
            return None
        return self._failure(reply, answer)

    def _outcomes(self, answer: object, count: int) -> list[Outcome] | None:
        data = answer.get("data") if isinstance(answer, dict) else None
        errors = (answer.get("errors") or []) if isinstance(answer, dict) else []
        if not isinstance(data, list) or not isinstance(errors, list) or len(data) + len(errors) != count:
            return None
        wrong: dict[int, Outcome] = {}
        for error in errors:
            place = error.get("index") if isinstance(error, dict) else None
            if not isinstance(place, int) or not 0 <= place < count:
                return None
            wrong[place] = self._refusal(str(error.get("message", "")))
        names = iter([entry.get("id") if isinstance(entry, dict) else None for entry in data])
        if len(wrong) != len(errors):
            return None
        return [wrong.get(place) or _accepted(next(names)) for place in range(count)]

    def _refusal(self, words: str) -> Outcome:
        """Of one message; only what is said about `to` is the reader's."""
        said = self.caller.harmless(words)
        if "`to`" in words:
            return Failure(Trouble.RECIPIENT, 422, said, enhanced="5.1.3").outcome
        return Failure(Trouble.SENDER, 422, said).outcome

    def _failure(self, reply: Reply, answer: object) -> Failure:
        name, words = _error(answer)
        status, said = reply.status, self.caller.harmless(words) or f"HTTP status {reply.status}"
        if name in _QUOTAS:
            return Failure(Trouble.SENDER, status, said)
        if status == 429:
            reset = reply.headers.get("ratelimit-reset", "")
            after = retry_after(reply) or (float(reset) if reset[:9].isdecimal() else None)
            return Failure(Trouble.THROTTLED, status, said, after=after)
        if name in ("missing_api_key", "invalid_api_key", "restricted_api_key") or status == 401:
            return Failure(Trouble.AUTH, status, said)
        if name == "concurrent_idempotent_requests" or status >= 500 or status < 400:
            return Failure(Trouble.UNKNOWN, status, said, after=retry_after(reply))
        if status == 422 and "`to`" in words:
            return Failure(Trouble.REQUEST, status, said, enhanced="5.1.3", about_reader=True)
        if status in (400, 413, 422):
            return Failure(Trouble.REQUEST, status, said)
        return Failure(Trouble.SENDER, status, said)

    async def lane(self, desk: Desk) -> None:
        """See `protocols.Transport.lane`."""
        try:
            await super().lane(desk)
        finally:
            self._book.close()  # it opens again when it is needed

    # --- the book ----------------------------------------------------------------------------------------

    def recall(self, message_id: str) -> Outcome | Request | None:
        """See `ApiTransport.recall`."""
        return self._book.find(message_id, KEYS_LAST, _TOO_LATE)

    def begin(self, request: Request) -> None:
        """See `ApiTransport.begin`."""
        self._key = self._book.begin(request)

    def learn(self, answer: list[Outcome] | Failure) -> list[Outcome] | Failure:
        """See `ApiTransport.learn`. While one try is unanswered, nothing can be concluded from others."""
        key = self._key
        if isinstance(answer, list):
            self._book.answered(key, answer)
            return answer
        if answer.trouble is Trouble.UNKNOWN:
            self._book.doubt(key)
            return replace(answer, trouble=Trouble.RETRYABLE)
        if not self._book.doubted(key):
            self._book.forget(key)
        elif answer.trouble is Trouble.REQUEST:
            return replace(answer, trouble=Trouble.SENDER)  # not to be taken apart
        return answer


def _accepted(name: object) -> Outcome:
    return Outcome(OutcomeKind.ACCEPTED, 200, provider_id=str(name or ""))


def _error(answer: object) -> tuple[str, str]:
    if not isinstance(answer, dict):
        return "", ""
    return str(answer.get("name") or ""), str(answer.get("message") or "")
