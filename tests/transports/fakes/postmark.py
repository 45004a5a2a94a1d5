"""A strict fake of Postmark's Email API (postmarkapp.com/developer/api/email-api, as of 2026)."""

from __future__ import annotations

import json
import sys
from email.utils import parseaddr
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[3]))

from tests.transports.fakes.provider import TOKEN, Provider, main

FIELDS = {
    "From": str,
    "To": str,
    "ReplyTo": str,
    "Subject": str,
    "HtmlBody": str,
    "TextBody": str,
    "Headers": list,
    "MessageStream": str,
    "Metadata": dict,
    "TrackOpens": bool,
    "TrackLinks": str,
}
ERRORS = {
    401: (10, "Bad or missing API token."),
    404: (0, "Not found"),
    413: (0, "Payload too large"),
    422: (402, "Received invalid JSON input."),
    429: (429, "Rate limit exceeded"),
    500: (0, "Internal Server Error"),
    503: (100, "Maintenance"),
}


class FakePostmark(Provider):
    path = "/email/batch"

    def known(self, headers: dict[str, str]) -> bool:
        return headers.get("x-postmark-server-token") == TOKEN

    def get(self, path: str) -> tuple[int, object]:
        return (200, {"ID": 1, "Name": "News"}) if path == "/server" else (404, self.error(404))

    def error(self, status: int) -> object:
        code, words = ERRORS[status]
        return {"ErrorCode": code, "Message": words}

    def process(self, headers: dict[str, str], body: bytes) -> tuple[int, object]:
        self.need(headers["accept"] == "application/json", "Accept")
        self.need(len(body) <= 50_000_000, "payload")
        items = json.loads(body)
        self.need(isinstance(items, list) and 1 <= len(items) <= 500, "batch")
        for item in items:
            self.check(item)
        return 200, [self.answer(item) for item in items]

    def check(self, item: dict[str, Any]) -> None:
        self.need(set(item) <= set(FIELDS), f"unknown fields {set(item) - set(FIELDS)}")
        for name, value in item.items():
            self.need(isinstance(value, FIELDS[name]), f"type of {name}")
        self.need(parseaddr(item["From"])[1] and parseaddr(item["To"])[1], "mailboxes")
        self.need(item.get("HtmlBody") or item.get("TextBody"), "no body")
        self.need(item["TrackLinks"] in ("None", "HtmlAndText", "HtmlOnly", "TextOnly"), "TrackLinks")
        self.need(len(item["Metadata"]) <= 10, "metadata")
        for name, value in item["Metadata"].items():
            self.need(len(name) <= 20 and isinstance(value, str) and len(value) <= 80, "metadata")
        for field in item["Headers"]:
            self.need(set(field) == {"Name", "Value"}, "header")
            self.need(field["Value"].isascii() and field["Value"].isprintable(), field["Name"])

    def answer(self, item: dict[str, Any]) -> dict[str, Any]:
        to = parseaddr(item["To"])[1]
        if to.startswith("inactive"):
            return {
                "ErrorCode": 406,
                "Message": "You tried to send to a recipient that has been marked as inactive.",
            }
        if to.startswith("invalid"):
            return {"ErrorCode": 300, "Message": "Invalid 'To' address: ''."}
        if to.startswith("pending"):
            return {"ErrorCode": 412, "Message": "While your account is pending approval, …"}
        self.take(item, item["Metadata"]["delivery"], item["To"])
        return {
            "To": to,
            "SubmittedAt": "2026-11-24T07:25:01.4178645-05:00",
            "MessageID": f"pm-{item['Metadata']['delivery']}",
            "ErrorCode": 0,
            "Message": "OK",
        }


if __name__ == "__main__":
    main(FakePostmark)
