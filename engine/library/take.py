"""A take as a value: what the library answers with."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path


@dataclass(frozen=True)
class Take:
    """One finished film or picture of a project."""

    number: int             # order in the project
    id: str
    created: float          # seconds since 1970
    prompt: str
    notes: str
    operation: str
    backend: str
    version: str
    seed: int
    steps: int
    width: int              # pixels
    height: int
    pictures: int
    rate: float             # pictures per second
    spent: float            # seconds of work
    recipe: dict            # as JSON
    film: str               # files, relative to the project's folder
    poster: str
    strip: str
    latents: str
    favourite: bool
    trashed: float | None   # when it was put into the trash
    folder: Path            # of the project

    @property
    def seconds(self) -> float:
        """From its first picture to its last, as recipes count; 0 for a single picture."""
        return (self.pictures - 1) / self.rate

    def file(self, what: str) -> Path:
        """The path of its "film", "poster", "strip" or "latents"; it may be missing, ask `.exists()`."""
        return self.folder / getattr(self, what)

    @classmethod
    def from_row(cls, row: dict, folder: Path) -> Take:
        """A row of the table, with its JSON read. Columns that a newer studio added are left out."""
        known = {field.name for field in fields(cls)}
        row = {name: value for name, value in row.items() if name in known}
        row.update(recipe=json.loads(row["recipe"]), seed=int(row["seed"] or 0), favourite=bool(row["favourite"]))
        return cls(**row, folder=folder)

    def to_json(self) -> dict:
        """A plain dictionary for the page, the command line and the API. The seed is text: JavaScript rounds big numbers."""
        keep = [f.name for f in fields(self) if f.name not in ("folder", "film", "poster", "strip", "latents")]
        return {name: getattr(self, name) for name in keep} | {
            "seed": str(self.seed),
            "seconds": round(self.seconds, 4),
            "kind": Path(self.film).suffix.lstrip("."),
            "missing": not self.file("film").exists(),
        }
