"""Films to work on, made here and elsewhere, and the strip that a recipe must have."""

from __future__ import annotations

import numpy as np

from engine.denoisers.catalog import describe
from engine.denoisers.drawn import DrawnBackend
from engine.make import make
from engine.making.layout import lay
from engine.media import write_film
from engine.recipe import compose

backend = DrawnBackend()
DRAWN = describe("drawn")
LENGTHS = (5, 6, 8, 13, 17, 24, 33)     # pictures of films from elsewhere; only some fill their latent frames
ON = dict(model="drawn", seed=7, steps=2)


def foreign(path, pictures, size=(96, 64), rate=16):
    """A film that was not made here: a bar that moves over a ground."""
    width, height = size
    film = np.full((pictures, height, width, 3), 60, np.uint8)
    for at in range(pictures):
        film[at, :, 2 * at % width: 2 * at % width + 8] = (200, 120, 30)
    write_film(path, [film], width, height, rate)
    return path


def taken(folder, prompt="a red wave right", with_backend=backend, **asked):
    """A take in a folder, as `make` leaves it."""
    *_, last = make(compose(prompt, **{**ON, "size": (96, 64), "pictures": 17, **asked})[0], with_backend, folder)
    return last.made


def drawing(recipe):
    """The strip that a recipe must have, from its pictures alone: `.` all are given, `#` none, 6 some."""
    given = {(item.at + number) % recipe.pictures if recipe.loops else item.at + number
             for item in recipe.inputs if item.role == "film" for number in range(item.pictures)}
    if recipe.loops:
        frames = [range(first, first + 4) for first in range(0, recipe.pictures, 4)]
    else:
        frames = [range(0, 1), *(range(first, first + 4) for first in range(1, recipe.pictures, 4))]
    return "".join("." if set(frame) <= given else "6" if set(frame) & given else "#" for frame in frames)


def strip(recipe):
    return lay(recipe, backend).canvas.strip()
