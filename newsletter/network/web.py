"""Asking a web server one thing, without following where it points to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from newsletter.checking.service import Reply

_PATIENCE = (10.0, 20.0)
"""Seconds to wait for the connection, and for the answer."""


def ask(method: str, url: str, now: Callable[[], datetime], form: Mapping[str, str] | None = None) -> Reply:
    """What the server at `url` answers; never raises for what can go wrong on the way."""
    import requests

    begun = now()
    try:
        with requests.request(
            method, url, data=form, timeout=_PATIENCE, allow_redirects=False, stream=True
        ) as response:
            ended = now()
            return Reply(
                url,
                status=response.status_code,
                location=response.headers.get("Location", ""),
                date=_date(response.headers.get("Date", "")),
                received=begun + (ended - begun) / 2,
            )
    except requests.exceptions.SSLError:
        fault = "its certificate cannot be trusted"
    except requests.exceptions.Timeout:
        fault = "it does not answer in time"
    except requests.exceptions.ConnectionError:
        fault = "nobody answers there"
    except requests.exceptions.RequestException as error:
        fault = str(error)
    return Reply(url, fault=fault)


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
