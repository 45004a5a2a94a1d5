"""Whole files or none: on real disks, with the faults that real disks have."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from newsletter.errors import StorageError
from newsletter.files.atomic import write_atomic
from newsletter.files.faults import read_fault, shown, write_fault


def test_writes_a_new_file(tmp_path: Path) -> None:
    write_atomic(tmp_path / "a.txt", b"words")
    assert (tmp_path / "a.txt").read_bytes() == b"words"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.parametrize("durable", [True, False])
def test_replaces_an_old_file(tmp_path: Path, durable: bool) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"old and longer")
    write_atomic(path, b"new", durable=durable)
    assert path.read_bytes() == b"new"
    assert len(list(tmp_path.iterdir())) == 1


def test_an_empty_file_is_a_file(tmp_path: Path) -> None:
    write_atomic(tmp_path / "empty", b"")
    assert (tmp_path / "empty").read_bytes() == b""


def test_keeps_to_the_mode_and_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        write_atomic(tmp_path / "page", b"x", mode=0o666)
        write_atomic(tmp_path / "secret", b"x", mode=0o600)
    finally:
        os.umask(before)
    assert (tmp_path / "page").stat().st_mode & 0o777 == 0o644
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


def test_replaces_a_link_and_not_what_it_points_to(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"kept")
    (tmp_path / "link").symlink_to("target")
    write_atomic(tmp_path / "link", b"new")
    assert (tmp_path / "target").read_bytes() == b"kept"
    assert not (tmp_path / "link").is_symlink()


def test_a_folder_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "page").mkdir()
    with pytest.raises(StorageError, match="a folder of that name stands there"):
        write_atomic(tmp_path / "page", b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["page"]


def test_a_folder_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="does not exist") as caught:
        write_atomic(tmp_path / "no" / "page", b"x")
    assert "mkdir -p" in caught.value.problems[0].hint


def test_a_file_where_a_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "no").write_bytes(b"")
    with pytest.raises(StorageError, match="stands where one of its folders should be"):
        write_atomic(tmp_path / "no" / "page", b"x")


def test_a_name_too_long(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="longer than this disk allows"):
        write_atomic(tmp_path / ("x" * 300), b"x")
    assert not list(tmp_path.iterdir())


FULL = """
import resource, signal, sys
from pathlib import Path
from newsletter.errors import StorageError
from newsletter.files.atomic import write_atomic
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_atomic(Path(sys.argv[1]), b"x" * 5000)
except StorageError as error:
    print(error.problems[0].code)
"""


def test_a_disk_that_takes_only_a_part(tmp_path: Path) -> None:
    """The kernel takes the first 1000 bytes and refuses the rest: nothing of them stays."""
    path = tmp_path / "page"
    path.write_bytes(b"old")
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(path)], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "file-too-large"
    assert path.read_bytes() == b"old"
    assert [one.name for one in tmp_path.iterdir()] == ["page"]


TINY = """
set -e
mount -t tmpfs -o size=16k tiny "$1"
printf old > "$1/page"
"$2" -c '
import sys
from pathlib import Path
from newsletter.errors import StorageError
from newsletter.files.atomic import write_atomic
try:
    write_atomic(Path(sys.argv[1], "page"), b"x" * 100_000)
except StorageError as error:
    print(error.problems[0].code, sorted(path.name for path in Path(sys.argv[1]).iterdir()),
        Path(sys.argv[1], "page").read_text())
' "$1"
mount -o remount,ro "$1"
"$2" -c '
import sys
from pathlib import Path
from newsletter.errors import StorageError
from newsletter.files.atomic import write_atomic
try:
    write_atomic(Path(sys.argv[1], "page"), b"new")
except StorageError as error:
    print(error.problems[0].code, sorted(path.name for path in Path(sys.argv[1]).iterdir()))
' "$1"
"""


def test_a_disk_that_is_really_full_and_then_read_only(tmp_path: Path) -> None:
    """On a file system of 16 KB of our own, where the system lets us mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    try:
        done = subprocess.run(
            [
                "unshare",
                "--user",
                "--map-root-user",
                "--mount",
                "sh",
                "-c",
                TINY,
                "sh",
                str(disk),
                sys.executable,
            ],
            capture_output=True,
            text=True,
            timeout=60,
        )
    except FileNotFoundError:
        pytest.skip("unshare is not installed")
    if "mount" in done.stderr or "unshare" in done.stderr:
        pytest.skip("this system lets us mount nothing")
    assert done.stdout.splitlines() == ["disk-full ['page'] old", "read-only ['page']"], done.stderr


def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    """As somebody who is not root, whom modes do not stop."""
    tmp_path.chmod(0o555)
    code = (
        "import os, sys\nfrom pathlib import Path\n"
        "from newsletter.errors import StorageError\nfrom newsletter.files.atomic import write_atomic\n"
        "os.getuid() or (os.setgid(65534), os.setuid(65534))\n"
        "try:\n    write_atomic(Path(sys.argv[1]), b'x')\n"
        "except StorageError as error:\n    print(error.problems[0].code)\n"
    )
    try:
        done = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / "page")],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    finally:
        tmp_path.chmod(0o755)
    assert done.stdout.strip() == "not-allowed"


def test_killed_at_any_moment_leaves_old_or_new(tmp_path: Path) -> None:
    path = tmp_path / "page"
    old, new = b"o" * 3_000_000, b"n" * 3_000_000
    code = (
        "import sys\nfrom pathlib import Path\nfrom newsletter.files.atomic import write_atomic\n"
        "print('ready', flush=True)\n"
        "while True:\n    write_atomic(Path(sys.argv[1]), b'n' * 3_000_000, durable=False)\n"
        "    write_atomic(Path(sys.argv[1]), b'o' * 3_000_000, durable=False)\n"
    )
    for pause in (0.0, 0.003, 0.007, 0.013):
        path.write_bytes(old)
        with subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            signal.sigtimedwait([], pause)
            process.kill()
        assert path.read_bytes() in (old, new)


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "disk-full"),
        (errno.EDQUOT, "disk-full"),
        (errno.EFBIG, "file-too-large"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "not-allowed"),
        (errno.EPERM, "not-allowed"),
        (errno.EIO, "disk"),
        (errno.ETXTBSY, "disk"),
    ],
)
def test_every_fault_says_what_and_where(tmp_path: Path, number: int, code: str) -> None:
    problem = write_fault(OSError(number, os.strerror(number)), tmp_path / "page.html").problems[0]
    assert problem.code == code
    assert "page.html" in problem.message
    assert problem.file.endswith("page.html")
    assert problem.hint or number == errno.ETXTBSY


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.EACCES, "may not be read"), (errno.ENOENT, "is not there"), (errno.EIO, "could not be read")],
)
def test_reading_faults(tmp_path: Path, number: int, words: str) -> None:
    assert words in read_fault(OSError(number, os.strerror(number)), tmp_path / "a.md").problems[0].message


def test_paths_are_shown_as_one_would_type_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert shown(tmp_path / "public" / "index.html") == "public/index.html"
    assert shown(Path("public")) == "public"
    assert shown(Path("/etc/hosts")) == "/etc/hosts"
