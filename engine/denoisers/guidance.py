"""Guidance: two denoisers in, one out, so that the sampler never hears of it.

Knows the denoiser contract. Knows no model and no prompt.
Sources: classifier-free guidance (arXiv:2207.12598), in a limited interval of noise (arXiv:2404.07724).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from engine.denoisers.base import Denoiser
from engine.errors import BadRequest

KNOWN = 0.1     # of the noisiest level: a frame below it is context


class Guided:
    """Away from what `without` sees, towards what `told` sees: x0 = without + scale * (told - without).

    told       the denoiser that knows the prompt
    without    the one that knows none, or a negative one
    scale      1 is no guidance at all, and costs nothing
    interval   (low, high): cells with low < level <= high are guided, the others are as told. The middle of the walk
               gains from guidance; at its noisy start it costs variety, and near the end it changes nothing.
    both       answers for `told` and `without` at once, where that is quicker than one after the other
    near       frames over which guidance rises from none, beside known film, to all of it: there film goes on from what
               is seen, and pushed towards its words it would start with a jump
    loops      the last frame lies beside the first

    In x0, where it means the same as in velocity (measured: 1.7e-6 apart). `without` is asked only in steps where some
    cell lies in the interval, so that a narrow one is also cheaper.
    """

    def __init__(self, told: Denoiser, without: Denoiser, scale: float, interval: tuple[float, float] = (0.0, 1.0),
                 near: int = 0, loops: bool = False, both: Callable[[Tensor, Tensor, Tensor], tuple[Tensor, Tensor]] | None = None):
        low, high = interval
        if not (0 <= low < high <= 1):
            raise BadRequest(f"Guidance acts from a lower level to a higher one within 0..1; {low:g} to {high:g} "
                             "was asked.")
        self.told, self.without, self.scale, self.interval = told, without, scale, interval
        self.near, self.loops, self.both = near, loops, both

    def __call__(self, x: Tensor, level: Tensor, next_level: Tensor) -> Tensor:
        """See `Denoiser`."""
        low, high = self.interval
        inside = (level > low) & (level <= high)
        if self.scale == 1 or not bool(inside.any()):
            return self.told(x, level, next_level)
        told, without = self.both(x, level, next_level) if self.both else (self.told(x, level, next_level), self.without(x, level, next_level))
        return torch.where(inside, torch.lerp(without, told, self._scale(level)), told)

    def _scale(self, level: Tensor) -> float | Tensor:
        """How far each frame is guided, (1, 1, T, 1, 1), or all of them alike."""
        if not self.near:
            return self.scale
        risen = ((away(level, self.loops) - 1) / self.near).clamp(0, 1)
        return 1 + (self.scale - 1) * risen


def away(level: Tensor, loops: bool = False) -> Tensor:
    """How many frames each frame lies from the nearest known one, (1, 1, T, 1, 1) float; infinite where none is known.

    A frame is known where all its cells have next to no noise beside what the noisiest have: context may be shown with
    a breath of it, see `windows.breathe`.
    """
    noisiest = level.amax(dim=(0, 1, 3, 4))
    known = (noisiest <= KNOWN * noisiest.amax()).nonzero()[:, 0]
    count = len(noisiest)
    far = torch.full((count,), torch.inf)
    if 0 < len(known) < count:
        far = (torch.arange(count)[:, None] - known.cpu()).abs()
        far = (torch.minimum(far, count - far) if loops else far).amin(1).float()
    return far.view(1, 1, -1, 1, 1).to(level.device)
