"""Preview: a linear map from latents to colours, fitted once to a family's own autoencoder and kept beside the models.

    a folder of models/.colours/0123456789ab.json       by the version of the weights: fitting brings the autoencoder onto the
                                                        accelerator in the middle of the first walk
Knows least squares and where the map lies. Knows no family. Source: the same idea for Stable Diffusion, "decoding latents to RGB
without upscaling".
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.denoisers.open.rows import models_folder
from engine.errors import CannotWrite
from engine.media.writing import write_whole, writing

if TYPE_CHECKING:
    from engine.denoisers.open.backend import OpenBackend

SIDE, FRAMES = 12, 3        # cells and latent frames of the pictures that it is fitted to
RIDGE = 1e-3                # of the latents' own strength: channels that say nothing of colour get none
FIT = 1                     # another number where another way of fitting makes another map
VERSION = re.compile(r"[0-9a-f]{12}")       # of weights that were hashed; others are not kept
MANY = 64                   # maps that stay; a few kilobytes each


def colours(backend: OpenBackend) -> Tensor:
    """(3, C + 1): what each channel adds to red, green and blue in 0..1, and what there is without any. Fitted where no process has before."""
    place = models_folder() / ".colours" / f"{backend.version}.json" if VERSION.fullmatch(backend.version) else None
    kept = _kept(place, backend.grid.channels) if place else None
    if kept is not None:
        return kept
    found = _fitted(backend)
    if place:
        with suppress(CannotWrite):     # then the next process fits it again
            _keep(place, found)
    return found


def _kept(place: Path, channels: int) -> Tensor | None:
    """The map in a file; None where there is none, or it is none of ours."""
    try:
        said = json.loads(place.read_text())
        found = torch.tensor(said["map"], dtype=torch.float32)
        return found if said["fit"] == FIT and found.shape == (3, channels + 1) and bool(found.isfinite().all()) else None
    except (OSError, ValueError, KeyError, TypeError, RuntimeError):
        return None


def _keep(place: Path, found: Tensor) -> None:
    """Put a map away, and the oldest of too many. Raises CannotWrite."""
    with writing(place):
        place.parent.mkdir(parents=True, exist_ok=True)
        others = sorted(place.parent.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
        for old in others[MANY - 1:]:
            old.unlink(missing_ok=True)
    write_whole(place, json.dumps({"fit": FIT, "map": found.tolist()}).encode())


def _fitted(backend: OpenBackend) -> Tensor:
    """The map, fitted to soft fields of colour that change from picture to picture."""
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
