"""The queue as rows, shared by the page, the command line and the workers: one of these in every process that uses it.

    waiting ─→ running ─→ done | failed | cancelled
     ↑   ↑        │                │         │
     │   └────────┘ its worker died, was asked to stop, or somebody paused it
     └───────────────── retry ─────┴─────────┘

    asking.py    what people ask: submit, pause, resume, move, edit, cancel, retry
    working.py   what workers say: take up, report, keep, finish; and what is seen to when one dies
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from engine import memory
from engine.jobs.asking import WAITING, Asking
from engine.jobs.job import Job
from engine.jobs.schema import migrations
from engine.jobs.working import STALE, TRIES, Working
from engine.library.database import BUSY, Store

__all__ = ["STALE", "TRIES", "WAITING", "Job", "Queue"]


class Queue(Asking, Working):
    """All jobs of one home. May be used from any thread and from several processes at once."""

    def __init__(self, home: Path | str, *, patience: float = BUSY, clock: Callable[[], float] = time.time,
                 ticks: Callable[[], float] = time.monotonic, kills: Callable[[], int | None] = memory.oom_kills):
        """Open the queue of `home`, making both where they are not there. Raises CannotWrite.

        patience  seconds to wait for another process's write before CannotWrite says so
        clock   seconds since 1970. Shown to people and nothing else: it may be set back at any time
        ticks   seconds that only ever grow, for what is waited for
        kills   how many processes the kernel killed for want of memory, see engine.memory
        """
        self.home = Path(home).resolve()
        self.clock, self.ticks, self.kills = clock, ticks, kills
        self.store = Store(self.home / "queue.db", migrations, durable=False, patience=patience)
        self._heard: dict[str, tuple[float | None, float]] = {}     # of workers elsewhere: last heartbeat, and when it came
