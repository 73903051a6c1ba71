"""Blended: several denoisers share a film along time, so that its prompt can change on the way.

Knows the denoiser contract. Knows no model and no prompt.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from engine.denoisers.base import Denoiser
from engine.denoisers.places import Placed
from engine.errors import BadRequest, GridMismatch


class Blended:
    """x0 as a mean of what the denoisers say, with weights of its own for every frame.

    denoisers   one for each prompt
    weights     (len(denoisers), T), for each frame how much each has to say; each column sums to 1

    A denoiser that has no say in any frame is not asked. Raises BadRequest for weights that are none.
    """

    def __init__(self, denoisers: Sequence[Denoiser], weights: Tensor):
        if weights.dim() != 2 or len(weights) != len(denoisers) or not torch.allclose(weights.sum(0), torch.ones(weights.shape[1])):
            raise BadRequest(f"{len(denoisers)} prompts share a film by {len(denoisers)} rows of weights whose columns sum to 1; "
                             f"{tuple(weights.shape)} with sums {weights.sum(0).tolist()[:4]} were given.")
        self.parts = [(Placed(denoiser, f"words {at}"), row) for at, (denoiser, row) in enumerate(zip(denoisers, weights)) if bool((row != 0).any())]

    def __call__(self, x: Tensor, level: Tensor, next_level: Tensor) -> Tensor:
        """See `Denoiser`. Raises GridMismatch for film of another length than the weights'."""
        if x.shape[2] != len(self.parts[0][1]):
            raise GridMismatch(f"These prompts were laid along {len(self.parts[0][1])} latent frames; the film has {x.shape[2]}.")
        if len(self.parts) == 1:
            return self.parts[0][0](x, level, next_level)
        return sum(row.to(x).view(1, 1, -1, 1, 1) * denoiser(x, level, next_level) for denoiser, row in self.parts)


def crossing(starts: Sequence[int], frames: int, blend: int | Sequence[int] = 2) -> Tensor:
    """Weights (len(starts), frames) of prompts that take over from one another.

        starts 0, 4, blend 2     1  1  1  .67 .33 0  0  0
                                 0  0  0  .33 .67 1  1  1

    starts   the latent frame where each prompt begins, rising, the first at 0
    blend    frames over which one gives way to the next, laid around its start; a number for each start, or one for all
    Raises BadRequest for starts that do not rise within the film.
    """
    if not starts or starts[0] != 0 or any(b <= a for a, b in zip(starts, starts[1:])) or starts[-1] >= frames:
        raise BadRequest(f"Prompts begin at rising latent frames from 0 to {frames - 1}; {list(starts)} was asked.")
    blends = [blend] * len(starts) if isinstance(blend, int) else list(blend)
    at = torch.arange(frames, dtype=torch.float32)
    come = [torch.ones(frames)] + [((at - start + over // 2 + 1) / (over + 1)).clamp(0, 1) if over else (at >= start).float()
                                   for start, over in zip(starts[1:], blends[1:])]
    go = [1 - part for part in come[1:]] + [torch.ones(frames)]
    weights = torch.stack([a * b for a, b in zip(come, go)])
    return weights / weights.sum(0)
