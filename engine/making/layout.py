"""Layout: a recipe and what it was given, painted on a canvas.

    nothing stands there                #   to be made
    a given picture or film             .   kept
    the edge of one, half of a frame    6   led up to: its latent frame holds pictures that are known and others that are not
    two films over each other           9   a cross-fade to begin with, denoised most in its middle
    strength, area, mask              1-9   given film is changed so far, there

Knows canvases, inputs and the meaning of strength. Knows no operation by name, but for loops, and no prompt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from engine.canvas import Canvas
from engine.denoisers.base import Backend
from engine.errors import BadRequest
from engine.making.change import Change
from engine.making.given import Given
from engine.making.referring import references
from engine.recipe import Cue, Recipe
from engine.recipe.within import EDGE

TENT = 0.9          # strength in the middle of two films that lie over each other
FINE = 1_000        # steps of the grid of noise by which a strength is turned into a level


@dataclass(frozen=True, eq=False)
class Layout:
    """What is painted, and what of the given pictures must come back untouched."""

    canvas: Canvas
    given: tuple[Given, ...]
    change: Change
    faded: frozenset[int]       # latent frames where two given films lie over each other: neither comes back
    cues: dict[int, Cue]        # the words, by the latent frame where they begin
    references: Tensor | None   # (n, 3, H, W) in -1..1: who or what is to be in it

    @property
    def cuts(self) -> list[int]:
        """Latent frames where a new shot begins."""
        return [frame for frame, cue in self.cues.items() if cue.cut and frame]

    @property
    def footage(self) -> set[int]:
        """Latent frames that hold film which no model made."""
        count = self.canvas.frames
        return {frame % count for one in self.given if one.footage for frame in one.place.whole}

    @property
    def period(self) -> int | None:
        """Latent frames after which a loop begins again."""
        return self.canvas.frames if self.change.recipe.loops else None


def lay(recipe: Recipe, backend: Backend, places: Mapping[str, Path] = {}) -> Layout:
    """The canvas of a recipe.

    places   where its inputs lie, by hash, if not where it says
    Raises BadMedia for an input that is gone, has changed or is not what it should be, BadRequest where nothing is left to
    be made.
    """
    grid = backend.grid
    count = recipe.pictures // grid.time if recipe.loops else grid.frames(recipe.pictures)
    canvas = Canvas.empty((1, grid.channels, count, grid.cells(recipe.height), grid.cells(recipe.width)))
    everything = [Given(item, recipe, backend, places.get(item.sha256)) for item in recipe.inputs if item.role != "reference"]
    given = [one for one in everything if one.item.role != "mask"]
    change = Change(recipe, next((one for one in everything if one.item.role == "mask"), None), grid, count)
    latents, levels, faded = canvas.latents, canvas.levels, set()
    for one in given:
        whole = {frame % count for frame in one.place.whole}
        covered = [frame for frame in dict.fromkeys(at % count for at in range(one.place.first, one.place.last))
                   if bool((levels[(slice(None), slice(None), frame, *one.cells)] < 1).any())]
        for frame, latent in one.latents():
            frame %= count
            place = (slice(None), slice(None), slice(frame, frame + 1), *one.cells)
            strength = 0.0 if one.item.role == "still" or frame in whole else EDGE
            if frame in covered and one.item.role == "film":
                share = (covered.index(frame) + 1) / (len(covered) + 1)
                latent, strength = torch.lerp(latents[place], latent, share), TENT * (1 - abs(2 * share - 1))
                faded.add(frame)
            latents[place], levels[place] = latent, float(level_of(torch.tensor(strength), backend, canvas.shape))
    if change:
        levels = torch.where(levels < 1, torch.maximum(levels, level_of(change.cells(), backend, canvas.shape)), levels)
    if not bool((levels > 0).any()):
        raise BadRequest("Nothing is left to be made: what is given fills the film, and nothing of it is to be changed.")
    cues = {0: Cue(0, recipe.prompt, 0)}
    for cue in recipe.cues:
        cues[min(cue.at // grid.time if recipe.loops else grid.frame_of(cue.at), count - 1)] = cue
    return Layout(Canvas(latents, levels), tuple(given), change, frozenset(faded), cues, references(recipe, places))


def level_of(strength: Tensor, backend: Backend, shape: tuple[int, ...]) -> Tensor:
    """Levels of strengths 0..1. Half the strength is half of the walk, wherever the model's noise is by then."""
    sigmas = torch.tensor(backend.sigmas(FINE, shape))
    at = (1 - strength.clamp(0, 1)) * FINE
    low = at.floor().long()
    return torch.lerp(sigmas[low], sigmas[(low + 1).clamp(max=FINE)], at - low) * (strength > 0)
