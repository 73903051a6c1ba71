"""What would fit, when a film did not: in seconds at its size, and in pixels at its length.

Knows recipes, the catalog's estimates of memory, and bytes. Knows no queue.
"""

from __future__ import annotations

import dataclasses

from engine import memory
from engine.denoisers.catalog import Model, describe
from engine.recipe import Recipe
from engine.recipe.bounds import SIDES

SHARE = 0.85        # of free memory that a take may ask for
LESS = 0.7          # of what the estimate said of a film, the program left out, that did not fit: it was too low there


def out_of_memory(recipe: Recipe, what: str, free: int | None = None) -> str:
    """A sentence for a film that memory ran out over: what happened, what it needs, what would fit in numbers.

    free   bytes that are free, None asks the machine
    """
    model = describe(recipe.backend)
    need = _needs(recipe, model)
    budget = model.memory_fixed + LESS * (need - model.memory_fixed)
    free = memory.free() if free is None else free
    budget = budget if free is None else min(budget, SHARE * free)
    fits = [words for words in (_shorter(recipe, model, budget), _smaller(recipe, model, budget)) if words]
    would = f"{' or '.join(fits)} would fit" if fits else "close other programs, or choose a smaller size"
    asked = f"{_length(recipe.pictures, model)} at {recipe.width}x{recipe.height} needs about {memory.words(need)}"
    return f"{what} {asked}; {would}."


def _shorter(recipe: Recipe, model: Model, budget: float) -> str:
    """The longest film of this size that fits, in words; "" when it is not shorter or does not exist."""
    frames = model.grid.frames(recipe.pictures)
    fitting = [n for n in range(1, frames) if _needs(dataclasses.replace(recipe, pictures=model.grid.pictures(n)), model) <= budget]
    return f"{_length(model.grid.pictures(fitting[-1]), model)} at this size" if fitting else ""


def _smaller(recipe: Recipe, model: Model, budget: float) -> str:
    """The largest size of this shape that fits at this length, in words; "" when there is none."""
    step = model.grid.step
    for width in range(recipe.width - step, SIDES[0] - 1, -step):
        size = dataclasses.replace(recipe, width=width, height=model.grid.snap_side(round(recipe.height * width / recipe.width)))
        if size.height >= SIDES[0] and _needs(size, model) <= budget:
            return f"{size.width}x{size.height} at this length"
    return ""


def _needs(recipe: Recipe, model: Model) -> int:
    return model.memory(recipe.pictures, recipe.width, recipe.height, 0 if recipe.loops else recipe.window, recipe.tile)


def _length(pictures: int, model: Model) -> str:
    return f"{(pictures - 1) / model.grid.rate:,.10g} s" if pictures > 1 else "one picture"
