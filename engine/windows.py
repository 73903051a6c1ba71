"""Windows: film longer than a model sees at once, made one stretch after another.

Knows level maps, latent frames and noise. Knows no model, no prompt, no sampler and no pictures.

    frames    0 1 2 3 4 5 6 7 8 9 . . .
    window    |# # # # # # # #|                     8 are made
                          |. . # # # # # #|         2 are kept from the window before, 6 are made

Only frames with something to make are in a window, with the kept ones beside them that it leads on from and up to:

    ..........####..........        |..####..|      a long clip is extended or connected at the price of a short one
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from engine.canvas import Canvas
from engine.errors import BadRequest


@dataclass(frozen=True)
class Window:
    """Latent frames [start, stop) of a film that are walked together. It makes [fresh, made); the others are its context."""

    start: int
    fresh: int
    made: int
    stop: int
    seen: int = 0       # frames of the film's beginning that are shown before them: who is in the first shot is in this one

    @property
    def continues(self) -> bool:
        """Whether it begins inside the film, so that none of its frames is a first one."""
        return self.start > 0 and not self.seen

    @property
    def frames(self) -> int:
        """How many are walked."""
        return self.seen + self.stop - self.start

    @property
    def own(self) -> slice:
        """Of those, the ones that it makes."""
        return slice(self.seen + self.fresh - self.start, self.seen + self.made - self.start)


def cut(alive: Sequence[bool], most: int, overlap: int = 2, starts: Sequence[int] = ()) -> tuple[Window, ...]:
    """The windows that make a film, in the order of making.

    alive     for each latent frame, whether anything in it is to be made
    most      frames that a window may have, its context included
    overlap   frames of context on either side, where the film has them
    starts    frames where a new shot begins: its first window sees the film's first frames, not the shot before it

    Every frame that is alive is made in exactly one window, and none that is not. Runs whose contexts touch share a
    window where it holds both. Raises BadRequest when `most` leaves no room beside the context.
    """
    if overlap < 1 or most < 2 * overlap + 1:
        raise BadRequest(f"A window of {most} latent frames has no room for film beside {overlap} frames of context on either "
                         f"side; at least {2 * max(1, overlap) + 1} would work.")
    windows: list[Window] = []
    for first, last in _runs(alive, starts):
        ends = last in starts or last < len(alive) and alive[last]       # what comes then is not made yet
        start, seen = (first, overlap) if first in starts and first > overlap else (max(0, first - overlap), 0)
        whole = Window(start, first, last, last if ends else min(len(alive), last + overlap), seen)
        if windows and first not in starts and whole.start < windows[-1].stop and whole.stop - windows[-1].start <= most:
            windows[-1] = replace(windows[-1], made=last, stop=whole.stop)
        elif whole.frames <= most:
            windows.append(whole)
        else:
            windows += _share(whole, most, overlap)
    return tuple(windows)


def _runs(alive: Sequence[bool], starts: Sequence[int]) -> list[tuple[int, int]]:
    """[first, last) of each stretch of frames that are alive; one is divided where something starts in it."""
    runs: list[tuple[int, int]] = []
    for at, made in enumerate(alive):
        if made and runs and runs[-1][1] == at and at not in starts:
            runs[-1] = (runs[-1][0], at + 1)
        elif made:
            runs.append((at, at + 1))
    return runs


def _share(whole: Window, most: int, overlap: int) -> list[Window]:
    """A run that is too long for one window, in as few as will do, each making about as many frames."""
    heads = [whole.seen + whole.fresh - whole.start]
    tail = whole.stop - whole.made
    rooms = [most - heads[0] - tail]                # frames that each window can make
    while sum(rooms) < whole.made - whole.fresh:
        rooms[-1] += tail                           # only the last leads up to something
        heads.append(overlap)
        rooms.append(most - overlap - tail)
    windows, at = [], whole.fresh
    for number, (head, room) in enumerate(zip(heads, rooms)):
        left, later = whole.made - at, len(rooms) - number - 1
        even = -(-(left + head + later * overlap) // (later + 1)) - head        # windows of about the same length
        count = max(left - sum(rooms[number + 1:]), min(even, room, left - later), 1)
        seen = whole.seen if not windows else 0
        windows.append(Window(at - head + seen, at, at + count, at + count + (tail if not later else 0), seen))
        at += count
    return windows


def lay(canvas: Canvas, window: Window, film: Tensor) -> Canvas:
    """The part of a canvas that a window walks; what is finished before it is kept.

    film    (B, C, T, H, W) of the whole canvas, finished as far as `window.fresh`
    """
    part = Canvas(canvas.latents[:, :, window.start:window.stop], canvas.levels[:, :, window.start:window.stop])
    if window.fresh > window.start:
        made = slice(0, window.fresh - window.start)
        latents = part.latents.clone()
        latents[:, :, made] = film[:, :, window.start:window.fresh]
        part = Canvas(latents, part.levels).paint(0.0, made)
    return Canvas.keep(film[:, :, :window.seen]).join(part) if window.seen else part


def breathe(plan: Tensor, canvas: Canvas, breath: float, given: Tensor | None = None) -> Tensor:
    """A level plan whose kept frames are shown to the model with a breath of noise; they come back exactly all the same.

    Whole frames only: what is kept beside a hole in the same frame stays sharp. Clean context lets errors grow from
    window to window, and stills the motion that leads on from it (LTX-Video, SkyReels-V2: 0.02).

    given    (T,) bool: frames that no window made. They have no errors to grow, and are shown as they are: with a breath
             of noise, film that leads on from them is of another colour (Paper: 2.7 of CIE Lab instead of 1.2)
    """
    kept = canvas.levels.amax(dim=(0, 1, 3, 4)) == 0
    if given is not None:
        kept = kept & ~given
    sigma = plan.amax(dim=(1, 2, 3, 4, 5), keepdim=True).clamp(max=breath)
    noised = torch.where(kept.view(1, 1, 1, -1, 1, 1), sigma.expand_as(plan), plan)
    return torch.cat([noised[:-1], plan[-1:]])


class NoiseStream:
    """The noise of a long film, frames [start, stop) at a time, in order; equal to `sampler.noise` of the whole.

    Keeps what a later window may ask again, so that memory does not grow with the film.
    """

    def __init__(self, shape: Sequence[int], seed: int):
        self.shape, self._chance = tuple(shape), torch.Generator("cpu").manual_seed(seed)
        self._first, self._frames = 0, []

    def __call__(self, start: int, stop: int) -> Tensor:
        """(1, C, stop - start, H, W) float32. Raises ValueError for frames before those asked last."""
        if start < self._first:
            raise ValueError(f"Noise of frame {start} was asked; it is kept from frame {self._first} on.")
        _, channels, _, height, width = self.shape
        while self._first + len(self._frames) < stop:
            self._frames.append(torch.randn(channels, height, width, generator=self._chance))
            self._forget(start)         # a walk that goes on late passes over most of the film
        self._forget(start)
        return torch.stack(self._frames[:stop - start], 1)[None]

    def _forget(self, start: int) -> None:
        gone = min(start - self._first, len(self._frames))
        del self._frames[:gone]
        self._first += gone
