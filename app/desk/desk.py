"""One open studio: a home, a project in it, the model that new takes use, and the rooms that do the work."""

from __future__ import annotations

from pathlib import Path
from threading import Timer

from app import settings, shapes
from app.desk.cutting import Cutting
from app.desk.exports import Exports
from app.desk.inputs import Inputs
from app.desk.line import Line
from app.desk.making import Making
from app.desk.projects import Projects, remembered
from app.desk.shelf import Shelf
from app.examples import examples, knows, story, task_examples
from app.tasks import described
from app.tasks.presets import presets
from engine.denoisers.catalog import describe
from engine.jobs import Queue
from engine.jobs.keeper import Keeper
from engine.library import Library

SOON = 1.0      # seconds


class Desk:
    """One open studio. See the package for its rooms."""

    def __init__(self, home: Path | str | None = None, *, backend: str = "", project: str = "", keeper=None):
        """Open or make the home, and in it the project that was open last. Raises CannotWrite.

        project     open this one instead
        keeper      for tests; `start` begins to look after the worker
        """
        self.home = settings.home(home)
        self.backend = backend or settings.backend()
        self.queue = Queue(self.home)
        self.library = Library.open(self.home, project or remembered(self.home))
        self.keeper = keeper or Keeper(self.queue, warm=self.backend)
        self.making, self.line, self.shelf, self.inputs = Making(self), Line(self), Shelf(self), Inputs(self)
        self.projects, self.cutting, self.exports = Projects(self), Cutting(self), Exports(self)
        self._ready: Timer | None = None

    @property
    def project(self) -> str:
        """The name of the open project. It and its library change together: there is one field."""
        return self.library.folder.name

    def start(self) -> Desk:
        """Look after the worker from now on."""
        self.keeper.start()
        return self

    def close(self) -> None:
        """End the worker; what it had in hand waits for the next start."""
        self.exports.close()
        self.keeper.close()

    def get_ready(self) -> None:
        """Somebody looks at the page: have the model open when the first job comes. The page itself needs the machine first."""
        if self._ready is None or not self._ready.is_alive():
            self._ready = Timer(SOON, self.keeper.get_ready)
            self._ready.daemon = True
            self._ready.start()

    def model(self) -> dict:
        """What the page needs to know of the model to draw its form, and of this machine to say what a film costs."""
        model = describe(self.backend)
        grid = model.grid
        return {
            "name": model.name,
            "title": model.title,
            "about": model.about,
            "grid": {"space": grid.space, "time": grid.time, "rate": grid.rate, "step": grid.step},
            "steps": list(model.steps),
            "default_steps": model.default_steps,
            "shapes": shapes.table(grid.step, model.sizes),
            "knows": knows(model),
            "examples": examples(model),
            "tasks": described(model),
            "presets": presets(model),
            "task_examples": task_examples(model),
            "story": story(model),
        }

    def unknown_words(self, prompt: str) -> list[tuple[int, int]]:
        """`[start, stop)` of each word, in code points, that the model was never taught."""
        return describe(self.backend).unknown_words(prompt)

    def state(self) -> dict:
        """What changes while one looks: the open project, marks that change with its takes and its cuts, the jobs, the worker."""
        worker, library = self.queue.worker(), self.library
        return {
            "project": library.folder.name,
            "takes": library.mark(),
            "jobs": [job.to_json() for job in self.queue.jobs(recent=5)],
            "paused": self.queue.paused,
            "worker": worker["doing"] if worker else "",
            "pace": self.queue.pace(self.backend),
            "cuts": self.cutting.marks(),
        }
