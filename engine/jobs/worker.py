"""The worker: the one process that imports torch. Takes jobs one at a time, makes them, says how far it is.

    python -m engine.jobs.worker --home DIR            makes what waits, then ends
    python -m engine.jobs.worker --home DIR --kept     stays; reads its keeper's pipe: a line wakes it, the end of the
                                                       pipe means that the keeper is gone: finish the job in hand, end

Knows the queue, the library and a `maker(recipe, folder, cancelled) -> events` (see engine/make.py). Knows no model by
name and no page.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

from engine.denoisers.catalog import describe
from engine.errors import Cancelled, CineloomError
from engine.events import Decoded, Finished, Started, Stepped
from engine.jobs.estimate import Estimate
from engine.jobs.process import identity
from engine.jobs.queue import Job, Queue
from engine.library.library import Library, projects

Maker = Callable[..., Iterator[object]]

IDLE = 900.0        # seconds without a job after which a kept worker gives its memory back; the keeper starts another
LOOK = 1.0          # seconds between looks for jobs that others put in (the keeper's own wake us at once)
PULSE = 2.0         # seconds between heartbeats while a job runs
SAY = 0.15          # seconds between reports, at least: each is a write that the page cannot show faster anyway


def backends() -> Maker:
    """A maker that opens the recipe's backend when it is first needed and keeps the last one loaded."""
    opened: dict[str, object] = {}

    def maker(recipe, folder, *, cancelled):
        from engine.make import make

        return make(recipe, backend(recipe.backend), folder, cancelled=cancelled)

    def backend(name: str):
        from engine.denoisers.catalog import open_backend

        if name not in opened:
            opened.clear()          # two models at once may not fit; the old one goes before the new one comes
            opened[name] = open_backend(name)
        return opened[name]

    maker.warm = backend
    return maker


