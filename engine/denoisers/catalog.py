"""Catalog: which models there are, what is known of each without loading it, and how to open one.

Knows names, grids, words and sizes. Imports neither torch nor any model until `open_backend` is called: the page and
the command line ask `describe` as often as they like.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from engine import memory
from engine.cards import cards
from engine.denoisers import manners
from engine.denoisers.base import Grid
from engine.denoisers.open import rows
from engine.paper.words import Words
from engine.precision import narrow

if TYPE_CHECKING:
    from engine.denoisers.base import Backend

FILM_CELL = 9           # bytes for every number of the film: as it is made, as it was given, and its levels
WALK_CELL = 48          # bytes for every number of a window: its noise, and what a step holds of it
PROGRAM = 1_000_000_000     # bytes of the libraries that open models bring along
PAPER = Path(__file__).resolve().parents[2] / "assets" / "paper"


@dataclass(frozen=True)
class Model:
    """What can be said of a model without its weights: one row of the catalog."""

    name: str                                       # "paper"; what a recipe calls it
    title: str                                      # "Paper"
    about: str                                      # one honest sentence for the page
    grid: Grid
    default_steps: int
    default_guidance: float                         # 1 is none
    steps: tuple[int, ...]                          # choices of steps, fewest first; any other number works too
    sizes: tuple[tuple[str, int, int], ...]         # (shape, width, height) to offer, the first is the default
    words: Words | None                             # what it was taught; None for models that take any word
    memory_fixed: int                               # bytes: the program and the weights
    memory_cell: int                                # bytes for every latent cell that the model sees at once
    memory_pixel: int                               # bytes for every pixel of one picture: the autoencoder streams
    version: str = ""                               # of the weights; "" where they are not there
    window: int = 0                                 # latent frames that it makes well at once; 0 is any number
    tile: tuple[int, int] | tuple = ()              # width and height that it makes at once; none is any size
    solver: str = "euler"                           # that a recipe gets unless another is asked
    caches: tuple[str, ...] = ()                    # ways to take part of a step from the one before
    guiders: tuple[str, ...] = ()                   # ways of guidance beside the plain one
    loras: bool = False                             # whether files of weights can be laid over its own
    references: bool = False                        # whether it can be shown who is in a film, at no time of it

    @property
    def vocabulary(self) -> frozenset[str]:
        """The words it was taught; empty for models that take any."""
        return frozenset(self.words.numbers) if self.words else frozenset()

    def unknown_words(self, prompt: str) -> list[tuple[int, int]]:
        """`[start, stop)` of each word in `prompt` that the model was never taught; empty for models that take any."""
        return self.words.unknown(prompt) if self.words else []

    def memory(self, pictures: int, width: int, height: int, window: int = 0, tile: tuple[int, ...] = ()) -> int:
        """Bytes at the peak, about, for one film of this size; of a window of it and a tile at a time."""
        frames, plane = self.grid.frames(pictures), self.grid.cells(width) * self.grid.cells(height)
        part = min(plane, (tile[0] // self.grid.space) * (tile[1] // self.grid.space)) if tile else plane
        at_once = min(frames, window or frames)
        walk = (WALK_CELL * self.grid.channels * plane + self.memory_cell * part) * at_once
        # The autoencoder works before the walk and after it, never beside it.
        return self.memory_fixed + FILM_CELL * self.grid.channels * frames * plane + max(walk, self.memory_pixel * width * height)


# Near 37,000 pixels each: what a bare machine draws faster than it plays.
SHAPES = (("16:9", 256, 144), ("9:16", 144, 256), ("1:1", 192, 192), ("4:3", 224, 160), ("3:4", 160, 224),
          ("21:9", 336, 144))


def names() -> tuple[str, ...]:
    """The models a person can choose from: the built-in one, and the open ones that lie on this machine. "drawn" is not among them: it is a stand-in for tests."""
    return ("paper", *rows.installed())


def describe(name: str) -> Model:
    """The catalog's row for a model. Raises BadRequest for a name that is not in it."""
    return _built_in(name) if name in ("paper", "drawn") else _open(rows.row_of(name))


