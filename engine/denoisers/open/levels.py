"""Levels: cells of many levels, shown to a model that knows one level for all of them, or one for a token.

Knows levels and noise. Knows no model. What is known is raised to the level at hand by noise of its own: the same noise
at every step, so that a held cell comes down a path as straight as the others'.
"""

from __future__ import annotations

from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

SEED = 0x5EED       # of the noise that known cells are raised by; the film's own comes from its recipe


def raised(x: Tensor, level: Tensor, to: Tensor) -> Tensor:
    """Film `x` (B, C, T, H, W) at `level` with as much more noise as brings every cell to the level `to`, at least its own.

    x = (1 - l) z + l e has its film scaled down by a = (1 - to) / (1 - l) and noise added till its deviation is `to`; where
    nothing is to be raised, x comes back as it is, bit for bit.
    """
    higher = to > level
    if not bool(higher.any()):
        return x
    share = torch.where(level < 1, (1 - to) / (1 - level).clamp(min=1e-6), 1.0)
    more = (to.square() - (share * level).square()).clamp(min=0).sqrt()
    return torch.where(higher, share * x + more * _noise(tuple(x.shape[1:]), x.device), x)


@lru_cache(maxsize=1)
def _noise(shape: tuple[int, ...], device: torch.device) -> Tensor:
    """Drawn once for all steps of a walk."""
    return torch.randn(shape, generator=torch.Generator("cpu").manual_seed(SEED)).to(device)


def of_tokens(level: Tensor, patch: int) -> Tensor:
    """The highest level in each token's cells, (B, 1, T, H, W) -> (B, 1, T, H / patch, W / patch): no token is thought cleaner than it is."""
    return F.max_pool3d(level, (1, patch, patch)) if patch > 1 else level


def given(level: Tensor, hardly: float) -> Tensor:
    """Which cells are given, (B, 1, T, H, W) bool: no noisier than `hardly`, and less than the noisiest of their film, for at the end of a walk those that are made are as clean."""
    return (level <= hardly) & (level < level.amax((1, 2, 3, 4), keepdim=True))


def begun(level: Tensor, hardly: float) -> Tensor:
    """Whether all of each film's first latent frame is given, (B,) bool."""
    return given(level, hardly)[:, :, 0].flatten(1).all(1)


def first_beside(x: Tensor, given: Tensor) -> Tensor:
    """The first frame as channels beside the noise and a mark where it is, (B, C + 1, T, H, W); nothing and no mark where it is not `given`, (B,)."""
    beside = torch.zeros_like(x[:, :1]).repeat(1, x.shape[1] + 1, 1, 1, 1)
    beside[:, :, :1] = torch.cat([x[:, :, :1], torch.ones_like(x[:, :1, :1])], 1) * given.view(-1, 1, 1, 1, 1)
    return beside
