"""A waiting job's recipe, changed in a few places and checked again as if it were new.

Knows recipes. Knows no queue.
"""

from __future__ import annotations

import dataclasses

from engine.errors import BadRequest
from engine.recipe import Recipe, compose

FIELDS = ("prompt", "seconds", "width", "height", "seed", "steps", "guidance", "negative", "cache", "guider", "loras")


def edited(recipe: Recipe, **changes: object) -> tuple[Recipe, list[str]]:
    """`recipe` with some of FIELDS changed, snapped and checked; and a sentence for each thing that was snapped.

    A change of None changes nothing. Raises BadRequest for another field, for no change, for what cannot be;
    NotEnoughMemory, BadMedia.
    """
    wanted = {name: value for name, value in changes.items() if value is not None}
    unknown = sorted(set(wanted) - set(FIELDS))
    if unknown or not wanted:
        raise BadRequest(f"What can be edited is {', '.join(FIELDS)}; {', '.join(unknown) or 'nothing'} was given.")
    seconds = wanted.get("seconds")
    new, said = compose(
        wanted.get("prompt", recipe.prompt),
        model=recipe.backend,
        operation=recipe.operation,
        **({"pictures": recipe.pictures} if seconds is None else {"seconds": seconds}),
        size=(wanted.get("width", recipe.width), wanted.get("height", recipe.height)),
        seed=wanted.get("seed", recipe.seed),
        steps=wanted.get("steps", recipe.steps),
        guidance=wanted.get("guidance", recipe.guidance),
        solver=recipe.solver,
        negative=wanted.get("negative", recipe.negative),
        inputs=recipe.inputs,
        strength=recipe.strength,
        area=recipe.area,
        was=recipe.was,
        cues=recipe.cues,
        cache=wanted.get("cache", recipe.cache),
        guider=wanted.get("guider", recipe.guider),
        loras=wanted.get("loras", recipe.loras),
    )
    changed = {name: getattr(new, name) for name in ("prompt", "pictures", "width", "height", "seed", "steps", "guidance", "negative",
                                                     "window", "tile", "cache", "guider", "loras")}
    written = recipe.asked if new.prompt == recipe.prompt else ""       # another prompt is all theirs
    return dataclasses.replace(recipe, **changed, asked=written, version="", engine="", device=""), said
