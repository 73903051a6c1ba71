"""Tells one process from another, also when a number was given out again: a lock names its holder by both.

Knows process numbers and start times. Knows no jobs.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import zlib
from functools import cache
from pathlib import Path


def identity(pid: int | None = None) -> str | None:
    """Number, start and place of a process as one text, "1234@5678901.ab12cd34.9f8e7d6c", or None when it is not running.

    The start is what the kernel counted since boot (Linux) or what `ps` says: setting the clock back changes neither.
    The place is the machine, or the container on it, in which the number means anything.
    """
    pid = pid or os.getpid()
    start = _start(pid)
    return None if start is None else f"{pid}@{start}.{_boot()}.{_place()}"


def alive(who: str | None) -> bool | None:
    """Whether the very process that `identity` named is still running; None when it belongs to another machine or
    container, where nobody here can look."""
    number, _, rest = (who or "").partition("@")
    if not number.isdigit():
        return False
    parts = rest.split(".")
    if len(parts) == 3 and parts[2] != _place():
        return None
    return identity(int(number)) == who


def _start(pid: int) -> str | None:
    if sys.platform == "linux":
        try:
            # Field 2 is the program's name in brackets and may hold spaces: count from the last bracket.
            # Field 3 is the state: a zombie does no work any more. Field 22 is the start.
            rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except (OSError, ValueError):
            return None
        return None if rest[0] in "ZX" else rest[19]
    if sys.platform == "win32":
        return "" if _runs_on_windows(pid) else None
    answer = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    state, _, start = answer.stdout.strip().partition(" ")
    return start.strip() if start and not state.startswith("Z") else None


@cache
def _place() -> str:
    """Where process numbers are given out: this machine, and on Linux the container on it."""
    try:
        name = Path("/etc/machine-id").read_text().strip() + os.readlink("/proc/self/ns/pid")
    except OSError:
        name = platform.node()
    return f"{zlib.crc32(name.encode()):08x}"


@cache
def _boot() -> str:
    """Which run of the machine this is: counts since boot begin anew with it."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text()[:8]
    except OSError:
        return ""


def _runs_on_windows(pid: int) -> bool:
    # os.kill(pid, 0) would end the process there.
    import ctypes

    handle = ctypes.windll.kernel32.OpenProcess(0x1000, False, pid)      # PROCESS_QUERY_LIMITED_INFORMATION
    if not handle:
        return False
    code = ctypes.c_ulong()
    ctypes.windll.kernel32.GetExitCodeProcess(handle, ctypes.byref(code))
    ctypes.windll.kernel32.CloseHandle(handle)
    return code.value == 259                                            # STILL_ACTIVE
