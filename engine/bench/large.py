"""Large: what full size and a long take cost on this machine, in time and memory, and what becomes of the draft.

    for each size    take, 6 s at the size of a draft  ->  finish, 1920x1080        layout against the draft, detail gained
    long             take, 6 s                         beside take, 60 s            memory, and time for a second of film

Every film is made by the command line in a process of its own, as people make them. Knows commands and films; knows no model
by name.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from engine import memory
from engine.bench.running import Cost, cost
from engine.denoisers.catalog import Model, describe
from engine.recipe.again import recipe_of
from engine.recipe.asking import sides
from engine.recipe.shapes import nearest

PROMPT = "a red boat sails left on the sea at dusk"
SHORT = 6.0             # seconds that a long take is set beside
BRIEF = 0.25            # seconds of a take that is nearly all beginning: what it costs is no film's
SEEN = 9                # pictures of each that are looked at: at full size more would not fit
LAYOUT = 24.0           # dB
GROWTH, PACE = 1.15, 1.10       # of a long take's memory, and of its time for a second of film, over a short one's


@dataclass(frozen=True)
class Film:
    """One film and what it cost."""

    what: str               # "finish 1920x1080"
    seconds: float          # of film
    took: float             # seconds by the clock
    processor: float        # seconds of all cores; 0 where nobody says
    memory: float           # bytes at the peak
    foretold: float         # bytes that the catalog says of it
    layout: float | None = None     # dB against the draft
    detail: float | None = None     # over the draft, merely enlarged

    @property
    def pace(self) -> float:
        """Seconds of work for a second of film: the processor's where it is known, which other work disturbs least."""
        return (self.processor or self.took) / self.seconds

    @property
    def well(self) -> bool:
        """Whether the draft is still there, and memory was foretold: never less than needed."""
        return (self.layout is None or self.layout >= LAYOUT) and self.memory <= self.foretold


@dataclass(frozen=True)
class Large:
    """What was measured of one model on one machine."""

    model: str
    machine: dict[str, str | int | float]
    films: tuple[Film, ...]

    def __getitem__(self, what: str) -> Film:
        """The film called so. Raises KeyError."""
        for film in self.films:
            if film.what == what:
                return film
        raise KeyError(what)

    @property
    def takes(self) -> list[Film]:
        """A moment, the short take and the long one, if they were made."""
        return [film for film in self.films if film.what.startswith("take")]

    @property
    def growth(self) -> tuple[float, float] | None:
        """Memory and pace of the long take over those of the short one, the time of beginning taken off both."""
        if len(self.takes) < 3:
            return None
        brief, short, long = self.takes
        paces = [(film.pace * film.seconds - brief.pace * brief.seconds) / (film.seconds - brief.seconds) for film in (short, long)]
        return (long.memory / short.memory if short.memory else 1.0), paces[1] / paces[0]

    @property
    def well(self) -> bool:
        """Whether every aim is met."""
        memory_grew, pace_grew = self.growth or (1.0, 1.0)
        return all(film.well for film in self.films) and memory_grew <= GROWTH and pace_grew <= PACE

    def to_json(self) -> dict:
        """Everything, as values that JSON has."""
        return {"model": self.model, "machine": self.machine, "films": [asdict(film) | {"pace": film.pace, "well": film.well} for film in self.films],
                "growth": self.growth, "well": self.well}

    def text(self) -> str:
        """A table to read."""
        lines = [f"{self.model} on {self.machine['cores']} cores, {self.machine['load']:.1f} processes on them before it began",
                 f"{'':<20} {'film':>6} {'took':>8} {'processor':>10} {'a second':>9} {'memory':>8} {'foretold':>9} {'layout':>9} {'detail':>7}"]
        for film in self.films:
            more = "" if film.layout is None else f"{film.layout:6.1f} dB {film.detail:7.2f}"
            lines.append(f"{film.what:<20} {film.seconds:4.4g} s {film.took:6.0f} s {film.processor:8.0f} s {film.pace:7.1f} s "
                         f"{memory.words(film.memory):>8} {memory.words(film.foretold):>9} {more}{'' if film.well else '  missed'}".rstrip())
        if self.growth:
            lines.append(f"{self.takes[2].seconds:g} s against {self.takes[1].seconds:g} s: {self.growth[0]:.2f} times the memory (at most {GROWTH}), "
                         f"{self.growth[1]:.2f} times the work for a second of film (at most {PACE})")
        return "\n".join(lines)


