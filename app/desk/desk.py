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
from app.desk.models import Models
from app.desk.projects import Projects, remembered
from app.desk.shelf import Shelf
from app.desk.wording import Wording
from app.examples import examples, knows, story, task_examples
from app.tasks import described
from app.tasks.presets import presets
from engine.denoisers.catalog import Model, describe
from engine.denoisers.open import distilled
from engine.denoisers.open.choosing import fitting
from engine.denoisers.open.loras import Kept
from engine.jobs import Queue
from engine.jobs.crew import Crew
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
        self.keeper = keeper or Crew(self.queue, warm=self.backend)
        self.making, self.line, self.shelf, self.inputs = Making(self), Line(self), Shelf(self), Inputs(self)
        self.projects, self.cutting, self.exports, self.models = Projects(self), Cutting(self), Exports(self), Models(self)
        self.wording = Wording(self)
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
        self.models.close()
        self.wording.close()
        self.keeper.close()

    def get_ready(self) -> None:
        """Somebody looks at the page: have the model open when the first job comes. The page itself needs the machine first."""
        if self._ready is None or not self._ready.is_alive():
            self._ready = Timer(SOON, self.keeper.get_ready)
            self._ready.daemon = True
            self._ready.start()

    def row(self, name: str = "") -> Model:
        """The catalog's row of a model of this machine; "" is the one that new takes use. Raises BadRequest for one that is not here."""
        return describe(name or self.backend)

    def model(self, name: str = "") -> dict:
        """What the page needs to know of a model to draw its form, and which others could be chosen. Raises BadRequest, see `row`."""
        model = self.row(name)
        return {
            "name": model.name,
            "title": model.title,
            "about": model.about,
            "models": [{"name": one.name, "title": one.title, "grid": _grid(one)} for one in map(describe, self.models.here())],
            "size": list(model.sizes[0][1:]),
            "grid": _grid(model),
            "steps": list(model.steps),
            "default_steps": model.default_steps,
            "shapes": shapes.table(model.grid.step, model.sizes),
            "knows": knows(model),
            "examples": examples(model),
            "tasks": described(model),
            "references": model.references,
            "presets": presets(model),
            "task_examples": task_examples(model),
            "story": story(model),
            "loras": [{"name": lora.name, "words": list(lora.words), "distilled": _taught(lora)} for lora in fitting(model.name)],
        }

    def unknown_words(self, prompt: str, model: str = "") -> list[tuple[int, int]]:
        """`[start, stop)` of each word, in code points, that a model was never taught. Raises BadRequest, see `row`."""
        return self.row(model).unknown_words(prompt)

    def state(self) -> dict:
        """What changes while one looks: the open project, marks that change with its takes and its cuts, the jobs, the worker."""
        worker, library, jobs = self.queue.worker(), self.library, self.queue.jobs(recent=5)
        return {
            "project": library.folder.name,
            "takes": library.mark(),
            "jobs": [job.to_json() for job in jobs],
            "paused": self.queue.paused,
            "worker": worker["doing"] if worker else "",
            "pace": {name: self.queue.pace(name) for name in {self.backend, *(job.recipe.get("backend", "") for job in jobs)}},
            "models": self.models.mark(),
            "cuts": self.cutting.marks(),
        }


def _taught(lora: Kept) -> dict | None:
    """The steps and the guidance of one that was distilled."""
    own = distilled.of(lora.grid) if lora.grid else None
    return own and {"steps": own.steps, "guidance": own.guidance}


def _grid(model: Model) -> dict:
    """What the page needs of a model's grid, to say how long a film becomes and what it costs."""
    grid = model.grid
    return {"space": grid.space, "time": grid.time, "rate": grid.rate, "step": grid.step}
