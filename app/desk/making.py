"""Making: what is asked on the page or through the public functions, as plans and as jobs in line. Knows tasks and the queue."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from app import tasks
from app.tasks import Wishes
from app.tasks.wishes import read_seed
from engine.errors import BadRequest, CineloomError
from engine.jobs import Job
from engine.jobs.asking import WAITING
from engine.recipe import from_json

if TYPE_CHECKING:
    from app.desk.desk import Desk


class Making:
    """Puts takes in line."""

    def __init__(self, desk: Desk):
        """Part of one desk."""
        self.desk = desk

    def make(self, wishes: Wishes) -> list[Job]:
        """Check and snap what is asked and put it in line, as many times as variations are wished. Raises BadRequest with a sentence."""
        recipe, said = tasks.build(wishes, self.desk.inputs, self.desk.row(wishes.model))
        ids = self.desk.queue.submit_variations(recipe, wishes.variations, self.desk.project, said)
        self.desk.keeper.wake()
        return [self.desk.line.job(id) for id in ids]

    def plan(self, wishes: Wishes) -> dict:
        """What it would be and cost, and nothing is queued: see `tasks.cost`; or `{"why": sentence}` where it cannot be."""
        if not 1 <= wishes.variations <= WAITING:
            return {"why": f"1 to {WAITING} variations can be asked at once; {wishes.variations} were asked."}
        try:
            model = self.desk.row(wishes.model)
            recipe, notes = tasks.build(wishes, self.desk.inputs, model)
            layout = self.desk.models.layout(recipe)
        except CineloomError as error:
            return {"why": str(error)}
        return tasks.cost(recipe, model, self.desk.queue.pace(model.name), wishes.variations) | {"layout": layout, "notes": notes}

    def restore(self, take: str = "", recipe: object = None) -> dict:
        """The wishes that ask for a take's recipe, or for one out of a file, again: `{wishes, notes}`.

        Raises BadRequest for a take that is not there or was not made here, and for a recipe that cannot be read.
        """
        if take:
            recipe = self.desk.shelf.take(take).recipe
            if not recipe:
                raise BadRequest("This film was not made here: nobody knows its recipe.")
        if not isinstance(recipe, dict):
            raise BadRequest("A recipe is a JSON object, as the studio writes it.")
        if isinstance(recipe.get("seed"), str):         # as takes and jobs say it, because JavaScript rounds
            recipe = recipe | {"seed": read_seed(recipe["seed"]) or 0}
        asked = from_json(json.dumps(recipe))
        wishes, notes = tasks.wishes_of(asked, self.desk.inputs, self.desk.row(asked.backend if asked.backend in self.desk.models.here() else ""))
        return {"wishes": wishes, "notes": notes}