class Worker:
    """Owns the post of worker of one home from `run` to its end."""

    def __init__(self, home: Path | str, maker: Maker | None = None, *, device: str = "here"):
        self.queue = Queue(home)
        self.maker = maker or backends()
        self.device = device
        self.who = identity()
        self.stopping = False       # asked to end: the job in hand goes back in line
        self.orphan = False         # the keeper is gone: the job in hand is finished first
        self.busy = False
        self.woken = threading.Event()

    def run(self, *, kept: bool = False, warm: str = "", idle: float = IDLE) -> bool:
        """Work until told to stop, or until nothing waits and nobody keeps us. False when another worker has the post."""
        if not self.queue.claim(self.who, self.device):
            return False
        try:
            if kept:
                threading.Thread(target=self._listen, daemon=True).start()
            threading.Thread(target=self._pulse, daemon=True).start()
            self._sweep()
            self._warm_up(warm)
            self._loop(kept, idle)
            return True
        finally:
            self.queue.resign(self.who)

    def stop(self, *_) -> None:
        """End soon: the job in hand goes back in line at its next step. Fit to be a signal's handler."""
        self.stopping = True
        self.woken.set()

    def _loop(self, kept: bool, idle: float) -> None:
        quiet_since = time.monotonic()
        while not (self.stopping or self.orphan):
            self.queue.recover(self.who)
            job = self.queue.take_up(self.who)
            if job is not None:
                self._do(job)
                quiet_since = time.monotonic()
            elif not kept or time.monotonic() - quiet_since > idle:
                return
            else:
                self.woken.wait(LOOK)
                self.woken.clear()

    def _do(self, job: Job) -> None:
        """One job from its row to its take; whatever goes wrong becomes a sentence on the row."""
        library = Library.open(self.queue.home, job.project)
        folder = None
        self.busy = True
        try:
            if library.take(job.id) is None:
                folder = library.staging(job.id)
                library.add_take(self._make(job, job.asked, folder), job.id)
            self.queue.finish(job.id, self.who)
        except Cancelled:
            if self.stopping and not self.queue.cancelled(job.id):
                self.queue.put_back(job.id, self.who)
            else:
                self.queue.stopped(job.id, self.who)
        except CineloomError as error:
            self.queue.fail(job.id, self.who, str(error))
        except Exception as error:      # whatever a model throws must not end the queue
            traceback.print_exc()
            self.queue.fail(job.id, self.who, _sentence(error))
        finally:
            self.busy = False
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)

    def _make(self, job: Job, recipe, folder: Path):
        """Consume the maker's events, reporting; returns what it made."""
        queue, who = self.queue, self.who
        grid = describe(recipe.backend).grid
        estimate = Estimate(recipe.steps, 1, recipe.width * recipe.height * recipe.pictures, queue.pace(recipe.backend))
        said = 0.0

        def report(message: str, *, urgent: bool = True) -> None:
            nonlocal said
            if urgent or time.monotonic() - said > SAY:
                said = time.monotonic()
                queue.report(
                    job.id, who, step=len(estimate.spent_steps), steps=estimate.steps, progress=estimate.progress,
                    message=message, left=estimate.left,
                )  # fmt: skip

        report("getting the model ready")
        mark = time.monotonic()
        for event in self.maker(recipe, folder, cancelled=lambda: self.stopping or queue.cancelled(job.id)):
            now = time.monotonic()
            match event:
                case Started(steps=steps, frames=frames):
                    estimate.steps = steps
                    estimate.cells = frames * (recipe.width // grid.space) * (recipe.height // grid.space)
                    report(f"step 1 of {steps}")
                case Stepped(index=index, count=count, preview=preview):
                    estimate.spent_steps.append(now - mark)
                    self._show(job, index + 1, preview)
                    report(f"step {index + 2} of {count}" if index + 1 < count else "drawing the pictures")
                case Decoded(done=done, total=total):
                    estimate.spent_decode += now - mark
                    estimate.decoded = done / total
                    report(f"picture {done} of {total}", urgent=done == total)
                case Finished(made=made):
                    for phase, seconds in estimate.measured().items():
                        queue.learn_pace(recipe.backend, phase, seconds)
                    return made
            mark = time.monotonic()
        raise RuntimeError("the maker ended without a film")

    def _show(self, job: Job, step: int, preview) -> None:
        if preview is None:
            return
        from PIL import Image

        frames, height, width, _ = preview.shape
        sheet = Image.fromarray(preview.transpose(1, 0, 2, 3).reshape(height, frames * width, 3))
        jpeg = io.BytesIO()
        sheet.save(jpeg, "JPEG", quality=85, subsampling=0)     # tiny pictures: colour at half size would show
        self.queue.show(job.id, self.who, step, frames, width, height, jpeg.getvalue())

    def _warm_up(self, name: str) -> None:
        """Open the backend before somebody waits for it. What is wrong with it is shown, and said again by each job."""
        warm = getattr(self.maker, "warm", None)
        doing = "ready"
        if name and warm:
            self.queue.pulse(self.who, "getting the model ready")
            try:
                warm(name)
            except CineloomError as error:
                doing = str(error)
            except Exception as error:
                traceback.print_exc()
                doing = _sentence(error)
        self.queue.pulse(self.who, doing)

    def _sweep(self) -> None:
        for project in projects(self.queue.home):
            Library.open(self.queue.home, project).clear_staging()

    def _listen(self) -> None:
        for _ in sys.stdin:
            self.woken.set()
        self.orphan = True
        self.woken.set()

    def _pulse(self) -> None:
        while True:
            time.sleep(PULSE)
            if self.busy:
                try:
                    self.queue.pulse(self.who)
                except CineloomError:
                    traceback.print_exc()       # a full disk must not end the heartbeat


def _sentence(error: Exception) -> str:
    text = str(error).strip().splitlines()[0] if str(error).strip() else ""
    if isinstance(error, MemoryError) or "out of memory" in text or "can't allocate memory" in text:
        return "There was not enough memory for this film; a smaller size or fewer seconds would fit."
    return f"Something broke inside the studio ({type(error).__name__}: {text[:300]}); the worker's log tells where."


def main(arguments: list[str] | None = None, maker: Maker | None = None) -> int:
    """The process's entry point. Exit code 3 means that another worker has the post."""
    parser = argparse.ArgumentParser(prog="python -m engine.jobs.worker", description="Make the films that wait in a home's queue.")
    parser.add_argument("--home", required=True, type=Path, help="the folder that holds queue.db")
    parser.add_argument("--kept", action="store_true", help="stay until standard input ends")
    parser.add_argument("--warm", default="", help="open this backend before the first job")
    parser.add_argument("--idle", type=float, default=IDLE, help="seconds without work after which to end")
    asked = parser.parse_args(arguments)
    worker = Worker(asked.home, maker)
    signal.signal(signal.SIGTERM, worker.stop)
    signal.signal(signal.SIGINT, worker.stop)
    if hasattr(os, "nice"):
        os.nice(5)          # the page, the player and the user's other programs come first
    return 0 if worker.run(kept=asked.kept, warm=asked.warm, idle=asked.idle) else 3


if __name__ == "__main__":
    sys.exit(main())
