"""Faithful: an edit that changes what the words change and nothing else.

Knows the denoiser contract. Knows no model and no prompt. Source: FlowEdit (arXiv:2412.08629), no inversion.

FlowEdit walks an edited film z beside the noised source z_src by dz = (v_told(z + z_src - source) - v_was(z_src)) dt. With
one noise for the whole walk, x = z + z_src - source starts where an edit's canvas starts, and in x0 the same walk is

    x0 = told(x) + (source - was(z_src)),      z_src = (1 - level) * source + level * noise

which reads: what the model says of the film, corrected by what it is wrong about in the source. So it is a denoiser, and
the one sampler walks it.
"""

from __future__ import annotations

import torch
from torch import Tensor

from engine.denoisers.base import Denoiser
from engine.denoisers.places import Placed


class Faithful:
    """Edit `source` from what it `was` to what is `told`.

    told, was   the denoisers of the new prompt and of the old one
    source      (B, C, T, H, W) clean latents of the film that is edited
    noise       the noise that the walk starts from, of the same shape
    """

    def __init__(self, told: Denoiser, was: Denoiser, source: Tensor, noise: Tensor):
        self.told, self.was, self.source, self.noise = told, Placed(was, "was"), source, noise

    def __call__(self, x: Tensor, level: Tensor, next_level: Tensor) -> Tensor:
        """See `Denoiser`."""
        noised = torch.lerp(self.source, self.noise, level)
        return self.told(x, level, next_level) + (self.source - self.was(noised, level, next_level))