def measure(model: str, command: Sequence[str], folder: Path | str, *, seconds: float = 6.0, long: float = 60.0,
            sizes: Sequence[str] = ("1920x1080", "1080x1920"), minute: bool = False) -> Iterator[str | Large]:
    """Make them all; yields a sentence for each thing begun, and Large at last.

    command   begins a process of the command line, such as (python, -m, app.cli), run in `folder`
    long      seconds of the long take; 0 for none
    minute    finish the long take too, at the first size
    Raises CineloomError with the command's own sentence when it fails.
    """
    row, films = describe(model), []
    machine = {"cores": os.cpu_count() or 1, "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0}
    with tempfile.TemporaryDirectory() as place:
        run = _Run(command, model, row, Path(folder), Path(place))
        for size in sizes:
            width, height = sides(size)
            small = nearest(width, height, row.sizes[0][1] * row.sizes[0][2], row.grid.step)
            yield f"a draft of {seconds:g} s at {small[0]}x{small[1]}"
            draft = run.take(seconds, small)[0]
            yield f"finishing it at {size}"
            films.append(run.finish(draft, size))
            yield f"{size}: {films[-1].took:.0f} s, {memory.words(films[-1].memory)}"
        if long:
            for length in (BRIEF, min(SHORT, long / 2), long):
                yield f"a take of {length:g} s"
                path, film = run.take(length, row.sizes[0][1:])
                films.append(film)
            if minute:
                yield f"finishing {long:g} s at {sizes[0]}: that takes long"
                films.append(run.finish(path, sizes[0]))
    yield Large(model, machine, tuple(films))


class _Run:
    def __init__(self, command: Sequence[str], model: str, row: Model, folder: Path, place: Path):
        self.command, self.model, self.row, self.folder, self.place = command, model, row, folder, place

    def take(self, seconds: float, size: Sequence[int]) -> tuple[Path, Film]:
        path = self.place / f"take-{seconds:g}-{size[0]}x{size[1]}.mp4"
        spent = self._made(path, "take", PROMPT, "--seconds", str(seconds), "--size", f"{size[0]}x{size[1]}", "--seed", "7")
        return path, self._film(f"take {seconds:g} s", path, spent)

    def finish(self, draft: Path, size: str) -> Film:
        path = self.place / f"{draft.stem}-{size}.mp4"
        spent = self._made(path, "finish", str(draft), "--size", size)
        return self._film(f"finish {size}", path, spent, *_beside(path, draft))

    def _made(self, path: Path, *asked: str) -> Cost:
        return cost([*self.command, *asked, "--backend", self.model, "--out", str(path), "--json"], self.folder)

    def _film(self, what: str, path: Path, spent: Cost, layout: float | None = None, detail: float | None = None) -> Film:
        recipe = recipe_of(path).recipe
        foretold = self.row.memory(recipe.pictures, recipe.width, recipe.height, recipe.window, recipe.tile)
        return Film(what, (recipe.pictures - 1) / self.row.grid.rate, spent.seconds, spent.processor, spent.memory, foretold, layout, detail)


def _beside(film: Path, draft: Path) -> tuple[float, float]:
    """Layout and detail of a finished film against its draft, from some of its pictures."""
    import torch

    from engine.evaluation.joins import detail_gain, layout_psnr
    from engine.media import probe, read_film

    stride = max(1, probe(draft).pictures // SEEN)
    one, other = (torch.from_numpy(np.stack(list(islice(read_film(path), 0, SEEN * stride, stride)))).movedim(-1, 0).float() / 127.5 - 1
                  for path in (film, draft))
    return layout_psnr(one, other), detail_gain(one, other)
