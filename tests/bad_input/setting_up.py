"""How the cases of bad input are set up: servers, disks and folders that do what they should not."""

from __future__ import annotations

import os
import resource
import shutil
import socket
import socketserver
import sqlite3
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
OURS = frozenset({"case.toml", "expected.txt"})
NOT_CONTENT = (".db-wal", ".db-shm", ".lock")


@dataclass(frozen=True)
class Case:
    """One case.toml; the keys are explained in README.md."""

    about: str
    command: list[str]
    exit: int
    before: list[list[str]] = field(default_factory=list)
    remove: list[str] = field(default_factory=list)
    read_only: list[str] = field(default_factory=list)
    largest_file: int = 0
    room: int = 0
    server: str = ""
    environ: dict[str, str] = field(default_factory=dict)
    changes: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, folder: Path) -> Case:
        return cls(**tomllib.loads((folder / "case.toml").read_text(encoding="utf-8")))


def cases() -> list[Path]:
    return sorted(path.parent for path in FOLDER.glob("*/case.toml"))


def lay_out(case: Case, folder: Path, publication: Path, port: int) -> None:
    """The good publication, with what is broken over it."""
    shutil.copytree(FOLDER / "_base", publication)
    for name in case.remove:
        target = publication / name
        shutil.rmtree(target) if target.is_dir() else target.unlink()
    for source in sorted(folder.rglob("*")):
        if source.is_file() and source.name not in OURS:
            target = publication / source.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes().replace(b"PORT", str(port).encode()))


def run(
    arguments: list[str], publication: Path, case: Case | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs one command in the publication, under the conditions of the case."""
    command = [sys.executable, "-m", "newsletter", *arguments]
    environ = {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        # a limit on files would leave Python half a cache of this very program
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": str(publication.parent / "home"),
        "COVERAGE_PROCESS_START": os.environ.get("COVERAGE_PROCESS_START", ""),
    }
    limit: Any = None
    if case is not None:
        environ |= case.environ
        if case.read_only and os.geteuid() == 0:
            # root may write anywhere, unless that right is taken away
            command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--", *command]
        if case.room:
            script = [sys.executable, str(FOLDER / "full_disk.py"), str(publication), str(case.room)]
            command = ["unshare", "--map-root-user", "--mount", "--", *script, *command]
        if case.largest_file:
            limit = _limit_files(case.largest_file)
    return subprocess.run(
        command,
        cwd=publication,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
        preexec_fn=limit,
    )


def _limit_files(size: int) -> Any:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


def can_mount() -> bool:
    """Whether a disk of our own can be had (not in every container)."""
    command = ["unshare", "--map-root-user", "--mount", "--", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    try:
        return subprocess.run(command, capture_output=True, timeout=10).returncode == 0
    except FileNotFoundError:
        return False


@contextmanager
def read_only(publication: Path, names: list[str]) -> Iterator[None]:
    """Takes the right to write away from some folders."""
    folders = [publication / name for name in names]
    modes = [folder.stat().st_mode for folder in folders]
    for folder in folders:
        folder.chmod(0o500)
    try:
        yield
    finally:
        for folder, mode in zip(folders, modes, strict=True):
            folder.chmod(mode)


def contents(publication: Path, changes: list[str]) -> dict[str, str]:
    """Every file with what is in it, a database by its rows; without those that may change."""
    found = {}
    for path in sorted(publication.rglob("*")):
        name = path.relative_to(publication).as_posix()
        if path.name.endswith(NOT_CONTENT) or any(
            name == one or name.startswith(f"{one}/") for one in changes
        ):
            continue
        if path.suffix == ".db":
            with closing(sqlite3.connect(path)) as database:
                found[name] = "\n".join(database.iterdump())
        else:
            found[name] = "folder" if path.is_dir() else path.read_bytes().hex()
    return found


class _RefusesLogin(socketserver.StreamRequestHandler):
    """Speaks enough SMTP to turn a password down."""

    def handle(self) -> None:
        self.wfile.write(b"220 mail.example.org ESMTP\r\n")
        for line in self.rfile:
            word = line[:4].upper()
            if word == b"EHLO":
                self.wfile.write(b"250-mail.example.org\r\n250 AUTH PLAIN LOGIN\r\n")
            elif word == b"AUTH":
                self.wfile.write(b"535 5.7.8 Username and password not accepted\r\n")
            elif word == b"QUIT":
                self.wfile.write(b"221 2.0.0 Bye\r\n")
                return
            else:
                self.wfile.write(b"530 5.7.0 Authentication required\r\n")


@contextmanager
def server(kind: str) -> Iterator[int]:
    """The mail server of a case; gives its port."""
    if kind == "refuses-login":
        with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _RefusesLogin) as listening:
            threading.Thread(target=listening.serve_forever, daemon=True).start()
            yield listening.server_address[1]
            listening.shutdown()
    elif kind == "nobody":
        with socket.socket() as bound:  # bound and not listening: nobody else gets this port meanwhile
            bound.bind(("127.0.0.1", 0))
            yield bound.getsockname()[1]
    else:
        yield 0
