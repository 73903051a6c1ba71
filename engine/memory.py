"""Memory: how much of it is free, how much this process holds, whether the system ran out. Knows no model and no library.

    free = the least of   what the machine can still give (Linux, Windows; half of all of it elsewhere)
                          what this process's container (cgroup) may still take
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from pathlib import Path

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3      # of malloc.h
KEPT = 256 << 20        # bytes: a step of Paper frees up to 140 MB at the heap's end, and 64 were too few on every second start


def free() -> int | None:
    """Bytes that a new piece of work can take without pushing anything out; None where nobody says."""
    offers = [offer for offer in (_machine(), _container()) if offer is not None]
    return max(0, min(offers)) if offers else None


def total() -> int | None:
    """Bytes of the whole machine; None where nobody says."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):
        return None


def resident() -> int | None:
    """Bytes of memory that this process holds now; None where nobody says."""
    pages = _read("/proc/self/statm").split()
    return int(pages[1]) * os.sysconf("SC_PAGE_SIZE") if len(pages) > 1 else None


def oom_kills() -> int | None:
    """How many processes this kernel has killed since it was started because memory ran out; None where it does not count.

    A process that dies of it gets no word in: whoever finds it dead compares this number with an earlier one.
    """
    for line in _read("/proc/vmstat").splitlines():
        if line.startswith("oom_kill "):
            return int(line.split()[1])
    return None


def keep_freed() -> None:
    """Have the allocator keep what is freed for what is asked next, where it is glibc's; elsewhere nothing happens.

    A step of a model takes and frees thousands of tensors of a megabyte or so. glibc gives such memory back to the system at
    once and takes it again page by page: 20,000 faults and a fifth of the time of a step of Paper (measured).
    """
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        for name, size in ((M_MMAP_THRESHOLD, 32 << 20), (M_TRIM_THRESHOLD, KEPT), (M_TOP_PAD, 16 << 20)):
            libc.mallopt(name, size)


def give_back() -> None:
    """Return to the system what `keep_freed` kept: a piece of work is done."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def words(count: float) -> str:
    """Bytes as a person reads them: `812 MB`, `1.4 GB`, `3,000 GB`."""
    return f"{count / 1e6:,.0f} MB" if count < 1e9 else f"{count / 1e9:,.1f} GB" if count < 1e11 else f"{count / 1e9:,.0f} GB"


def _machine() -> int | None:
    if sys.platform == "win32":
        return _windows()
    for line in _read("/proc/meminfo").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    try:        # macOS says what there is, not what is free
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (ValueError, OSError, AttributeError):
        return None


def _container() -> int | None:
    """Version 2 of control groups, then version 1. No limit is "max" there, or a number beyond any machine here."""
    folder = Path("/sys/fs/cgroup")
    for limit, used, stat, cache in (
        ("memory.max", "memory.current", "memory.stat", "inactive_file"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat", "total_inactive_file"),
    ):
        ceiling, taken = _read(folder / limit).strip(), _read(folder / used).strip()
        if ceiling.isdigit() and taken.isdigit() and int(ceiling) < 1 << 60:
            # Files kept in memory count as used, but give way to anybody who asks.
            stats = dict(line.split() for line in _read(folder / stat).splitlines())
            return int(ceiling) - int(taken) + int(stats.get(cache, 0))
    return None


def _windows() -> int | None:
    class Status(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ulong), ("load", ctypes.c_ulong)] + [
            (name, ctypes.c_ulonglong) for name in ("total", "available", "a", "b", "c", "d", "e")]

    status = Status(length=ctypes.sizeof(Status))
    return status.available if ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)) else None


def _read(path: str | Path) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""
