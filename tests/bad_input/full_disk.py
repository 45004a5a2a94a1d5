"""Runs a command in a folder on a disk that is nearly full: `full_disk.py FOLDER ROOM COMMAND …`.

Needs a mount namespace of its own (`unshare --map-root-user --mount`). What the command leaves behind is
copied back.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path


def main(folder: Path, room: int, command: list[str]) -> int:
    keep = Path(tempfile.mkdtemp())
    shutil.copytree(folder, keep, dirs_exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], check=True)
    shutil.copytree(keep, folder, dirs_exist_ok=True)
    state = os.statvfs(folder)
    filler = folder / ".filler"
    filler.write_bytes(bytes(state.f_bavail * state.f_frsize - room))
    code = subprocess.run(command, cwd=folder).returncode
    filler.unlink()
    shutil.rmtree(keep)
    shutil.copytree(folder, keep)
    subprocess.run(["umount", str(folder)], check=True)
    shutil.rmtree(folder)
    shutil.copytree(keep, folder)
    shutil.rmtree(keep)
    return code


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]))
