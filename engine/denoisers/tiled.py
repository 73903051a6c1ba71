"""Tiled: a picture larger than a model should see at once, seen in parts that overlap.

Knows the denoiser contract. Knows no model and no prompt. Source: MultiDiffusion (arXiv:2302.08113): every part is asked
at every step, and where parts overlap their answers are mixed, so that they stay one picture. Memory is one part's.
"""

from __future__ import annotations

from itertools import product

import torch
from torch import Tensor

from engine.denoisers.base import Denoiser
from engine.denoisers.places import place
from engine.errors import BadRequest

OVERLAP = 0.25      # of a part, at least


class Tiled:
    """Ask about `height` x `width` cells at a time.

    even    cells along one side of a token: parts begin on whole tokens
    Raises BadRequest for parts of less than one token.
    """

    def __init__(self, denoise: Denoiser, height: int, width: int, even: int = 2):
        if min(height, width) < even:
            raise BadRequest(f"A part of a picture has at least {even}x{even} cells; {width}x{height} was asked.")
        self.denoise, self.height, self.width, self.even = denoise, height, width, even

    def __call__(self, x: Tensor, level: Tensor, next_level: Tensor) -> Tensor:
        """See `Denoiser`."""
        rows, columns = _parts(x.shape[3], self.height, self.even), _parts(x.shape[4], self.width, self.even)
        if len(rows) == len(columns) == 1:
            return self.denoise(x, level, next_level)
        made, sums = torch.zeros_like(x), torch.zeros_like(x[:1, :1, :1])
        for row, column in product(rows, columns):
            part = (..., row, column)
            if not bool((level[part] > 0).any()):       # nothing to make there: what is known stays
                answer = x[part]
            else:
                with place(f"tile {row.start},{column.start}"):
                    answer = self.denoise(x[part], level[part], next_level[part])
            weight = _hill(row, x.shape[3]).view(-1, 1) * _hill(column, x.shape[4])
            made[part] += answer * weight.to(x)
            sums[part] += weight.to(x)
        return made / sums


def _parts(whole: int, part: int, even: int) -> list[slice]:
    """Parts of equal size that cover `whole`, as few as overlap enough."""
    if part >= whole:
        return [slice(0, whole)]
    count = 1 + -(-(whole - part) // max(even, int(part * (1 - OVERLAP))))
    starts = [round(number * (whole - part) / (count - 1) / even) * even for number in range(count)]
    return [slice(start, min(start + part, whole)) for start in starts]


def _hill(part: slice, whole: int) -> Tensor:
    """What a part has to say along one side: less towards an edge where another part goes on."""
    size = part.stop - part.start
    at = torch.arange(size) + 1.0
    slope = max(1.0, size * OVERLAP)
    rise = torch.ones(size) if part.start == 0 else (at / slope).clamp(max=1)
    fall = torch.ones(size) if part.stop == whole else ((size + 1 - at) / slope).clamp(max=1)
    return rise * fall
