"""Joined: how well the joins of a finished take came out, from the pictures of its own file.

    . . . . . . # # # # # #        the step into the first made picture, beside the steps of the second before and after it
        |<-- NEAR -^- NEAR -->|

Knows recipes, files and the measure (`joins`). Knows neither models nor canvases.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from engine.evaluation.joins import Seam, seam
from engine.media import read_film
from engine.recipe import Recipe
from engine.recipe.operating import joins

NEAR = 16       # pictures on either side that say what is usual there: a second
FROZEN = 0.05   # a smaller ratio is as good as none: nothing moves there at all


@dataclass(frozen=True)
class Join:
    """One join of a take: before which picture it lies, and how it is."""

    picture: int
    seam: Seam

    def to_json(self) -> dict:
        """A plain dictionary of rounded figures; a ratio to nothing is null."""
        return {"picture": self.picture, **{name: round(value, 3) if math.isfinite(value) else None for name, value in vars(self.seam).items()}}


def off(ratio: float) -> float:
    """How far a ratio is from 1: half is as far as twice, so that film which stands still at its join wins nothing."""
    return abs(math.log(max(ratio, FROZEN)))


def measured(film: str | Path, recipe: Recipe, time: int = 4) -> tuple[Join, ...]:
    """The joins of a finished film, in order; none where its recipe has none. Reads it up to the last one, keeps what is near.

    time    pictures in a latent frame
    Raises BadMedia for a film that cannot be read.
    """
    stretches = {at: _near(at, recipe, time) for at in joins(recipe)}
    wanted = {number for numbers in stretches.values() for number in numbers}
    if not wanted:
        return ()
    kept = {}
    for number, picture in enumerate(read_film(film, most=max(wanted) + 1)):
        if number in wanted:
            kept[number] = picture
    return tuple(Join(at, seam(_film([kept[number] for number in numbers]), numbers.index(at), time)) for at, numbers in stretches.items())


def seam_of(found: Sequence[Join]) -> float | None:
    """One number for a take: of its joins' steps, over the film's usual one, that which is farthest from 1; None where there is no join."""
    return max((join.seam.difference for join in found), key=off, default=None)


def _near(at: int, recipe: Recipe, time: int) -> list[int]:
    """Numbers of the pictures around a join, beginning with the last of a latent frame, as a film does."""
    count = recipe.pictures
    if recipe.loops:        # whose latent frames begin before pictures 0, time, 2 time, ...
        near = min(NEAR, count // 2)
        first = (at - near) // time * time - 1
        return list(dict.fromkeys(number % count for number in range(first, at + near)))
    return list(range(max(0, at - NEAR) // time * time, min(count, at + NEAR)))


def _film(pictures: list[np.ndarray]) -> torch.Tensor:
    """(3, N, H, W) in -1..1."""
    return torch.from_numpy(np.stack(pictures)).movedim(-1, 0).float() / 127.5 - 1
