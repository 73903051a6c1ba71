"""The desk: everything the page, the routes and the public functions ask of the studio, in one place.

    desk.submit(...)  ->  a job row          desk.state()  ->  what the page shows now
Knows the queue, the library and the catalog's light facts. Knows no gradio and no HTTP; imports no torch.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
from pathlib import Path

import numpy as np

from app import settings, shapes
from app.examples import examples, knows
from engine.denoisers.catalog import describe
from engine.errors import BadRequest
from engine.jobs import Job, Queue
from engine.jobs.editing import edited
from engine.jobs.keeper import Keeper
from engine.library import Library, Take
from engine.library.database import says_why
from engine.library.library import FIRST_PROJECT
from engine.recipe import compose

LONGEST = 1920                              # pixels along one side of a kept picture: as long as a film's can be
KEPT = re.compile(r"[0-9a-f]{32}\.png")


class Desk:
    """One open studio: a home, a project in it, the model that new takes use."""

    def __init__(self, home: Path | str | None = None, *, backend: str = "", project: str = FIRST_PROJECT, keeper=None):
        """Open or make the home. Raises CannotWrite. `keeper` is for tests; `start` begins to look after the worker."""
        self.home = settings.home(home)
        self.project = project
        self.backend = backend or settings.backend()
        self.queue = Queue(self.home)
        self.library = Library.open(self.home, project)
        self.keeper = keeper or Keeper(self.queue, warm=self.backend)

    def start(self) -> Desk:
        """Look after the worker from now on."""
        self.keeper.start()
        return self

    def close(self) -> None:
        """End the worker; what it had in hand waits for the next start."""
        self.keeper.close()

    # ---- making

    def submit(self, prompt: str, **asked) -> Job:
        """One take: see `submit_variations`."""
        return self.submit_variations(prompt, 1, **asked)[0]

    def submit_variations(
        self,
        prompt: str,
        count: int,
        *,
        seconds: float = 2.0,
        width: int = 256,
        height: int = 144,
        seed: int | None = None,
        steps: int | None = None,
        picture: str = "",
    ) -> list[Job]:
        """Check and snap what is asked and put it in line `count` times, each with the next seed; all of them or none.

        seconds   of film; 0 is a still picture
        picture   a name that `keep_picture` gave: the film begins with it
        Raises BadRequest with a sentence.
        """
        still = seconds == 0 and not picture
        recipe, said = compose(
            prompt,
            operation="animate" if picture else "image" if still else "text",
            seconds=seconds,
            size=(width, height),
            seed=seed,
            steps=steps,
            model=describe(self.backend),
            inputs=[self.picture(picture)] if picture else (),
        )
        ids = self.queue.submit_variations(recipe, count, self.project, said)
        self.keeper.wake()
        return [self.job(id) for id in ids]

    def job(self, id: str) -> Job:
        """One job. Raises BadRequest when there is none of that id."""
        job = self.queue.job(id)
        if job is None:
            raise BadRequest(f"There is no job {id[:40]!r} here.")
        return job

    def cancel(self, id: str) -> Job:
        """Ask a job to stop."""
        self.job(id)
        return self.queue.cancel(id)

    def dismiss(self, id: str) -> Job:
        """Take a job that is over off the page."""
        self.job(id)
        return self.queue.dismiss(id)

    def pause(self, id: str | None = None) -> Job | None:
        """Hold one job, or with no id the whole line; what runs stops at its next step and keeps what it has."""
        return self.queue.pause(id)

    def resume(self, id: str | None = None) -> Job | None:
        """Let one job, or with no id the whole line, go on."""
        job = self.queue.resume(id)
        self.keeper.wake()
        return job

    def retry(self, id: str) -> Job:
        """Put a job that failed or was cancelled in line again. Raises BadRequest for any other."""
        job = self.queue.retry(id)
        self.keeper.wake()
        return job

    def move(self, id: str, to: str | int) -> Job:
        """Another place in line: "up", "down", "top", "bottom" or a number from 1. Raises BadRequest."""
        return self.queue.move(id, to)

    def edit(self, id: str, **changes: object) -> Job:
        """Another recipe for a waiting job: what is not among the `changes` stays. See `engine.jobs.editing`. Raises BadRequest."""
        recipe, said = edited(self.job(id).asked, **changes)
        return self.queue.edit(id, recipe, said)

    # ---- showing

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
        }

    def unknown_words(self, prompt: str) -> list[tuple[int, int]]:
        """`[start, stop)` of each word, in code points, that the model was never taught."""
        return describe(self.backend).unknown_words(prompt)

    def state(self) -> dict:
        """What changes while one looks: the jobs, a mark that grows with every change of the takes, the worker."""
        worker = self.queue.worker()
        return {
            "takes": self.library.mark(),
            "jobs": [job.to_json() for job in self.queue.jobs(recent=5)],
            "paused": self.queue.paused,
            "worker": worker["doing"] if worker else "",
            "pace": self.queue.pace(self.backend),
        }

    def takes(self, query: str = "", *, before: int | None = None, limit: int = 60, only: str = "") -> list[Take]:
        """A page of takes, newest first; `only` is "", "favourites" or "trash"."""
        return self.library.takes(
            query, before=before, limit=limit, favourites=only == "favourites", trashed=only == "trash"
        )

    def take(self, id: str) -> Take:
        """One take. Raises BadRequest when there is none of that id."""
        take = self.library.take(id)
        if take is None:
            raise BadRequest(f"There is no take {id[:40]!r} in {self.project}.")
        return take

    def get_ready(self) -> None:
        """Somebody looks at the page: have the model open when the first job comes."""
        self.keeper.get_ready()

    # ---- pictures to start from

    def keep_picture(self, data: bytes) -> dict:
        """Check a picture that was sent and keep it in the project, as PNG under the hash of its bytes.

        It is kept upright, without what a phone wrote into it, and no larger than a film can be: any browser can show
        it, and no place or name travels with the film. Returns `{name, width, height}`.
        Raises BadMedia with a sentence when it is none, or too big; CannotWrite.
        """
        from PIL import Image

        from engine.media import read_picture, write_picture

        folder = self.library.folder / "inputs"
        bench = folder / f".{secrets.token_hex(8)}"
        with says_why(folder):
            bench.mkdir(parents=True)
        try:
            sent = bench / "Your picture"       # the name is read aloud in errors
            with says_why(sent):
                sent.write_bytes(data)
            picture = read_picture(sent)
            if max(picture.shape[:2]) > LONGEST:
                small = Image.fromarray(picture)
                small.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
                picture = np.asarray(small)
            kept = bench / "kept.png"
            write_picture(kept, picture)
            name = hashlib.sha256(kept.read_bytes()).hexdigest()[:32] + ".png"
            with says_why(folder):
                os.replace(kept, folder / name)
        finally:
            shutil.rmtree(bench, ignore_errors=True)
        return {"name": name, "width": picture.shape[1], "height": picture.shape[0]}

    def picture(self, name: str) -> Path:
        """The file of a kept picture. Raises BadRequest for anything else."""
        path = self.library.folder / "inputs" / name
        if not KEPT.fullmatch(name) or path.is_symlink() or not path.is_file():
            raise BadRequest("That starting picture is not here any more; choose it again.")
        return path