@cache
def _built_in(name: str) -> Model:
    return _paper() if name == "paper" else _drawn()


def open_backend(name: str) -> Backend:
    """Load a model, once per process. Imports torch, and has the process keep the memory it frees.

    Raises BadRequest for a name that is not in the catalog, WeightsError for weights missing or damaged.
    """
    describe(name)
    memory.keep_freed()
    if name == "paper":
        from engine.denoisers.paper import PaperBackend

        return PaperBackend.open()
    if name == "drawn":
        from engine.denoisers.drawn import DrawnBackend

        return DrawnBackend()
    from engine.denoisers.open.opening import open_model

    return open_model(rows.row_of(name))


def _paper() -> Model:
    # Without its files every word passes here, and opening it says what is wrong.
    facts, shape = _json(PAPER / "paper.json"), _json(PAPER / "autoencoder" / "config.json")
    return Model(
        name="paper", title="Paper",
        about="The built-in model: small, quick on any machine, and at home in one paper-cut world.",
        grid=Grid(channels=shape.get("channels", 16)),
        default_steps=facts.get("steps", 4), default_guidance=facts.get("guidance", 1.0), steps=(4, 8, 16, 30),
        sizes=SHAPES, words=_words(PAPER / "words.json"),
        # Measured at the peak in bfloat16, before freed memory was kept for the next step, which takes 130 to 210 MB more:
        # 536 MB for 97 pictures of 256x144, 566 MB for 129 of them at once, 623 MB for
        # 33 of 512x288, 709 MB for 9 finished to 768x432, 866 MB for 5 of 1024x576; finished to 1920x1080 1,668 MB for 9,
        # 1,776 MB for 33 (upright), 2,016 MB for 97. 548 MB for a minute of 256x144.
        # float32 takes twice as much of all but the program.
        memory_fixed=720_000_000, memory_cell=2_800 * (1 if narrow() else 2), memory_pixel=740 * (1 if narrow() else 2),
        version=version(facts["files"].values()) if "files" in facts else "", window=9, tile=(512, 288),
    )


def version(hashes: Iterable[str]) -> str:
    """A short hash of all weight files' hashes: the weights' name in recipes."""
    return hashlib.sha256("".join(sorted(hashes)).encode()).hexdigest()[:12]


def _words(path: Path) -> Words | None:
    try:
        return Words.load(path)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _json(path: Path) -> dict:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return {}


def _open(row: rows.Row) -> Model:
    # Bytes of the released sizes as they are loaded here, whatever they have on the disk; what a walk and a decode need is a rule of thumb.
    weights = row.loaded(narrow=bool(cards()))
    return Model(
        name=row.name, title=row.title, about=row.about, grid=row.grid, default_steps=row.steps, default_guidance=row.guidance, steps=(row.steps // 2, row.steps),
        sizes=row.sizes, words=None, memory_fixed=PROGRAM + weights, memory_cell=int(2_000 * row.parts.get("transformer", 0)), memory_pixel=3_000,
        version=row.version, window=row.grid.frames(row.pictures), solver=row.solver, caches=manners.caches(row), guiders=manners.guiders(row), loras=True, references=row.family == "wan_vace",
    )


def _drawn() -> Model:
    from engine.denoisers.palette import COLOURS, MOTIONS

    return Model(
        name="drawn", title="Drawn", about="No model at all: a colour that moves. It stands in for one in tests.",
        grid=Grid(channels=48), default_steps=4, default_guidance=1.0, steps=(2, 4, 8), sizes=SHAPES,
        words=Words(("a", "the", *COLOURS, *MOTIONS), {"grey": "gray"}),
        # Measured in a command: 378 MB for 97 pictures of 256x144 and for 17 of 384x216, 665 MB for 33 of 1024x576, 775 MB
        # for 129 of them.
        memory_fixed=350_000_000, memory_cell=0, memory_pixel=650, version="1", loras=True,
    )
