"""Within: seconds of film that are changed, while all else of it is kept.

    pictures   0 | 1 2 3 4 | 5 6 7 8 | 9 .. 12 | 13 ..      only 6 to 10 are asked for: the latent frames that hold them are changed
    strength   0 |    0    |   .9    |   .6    |  0         a number for each frame, as recipes say it: 0 is kept, pixel by pixel

    across a cut   | a . . 6 6 | 6 6 . . b |          two films that meet where a latent frame begins; the cut stays one

The last picture of the last of them, 12, is kept as well: a frame that shows it already leads on to what follows (`EDGE`), as where
film is led up to. Film is read from a picture on that puts the beginning of the change where a frame begins, where that can be: then no more is changed
than was asked, but for what fills the last frame. Knows times, grids and strengths. Knows no operation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.denoisers.base import Grid
from engine.denoisers.catalog import Model
from engine.errors import BadRequest
from engine.recipe.bounds import number
from engine.recipe.source import Source, same_shape
from engine.recipe.value import Recipe

EDGE = 0.6          # strength of a latent frame of which some pictures are known: what is left of it fades into them


@dataclass(frozen=True)
class Within:
    """From second `begin` of a film to second `end`: of the film itself, or of a `second` one that comes behind it, hard."""

    begin: float
    end: float
    second: str | Path | None = None
    start: float = 0.0              # seconds of the second film at which it is entered, and up to which it is used
    stop: float | None = None


@dataclass(frozen=True)
class Part:
    """Pictures [first, last) of a film, which stand from picture `at` on in what is made."""

    source: Source
    at: int
    first: int
    last: int


def parts(source: Source, within: Within | None, start: float, stop: float | None, model: Model, notes: list[str]) -> list[Part]:
    """The films that are laid down, one behind the other. Raises BadRequest for times that are none of theirs."""
    if within is None:
        return [Part(source, 0, *source.part(start, stop, model, notes))]
    grid, said = model.grid, []         # pictures that are left out beside what is changed are nobody's loss
    if within.second is not None:
        first, last = source.part(start, stop, model, said, keep_end=True)
        other = Source.of(within.second, model, notes)
        if not same_shape((source.width, source.height), (other.width, other.height)):
            raise BadRequest(f"{source.name} is {source.width}x{source.height} and {other.name} is {other.width}x{other.height}; across a cut "
                             "films are changed together that have one shape.")
        return [Part(source, 0, first, last), Part(other, last - first, *other.part(within.start, within.stop, model, said, follows=True))]
    first, begin, end = (round(number(second, "second") * grid.rate) for second in (start, within.begin, within.end))
    last = source.pictures if stop is None else min(source.pictures, round(number(stop, "end") * grid.rate) + 1)
    ways = [(first + left, last - (last - first - left - 1) % grid.time) for left in range(grid.time)]
    first, last = min(ways, key=lambda held: _loss(*held, first, last, begin, end, grid))
    return [Part(source, 0, *source.part(first / grid.rate, (last - 1) / grid.rate, model, said))]


def _loss(first: int, last: int, least: int, most: int, begin: int, end: int, grid: Grid) -> int:
    """How bad it is to lay down pictures [first, last) of [least, most), of which [begin, end) are changed, in whole latent frames.

    Worst is an end that is not kept though there is film, for nothing leads to it; then film that is left out; then what is changed
    without being asked.
    """
    before, behind = grid.frame_of(max(0, begin - first)), grid.frames(last - first) - 1 - grid.frame_of(max(0, min(end, last) - (end >= most) - first))
    lost = 1_000_000 * ((begin > least and before == 0) + (end < most and behind == 0))
    left = 1_000 * ((most - last) * (behind == 0) + (first - least) * (before == 0))
    return lost + left + (last - first) - grid.time * (before + behind)


def strengths(curve: Sequence[float], within: Within | None, laid: Sequence[Part], model: Model) -> list[float]:
    """The strength of each latent frame: the curve lies along what is changed. Without `within` the curve as it is. Raises BadRequest."""
    if within is None:
        return list(curve)
    grid, (one, *_), two = model.grid, laid, laid[-1]
    count = two.at + two.last - two.first
    first = max(0, round(within.begin * grid.rate) - one.first)
    last = min(count, two.at + round(within.end * grid.rate) - two.first)
    if not first < last or (len(laid) > 1 and not first < two.at < last):
        raise BadRequest(f"From {within.begin:g} s to {within.end:g} s is no stretch of {one.source.name}{' and what follows it' if len(laid) > 1 else ''}.")
    frames = grid.frames(count)
    begin, end = grid.frame_of(first), min(frames, grid.frame_of(last - (last == count)) + 1)
    changed = [float(strength) for strength in along(curve, end - begin)]
    if end < frames:
        changed[-1] = min(changed[-1], EDGE)
    return [*[0.0] * begin, *changed, *[0.0] * (frames - end)]


def along(curve: Sequence[float] | np.ndarray, count: int) -> np.ndarray:
    """A curve as so many numbers, (count,) float64: each its own where there are as many."""
    return np.interp(np.linspace(0, 1, count), np.linspace(0, 1, len(curve)), curve)


def edges(recipe: Recipe, time: int) -> tuple[int, ...]:
    """Pictures before which film that is kept meets film that is changed, in order; `time` pictures make a latent frame.

        . . . . 6 6 6 . .       13 and 24: frames begin before pictures 1, 5, 9, 13, ..., and the last changed one ends with a kept picture
    """
    kept = along(recipe.strength, 1 + (recipe.pictures - 1) // time) == 0
    return tuple(1 + time * (frame - 1) - int(kept[frame]) for frame in range(1, len(kept)) if kept[frame] != kept[frame - 1])
