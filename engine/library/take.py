"""A take as a value: what the library answers with. An edge says what it was made from."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path

FILES = ("film", "poster", "strip", "latents")


@dataclass(frozen=True)
class Take:
    """One finished film or picture of a project."""

    number: int             # order in the project
    id: str
    created: float          # seconds since 1970, by the clock of the machine that made it; order never depends on it
    prompt: str
    caption: str            # what is seen, in words
    captioner: str          # the name of who wrote the caption; "" is a person, or nobody knows
    notes: str
    tags: tuple[str, ...]
    operation: str          # "import" where somebody else made it
    backend: str
    version: str            # hash of the weights
    seed: int
    steps: int
    width: int              # pixels
    height: int
    pictures: int
    rate: float             # pictures per second
    spent: float            # seconds of work
    recipe: dict            # as JSON; {} where nobody knows it
    film: str               # files, relative to the project's folder; "" where there is none
    poster: str
    strip: str
    latents: str
    bytes: int              # of the film when it came in; 0 where nobody looked
    state: str              # "whole", or "missing" when the last check did not find the film
    rating: int             # 1 to 5; 0 is none
    favourite: bool
    trashed: float | None   # when it was put into the trash
    figures: dict           # what was measured of it when it was made, see tidying.figures; {} where nobody did
    folder: Path            # of the project

    @property
    def seconds(self) -> float:
        """From its first picture to its last, as recipes count; 0 for a single picture."""
        return (self.pictures - 1) / self.rate

    def file(self, what: str) -> Path:
        """The path of its "film", "poster", "strip" or "latents"; it may be missing, ask `.exists()`."""
        return self.folder / (getattr(self, what) or f"{what}-of-{self.id}-is-none")

    @property
    def missing(self) -> bool:
        """Whether its film is not there now. A state to show: every word about the take is still here."""
        return not self.file("film").exists()

    @classmethod
    def from_row(cls, row: dict, folder: Path) -> Take:
        """A row of the table, with its JSON read. Columns that a newer studio added are left out."""
        row = {name: value for name, value in row.items() if name in COLUMNS}
        row.update(
            recipe=json.loads(row["recipe"]),
            tags=tuple(json.loads(row["tags"])),
            figures=json.loads(row.get("figures") or "{}"),
            seed=int(row["seed"] or 0),
            favourite=bool(row["favourite"]),
        )
        row.update({what: row[what] or "" for what in FILES})
        return cls(**row, folder=folder)

    def to_json(self) -> dict:
        """A plain dictionary for the page, the command line and the API. The seed is text: JavaScript rounds big numbers."""
        return {name: getattr(self, name) for name in SAID} | {
            "seed": str(self.seed),
            "tags": list(self.tags),
            "seconds": round(self.seconds, 4),
            "kind": Path(self.film).suffix.lstrip("."),
            "missing": self.missing,
        }


COLUMNS = frozenset(field.name for field in fields(Take)) - {"folder"}      # once, and not for every row of a page
SAID = tuple(field.name for field in fields(Take) if field.name not in ("folder", *FILES))


@dataclass(frozen=True)
class Edge:
    """One line of descent:  parent [start, stop) --role--> child."""

    child: str              # ids of takes
    parent: str             # also where that take is gone
    start: int              # pictures of the parent, [start, stop)
    stop: int
    role: str               # what they were used for: "start", "end", "whole", ...
    gone: bool = False      # the parent was removed for good, or never was in this project

    def to_json(self) -> dict:
        """A plain dictionary."""
        return {field.name: getattr(self, field.name) for field in fields(self)}
