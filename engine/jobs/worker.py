"""The worker: the one process of a device that imports torch. Takes jobs one at a time, has them made, says how far they are.

    python -m engine.jobs.worker --home DIR            makes what waits, then ends
    python -m engine.jobs.worker --home DIR --kept     stays; reads its keeper's pipe: a line wakes it, the end of the
                                                       pipe means that the keeper is gone: finish the job in hand, end

    CINELOOM_EVERY     seconds of walking between checkpoints      default: 5

Knows the queue, the library and a runner behind the contract (contract.py). Knows no model by name and no page.
What it says on the way may be lost when the disk is full or the database locked; what a job comes to is said until it is heard.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine import memory
from engine.errors import Cancelled, CannotWrite, CineloomError
from engine.events import Decoded, Kept, Made, Noted, Started, Stepped, Stop
from engine.jobs.contract import EVERY, Order, Result, Run, Runner
from engine.jobs.figures import figures_of
from engine.jobs.fitting import out_of_memory
from engine.jobs.here import Here, Maker
from engine.jobs.process import identity
from engine.jobs.queue import Job, Queue
from engine.jobs.saying import Saying
from engine.library.database import BUSY
from engine.library.library import Library, projects
from engine.media.writing import write_whole

LOOK = 1.0          # seconds between looks for jobs that others put in (the keeper's own wake us at once)
PULSE = 2.0         # seconds between heartbeats
PATIENCE = 10.0     # seconds at most between two attempts to say what has to be said
STATE = "state.safetensors"     # in a job's staging: where its walk is, and beside it
WINDOW = "state-{:06}.safetensors"      # each window that is finished
WINDOWS = "state-*.safetensors"
KEPT = "state*.safetensors"


@dataclass(frozen=True)
class Limits:
    """When a kept worker ends, so that the keeper starts a fresh one with the next job."""

    idle: float = 900.0         # seconds without a job: somebody else may want the memory
    jobs: int = 500             # made
    growth: float = 1.5e9       # bytes that it holds more than after its first job, after `settled` of them at least
    settled: int = 3


class Worker:
    """Owns the post of worker of one home and device from `run` to its end."""

    def __init__(self, home: Path | str, maker: Maker | None = None, *, device: str = "here", runner: Runner | None = None,
                 limits: Limits = Limits(), every: float = EVERY, patience: float = BUSY):
        """
        maker     what makes films in this process, instead of the catalog's models; or
        runner    whoever else makes them
        every     seconds of walking between checkpoints
        """
        self.queue = Queue(home, patience=patience)
        self.runner = runner or Here(maker)
        self.device, self.limits, self.every = device, limits, every
        self.who = identity()
        self.stopping = False       # asked to end: the job in hand is kept and goes back in line
        self.orphan = False         # the keeper is gone: the job in hand is finished first
        self.over = False
        self.made = 0               # jobs seen to
        self.settled: int | None = None     # bytes held after the first job
        self.woken = threading.Event()

    def run(self, *, kept: bool = False, warm: str = "") -> bool:
        """Work until told to stop, or until nothing waits and nobody keeps us. False when another worker has the post."""
        if kept:
            threading.Thread(target=self._listen, daemon=True).start()
        if not self._insist(lambda: self.queue.claim(self.who, self.device)):
            return False
        try:
            threading.Thread(target=self._pulse, daemon=True).start()
            self._sweep()
            self._warm_up(warm)
            self._loop(kept)
            return True
        finally:
            self.over = True
            _quietly(lambda: self.queue.resign(self.who))

    def stop(self, *_) -> None:
        """End soon: the job in hand goes back in line at its next step. Fit to be a signal's handler."""
        self.stopping = True
        self.woken.set()

    def _loop(self, kept: bool) -> None:
        quiet_since = time.monotonic()
        swept = True
        while not (self.stopping or self.orphan):
            try:
                self.queue.recover(self.who)
                job = self.queue.take_up(self.who, self.device)
                if job is None and not swept:
                    self._sweep()       # a job that was cancelled while it waited may have left its state
                    swept = True
            except CannotWrite:         # locked, or a full disk: the line is still there later
                traceback.print_exc()
                self.woken.wait(LOOK)
                continue
            if job is not None:
                self._do(job)
                self.made += 1
                swept, quiet_since = False, time.monotonic()
                if kept and self._spent():
                    return
            elif not kept or time.monotonic() - quiet_since > self.limits.idle:
                return
            else:
                self.woken.wait(LOOK)
                self.woken.clear()

    def _do(self, job: Job) -> None:
        """One job from its row to its take; whatever goes wrong becomes a sentence on the row."""
        queue, who = self.queue, self.who
        folder, ends = None, True
        try:
            library = Library.open(queue.home, job.project)
            if library.take(job.id) is None:
                folder = library.staging(job.id, keep=KEPT)
                made = self._make(job, folder)
                figures = figures_of(made)
                self._insist(lambda: library.add_take(made, job.id, figures=figures))
            outcome = queue.finish
        except Cancelled:
            ends = self._wish(job) is Stop.DROP
            outcome = queue.stopped if ends else queue.put_back
        except CineloomError as error:
            sentence = str(error)
            outcome = lambda id, who: queue.fail(id, who, sentence)     # noqa: E731
        except Exception as error:      # whatever a model throws must not end the queue
            traceback.print_exc()
            sentence = _sentence(error, job)
            outcome = lambda id, who: queue.fail(id, who, sentence)     # noqa: E731
        if ends and folder is not None and self._mine(job):
            shutil.rmtree(folder, ignore_errors=True)       # before it is said: a full disk may need the room for that
        self._insist(lambda: outcome(job.id, who))

    def _make(self, job: Job, folder: Path) -> Made:
        """Hand the job to the runner and report what it says; returns what it made, its files in `folder`."""
        recipe = job.asked
        said = Saying(self.queue, self.who, job, recipe)
        said.now("getting the model ready")
        run = self.runner.start(Order.of(job.id, recipe, _read(folder / STATE), self.every, sorted(folder.glob(WINDOWS))), folder)
        try:
            for event in run:
                match event:
                    case Started():
                        said.started(event)
                    case Stepped():
                        said.stepped(event)
                    case Kept():
                        self._keep(job, folder, event)
                        said.kept()
                    case Noted(words):
                        said.noted(words)
                    case Decoded():
                        said.decoded(event)
                    case Result():
                        said.learn()
                        return event.land(folder)
                self._heed(job, run)
                said.mark()
        finally:
            run.close()
        raise RuntimeError("the runner ended without a film")

    def _heed(self, job: Job, run: Run) -> None:
        wish = self._wish(job)
        if wish is not None:
            run.stop(wish)

    def _wish(self, job: Job) -> Stop | None:
        """Whether this job is to stop, and how: what the queue says, else what the worker was told."""
        try:
            asked = self.queue.wish(job.id, self.who)
        except CannotWrite:
            asked = None        # it is asked again at the next step
        return asked or (Stop.KEEP if self.stopping else None)

    def _mine(self, job: Job) -> bool:
        """Whether this job is still ours: where we were given up for dead, its folder is another worker's now."""
        try:
            return self.queue.job(job.id).worker == self.who
        except CannotWrite:
            return True

    def _keep(self, job: Job, folder: Path, event: Kept) -> None:
        """State on the disk first, then in the row. A state that cannot be written costs time later, and nothing now."""
        def write() -> None:
            for number, window in event.windows.items():
                write_whole(folder / WINDOW.format(number), window)
            write_whole(folder / STATE, event.state)
            self.queue.keep(job.id, self.who, event.step)

        _quietly(write)

    def _insist(self, do: Callable):
        """Do what has to be done, however long the database is locked or the disk full; until the worker is told to stop."""
        pause = 0.1
        while True:
            try:
                return do()
            except CannotWrite as error:
                if self.stopping or self.orphan:
                    raise           # the row says "running": whoever looks next sees to it
                print(f"worker: {error} Trying again.", file=sys.stderr, flush=True)
                self.woken.wait(pause)
                self.woken.clear()
                pause = min(PATIENCE, 2 * pause)

    def _spent(self) -> bool:
        """Whether it is time for a fresh worker: after many jobs, or when memory grows and does not come back."""
        held = memory.resident()
        self.settled = self.settled or held
        leaks = held is not None and self.made >= self.limits.settled and held - self.settled > self.limits.growth
        if leaks or self.made >= self.limits.jobs:
            why = f"it holds {memory.words(held)} after {memory.words(self.settled)}" if leaks else "that is enough"
            print(f"worker: {self.made} jobs, {why}: a fresh worker makes the next.", file=sys.stderr, flush=True)
            return True
        return False

    def _warm_up(self, name: str) -> None:
        """Open the backend before somebody waits for it. What is wrong with it is shown, and said again by each job."""
        doing = "ready"
        if name:
            _quietly(lambda: self.queue.pulse(self.who, "getting the model ready"))
            try:
                self.runner.warm(name)
            except CineloomError as error:
                doing = str(error)
            except Exception as error:
                traceback.print_exc()
                doing = _sentence(error)
        _quietly(lambda: self.queue.pulse(self.who, doing))

    def _sweep(self) -> None:
        """Staging of jobs that are over, or that nobody knows, goes; of those that wait or run it stays."""
        for project in projects(self.queue.home):
            _quietly(lambda name=project: Library.open(self.queue.home, name).clear_staging(self.queue.open_ids))

    def _listen(self) -> None:
        for _ in sys.stdin:
            self.woken.set()
        self.orphan = True
        self.woken.set()

    def _pulse(self) -> None:
        while not self.over:
            time.sleep(PULSE)
            _quietly(lambda: self.queue.pulse(self.who, free=memory.free()))


