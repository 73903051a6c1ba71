"""Canvas: a stretch of latent film and, for every cell of it, how much of it is still noise.

Knows shapes and levels. Knows no model, no prompt, no picture and no sampler.

An operation paints levels on a canvas (`engine.operations`); the sampler turns what is painted into film:

    level 0   keep: the cell is known exactly            drawn  .
    level 1   generate: nothing is known                 drawn  #
    between   edit: known up to that much noise          drawn  1-9
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.errors import BadRequest, GridMismatch


@dataclass(frozen=True, eq=False)
class Canvas:
    """Latent film with a level per cell. A value: every edit returns a new one.

    Raises GridMismatch when the two tensors do not belong together, BadRequest for a level outside 0..1.
    """

    latents: Tensor     # (B, C, T, H, W) float32: clean content, zeros where there is none yet
    levels: Tensor      # (B, 1, T, H, W) float32: 0 keep, 1 generate, between edit

    def __post_init__(self) -> None:
        if self.latents.dim() != 5:
            raise GridMismatch(f"Latent film has five axes (films, channels, frames, height, width); "
                               f"{tuple(self.latents.shape)} was given.")
        batch, _, *cells = self.latents.shape
        if tuple(self.levels.shape) != (batch, 1, *cells):
            raise GridMismatch(f"Latents of {tuple(self.latents.shape)} need levels of {(batch, 1, *cells)}; "
                               f"{tuple(self.levels.shape)} was given.")
        if self.latents.dtype != torch.float32 or self.levels.dtype != torch.float32:
            raise GridMismatch(f"A canvas is float32 throughout; latents are {self.latents.dtype}, "
                               f"levels {self.levels.dtype}.")
        if not bool(((self.levels >= 0) & (self.levels <= 1)).all()):       # NaN fails both comparisons
            raise BadRequest("Levels run from 0 (keep) to 1 (generate); "
                             f"{self.levels.min().item():g} to {self.levels.max().item():g} was painted.")

    @classmethod
    def empty(cls, shape: Sequence[int]) -> Canvas:
        """Nothing known: `shape` (B, C, T, H, W), every cell to be generated.    ######"""
        batch, channels, frames, height, width = shape
        return cls(torch.zeros(batch, channels, frames, height, width), torch.ones(batch, 1, frames, height, width))

    @classmethod
    def keep(cls, clip: Tensor) -> Canvas:
        """All known: `clip` (B, C, T, H, W), every cell kept exactly.    ......"""
        return cls(clip.float(), torch.zeros_like(clip[:, :1], dtype=torch.float32))

    @property
    def shape(self) -> tuple[int, ...]:
        """`(B, C, T, H, W)`."""
        return tuple(self.latents.shape)

    @property
    def frames(self) -> int:
        """Latent frames, T."""
        return self.latents.shape[2]

    def join(self, other: Canvas) -> Canvas:
        """This canvas, then `other`, along time.    ..## + .. = ..##..

        Raises GridMismatch when the two differ in anything but T.
        """
        mine, theirs = list(self.shape), list(other.shape)
        mine[2] = theirs[2] = -1
        if mine != theirs:
            raise GridMismatch(f"Latent film of {_words(self)} cannot be joined to film of {_words(other)}; "
                               "they may differ in frames only.")
        return Canvas(torch.cat([self.latents, other.latents], 2), torch.cat([self.levels, other.levels], 2))

    def grow(self, before: int = 0, after: int = 0) -> Canvas:
        """Room for `before` and `after` latent frames of new film.    .. -> #..###

        Raises BadRequest for less than no room.
        """
        if before < 0 or after < 0:
            raise BadRequest(f"A canvas grows by 0 frames or more; {before} before and {after} after was asked.")
        batch, channels, _, height, width = self.shape
        grown = self
        if before:
            grown = Canvas.empty((batch, channels, before, height, width)).to(self.latents.device).join(grown)
        if after:
            grown = grown.join(Canvas.empty((batch, channels, after, height, width)).to(self.latents.device))
        return grown

    def put(self, clip: Tensor, at: int) -> Canvas:
        """Keep `clip` (B, C, t, H, W) from latent frame `at` on.    ###### -> ##..##

        Raises GridMismatch when it does not fit on the canvas.
        """
        stop = at + clip.shape[2]
        expected = (*self.shape[:2], clip.shape[2], *self.shape[3:])
        if tuple(clip.shape) != expected or at < 0 or stop > self.frames:
            raise GridMismatch(f"A clip of {tuple(clip.shape)} at frame {at} does not fit on a canvas of "
                               f"{_words(self)}.")
        latents = self.latents.clone()
        latents[:, :, at:stop] = clip.float()
        return Canvas(latents, self.levels).paint(0.0, slice(at, stop))

    def paint(self, level: float | Sequence[float] | Tensor, where: slice | tuple | Tensor | None = None) -> Canvas:
        """Set the level of some cells, or of all.    ...... -> ..66..

        level   one number; or a curve, one number per latent frame; or a tensor broadcastable to (B, 1, T, H, W)
        where   nothing: every cell. A slice: those latent frames [start, stop). A tuple of up to three slices: a box
                (frames, rows, columns). A tensor of bool: those cells, broadcastable to (B, 1, T, H, W).

        Raises GridMismatch when `level` or `where` does not fit, BadRequest for a level outside 0..1.
        """
        target = self.levels
        value = torch.as_tensor(level, dtype=torch.float32, device=target.device)
        if value.dim() == 1:
            value = value.view(-1, 1, 1)            # a curve over time
        try:
            value = value.expand_as(target)
            if where is None:
                return Canvas(self.latents, value.clone())
            if isinstance(where, Tensor):
                mask = where.to(target.device, torch.bool).expand_as(target)
            else:
                box = where if isinstance(where, tuple) else (where,)
                mask = torch.zeros_like(target, dtype=torch.bool)
                mask[(slice(None), slice(None), *box)] = True
        except (RuntimeError, IndexError) as error:
            raise GridMismatch(f"What was painted does not fit on a canvas of {_words(self)}: {error}") from error
        return Canvas(self.latents, torch.where(mask, value, target))

    def to(self, device: torch.device | str) -> Canvas:
        """The same canvas on another device."""
        return Canvas(self.latents.to(device), self.levels.to(device))

    def strip(self) -> str:
        """The canvas as a drawing, one mark per latent frame: `.` keep, `#` generate, 1-9 edit in tenths.

        A frame is drawn by its highest level, over all films and cells: `.` says that nothing in it will change,
        and a small hole to be filled shows as `#`.
        """
        peaks = self.levels.amax(dim=(0, 1, 3, 4)).tolist()
        return "".join("." if peak == 0 else "#" if peak == 1 else str(min(9, max(1, round(10 * peak))))
                       for peak in peaks)


def _words(canvas: Canvas) -> str:
    batch, channels, frames, height, width = canvas.shape
    films = "1 film" if batch == 1 else f"{batch} films"
    return f"{films}, {channels} channels, {frames} frames of {width}x{height} cells"
