"""Walk: a canvas becomes latents, window after window, each walked by the one sampler.

    frames     0 1 2 3 4 5 6 7 8 ...        a film that fits is one window
    window 1  |# # # # # #|
    window 2          |. . # # # #|         what is finished is kept, with a breath of noise, and led on from

Every window has its own denoiser: the words that belong to its frames, whether it goes on from earlier film, whether the
film comes round. Knows windows, words and checkpoints. Knows no model and no pixels.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from engine import windows as win
from engine.canvas import Canvas
from engine.checkpoint import Checkpoint
from engine.denoisers.base import Backend, Denoiser, Referring
from engine.denoisers.blended import Blended, crossing
from engine.denoisers.faithful import Faithful
from engine.denoisers.held import Held
from engine.denoisers.places import Placed
from engine.denoisers.tiled import Tiled
from engine.making.layout import Layout
from engine.making.toning import tone
from engine.recipe import Recipe
from engine.recipe.bounds import OVERLAP
from engine.sampler import Step, plan, sample
from engine.sampler import noise as drawn
from engine.windows import NoiseStream, Window

BREATH = 0.02       # level at which finished film is shown to the window after it
MEMORY = 0.2        # and the first shot to a later one: who is in it is still seen, the place gives way to the words
LEADING = 0x5EE     # of the noise of frames that are no film: so far from the film's own seed


@dataclass(frozen=True, eq=False)
class Stride:
    """One step of one window."""

    index: int              # of all steps of all windows
    count: int
    x0: Tensor              # (B, C, t, H, W): what the window's film is thought to become
    point: Checkpoint       # from here a walk can go on


class Walk:
    """The walk of one recipe; iterate it once, then `latents` is the film. Window by window the layout's own latents become
    it: those of a minute at full size are half a gigabyte, and are there once.

    since   a checkpoint of the same recipe to go on from: what follows is bit for bit what it would have been. One whose
            shapes are not this walk's is passed over
    """

    def __init__(self, recipe: Recipe, backend: Backend, layout: Layout, since: Checkpoint | None = None):
        self.recipe, self.backend, self.layout = recipe, backend, layout
        canvas = layout.canvas
        self.given = canvas.levels.amax(dim=(0, 1, 3, 4)) == 0
        alive = (~self.given).tolist()
        most = recipe.window if recipe.window and not layout.period else canvas.frames
        whole = Window(0, 0, canvas.frames, canvas.frames)
        self.windows = (whole,) if canvas.frames <= most and not layout.cuts else win.cut(alive, most, OVERLAP, layout.cuts)
        self.lead = 0                   # frames that are walked before those of every window and are no film: of references
        if layout.references is not None and isinstance(backend, Referring):
            self.lead = backend.refer(layout.references)
        self.sigmas = backend.sigmas(recipe.steps, (*canvas.shape[:2], canvas.frames + self.lead, *canvas.shape[3:]))
        self.noise = NoiseStream(canvas.shape, recipe.seed)
        self.since = since if since is not None and self._belongs(since) else None
        self.latents = canvas.latents
        self.at = 0                     # number of the window that is walked
        self._words = lru_cache(maxsize=8)(self._denoiser)

    @property
    def count(self) -> int:
        """Steps of all windows."""
        return len(self.windows) * self.recipe.steps

    @property
    def finished(self) -> int:
        """Windows that `since` has finished."""
        return len(self.since.windows) if self.since else 0

    @property
    def done(self) -> int:
        """Steps that `since` has done."""
        return self.finished * self.recipe.steps + (self.since.step.index + 1 if self.since and self.since.step else 0)

    def __iter__(self) -> Iterator[Stride]:
        film, first, earlier = self.latents, self.finished, self.since.step if self.since else None
        for window, made in zip(self.windows, self.since.windows if self.since else ()):
            film[:, :, window.fresh:window.made] = made
        self.since = None               # they are in the film now
        for number, window in enumerate(self.windows[first:], first):
            self.at = number
            finished = tuple(film[:, :, one.fresh:one.made] for one in self.windows[:number])
            x = earlier.x if earlier else None          # it may have arrived already
            for step in self._steps(window, film, earlier):
                x = step.x
                yield Stride(number * self.recipe.steps + step.index, self.count, step.x0[:, :, self.lead:], Checkpoint(step, finished))
            film[:, :, window.fresh:window.made] = x[:, :, self.lead:][:, :, window.own]
            earlier = None
        self._tone()

    def settle(self, stride: Stride) -> None:
        """Enough: the window at work is what it is thought to become by now, and what no window was begun for is left off."""
        window = self.windows[self.at]
        self.latents[:, :, window.fresh:window.made] = stride.x0[:, :, window.own]
        if self.at + 1 < len(self.windows):
            self.latents = self.latents[:, :, :self.windows[self.at + 1].fresh]
        self._tone()

    def _tone(self) -> None:
        """What no denoiser was asked for: see `toning`."""
        frames = self.latents.shape[2]
        footage = self.layout.footage & {frame for frame in range(frames) if self.given[frame]}
        tone(self.latents, self.given[:frames].tolist(), footage, self.layout.cues, self.layout.cuts, bool(self.layout.period))

    def _steps(self, window: Window, film: Tensor, earlier: Step | None) -> Iterator[Step]:
        part = win.lay(self.layout.canvas, window, film)
        noise = self.noise(window.start, window.stop)
        noise = torch.cat([noise[:, :, :1].expand(-1, -1, window.seen, -1, -1), noise], 2)
        part, noise = self._led(part, noise)
        levels = plan(part.levels, self.sigmas, self.backend.rule)
        if window.start > 0:
            given = self.given[window.start:window.stop]
            levels = win.breathe(levels, part, MEMORY if window.seen else BREATH, torch.cat([torch.zeros(self.lead + window.seen, dtype=torch.bool), given]))
        denoise = self._shared(window, part.latents, noise)
        if self.recipe.tile:
            space = self.backend.grid.space
            denoise = Tiled(denoise, self.recipe.tile[1] // space, self.recipe.tile[0] // space)
        if self.recipe.holds:
            denoise = Held(denoise, part.latents.clone())
        return sample(Placed(denoise, f"window {self.at}"), part, noise, levels, self.recipe.solver, earlier)

    def _led(self, part: Canvas, noise: Tensor) -> tuple[Canvas, Tensor]:
        """A window with the frames before it that are no film: all noise, and the same in every window."""
        if not self.lead:
            return part, noise
        ahead = drawn((*noise.shape[:2], self.lead, *noise.shape[3:]), (self.recipe.seed + LEADING) % 2**63)
        latents, levels = torch.zeros_like(ahead), torch.ones_like(ahead[:, :1])
        return Canvas(torch.cat([latents, part.latents], 2), torch.cat([levels, part.levels], 2)), torch.cat([ahead, noise], 2)

    def _shared(self, window: Window, source: Tensor, noise: Tensor) -> Denoiser:
        """The words that have a say in this window, and those that the source had."""
        time, continues = self.backend.grid.time, window.continues
        told = self.layout.cues
        if window.seen:
            denoise = self._words(told[window.fresh].prompt, continues)
        else:
            weights = crossing(list(told), self.layout.canvas.frames, [0 if cue.cut else cue.over // time for cue in told.values()])
            weights = weights[:, window.start:window.stop]
            weights = torch.cat([weights[:, :1].expand(-1, self.lead), weights], 1)
            parts = [self._words(cue.prompt, continues) if bool(row.any()) else None for cue, row in zip(told.values(), weights)]
            denoise = parts[0] if len(parts) == 1 else Blended(parts, weights)
        return Faithful(denoise, self._words(self.recipe.was, window.continues), source, noise) if self.recipe.was else denoise

    def _denoiser(self, prompt: str, continues: bool) -> Denoiser:
        recipe = self.recipe
        return self.backend.denoiser([prompt], guidance=recipe.guidance, negative=recipe.negative, period=self.layout.period, continues=continues)

    def _belongs(self, since: Checkpoint) -> bool:
        if len(since.windows) >= len(self.windows):
            return False
        batch, channels, _, height, width = self.layout.canvas.shape

        def whole(film: Tensor, frames: int) -> bool:
            return film.shape == (batch, channels, frames, height, width)

        at = self.windows[len(since.windows)]
        stands = since.step is None or (since.step.count == self.recipe.steps and whole(since.step.x, self.lead + at.frames))
        return stands and all(whole(film, window.made - window.fresh) for film, window in zip(since.windows, self.windows))
