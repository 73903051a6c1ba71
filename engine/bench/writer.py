"""A writer to be killed: submits, edits, pauses, moves and favourites, brings takes in, and says of each what it will do and did.

    python -m engine.bench.writer HOME SEED MODEL_TAKE < recipes, one a line > journal

A line of the journal is JSON: {"will": what, ...} before, {"did": what, ...} once the call has returned. What it did must be
there after any kill; what it only would do may be there whole or not at all. Imports no torch.
"""

from __future__ import annotations

import json
import random
import shutil
import sys
import time
from pathlib import Path

from engine.errors import BadRequest
from engine.events import Made
from engine.jobs import Queue
from engine.library import Library
from engine.library.library import new_id
from engine.recipe import Recipe, from_json

LINE = 3            # jobs in line that it sees to
PAUSE = 0.2         # seconds between deeds, on the average


class Writer:
    """Does things for ever."""

    def __init__(self, home: Path, seed: int, model: Path, recipes: list[Recipe]):
        self.chance, self.model, self.recipes = random.Random(seed), model, recipes
        self.queue, self.library = Queue(home), Library.open(home)

    def run(self) -> None:
        """Until somebody kills it."""
        deeds = (self.submit, self.submit, self.submit, self.edit, self.pause, self.move, self.bring, self.bring, self.favourite)
        while True:
            try:
                self.chance.choice(deeds)()
            except BadRequest:          # the worker was quicker: the job waits no more
                self.say({"refused": True})
            time.sleep(self.chance.expovariate(1 / PAUSE))

    def say(self, line: dict) -> None:
        """One line of the journal."""
        print(json.dumps(line), flush=True)

    def submit(self) -> None:
        """Two variations at once, now and then."""
        if len(self.line()) >= LINE:
            return
        recipe, count = self.chance.choice(self.recipes), self.chance.choice((1, 1, 2))
        self.say({"will": "submit"})
        for id in self.queue.submit_variations(recipe, count):
            self.say({"did": "submit", "id": id})

    def edit(self) -> None:
        """Another recipe for a job in line."""
        line = self.line()
        if line:
            id, recipe = self.chance.choice(line), self.chance.choice(self.recipes)
            self.say({"will": "edit", "id": id, "digest": recipe.digest()})
            self.queue.edit(id, recipe)
            self.say({"did": "edit", "id": id, "digest": recipe.digest()})

    def pause(self) -> None:
        """One job, waiting or running, held for a moment."""
        ids = [job.id for job in self.queue.jobs(recent=0)]
        if ids:
            id = self.chance.choice(ids)
            self.say({"will": "pause", "id": id})
            self.queue.pause(id)
            self.say({"did": "pause", "id": id})
            time.sleep(self.chance.random() * 0.3)
            self.queue.resume(id)

    def move(self) -> None:
        """Another place in line."""
        line = self.line()
        if line:
            self.say({"will": "move"})
            self.queue.move(self.chance.choice(line), self.chance.choice(("up", "down", "top", "bottom", 3)))
            self.say({"did": "move"})

    def bring(self) -> None:
        """A take that was made elsewhere, at most forty of them."""
        if self.library.count() > 40 and self.chance.random() < 0.9:
            return
        id = new_id()
        bench = self.model.parent / "brought" / id
        bench.mkdir(parents=True)
        files = {name: bench / path.name for name, path in model(self.model).items()}
        for path in self.model.iterdir():
            shutil.copyfile(path, bench / path.name)
        recipe = from_json((self.model / "recipe.json").read_text())
        self.say({"will": "take", "id": id})
        self.library.add_take(Made(recipe, **files, width=recipe.width, height=recipe.height, pictures=recipe.pictures, rate=16, seconds=1.0), id)
        self.say({"did": "take", "id": id})
        shutil.rmtree(bench, ignore_errors=True)

    def favourite(self) -> None:
        """A mark on a take."""
        takes = self.library.takes(limit=10)
        if takes:
            id = self.chance.choice(takes).id
            self.say({"will": "favourite", "id": id})
            self.library.favourite(id)
            self.say({"did": "favourite", "id": id})

    def line(self) -> list[str]:
        """The ids of the jobs that wait."""
        return [job.id for job in self.queue.jobs(recent=0) if job.state == "waiting"]


def model(folder: Path) -> dict[str, Path]:
    """The files of a take as engine.make leaves them."""
    film = next(path for path in folder.iterdir() if path.stem == "take")
    return {"film": film, "poster": folder / "poster.jpg", "strip": folder / "strip.jpg", "latents": folder / "latents.safetensors"}


if __name__ == "__main__":
    Writer(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), [from_json(line) for line in sys.stdin]).run()
