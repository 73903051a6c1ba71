"""Turned: a film is turned along time from step to step, so that no frame of it is always the first.

Knows the denoiser contract. Source: Mobius (arXiv:2502.20307). For models whose clock cannot be closed; Paper's can, and
answers a turned film with its turned answer, so that it needs none of this.
"""

from __future__ import annotations

from torch import Tensor

from engine.denoisers.base import Denoiser


class Turned:
    """Each call turns the film by `stride` frames more than the one before, asks, and turns the answer back.

    The sampler's own film never moves. `stride` 0 is the plain denoiser. One object serves one walk.
    """

    def __init__(self, denoise: Denoiser, stride: int = 6):
        self.denoise, self.stride, self.turn = denoise, stride, 0

    def __call__(self, x: Tensor, level: Tensor, next_level: Tensor) -> Tensor:
        """See `Denoiser`."""
        turned = (part.roll(-self.turn, 2) for part in (x, level, next_level))
        x0 = self.denoise(*turned).roll(self.turn, 2)
        self.turn = (self.turn + self.stride) % x.shape[2]
        return x0
