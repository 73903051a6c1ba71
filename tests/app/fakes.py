"""Makers at the contract of engine.make, for tests of the queue: they make files and events, and sleep, die or fail on demand.

As a program this is a worker with one of them:  python fakes.py MAKER --home DIR [--kept]
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import numpy as np

from engine.errors import BadRequest, Cancelled
from engine.events import Decoded, Finished, Made, Started, Stepped
from engine.recipe import Recipe

PAUSE = 0.08        # seconds a slow step takes


def recipe(prompt: str = "red left", **changes) -> Recipe:
    """A recipe on the grid of the weightless backend."""
    return Recipe(**{"operation": "text", "prompt": prompt, "pictures": 17, "width": 64, "height": 64, "seed": 7,
                     "steps": 4, "backend": "drawn", **changes})


def made(folder: Path, asked: Recipe) -> Made:
    """Files that stand for a finished take."""
    folder.mkdir(parents=True, exist_ok=True)
    names = {"film": "take.mp4", "poster": "poster.jpg", "strip": "strip.jpg", "latents": "latents.safetensors"}
    files = {what: folder / name for what, name in names.items()}
    for what, path in files.items():
        path.write_bytes(f"{what} of {asked.prompt}".encode() * 40)
    return Made(recipe=asked.made_by("0"), **files, width=asked.width, height=asked.height, pictures=asked.pictures,
                rate=16, seconds=0.5)


def quick(asked: Recipe, folder: Path, *, cancelled, **_):
    """Every event, at once."""
    return _events(asked, folder, cancelled, 0.0)


def slow(asked: Recipe, folder: Path, *, cancelled, **_):
    """The same, a pause before every step: time enough to be killed."""
    return _events(asked, folder, cancelled, PAUSE)


def refusing(asked: Recipe, folder: Path, *, cancelled, **_):
    """Says no, in a sentence."""
    raise BadRequest("This cannot be made; ask for something else.")
    yield


def broken(asked: Recipe, folder: Path, *, cancelled, **_):
    """A mistake in the program."""
    yield Started(asked, asked.steps, 5)
    raise ZeroDivisionError("division by zero")


def deadly(asked: Recipe, folder: Path, *, cancelled, **_):
    """Takes its process along."""
    yield Started(asked, asked.steps, 5)
    (folder / "half.mp4").write_bytes(b"half")
    os._exit(9)


def _events(asked, folder, cancelled, pause):
    frames = 1 + (asked.pictures - 1) // 4
    yield Started(asked, asked.steps, frames)
    for index in range(asked.steps):
        time.sleep(pause)
        (folder / "half.part").write_bytes(b"half")
        yield Stepped(index, asked.steps, np.full((frames, 8, 8, 3), index % 250, np.uint8))
        if cancelled():
            raise Cancelled("cancelled")
    yield Decoded(asked.pictures, asked.pictures)
    yield Finished(made(folder, asked))


if __name__ == "__main__":
    from engine.jobs.worker import main

    sys.exit(main(sys.argv[2:], maker=globals()[sys.argv[1]]))
