"""Drawn: a backend without weights, which draws a colour that moves. It stands in for a model in tests.

Knows the backend contract and a few words (`palette`). Its autoencoder is linear and its denoiser exact, so that
everything around a model can be tested on any machine in a moment, and with a known answer:

    codec      a latent cell is 8x8 pixels of 4 pictures: for each picture 2x2 averages of 4x4 pixels, 3 colours
    denoiser   film ~ N(what the prompt draws, SPREAD²) in every cell, so that noise z arrives at drawing + SPREAD * z
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from engine.denoisers.base import Denoiser, Manner
from engine.denoisers.catalog import describe
from engine.denoisers.exact import GaussianDenoiser
from engine.denoisers.guidance import Guided
from engine.denoisers.palette import COLOURS, MOTIONS
from engine.errors import GridMismatch, WeightsError
from engine.sampler import uniform

SPREAD = 0.05       # a little grain, which is the seed's


class DrawnBackend:
    """See `engine.denoisers.base.Backend`."""

    name = "drawn"
    version = "1"
    rule = "scale"

    def __init__(self) -> None:
        self.model = describe(self.name)
        self.grid = self.model.grid
        self.default_steps = self.model.default_steps
        self.tint = torch.zeros(3)

    def begin(self, manner: Manner) -> None:
        """See `Backend`: it knows one manner, but that LoRAs tint its colours."""
        self.tint = sum((lora.weight * _tint(manner.files[lora.sha256]) for lora in manner.loras if lora.weight), torch.zeros(3))

    def remarks(self) -> list[str]:
        """See `Backend`: nothing happens to it."""
        return []

    def end(self) -> None:
        """See `Backend`: it remembers nothing."""

    def denoiser(self, prompts: Sequence[str], *, guidance: float = 1.0, negative: str = "", period: int | None = None,
                 continues: bool = False) -> Denoiser:
        """An exact denoiser for film as each prompt draws it; the negative prompt draws what guidance leads away from."""
        told = _Drawing([self.model.words.told(prompt) for prompt in prompts], period, continues, self.tint)
        return told if guidance == 1 else Guided(told, _Drawing([negative or "gray still"] * len(prompts), period, continues, self.tint), guidance)

    def sigmas(self, steps: int, shape: Sequence[int]) -> tuple[float, ...]:
        """Equal strides."""
        return uniform(steps)

    def encode(self, pictures: Tensor) -> Tensor:
        """(B, 3, 1 + 4k, H, W) in -1..1 -> (B, 48, 1 + k, H/8, W/8), averages of 4x4 pixels."""
        return self.encoder()(pictures)

    def encoder(self, before: Tensor | None = None) -> Callable[[Tensor], Tensor]:
        """See `Backend`: it remembers nothing but whether a first picture has been."""
        first = before is None

        def encode(pictures: Tensor) -> Tensor:
            nonlocal first
            count, height, width = pictures.shape[2:]
            if (count - first) % self.grid.time or height % self.grid.space or width % self.grid.space:
                raise GridMismatch(f"Drawn encodes {'1 + 4k' if first else '4k'} pictures with sides that are multiples of 8; "
                                   f"{count} of {width}x{height} were given.")
            latents = _pack(F.avg_pool3d(pictures.float(), (1, 4, 4)), first)
            first = False
            return latents

        return encode

    def decode(self, latents: Tensor, before: Tensor | None = None) -> Iterator[Tensor]:
        """Latent frame after latent frame: (B, 3, n, H, W) in -1..1, n = 1, then 4 each; 4 each after `before`."""
        for at in range(latents.shape[2]):
            batch, _, _, height, width = latents.shape
            slots = latents[:, :, at].reshape(batch, 3, 4, 2, 2, height, width)
            small = slots.permute(0, 1, 2, 5, 3, 6, 4).reshape(batch, 3, 4, 2 * height, 2 * width)
            if at == 0 and before is None:         # one picture, in all four slots
                small = small.mean(2, keepdim=True)
            yield small.clamp(-1, 1).repeat_interleave(4, 3).repeat_interleave(4, 4)

    def preview(self, latents: Tensor) -> Tensor:
        """Each cell's mean colour: (B, 3, T, h, w) in 0..1."""
        return (latents.unflatten(1, (3, 16)).mean(2) / 2 + 0.5).clamp(0, 1)

    def unknown_words(self, prompt: str) -> list[tuple[int, int]]:
        """See `Backend`."""
        return self.model.unknown_words(prompt)



