"""Recipe: everything that makes a take, as a value.

Knows how to be read, checked, hashed and written as JSON. Knows neither torch nor files of films.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Input:
    """A picture given to the model, and when it is to be seen."""

    path: str               # where it lay when the recipe was made
    sha256: str             # of its bytes: the recipe means this picture, wherever it lies now
    at: int = 0             # picture number in the film


@dataclass(frozen=True)
class Recipe:
    """One take, to be made again at will. Sizes are pixels on the backend's grid, lengths are pictures."""

    operation: str                      # "text", "image", "animate", "keyframes"
    prompt: str
    pictures: int                       # 1 + 4k
    width: int
    height: int
    seed: int                           # 0 .. 2**63 - 1
    steps: int = 4
    guidance: float = 1.0
    solver: str = "euler"               # or "multistep"
    negative: str = ""
    backend: str = "paper"
    version: str = ""                   # of the weights; empty until it was made
    inputs: tuple[Input, ...] = ()
    engine: str = ""                    # version of the engine that made it