def _quietly(do: Callable[[], object]) -> None:
    """Do it, or say in the log why not: a full disk or a locked database must not end what can go on without."""
    try:
        do()
    except CannotWrite as error:
        print(f"worker: {error}", file=sys.stderr, flush=True)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _sentence(error: Exception, job: Job | None = None) -> str:
    text = str(error).strip().splitlines()[0] if str(error).strip() else ""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError" or "out of memory" in text or "can't allocate memory" in text:
        what = "There was not enough memory for this film."
        return what if job is None else out_of_memory(job.asked, what)
    return f"Something broke inside the studio ({type(error).__name__}: {text[:300]}); the worker's log tells where."


def main(arguments: list[str] | None = None, maker: Maker | None = None, runner: Runner | None = None) -> int:
    """The process's entry point. Exit code 3 means that another worker has the post."""
    usual = Limits()
    parser = argparse.ArgumentParser(prog="python -m engine.jobs.worker", description="Make the films that wait in a home's queue.")
    parser.add_argument("--home", required=True, type=Path, help="the folder that holds queue.db")
    parser.add_argument("--device", default="here", help="the post to take, and the jobs that ask for it or for none")
    parser.add_argument("--kept", action="store_true", help="stay until standard input ends")
    parser.add_argument("--warm", default="", help="open this backend before the first job")
    parser.add_argument("--idle", type=float, default=usual.idle, help="seconds without work after which to end")
    parser.add_argument("--jobs", type=int, default=usual.jobs, help="jobs after which to end")
    parser.add_argument("--growth", type=float, default=usual.growth, help="bytes of memory more than after the first job, after which to end")
    parser.add_argument("--every", type=float, default=os.environ.get("CINELOOM_EVERY") or EVERY, help="seconds of walking between checkpoints")
    parser.add_argument("--patience", type=float, default=BUSY, help="seconds to wait for a locked database before saying so")
    asked = parser.parse_args(arguments)
    limits = Limits(asked.idle, asked.jobs, asked.growth)
    worker = Worker(asked.home, maker, device=asked.device, runner=runner, limits=limits, every=asked.every, patience=asked.patience)
    signal.signal(signal.SIGTERM, worker.stop)
    signal.signal(signal.SIGINT, worker.stop)
    if hasattr(os, "nice"):
        os.nice(5)          # the page, the player and the user's other programs come first
    return 0 if worker.run(kept=asked.kept, warm=asked.warm) else 3


if __name__ == "__main__":
    sys.exit(main())
