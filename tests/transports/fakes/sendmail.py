"""A fake of /usr/sbin/sendmail: keeps its input in the folder named first, in a file named by the reader.

A reader called exitNN ends it with that code, "killed" by a signal, "slow" after a while.
"""

import os
import signal
import sys
import time
from pathlib import Path

folder, ignore_dots, minus_f, sender, end_of_options, recipient = sys.argv[1:]
assert (ignore_dots, minus_f, end_of_options) == ("-i", "-f", "--")
name = recipient.partition("@")[0]
if name.startswith("exit"):
    print("sendmail: it is not to be", file=sys.stderr)
    sys.exit(int(name[4:]))
if name == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
if name == "slow":
    time.sleep(20)
draft = Path(folder).parent / recipient
draft.write_bytes(sys.stdin.buffer.read())
draft.rename(Path(folder) / recipient)
