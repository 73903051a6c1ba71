"""Running: what a whole command costs, from the start of its process to its end.

Knows processes and what the system says of them. Knows no model and no film.
"""

from __future__ import annotations

import json
import os
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


def cost(command: Sequence[str], folder: Path) -> Cost:
    """Run a command of the command line, which answers with `--json`. Raises CineloomError with its own sentence when it fails."""
    with tempfile.TemporaryFile("w+") as said:
        start = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.DEVNULL)
        try:
            processor, memory = _wait(process)
        finally:
            if process.returncode is None:      # we were stopped: so is it
                process.kill()
                process.wait()
        seconds = time.perf_counter() - start
        if process.returncode:
            said.seek(0)
            lines = said.read().splitlines()
            why = json.loads(lines[-1])["error"] if lines and lines[-1].startswith('{"error"') else "it said nothing"
            raise CineloomError(f"The command that is measured ended with {process.returncode}: {why}")
        return Cost(seconds, processor, memory)


def _wait(process: subprocess.Popen) -> tuple[float, float]:
    """Wait for its end; seconds of the processor, and its memory at the peak in bytes."""
    if not hasattr(os, "wait4"):        # Windows does not say
        process.wait()
        return 0.0, 0.0
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return used.ru_utime + used.ru_stime, used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
