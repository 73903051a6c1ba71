"""How a worker says what it does: events become a row that the page shows, with a preview and an estimate of what is left.

Knows events, the queue and estimates. What cannot be said, because the database is locked or the disk full, is not said:
the next report says more anyway.
"""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable

from engine.denoisers.catalog import describe
from engine.errors import CannotWrite
from engine.events import Decoded, Started, Stepped
from engine.jobs.estimate import Estimate
from engine.jobs.job import Job
from engine.jobs.queue import Queue
from engine.recipe import Recipe

SAY = 0.15          # seconds between reports, and between previews, at least: each is a write that no page shows faster anyway


class Saying:
    """One job's reports, from the worker `who`."""

    def __init__(self, queue: Queue, who: str, job: Job, recipe: Recipe):
        self.queue, self.who, self.job, self.recipe = queue, who, job, recipe
        pace = queue.pace(recipe.backend)
        self.estimate = Estimate(recipe.steps, 1, recipe.width * recipe.height * recipe.pictures, pace, kept=job.kept)
        self.last = self.shown = -SAY
        self.began = self.since = time.monotonic()      # of what is being done; of what is not kept yet

    def mark(self) -> None:
        """What comes now is timed from here."""
        self.began = time.monotonic()

    def now(self, message: str, *, urgent: bool = True) -> None:
        """Say how far it is; what is not urgent is left out when something was said a moment ago."""
        now = time.monotonic()
        if urgent or now - self.last > SAY:
            self.last = now
            told = self.estimate
            self._say(lambda: self.queue.report(
                self.job.id, self.who, step=told.done, steps=told.steps, progress=told.progress, message=message,
                left=told.left, unkept=now - self.since))  # fmt: skip

    def started(self, event: Started) -> None:
        """The walk begins, or goes on."""
        grid = describe(self.recipe.backend).grid
        self.estimate.steps, self.estimate.kept = event.steps, event.done
        at_once = min(event.frames, self.recipe.window or event.frames)       # a step is of one window, however long the film
        self.estimate.cells = at_once * (self.recipe.width // grid.space) * (self.recipe.height // grid.space)
        self.since = time.monotonic()
        self._say(lambda: self.queue.began(self.job.id, self.who, event.done))
        self.now(f"step {event.done + 1} of {event.steps}" if event.done < event.steps else "drawing the pictures")

    def stepped(self, event: Stepped) -> None:
        """A step is done, and there is something to see."""
        now = time.monotonic()
        self.estimate.spent_steps.append(now - self.began)
        last = event.index + 1 == event.count
        if last or now - self.shown > SAY:
            self.shown = now
            self._show(event)
        self.now("drawing the pictures" if last else f"step {event.index + 2} of {event.count}", urgent=last)

    def kept(self) -> None:
        """What was done so far is safe."""
        self.since = time.monotonic()

    def noted(self, words: str) -> None:
        """Something happened that a person should know."""
        self._say(lambda: self.queue.remark(self.job.id, self.who, words))

    def decoded(self, event: Decoded) -> None:
        """A part of the film is written."""
        self.estimate.steps = max(1, self.estimate.done)        # no more are to come, also where these were enough
        self.estimate.spent_decode += time.monotonic() - self.began
        self.estimate.decoded = event.done / event.total
        self.now(f"picture {event.done} of {event.total}", urgent=event.done == event.total)

    def learn(self) -> None:
        """Remember how long things took."""
        for phase, seconds in self.estimate.measured().items():
            self._say(lambda phase=phase, seconds=seconds: self.queue.learn_pace(self.recipe.backend, phase, seconds))

    def _show(self, event: Stepped) -> None:
        if event.preview is None:
            return
        from PIL import Image

        frames, height, width, _ = event.preview.shape
        sheet = Image.fromarray(event.preview.transpose(1, 0, 2, 3).reshape(height, frames * width, 3))
        jpeg = io.BytesIO()
        sheet.save(jpeg, "JPEG", quality=85, subsampling=0)     # tiny pictures: colour at half size would show
        shown = (event.index + 1, frames, width, height, jpeg.getvalue())
        self._say(lambda: self.queue.show(self.job.id, self.who, *shown))

    def _say(self, do: Callable[[], None]) -> None:
        try:
            do()
        except CannotWrite as error:
            print(f"worker: {error}", file=sys.stderr, flush=True)
