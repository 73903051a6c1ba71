"""Levels: noise for training, painted the way operations will paint it.

Knows maps of levels and their mix. Knows nothing of films or networks. The mix is that of the recipe: nearly half uniform,
a quarter with known frames (Open-Sora's masks had to be trained: half the batches learnt in 10,000 steps), the rest
staircases, boxes and levels of their own for each frame (Diffusion Forcing, arXiv:2407.01392).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def draw_levels(shape: tuple[int, int, int, int], generator: torch.Generator, shift: float = 1.0) -> Tensor:
    """Levels (B, 1, T, H, W) for B films of T frames: one kind of map for each film, times its global noise.

    shift   above 1 leans to more noise: long and large films need it (SD3, Open-Sora)
    """
    batch, frames, height, width = shape
    rand = lambda *size: torch.rand(*size, generator=generator)  # noqa: E731
    maps = torch.ones(batch, 1, frames, height, width)
    sigma = torch.sigmoid(0.3 + 1.2 * torch.randn(batch, generator=generator))
    sigma = torch.where(rand(batch) < 0.06, torch.ones(batch), sigma)
    sigma = shift * sigma / (1 + (shift - 1) * sigma)
    for i in range(batch):
        kind = float(rand(1))
        if frames == 1:
            if kind < 0.1:
                _box(maps[i, 0], rand)
        elif kind < 0.30:
            _known_frames(maps[i, 0], rand)
        elif kind < 0.42:
            stairs = rand(frames).sort().values
            maps[i, 0] = (stairs if rand(1) < 0.8 else stairs.flip(0)).view(-1, 1, 1)
        elif kind < 0.50:
            _box(maps[i, 0], rand)
        elif kind < 0.55:
            maps[i, 0] = rand(frames).view(-1, 1, 1)
    return maps * sigma.view(-1, 1, 1, 1, 1)


def shift_of(tokens: int) -> float:
    """How far noise levels lean to 1 for a film of so many tokens; 1 at 40 tokens (a small picture)."""
    return max(1.0, math.sqrt(tokens / 40) * 0.7 + 0.3)


def _known_frames(film: Tensor, rand) -> None:
    """Some frames known: a head, a tail, both, or scattered ones; half of the time with a breath of noise on them."""
    frames = film.shape[0]
    kept = torch.zeros(frames, dtype=torch.bool)
    kind, length = float(rand(1)), 1 + int(rand(1) ** 2 * (frames - 1))
    if kind < 0.55:
        kept[:length] = True
    elif kind < 0.70:
        kept[-length:] = True
    elif kind < 0.85:
        kept[:1 + length // 2] = True
        kept[-max(1, length // 2):] = True
    else:
        kept = rand(frames) < 0.35
    if kept.all():
        kept[int(rand(1) * frames)] = False
    film[kept] = 0.06 * float(rand(1)) if rand(1) < 0.5 else 0.0


def _box(film: Tensor, rand) -> None:
    """A box known in every frame, or all but a box; edges on whole tokens (2 cells)."""
    _, height, width = film.shape
    high, wide = (2 * max(1, round(float(0.25 + 0.5 * rand(1)) * side / 2)) for side in (height, width))
    top, left = (2 * int(float(rand(1)) * (side - size + 2) / 2) for side, size in ((height, high), (width, wide)))
    box = torch.zeros(height, width, dtype=torch.bool)
    box[top:top + high, left:left + wide] = True
    film[:, box if rand(1) < 0.5 else ~box] = 0.0
