"""What the tests of the storage room share: a real database, and a list of subscribers on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsletter.audience.tokens import Tokens
from newsletter.storage.database import Database, open_database
from newsletter.storage.subscribers import SubscriberStore

NOW = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
URL = "sqlite:///subscribers/newsletter.db"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """An empty database at the current schema, in `tmp_path/subscribers`."""
    database = open_database(URL, tmp_path)
    yield database
    database.close()


@pytest.fixture
def tokens() -> Tokens:
    return Tokens(bytes(range(32)))


@pytest.fixture
def now() -> Callable[[], datetime]:
    return lambda: NOW


@pytest.fixture
def subscribers(database: Database, tokens: Tokens, now: Callable[[], datetime]) -> SubscriberStore:
    return SubscriberStore(database, tokens, now)
