"""Events: what happens while a take is made, as values. Whoever makes says them, whoever shows listens.

Knows no torch: the queue, the command line's progress and tests use them without a model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from engine.recipe import Recipe

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Made:
    """A finished take: its files, and what is in them."""

    recipe: Recipe          # with the versions of weights and engine filled in
    film: Path              # take.mp4, or take.png where it is one picture
    poster: Path            # poster.jpg, the middle picture
    strip: Path             # strip.jpg, up to eight pictures side by side
    latents: Path           # latents.safetensors: float32 (1, C, T, H, W) as "latents"; later operations start there
    width: int
    height: int
    pictures: int
    rate: int               # pictures per second
    seconds: float          # of work
    part: float = 1.0       # of the walk that was done: less where somebody had seen enough of it


@dataclass(frozen=True)
class Started:
    """The canvas is laid; sampling begins."""

    recipe: Recipe
    steps: int
    frames: int             # latent frames
    done: int = 0           # steps that an earlier run did and that were kept


@dataclass(frozen=True, eq=False)
class Stepped:
    """One step of the sampler is done."""

    index: int              # 0 .. count - 1
    count: int
    preview: np.ndarray     # (T, h, w, 3) uint8, tiny: what the film is thought to become


@dataclass(frozen=True, eq=False)
class Kept:
    """Where the walk is, as bytes that `make` can go on from. Whoever wants that puts them away.

    A long film grows by windows. One that is finished is said once; a state needs it and all before it.
    """

    step: int               # steps done, of all
    state: bytes            # see engine.checkpoint; it takes the place of the one before
    windows: Mapping[int, bytes] = field(default_factory=dict)      # those finished since the last Kept, by number


@dataclass(frozen=True)
class Noted:
    """Something that a person should know happened on the way, and it goes on: memory ran out, say."""

    words: str


@dataclass(frozen=True)
class Decoded:
    """`done` of `total` pictures are in the file."""

    done: int
    total: int


@dataclass(frozen=True)
class Finished:
    """All files are where they belong."""

    made: Made


Event = Started | Stepped | Kept | Noted | Decoded | Finished


class Stop(Enum):
    """How a run is to stop at its next step."""

    DROP = "drop"           # nothing of it is wanted
    KEEP = "keep"           # it will go on later: where it is comes as a last `Kept`
    TAKE = "take"           # enough: what the film is thought to become by now is the take
