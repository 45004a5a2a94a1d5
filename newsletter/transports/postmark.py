"""The postmark transport: up to 500 messages a request, through a broadcast stream (Email API, /email/batch).

Postmark knows no idempotency keys: a request whose answer is lost leaves its messages in doubt.
"""

from __future__ import annotations

from typing import Any

from newsletter.model import Outcome, OutcomeKind
from newsletter.transports.api import ApiSettings, ApiTransport
from newsletter.transports.calls import Reply
from newsletter.transports.letter import Letter
from newsletter.transports.verdicts import Failure, Trouble, retry_after

ENDPOINT = "https://api.postmarkapp.com"

_BAD_TOKEN = 10
_MAINTENANCE = 100
_INVALID = 300
_INACTIVE = 406
_TOO_MANY = 429
_SPOILED = frozenset({402, 403, 409, 410})
"""Codes for a body that cannot be read, or that holds too much."""


class PostmarkTransport(ApiTransport):
    """Sends through a Postmark server's message stream `stream`."""

    name = "postmark"
    most_messages = 500
    most_octets = 50_000_000
    largest_message = 10_000_000
    send_path = "/email/batch"
    check_path = "/server"
    hint = "check token in [delivery.postmark]: it is a server token, from the server's page “API Tokens”"

    def __init__(self, settings: ApiSettings, stream: str = "broadcast") -> None:
        super().__init__(settings)
        self._stream = stream

    def fields(self, token: str) -> dict[str, str]:
        """See `ApiTransport.fields`."""
        return {"X-Postmark-Server-Token": token}

    def fields_of(self, letter: Letter) -> dict[str, Any]:
        """See `ApiTransport.fields_of`."""
        own = [*letter.headers, ("Message-ID", letter.message_id), ("X-PM-KeepID", "true")]
        item: dict[str, Any] = {
            "From": letter.sender,
            "To": letter.recipient,
            "ReplyTo": letter.reply_to,
            "Subject": letter.subject,
            "HtmlBody": letter.html,
            "TextBody": letter.text,
            "Headers": [{"Name": name, "Value": value} for name, value in own],
            "MessageStream": self._stream,
            "Metadata": {"delivery": letter.delivery},
            "TrackOpens": False,
            "TrackLinks": "None",
        }
        return {name: value for name, value in item.items() if value != ""}

    def read(self, reply: Reply, count: int) -> list[Outcome] | Failure:
        """See `ApiTransport.read`. An ErrorCode of 0 is success; each message has one of its own."""
        answer = reply.json()
        if reply.status == 200:
            if isinstance(answer, list) and len(answer) == count and all(map(_is_result, answer)):
                return [self._outcome(entry) for entry in answer]
            return Failure(Trouble.UNKNOWN, reply.status, "an answer that cannot be read")
        code, words = _error(answer)
        return self._failure(reply, code, self.caller.harmless(words))

    def read_check(self, reply: Reply) -> Failure | None:
        """See `ApiTransport.read_check`."""
        if reply.status == 200:
            return None
        code, words = _error(reply.json())
        return self._failure(reply, code, self.caller.harmless(words))

    def _failure(self, reply: Reply, code: int, words: str) -> Failure:
        status = reply.status
        said = words or f"HTTP status {status}"
        if status == 401 or code == _BAD_TOKEN:
            return Failure(Trouble.AUTH, status, said)
        if status == _TOO_MANY or code == _TOO_MANY:
            return Failure(Trouble.THROTTLED, status, said, after=retry_after(reply))
        if status == 503 or code == _MAINTENANCE:
            return Failure(Trouble.RETRYABLE, status, said, after=retry_after(reply))
        if status >= 500 or status < 400:
            return Failure(Trouble.UNKNOWN, status, said)
        if status == 413 or code in _SPOILED or not code:
            return Failure(Trouble.REQUEST, status, said)
        return Failure(Trouble.SENDER, status, said)

    def _outcome(self, entry: dict[str, Any]) -> Outcome:
        code, words = entry["ErrorCode"], self.caller.harmless(entry["Message"])
        if code == 0:
            return Outcome(
                OutcomeKind.ACCEPTED, 200, reply=words, provider_id=str(entry.get("MessageID") or "")
            )
        if (
            code == _INACTIVE
        ):  # Postmark's own suppression list: a hard bounce, a complaint, a person who left
            failure = Failure(Trouble.RECIPIENT, code, words, enhanced="5.2.1")
        elif code == _INVALID and "'To'" in words:
            failure = Failure(Trouble.RECIPIENT, code, words, enhanced="5.1.3")
        elif code in (_TOO_MANY, _MAINTENANCE):
            failure = Failure(Trouble.RETRYABLE, code, words)
        else:
            failure = Failure(Trouble.SENDER, code, words)
        return failure.outcome


def _is_result(entry: object) -> bool:
    return (
        isinstance(entry, dict)
        and isinstance(entry.get("ErrorCode"), int)
        and isinstance(entry.get("Message"), str)
    )


def _error(answer: object) -> tuple[int, str]:
    return (
        (answer["ErrorCode"], answer["Message"])
        if isinstance(answer, dict) and _is_result(answer)
        else (0, "")
    )
