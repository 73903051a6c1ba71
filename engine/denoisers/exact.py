"""Exact denoisers: for data so simple that the best answer is a formula.

Know the denoiser contract and nothing else. They need no weights and know the right answer: tests stand on them, and
the weightless backend draws with one (`engine.denoisers.drawn`).
"""

from __future__ import annotations

import torch
from torch import Tensor


class GaussianDenoiser:
    """The best denoiser for data ~ N(mean, spread²) in every cell on its own.

    x is then N((1 - l) mean, (1 - l)² spread² + l²), and the clean value to be expected a straight function of it.
    Walked exactly, noise z arrives at mean + spread * z.
    """

    def __init__(self, spread: float = 0.5, mean: float | Tensor = 0.0):
        self.spread, self.mean = spread, mean

    def __call__(self, x: Tensor, level: Tensor, next_level: Tensor) -> Tensor:
        """See `Denoiser`."""
        clean = 1 - level
        gain = clean * self.spread**2 / (clean**2 * self.spread**2 + level**2)
        return self.mean + gain * (x - clean * self.mean)


class IdealDenoiser:
    """The best denoiser for a data set of a few films: their mean, each weighted by how well it explains x.

    films   (N, C, T, H, W). Every walk ends at one of them, save where the canvas keeps something else.
    """

    def __init__(self, films: Tensor):
        self.films = films

    def __call__(self, x: Tensor, level: Tensor, next_level: Tensor) -> Tensor:
        """See `Denoiser`. A cell's say falls with its noise: log p(x | film) = -|x - (1 - l) film|² / 2 l²."""
        x, level = x[:, None], level.clamp(min=1e-3)[:, None]                   # (B, 1, C, T, H, W) against (N, ...)
        distance = ((x - (1 - level) * self.films) / level).square().flatten(2).sum(2)
        weights = torch.softmax(-0.5 * distance, 1)                             # (B, N)
        return torch.einsum("bn,ncthw->bcthw", weights, self.films)
