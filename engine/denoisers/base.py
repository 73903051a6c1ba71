"""The contract between the sampler and every model.

Knows shapes, the latent grid and what a backend must answer. Knows no model, no file and no prompt grammar.

A *denoiser* is one function, `denoise(x, level, next_level) -> x0`: what clean film does this noisy film come from?
A *backend* is a model family with its autoencoder: it makes denoisers from prompts, and turns pictures into
latents and back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from engine.recipe.value import Lora


@dataclass(frozen=True)
class Grid:
    """How pictures become latent cells: the first picture alone, then `time` pictures to a latent frame.

        pictures   0 | 1 2 3 4 | 5 6 7 8 | ...
        frames     0 |    1    |    2    | ...
    """

    channels: int           # of one latent cell
    space: int = 8          # pixels along one side of a cell
    time: int = 4           # pictures in every latent frame but the first
    patch: int = 2          # cells along one side of a token: sizes snap to space * patch
    rate: int = 16          # pictures per second
    memory: int = 5         # latent frames back that the autoencoder remembers, at most
    causal: bool = True     # whether pictures follow from their latent frame and those before it alone

    @property
    def step(self) -> int:
        """Pixels along one side of a token: what a canvas has a whole number of."""
        return self.space * self.patch

    def frames(self, pictures: int) -> int:
        """Latent frames that hold `pictures` pictures (1 + time * k of them)."""
        return 1 + -(-(pictures - 1) // self.time)

    def pictures(self, frames: int) -> int:
        """Pictures in `frames` latent frames."""
        return 1 + (frames - 1) * self.time

    def frame_of(self, picture: int) -> int:
        """The latent frame that holds picture number `picture` (from 0)."""
        return -(-picture // self.time)

    def snap_pictures(self, pictures: int) -> int:
        """The nearest length on the grid, at least 1."""
        return 1 + self.time * max(0, round((pictures - 1) / self.time))

    def snap_side(self, pixels: int) -> int:
        """The nearest width or height: as it is where it is whole cells, such as 1080, else whole tokens, at least one."""
        return pixels if pixels >= self.step and pixels % self.space == 0 else self.step * max(1, round(pixels / self.step))

    def cells(self, pixels: int) -> int:
        """Cells along a side of the canvas: whole tokens, so that 1080 pixels are 136 cells, of which 135 are seen."""
        return self.patch * -(-pixels // self.step)

    def latent_shape(self, pictures: int, width: int, height: int, batch: int = 1) -> tuple[int, int, int, int, int]:
        """`(B, C, T, H, W)` of the latents of a film of so many pictures on the grid."""
        return batch, self.channels, self.frames(pictures), self.cells(height), self.cells(width)


@dataclass(frozen=True)
class Manner:
    """How a model is walked, beside words and noise: what changes the film and is not said of what it shows."""

    cache: str = ""                             # what of a step is taken from the one before: a name of the catalog's row, and its number
    guider: str = ""                            # how words lead: a name of the catalog's row
    loras: tuple[Lora, ...] = ()                # laid over the weights, in this order
    files: Mapping[str, Path] = field(default_factory=dict, compare=False)      # where they lie here, by hash

    @property
    def grid(self) -> str:
        """The grid of noise of its own that one of them asks for, the first that does; a name of `open.distilled`'s rows."""
        return next((lora.grid for lora in self.loras if lora.grid and lora.weight), "")


class Denoiser(Protocol):
    """One model, one prompt, ready to be walked by the sampler."""

    def __call__(self, x: Tensor, level: Tensor, next_level: Tensor) -> Tensor:
        """Predict the clean latents.

        x            (B, C, T, H, W) float32, noisy film: x = (1 - level) * clean + level * noise
        level        (B, 1, T, H, W) float32, the noise in each cell now, 0 clean to 1 noise
        next_level   (B, 1, T, H, W) float32, the noise in each cell after this step. A flow map uses it to land
                     there in one straight stride: it answers x0 = x - level * u for its mean velocity u, so that
                     the sampler's Euler step x0 + next/level * (x - x0) arrives exactly. Others ignore it.
        returns      (B, C, T, H, W) float32
        """
        ...


@runtime_checkable
class Sounding(Protocol):
    """What a backend is beside, whose film can be heard."""

    def sound(self, pictures: int) -> tuple[np.ndarray, int] | None:
        """Samples (N, 2) float32 in -1..1, left and right, for the film of so many pictures that was walked last, and how many make a second; None where it has none."""
        ...


@runtime_checkable
class Referring(Protocol):
    """What a backend is beside, that can be shown who or what is to be in a film, at no time of it."""

    def refer(self, pictures: Tensor) -> int:
        """References (n, 3, H, W) in -1..1 of the film's size, until `end`; how many latent frames are to be walked before the film's own. They begin as noise and are no film."""
        ...


class Backend(Protocol):
    """A model family: its grid, its words, its autoencoder. Opened once per process, one job at a time."""

    name: str               # "paper"
    version: str            # short hash of the weights; a recipe keeps it
    grid: Grid
    default_steps: int
    rule: str               # how a level map and the grid of noise meet: "scale" or "join", see `engine.sampler.plan`

    def begin(self, manner: Manner) -> None:
        """A walk begins, and nothing of the last one is left: its caches, its way of guidance, what lay over the weights."""
        ...

    def remarks(self) -> list[str]:
        """A sentence for each thing that happened on its own account since it was asked last, and that a person should know."""
        ...

    def end(self) -> None:
        """The walk is over, or given up: memory that only it needed is free again."""
        ...

    def denoiser(self, prompts: Sequence[str], *, guidance: float = 1.0, negative: str = "", period: int | None = None,
                 continues: bool = False) -> Denoiser:
        """A denoiser for a batch of prompts, one for each film. `guidance` 1 means none.

        period      latent frames after which the film begins again: a loop, which has no first frame
        continues   it goes on from earlier film: its first latent frame holds `grid.time` pictures like the others
        """
        ...

    def sigmas(self, steps: int, shape: Sequence[int]) -> tuple[float, ...]:
        """The model's own grid of global noise: `steps` + 1 numbers from 1.0 down to 0.0, for latents of `shape`."""
        ...

    def encode(self, pictures: Tensor) -> Tensor:
        """Pictures (B, 3, N, H, W) in -1..1, N = 1 + 4k, to normalised latents (B, C, 1 + k, H/8, W/8)."""
        ...

    def encoder(self, before: Tensor | None = None) -> Callable[[Tensor], Tensor]:
        """A function that encodes a film part after part, and remembers what came before: parts put together equal a whole.

        The first part has 1 + 4k pictures and gives 1 + k latent frames, every later one 4k and k.
        before   pictures (B, 3, 1 + 4j, H, W) that the film has right before the first part, which then has 4k as well
        """
        ...

    def decode(self, latents: Tensor, before: Tensor | None = None) -> Iterator[Tensor]:
        """Latents (B, C, T, h, w) to pictures, one latent frame after another: (B, 3, n, H, W) in -1..1, n = 1 or 4.

        before   latent frames that the film has right before these: they are remembered and not given, and every frame
                 of `latents` is 4 pictures. `grid.memory` of them are enough. A loop's are its own last ones
        A stream: memory does not grow with the film, and the parts put together equal a whole decode.
        """
        ...

    def preview(self, latents: Tensor) -> Tensor:
        """A quick look at latents (B, C, T, h, w): (B, 3, T, h, w) in 0..1, by a small linear map."""
        ...

    def unknown_words(self, prompt: str) -> list[tuple[int, int]]:
        """`[start, stop)` of each word in `prompt` that the model was never taught; empty for open models."""
        ...
