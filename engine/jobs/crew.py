"""The crew: one keeper for each worker, and one worker for each accelerator, so that jobs are made side by side.

    cards          0  1  2  3            CINELOOM_PARALLEL=2         CINELOOM_WORKERS=1
    workers        here cuda:1 :2 :3     here (0, 1)  cuda:1 (2, 3)  here (0)

    CINELOOM_WORKERS         how many workers         default: one for each accelerator, one where there is none
    CINELOOM_PARALLEL        accelerators that make one film together, see `denoisers.open.parallel`
    CUDA_VISIBLE_DEVICES     the accelerators that may be used at all; a worker is shown its own and no others

The first is "here", and does what jobs for any device ask; another is begun only when there is more to do than the ones
before it can take. Knows keepers, counts and the environment. Imports no torch.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engine.cards import cards
from engine.errors import BadRequest
from engine.jobs.keeper import Keeper
from engine.jobs.queue import Queue

MOST = 64           # workers


@dataclass(frozen=True)
class Post:
    """One worker's place."""

    device: str                 # what jobs call it
    sees: str | None = None     # the accelerators it is shown, as CUDA_VISIBLE_DEVICES says them; None is all there are


def posts(there: int, environment: Mapping[str, str] = os.environ) -> tuple[Post, ...]:
    """The workers of a machine with so many accelerators. Raises BadRequest for a number in the environment that is none.

    >>> [post.device for post in posts(2, {})]
    ['here', 'cuda:1']
    """
    told = environment.get("CUDA_VISIBLE_DEVICES")
    seen = [str(at) for at in range(there)] if told is None else [name for name in map(str.strip, told.split(",")) if name and name != "-1"][:there]
    together = number(environment, "CINELOOM_PARALLEL") or 1
    groups = [",".join(seen[at:at + together]) for at in range(0, len(seen) - together + 1, together)]
    count = number(environment, "CINELOOM_WORKERS") or max(1, len(groups))
    if count == 1 and len(groups) <= 1:
        return (Post("here"),)                  # sees what it always saw
    return tuple(Post(f"cuda:{at}" if at else "here", groups[at % len(groups)] if groups else None) for at in range(count))


def number(environment: Mapping[str, str], name: str) -> int:
    """A count from the environment; 0 where it is not said. Raises BadRequest."""
    told = environment.get(name, "").strip()
    if not told:
        return 0
    if not told.isdecimal() or not 1 <= int(told) <= MOST:
        raise BadRequest(f"{name} is a whole number from 1 to {MOST}; {told!r:.40} was given.")
    return int(told)


class Crew:
    """All keepers of one home. `start` and `close` them; `wake` them after a submit. See `Keeper`."""

    def __init__(self, queue: Queue, *, warm: str = "", command: list[str] | None = None, count: Callable[[], int] = lambda: len(cards())):
        """
        warm      backend that a new worker opens before its first job
        command   what to run instead of the worker of this package, for tests
        count     how many accelerators there are; asked at the start
        """
        self.queue, self._warm, self._command, self._count = queue, warm, command, count
        self.keepers: tuple[Keeper, ...] = ()

    @property
    def warm(self) -> str:
        """The backend that new workers open before their first job."""
        return self._warm

    @warm.setter
    def warm(self, name: str) -> None:
        self._warm = name
        for keeper in self.keepers:
            keeper.warm = name

    def start(self) -> Crew:
        """Begin to watch; returns at once. Raises BadRequest for an environment that cannot be."""
        self.keepers = tuple(Keeper(self.queue, warm=self._warm, device=post.device, command=self._command, sees=post.sees, before=at).start()
                             for at, post in enumerate(posts(self._count())))
        return self

    def wake(self) -> None:
        """There is a new job."""
        for keeper in self.keepers:
            keeper.wake()

    def get_ready(self) -> None:
        """Have a worker with its model open, though nothing waits yet: one is enough."""
        for keeper in self.keepers[:1]:
            keeper.get_ready()

    def close(self) -> None:
        """End the workers: all are told before any is waited for."""
        for keeper in self.keepers:
            keeper.leave()
        for keeper in self.keepers:
            keeper.close()
