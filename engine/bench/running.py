"""Running: what a whole command costs, from the start of its process to its end.

Knows processes and what the system says of them. Knows no model and no film.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.errors import CineloomError


@dataclass(frozen=True)
class Cost:
    """What one process took."""

    seconds: float          # by the clock
    processor: float        # seconds of its cores together; on a busy machine they wait and grow too, but less. 0 where nobody says
    memory: float           # bytes at the peak; 0 where nobody says


# In a process of its own, between us and the command: what a process is said to have held at its peak counts what the one
# that began it held then, and that is us, with films in memory.
WATCH = """
import json, os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stderr=subprocess.DEVNULL)
if hasattr(os, "wait4"):
    _, status, used = os.wait4(process.pid, 0)
    print(json.dumps([os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime, used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)]), file=sys.stderr)
else:
    print(json.dumps([process.wait(), 0.0, 0.0]), file=sys.stderr)
"""


def cost(command: Sequence[str], folder: Path) -> Cost:
    """Run a command of the command line, which answers with `--json`. Raises CineloomError with its own sentence when it fails."""
    with tempfile.TemporaryFile("w+") as said, tempfile.TemporaryFile("w+") as watched:
        start = time.perf_counter()
        process = subprocess.Popen([sys.executable, "-I", "-S", "-c", WATCH, *command], cwd=folder, stdin=subprocess.DEVNULL, stdout=said, stderr=watched,
                                   start_new_session=True)
        try:
            process.wait()
        finally:
            if process.returncode is None:      # we were stopped: so are they
                if hasattr(os, "killpg"):
                    os.killpg(process.pid, signal.SIGKILL)
                process.kill()
                process.wait()
        seconds = time.perf_counter() - start
        watched.seek(0)
        code, processor, memory = json.loads(watched.read().splitlines()[-1])
        if code:
            said.seek(0)
            lines = said.read().splitlines()
            why = json.loads(lines[-1])["error"] if lines and lines[-1].startswith('{"error"') else "it said nothing"
            raise CineloomError(f"The command that is measured ended with {code}: {why}")
        return Cost(seconds, processor, memory)
