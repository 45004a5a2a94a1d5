"""A strict fake of Resend's batch endpoint (resend.com/docs/api-reference/emails/send-batch-emails, 2026).

A request with a key that is known is answered as the first time, and nothing is taken again; with the same
key and another body it is refused.
"""

from __future__ import annotations

import json
import sys
from email.utils import parseaddr
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[3]))

from tests.transports.fakes.provider import TOKEN, Provider, main

FIELDS = {"from": str, "to": list, "reply_to": str, "subject": str, "html": str, "text": str, "headers": dict}
ERRORS = {
    400: "validation_error",
    401: "missing_api_key",
    404: "not_found",
    409: "invalid_idempotent_request",
    413: "validation_error",
    422: "validation_error",
    429: "rate_limit_exceeded",
    500: "internal_server_error",
    503: "internal_server_error",
}


class FakeResend(Provider):
    path = "/emails/batch"

    def __init__(self, journal: Path | None = None) -> None:
        super().__init__(journal)
        self.keys: dict[str, tuple[bytes, object]] = {}
        self.replays = 0
        self.restricted = False
        self.words = ""

    def known(self, headers: dict[str, str]) -> bool:
        return headers.get("authorization") == f"Bearer {TOKEN}"

    def get(self, path: str) -> tuple[int, object]:
        if self.restricted:
            said = "This API key is restricted to only send emails"
            return 401, {"statusCode": 401, "name": "restricted_api_key", "message": said}
        return (200, {"object": "list", "data": []}) if path == "/domains" else (404, self.error(404))

    def error(self, status: int) -> object:
        return {"statusCode": status, "name": ERRORS[status], "message": self.words or "Something is wrong."}

    def process(self, headers: dict[str, str], body: bytes) -> tuple[int, object]:
        key = headers["idempotency-key"]
        self.need(1 <= len(key) <= 256, "key")
        self.need(headers["x-batch-validation"] == "permissive", "mode")
        if key in self.keys:
            first, answer = self.keys[key]
            if first != body:
                self.complaints.append("one key for two requests")
                return 409, self.error(409)
            self.replays += 1
            return 200, answer
        items = json.loads(body)
        self.need(isinstance(items, list) and 1 <= len(items) <= 100, "batch")
        for item in items:
            self.check(item)
        answer = self.answer(items)
        self.keys[key] = (body, answer)
        return 200, answer

    def check(self, item: dict[str, Any]) -> None:
        self.need(set(item) <= set(FIELDS), f"unknown fields {set(item) - set(FIELDS)}")
        for name, value in item.items():
            self.need(isinstance(value, FIELDS[name]), f"type of {name}")
        self.need(parseaddr(item["from"])[1] and 1 <= len(item["to"]) <= 50, "mailboxes")
        self.need(item.get("html") or item.get("text"), "no body")
        for name, value in item["headers"].items():
            self.need(isinstance(value, str) and value.isascii() and value.isprintable(), name)

    def answer(self, items: list[dict[str, Any]]) -> dict[str, Any]:
        data, errors = [], []
        for place, item in enumerate(items):
            if parseaddr(item["to"][0])[1].startswith("invalid"):
                errors.append(
                    {"index": place, "message": "Invalid `to` field. The email address needs to follow …"}
                )
            elif parseaddr(item["to"][0])[1].startswith("pending"):
                errors.append({"index": place, "message": "The example.org domain is not verified."})
            else:
                delivery = item["headers"]["X-Entity-Ref-ID"]
                self.take(item, delivery, item["to"][0])
                data.append({"id": f"re-{delivery}"})
        return {"data": data, "errors": errors} if errors else {"data": data}


if __name__ == "__main__":
    main(FakeResend)