class _Drawing:
    """The exact denoiser of film that is what its prompt draws, give or take SPREAD."""

    def __init__(self, prompts: Sequence[str], period: int | None, continues: bool, tint: Tensor):
        self.prompts, self.period, self.continues, self.tint = list(prompts), period, continues, tint
        self.drawn: Tensor | None = None

    def __call__(self, x: Tensor, level: Tensor, next_level: Tensor) -> Tensor:
        if self.drawn is None or self.drawn.shape != x.shape:
            drawn = torch.stack([draw(prompt, *x.shape[2:], self.period, self.continues) for prompt in self.prompts])
            self.drawn = (drawn + self.tint.repeat_interleave(16).view(1, 48, 1, 1, 1)).to(x.device)
        return GaussianDenoiser(SPREAD, self.drawn)(x, level, next_level)


def _tint(path: Path) -> Tensor:
    """What a LoRA adds to each colour. Raises WeightsError."""
    try:
        layers = load_file(path)
        return 0.5 * torch.tanh(layers["drawn.lora_B.weight"] @ layers["drawn.lora_A.weight"]).mean(1)
    except (OSError, SafetensorError, KeyError, RuntimeError) as error:
        raise WeightsError(f"The LoRA in {path} cannot be read: it is missing or damaged.") from error


def draw(prompt: str, frames: int, height: int, width: int, period: int | None = None, continues: bool = False) -> Tensor:
    """What `prompt` means, as latents (48, T, h, w): waves of light over its colour, which go where it says.

    With a `period` in latent frames they go a whole number of turns in it. Film that loops or `continues` has no first frame.

    Words without a meaning here still count: a hash of the whole prompt turns the waves and, where no colour is named,
    picks one.
    """
    words = prompt.lower().replace("grey", "gray").split()
    chance = zlib.crc32(prompt.encode())
    colour = next((COLOURS[word] for word in words if word in COLOURS), list(COLOURS.values())[chance % len(COLOURS)])
    right, down = next((MOTIONS[word] for word in words if word in MOTIONS), (0.25, 0.0))
    angle = 2 * math.pi * (chance >> 8) / (1 << 24)
    first = period is None and not continues
    turns = torch.arange(1 + 4 * (frames - 1) if first else 4 * frames).view(-1, 1, 1) / 16 * (right + down)      # of the waves
    if period and right + down:
        asked = abs(right + down) * period / 4
        turns = turns * (max(1, round(asked)) / asked)
    y = torch.linspace(0, 1, 2 * height).view(1, -1, 1)
    x = torch.linspace(0, 1, 2 * width).view(1, 1, -1)
    waves = torch.sin(2 * math.pi * (math.cos(angle) * x + math.sin(angle) * y - turns))
    film = torch.tensor(colour).view(3, 1, 1, 1) + 0.2 * waves
    return _pack(film[None].clamp(-1, 1), first)[0]


def _pack(small: Tensor, first: bool = True) -> Tensor:
    """Pictures at a quarter of the size (B, 3, 1 + 4k, 2h, 2w) -> latents (B, 48, 1 + k, h, w); 4k -> k without a `first`."""
    if first:
        small = torch.cat([small[:, :, :1].expand(-1, -1, 3, -1, -1), small], 2)        # the first picture in four slots
    batch, _, count, height, width = small.shape
    cells = small.reshape(batch, 3, count // 4, 4, height // 2, 2, width // 2, 2)
    return cells.permute(0, 1, 3, 5, 7, 2, 4, 6).reshape(batch, 48, count // 4, height // 2, width // 2)
