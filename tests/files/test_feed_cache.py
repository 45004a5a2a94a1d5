from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsletter.errors import BusyError, StorageError
from newsletter.files.feed_cache import Copy, FeedCache

URL = "https://blog.example.org/feed?key=secret"
COPY = Copy(
    "https://blog.example.org/feed/",
    b"<rss>\n\xff\n</rss>",
    datetime(2026, 11, 24, 9, 0, tzinfo=UTC),
    "application/rss+xml",
    '"etag"',
    "Mon, 23 Nov 2026 10:00:00 GMT",
)


def test_a_copy_is_kept_for_its_owner_only(tmp_path: Path) -> None:
    cache = FeedCache(tmp_path / ".cache" / "feeds")
    assert cache.load(URL) is None
    cache.save(URL, COPY)
    assert cache.load(URL) == COPY
    assert cache.load("https://other.example.org/") is None
    (file,) = (tmp_path / ".cache" / "feeds").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert "secret" not in file.name


@pytest.mark.parametrize("damage", [b"", b"{", b"[]\n", b"{}\nbody", b"null\n"])
def test_a_damaged_copy_is_none(tmp_path: Path, damage: bytes) -> None:
    cache = FeedCache(tmp_path)
    cache.save(URL, COPY)
    (file,) = tmp_path.iterdir()
    file.write_bytes(damage)
    assert cache.load(URL) is None
    cache.save(URL, COPY)
    file.write_bytes(file.read_bytes() + b"more")
    assert cache.load(URL) is None


def test_only_one_gathers_at_a_time(tmp_path: Path) -> None:
    with (
        FeedCache(tmp_path).alone(),
        pytest.raises(BusyError, match="Another process"),
        FeedCache(tmp_path).alone(),
    ):
        pass
    with FeedCache(tmp_path).alone():
        pass


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / ".cache").write_text("a file")
    with pytest.raises(StorageError):
        FeedCache(tmp_path / ".cache" / "feeds").save(URL, COPY)
