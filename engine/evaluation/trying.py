"""Trying: films made as a person makes them, so that what is measured is what people get.

    wishes -> engine.recipe.operating -> engine.make -> files of a take          pictures: those of the film before it is compressed

Knows recipes, a backend, a folder to work in and the prompts of a measurement. Measures nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from engine.denoisers.base import Backend
from engine.evaluation.prompts import Prompt, held_out_prompts
from engine.make import load_latents, make
from engine.making.layout import lay
from engine.making.pixels import pictures
from engine.media import fit_picture, probe, read_film, write_film, write_picture
from engine.recipe import Recipe, compose
from engine.recipe.operating import joins

# Second at which something moves in it, and what is to be seen.
FOOTAGE = {"traffic.mp4": (5.5, "a white car drives in a city street by day, the camera is still"),
           "bikes.mp4": (6.0, "a city street by day, the camera is still")}


@dataclass(frozen=True)
class Plan:
    """How much is measured. Sizes are pixels, lengths pictures."""

    takes: int = 6                                  # films that operations begin with
    pictures: int = 33
    width: int = 256
    height: int = 144
    seconds: float = 1.0                            # of film that is made after, before and between films
    chains: int = 3                                 # films that are extended again and again,
    extensions: int = 10                            # so often
    edits: int = 6
    strengths: tuple[float, ...] = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
    finishes: int = 2
    larger: int = 4                                 # times the width of a draft that a finish has
    long: float = 60.0                              # seconds of a long film,
    short: float = 6.0                              # and of the one that it is held against
    rounds: int = 3                                 # of both


FULL = Plan()
QUICK = Plan(takes=2, chains=1, edits=2, strengths=(0.2, 0.4, 0.6, 0.7, 0.8, 0.9), finishes=1, larger=2, long=12.0, rounds=1)


@dataclass(frozen=True, eq=False)
class Film:
    """A film that was made, or cut from footage."""

    path: Path                  # of its file, with latents and recipe beside it if it was made here
    pictures: np.ndarray        # (N, H, W, 3) uint8, before any compression that it was not given with
    prompt: str
    recipe: Recipe | None = None

    @cached_property
    def film(self) -> Tensor:
        """(3, N, H, W) float32 in -1..1, as measures take it."""
        return signed(self.pictures)

    @property
    def joins(self) -> tuple[int, ...]:
        """Pictures before which given film meets made film."""
        return joins(self.recipe) if self.recipe else ()


def signed(pictures: np.ndarray) -> Tensor:
    """(N, H, W, 3) uint8 to (3, N, H, W) float32 in -1..1."""
    return torch.from_numpy(np.ascontiguousarray(pictures)).movedim(-1, 0).float() / 127.5 - 1


class Workshop:
    """Where films are tried. Everything it makes lies in `folder`, one take to a folder."""

    def __init__(self, backend: Backend, folder: Path, plan: Plan, seed: int = 0, real: Path | None = None):
        self.backend, self.folder, self.plan, self.seed, self.real = backend, Path(folder), plan, seed, real
        self.model, self.count = backend.name, 0

    @property
    def size(self) -> tuple[int, int]:
        return self.plan.width, self.plan.height

    def make(self, asked: tuple[Recipe, list[str]]) -> Film:
        """Make what was composed. Raises what `make` raises."""
        recipe, _ = asked
        self.count += 1
        *_, last = make(recipe, self.backend, self.folder / f"{self.count:04}")
        parts = pictures(self.backend, load_latents(last.made.latents), lay(last.made.recipe, self.backend))
        return Film(last.made.film, np.concatenate(list(parts)), recipe.prompt, last.made.recipe)

    def text(self, prompt: str, seed: int, count: int | None = None, size: tuple[int, int] | None = None) -> Film:
        """A film of words alone."""
        return self.make(compose(prompt, model=self.model, pictures=count or self.plan.pictures, size=size or self.size, seed=seed))

    def animated(self, film: Film, count: int, seed: int) -> np.ndarray:
        """The last picture of a film's file set in motion, `count` pictures after it: what joins on the film's file."""
        return self.make(compose(film.prompt, model=self.model, operation="animate", pictures=1 + count, size=_size(film),
                                 inputs=[self.still(film, -1)], seed=seed)).pictures[1:]

    def between(self, a: Film, b: Film, count: int, seed: int) -> np.ndarray:
        """`count` pictures of film that begins with the last picture of `a`'s file and ends with the first of `b`'s."""
        last = self.backend.grid.snap_pictures(count + 2) - 1
        made = self.make(compose(a.prompt, model=self.model, operation="keyframes", pictures=last + 1, size=_size(a),
                                 inputs=[(self.still(a, -1), 0), (self.still(b, 0), last)], seed=seed))
        return made.pictures[1:-1]

    def still(self, film: Film, number: int) -> Path:
        """A picture of a film's file, as a file."""
        self.count += 1
        path = self.folder / f"{self.count:04}.png"
        self.folder.mkdir(parents=True, exist_ok=True)
        write_picture(path, list(read_film(film.path))[number])
        return path

    @cached_property
    def prompts(self) -> list[Prompt]:
        """Of every part alike, so that parts asked alone begin with the same films."""
        return held_out_prompts(max(self.plan.takes, self.plan.edits), self.seed)

    @cached_property
    def takes(self) -> list[Film]:
        """The films that operations begin with."""
        return [self.text(prompt.text, self.seed + i) for i, prompt in enumerate(self.prompts[:self.plan.takes])]

    @cached_property
    def footage(self) -> list[Film]:
        """Parts of clips that nobody made here, at the size of the films; none where the folder is not there."""
        found = []
        for name, (second, prompt) in FOOTAGE.items():
            if self.real is None or not (self.real / name).is_file():
                continue
            rate, count = self.backend.grid.rate, self.plan.pictures
            start = max(0, min(round(second * rate), int(probe(self.real / name).duration * rate) - count))
            stills = [fit_picture(picture, *self.size) for picture in islice(read_film(self.real / name, rate, most=start + count), start, None)]
            path = self.folder / f"cut-{name}"
            self.folder.mkdir(parents=True, exist_ok=True)
            write_film(path, [np.stack(stills)], *self.size, rate)
            found.append(Film(path, np.stack(list(read_film(path))), prompt))
        return found


def shortened(film: Film, first: int, last: int) -> Film:
    """Some of its pictures, to be looked at or measured."""
    return replace(film, pictures=film.pictures[first:last])


def _size(film: Film) -> tuple[int, int]:
    return film.pictures.shape[2], film.pictures.shape[1]
