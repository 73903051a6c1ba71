"""Haste: an encoder that takes the machine for itself where it may, and is stopped from it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def no_haste() -> Iterator[None]:
    """Open SVT-AV1 in here: the real-time priority is taken back that it gives all its threads and its caller's where that is root.

    In a container everybody is root. Nothing else on the machine would run until the film is done, and every process
    that its caller starts later would have it too.
    """
    usual = os.sched_getscheduler(0) if sys.platform == "linux" else None
    yield
    if usual is not None:
        for thread in os.listdir("/proc/self/task"):
            with suppress(ProcessLookupError):
                if os.sched_getscheduler(int(thread)) != usual:
                    os.sched_setscheduler(int(thread), usual, os.sched_param(0))
