"""Referring: pictures of who or what is to be in a film, as a model is shown them. They stand at no time of it.

    a picture of any shape  ─→  all of it, as large as fits, in the middle of a picture of the film's size, white around it

Knows files and pictures. Knows no canvas and no model. Source: diffusers' WanVACEPipeline, whose very numbers these are for
pictures whose sides are multiples of 8 (it scales others to such sides first).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.errors import BadMedia
from engine.media import read_picture
from engine.recipe import Recipe
from engine.recipe.value import FILE, fingerprint


def references(recipe: Recipe, places: Mapping[str, Path] = {}) -> Tensor | None:
    """A recipe's references, (n, 3, height, width) in -1..1; None where it has none.

    places   where they lie, by hash, if not where it says
    Raises BadMedia for one that is gone, was changed or is no picture.
    """
    found = []
    for item in recipe.inputs:
        if item.role != "reference":
            continue
        path = Path(places.get(item.sha256) or item.path)
        if fingerprint(path, FILE) != item.sha256:
            raise BadMedia(f"{path} is not the picture that this recipe was made with: it has changed since. Choose the picture again.")
        found.append(whole(torch.from_numpy(read_picture(path).copy()).movedim(-1, 0), recipe.width, recipe.height))
    return torch.stack(found) if found else None


def whole(picture: Tensor, width: int, height: int) -> Tensor:
    """A picture (3, h, w) of eight bits in one of another size, (3, height, width) in -1..1."""
    scale = min(height / picture.shape[1], width / picture.shape[2])
    size = max(1, int(picture.shape[1] * scale)), max(1, int(picture.shape[2] * scale))
    inside = F.interpolate(picture[None].float() / 255 * 2 - 1, size, mode="bilinear", align_corners=False)[0]
    made, top, left = torch.ones(3, height, width), (height - size[0]) // 2, (width - size[1]) // 2
    made[:, top:top + size[0], left:left + size[1]] = inside
    return made
