"""The secret key: one for everybody, private, whole or not there, and never mistaken for another."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from newsletter.audience.tokens import Tokens
from newsletter.errors import ConfigurationError, StorageError
from newsletter.storage.database import Database
from newsletter.storage.secrets import hold_key, load_or_create_key


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_key_is_made_once_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "subscribers" / "secret.key"
    key = load_or_create_key(path)
    assert len(key) == 32
    assert path.read_bytes() == key == load_or_create_key(path)
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)
    assert load_or_create_key(tmp_path / "other.key") != key


def test_a_key_that_others_may_read_is_made_private(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    key = load_or_create_key(path)
    path.chmod(0o644)
    assert load_or_create_key(path) == key
    assert mode(path) == 0o600


@pytest.mark.parametrize("length", [1, 31, 33, 5000])
def test_what_is_no_key_is_refused_and_left_alone(tmp_path: Path, length: int) -> None:
    path = tmp_path / "secret.key"
    path.write_bytes(b"k" * length)
    with pytest.raises(ConfigurationError, match="no secret key") as caught:
        load_or_create_key(path)
    assert caught.value.problems[0].file == str(path)
    assert path.read_bytes() == b"k" * length


def test_an_empty_file_was_left_by_an_accident_and_gets_a_key(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    path.touch()
    assert len(load_or_create_key(path)) == 32


def test_a_folder_in_the_way(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be opened"):
        load_or_create_key(tmp_path)


def test_a_full_disk_leaves_no_half_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "secret.key"
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(StorageError, match="No space left"):
            load_or_create_key(path)
    assert path.read_bytes() == b""
    assert len(load_or_create_key(path)) == 32


def test_processes_that_start_at_once_get_the_same_key(tmp_path: Path) -> None:
    path = tmp_path / "subscribers" / "secret.key"
    code = (
        "import sys; from pathlib import Path; from newsletter.storage.secrets import load_or_create_key;"
        "print(load_or_create_key(Path(sys.argv[1])).hex())"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE) for _ in range(4)
    ]
    keys = {process.communicate(timeout=60)[0] for process in processes}
    assert keys == {path.read_bytes().hex().encode() + b"\n"}


def test_a_database_knows_its_key(database: Database) -> None:
    ours, another = Tokens(bytes(32)), Tokens(bytes(range(32)))
    hold_key(database, ours)
    hold_key(database, ours)
    with pytest.raises(ConfigurationError, match="not the one"):
        hold_key(database, another)
