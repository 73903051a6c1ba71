"""Planning: what a recipe costs on this machine, before anybody has paid it.

    seconds    what this machine needed for a cell and a step, and for a pixel, times how many there are
    memory     what the catalog says of the model, beside what is free

Knows recipes, the catalog and the pace that was measured. An estimate: it is said as one.
"""

from __future__ import annotations

from engine import memory
from engine.denoisers.catalog import Model
from engine.recipe import Recipe
from engine.recipe.bounds import OVERLAP


def cost(recipe: Recipe, model: Model, pace: dict[str, float], count: int = 1) -> dict:
    """What the page shows under the button: the film's size and length, seconds of work for `count` of it, bytes of memory.

    `work` is None on a machine that has not made anything yet; `free` where nobody says how much memory there is.
    """
    grid = model.grid
    windows, frames = walked(recipe, model)
    plane = grid.cells(recipe.width) * grid.cells(recipe.height)
    work = None
    if "step" in pace and "decode" in pace:
        work = count * (pace["step"] * recipe.steps * windows * frames * plane + pace["decode"] * recipe.pictures * recipe.width * recipe.height)
    return {
        "operation": recipe.operation,
        "pictures": recipe.pictures,
        "seconds": (recipe.pictures - (0 if recipe.loops else 1)) / grid.rate,
        "width": recipe.width,
        "height": recipe.height,
        "steps": recipe.steps,
        "windows": windows,
        "work": work,
        "memory": model.memory(recipe.pictures, recipe.width, recipe.height, 0 if recipe.loops else recipe.window, recipe.tile),
        "free": memory.free(),
        "count": count,
    }


def walked(recipe: Recipe, model: Model) -> tuple[int, int]:
    """How many windows are walked, and about how many latent frames each has.

    Film that is kept costs nothing but the frames beside what is made of it, see `engine.windows`.
    """
    grid = model.grid
    frames = recipe.pictures // grid.time if recipe.loops else grid.frames(recipe.pictures)
    changed = recipe.strength or recipe.area or any(item.box or item.role == "mask" for item in recipe.inputs)
    kept = 0 if changed else sum((item.pictures - 1) // grid.time for item in recipe.inputs if item.role == "film")
    alive = max(1, frames - kept)
    cuts = sum(cue.cut for cue in recipe.cues)
    most = recipe.window or frames
    if frames <= most and not cuts:
        return 1, frames
    beside = OVERLAP if kept else 0                 # what is made leads on from this much of what is kept
    windows = 1 + cuts + max(0, -(-(alive + beside - most * (1 + cuts)) // (most - OVERLAP)))
    return windows, min(most, -(-(alive + beside + OVERLAP * (windows - 1)) // windows))
