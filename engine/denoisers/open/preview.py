"""Preview: a linear map from latents to colours, fitted once to a family's own autoencoder.

Knows least squares. Knows no family. Source: the same idea for Stable Diffusion, "decoding latents to RGB without upscaling".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

if TYPE_CHECKING:
    from engine.denoisers.open.backend import OpenBackend

SIDE, FRAMES = 12, 3        # cells and latent frames of the pictures that it is fitted to
RIDGE = 1e-3                # of the latents' own strength: channels that say nothing of colour get none


def colours(backend: OpenBackend) -> Tensor:
    """(3, C + 1): what each channel adds to red, green and blue in 0..1, and what there is without any.

    Fitted to soft fields of colour that change from picture to picture.
    """
    grid, chance = backend.grid, torch.Generator().manual_seed(1)
    side, count = SIDE * grid.space * grid.patch // 2, grid.pictures(FRAMES)
    side -= side % grid.step
    fields = torch.rand(1, 3, FRAMES, 5, 5, generator=chance)
    pictures = F.interpolate(fields, (count, side, side), mode="trilinear", align_corners=True)
    latents = backend.encode(2 * pictures - 1).float().cpu()
    height, width = latents.shape[3:]
    small = F.adaptive_avg_pool3d(pictures, (count, height, width))
    frames = [small[:, :, :1], *small[:, :, 1:].split(grid.time, 2)]
    target = torch.cat([frame.mean(2, keepdim=True) for frame in frames], 2)
    known = torch.cat([latents, torch.ones_like(latents[:, :1])], 1).movedim(1, -1).flatten(0, -2)      # (cells, C + 1)
    wanted = target.movedim(1, -1).flatten(0, -2)
    square = known.T @ known
    return torch.linalg.solve(square + RIDGE * square.diagonal().mean() * torch.eye(len(square)), known.T @ wanted).T.contiguous()
