"""Which start of which machine this is: tells a killed process from a machine that lost power."""

from __future__ import annotations

import subprocess
import uuid
from pathlib import Path

_LINUX = Path("/proc/sys/kernel/random/boot_id")


def boot_id() -> str:
    """A name for the time since the machine was started; another one after every restart.

    Where the system gives none, each call gives a new name: unsynced marks then count as lost, which leaves
    more deliveries in doubt but never mails anybody twice.
    """
    try:
        return _LINUX.read_text(encoding="ascii").strip()
    except OSError:
        pass
    try:
        asked = subprocess.run(
            ["/usr/sbin/sysctl", "-n", "kern.bootsessionuuid"], capture_output=True, text=True, check=True
        )
        return asked.stdout.strip() or uuid.uuid4().hex
    except (OSError, subprocess.CalledProcessError):
        return uuid.uuid4().hex
