"""Change: how far given film is changed, when and where; as strengths of latent cells, and of pixels.

    strength   one number, or a curve along the film       area, mask   the part of the picture; white of a mask is all of it

Knows recipes, masks and the grid. Knows no level, no canvas and no film.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from engine.denoisers.base import Grid
from engine.making.given import Given
from engine.recipe import Recipe
from engine.recipe.within import along

SEEN = 1 / 255      # of a mask: what is darker is untouched
FEATHER = 6         # pixels inside a hole over which what was there gives way to what was made


class Change:
    """Of one recipe. False where nothing that is given is changed."""

    def __init__(self, recipe: Recipe, mask: Given | None, grid: Grid, frames: int):
        self.recipe, self.mask, self.grid, self.frames = recipe, mask, grid, frames
        curve = np.asarray(recipe.strength or (1.0,), np.float32)
        self.curve = along(curve, frames).astype(np.float32)        # of each latent frame

    def __bool__(self) -> bool:
        return bool(self.recipe.strength or self.recipe.area or self.mask)

    @property
    def pauses(self) -> bool:
        """Whether film is changed for a while and kept for a while: then there are joins in it."""
        return bool(self) and 0 < np.count_nonzero(self.curve) < self.frames

    def cells(self) -> Tensor:
        """Strengths (1, 1, T, h, w) of the canvas: the most of what lies in each cell, so that one that is touched at all is changed."""
        height, width, space = self.grid.cells(self.recipe.height), self.grid.cells(self.recipe.width), self.grid.space
        beyond = (0, width - self.recipe.width // space, 0, height - self.recipe.height // space)     # as its neighbours are
        where = torch.zeros(1, 1, self.frames, height, width)
        if not self:
            return where
        last = None
        for frame, pixels in zip(self._frames(), self._where()):
            if pixels is not last:
                small, last = F.pad(F.max_pool2d(torch.from_numpy(pixels)[None, None], space), beyond, "replicate"), pixels
            where[:, :, frame] = torch.maximum(where[:, :, frame], small)
        return where * torch.from_numpy(self.curve).view(-1, 1, 1)

    def pixels(self) -> Iterator[np.ndarray]:
        """For each picture, how much of what was made is shown where film was given: (H, W) 0..1, 0 is untouched."""
        shown, last = np.zeros((self.recipe.height, self.recipe.width), np.float32), None
        frames = [*self._frames(), self.frames]
        for frame, after, pixels in zip(frames, frames[1:], self._where()):
            leads = frame < after < self.frames and self.curve[after] == 0      # the last picture before film that is kept is kept with it
            if self.curve[frame] == 0 or leads or not self:
                yield np.zeros_like(shown)
                continue
            if pixels is not last:
                shown, last = _feathered(pixels), pixels
            yield shown

    def _frames(self) -> Iterator[int]:
        """The latent frame of each picture."""
        time = self.grid.time
        for picture in range(self.recipe.pictures):
            yield picture // time if self.recipe.loops else self.grid.frame_of(picture)

    def _where(self) -> Iterator[np.ndarray]:
        """For each picture, (H, W) 0..1; the same array as long as it is the same."""
        still = np.full((self.recipe.height, self.recipe.width), 0.0 if self.mask or self.recipe.area else 1.0, np.float32)
        if self.recipe.area:
            left, top, width, height = self.recipe.area
            still[top:top + height, left:left + width] = 1
        if self.mask is None:
            yield from (still for _ in range(self.recipe.pictures))
            return
        yield from (still for _ in range(self.mask.item.at))
        last, both = None, still
        for picture in self.mask.pictures():
            if picture is not last:
                both, last = np.maximum(still, _grey(picture)), picture
            yield both
        while True:         # a mask that is shorter than the film: its last picture stays
            yield both


def _grey(picture: np.ndarray) -> np.ndarray:
    grey = picture.astype(np.float32).mean(2) / 255
    return np.where(grey < SEEN, 0, grey).astype(np.float32)


def _feathered(where: np.ndarray) -> np.ndarray:
    """1 inside, 0 outside, and a short way between them on the inside; the picture's own edge is none."""
    inside = np.pad((where > 0).astype(np.uint8), 1, mode="edge")
    if inside.all():
        return np.ones_like(where)
    away = cv2.distanceTransform(inside, cv2.DIST_L2, 3)[1:-1, 1:-1]
    return np.clip(away / FEATHER, 0, 1).astype(np.float32)
