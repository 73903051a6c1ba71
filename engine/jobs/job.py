"""A job as a value: what the queue answers with."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields

from engine.recipe import Recipe, from_json


@dataclass(frozen=True)
class Job:
    """One row of the queue; see schema.py for the units."""

    number: int
    id: str
    project: str
    recipe: dict
    said: tuple[str, ...]
    state: str
    created: float
    started: float | None
    finished: float | None
    tries: int
    worker: str | None
    cancel: bool
    enough: bool
    step: int
    steps: int
    progress: float
    message: str
    left: float | None
    heartbeat: float | None
    previewed: int
    error: str | None
    held: bool
    device: str
    batch: str
    taken: int
    kept: int
    resumed: int
    again: float

    @property
    def over(self) -> bool:
        """Whether nothing more will happen to it, unless somebody asks for that."""
        return self.state in ("done", "failed", "cancelled")

    @property
    def asked(self) -> Recipe:
        """Its recipe as a value. Raises BadRequest for one that this version cannot read."""
        return from_json(json.dumps(self.recipe))

    @classmethod
    def from_row(cls, row: dict) -> Job:
        """A row of the table with its JSON read."""
        row = {field.name: row[field.name] for field in fields(cls)}
        row.update(recipe=json.loads(row["recipe"]), said=tuple(json.loads(row["said"])), cancel=bool(row["cancel"]),
                   held=bool(row["held"]), enough=bool(row["enough"]))
        return cls(**row)

    def to_json(self) -> dict:
        """A plain dictionary for the page, the command line and the API."""
        out = {field.name: getattr(self, field.name) for field in fields(self)}
        out.pop("worker")
        out["recipe"] = {**self.recipe, "seed": str(self.recipe.get("seed", 0))}
        return out | {"said": list(self.said)}
