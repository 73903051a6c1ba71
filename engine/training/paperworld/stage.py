"""Stage: the picture being built, sheet by sheet, from the sky to the foreground.

Knows screen coordinates, the camera with its parallax, and gluing sheets: land under a skyline, repeated ornaments,
and boxes of ink. Knows nothing of what they show.

    screen: x from -aspect to aspect, y from -1 (bottom) to 1 (top); sharp = pixels per unit
    parallax p: 0 the sky, 1 where the subject is, above 1 in front of it
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

import torch
from torch import Tensor

from .shapes import Ink, cover, mix, paint


class Clock:
    """Seconds (N, 1, 1) of the pictures, and angles that fit a loop when there is one."""

    def __init__(self, index: Tensor, period: int, loop: bool):
        self.index, self.period, self.loop = index.view(-1, 1, 1), period, loop
        self.seconds = self.index / 16.0
        self.part = self.index / max(period, 1)          # 0..1 over the clip (over the period, in a loop)

    def beat(self, hz: float) -> Tensor:
        """An angle that turns about hz times a second: a whole number of turns when the clip loops."""
        if self.loop:
            return self.part * (2 * math.pi * max(1, round(hz * self.period / 16)))
        return self.seconds * (2 * math.pi * hz)

    def run(self, hz: float) -> Tensor:
        """The same in turns, not radians."""
        return self.beat(hz) / (2 * math.pi)


@dataclass
class Camera:
    """Where the eye is, (N, 1, 1) each: x, y, zoom, and swing, the sideways slip of an orbit.

    still    nothing of it moves, so sheets may be drawn once for all pictures
    stretch  how far the land runs by before it repeats, in a loop that travels
    """

    x: Tensor
    y: Tensor
    zoom: Tensor
    swing: Tensor
    still: bool
    stretch: float | None = None

    def depth_zoom(self, p: float) -> Tensor:
        return 1 + (self.zoom - 1) * (0.15 + 0.85 * p)


class Land:
    """Repeatable chance along a sheet: hills and cells, periodic over `long`."""

    def __init__(self, long: float, dice: random.Random, like: Tensor):
        self.long, self.dice, self.like = long, dice, like

    def hills(self, x: Tensor, base: float, height: float, wave: float, rough: float = 0.5) -> Tensor:
        h = torch.full_like(x, base)
        for octave, k in enumerate((1.0, 1.7, 3.1)):
            turns = max(1, round(self.long * k / wave))
            h += height * (rough ** octave) * (x * (2 * math.pi * turns / self.long) + self.dice.uniform(0, 6.28)).sin()
        return h

    def cells(self, x: Tensor, spacing: float) -> tuple[Tensor, Tensor, int]:
        """Offset from the middle of the cell, number of the cell, how many there are."""
        n = max(1, round(self.long / spacing))
        s = self.long / n
        k = torch.floor(x / s)
        return x - (k + 0.5) * s, torch.remainder(k, n).long(), n

    def table(self, n: int, low: float, high: float) -> Tensor:
        return self.like.new_tensor([self.dice.uniform(low, high) for _ in range(n)])


class Stage:
    def __init__(self, clock: Clock, camera: Camera, width: int, height: int, light, seed: str, flat: bool, device):
        self.clock, self.camera, self.light, self.flat = clock, camera, light, flat
        self.width, self.height, self.n = width, height, clock.seconds.shape[0]
        self.seed = seed
        self.aspect = width / height
        self.sharp = height / 2
        self.ys = (1 - (torch.arange(height, device=device) + 0.5) / self.sharp).view(1, height, 1)
        self.xs = ((torch.arange(width, device=device) + 0.5) / self.sharp - self.aspect).view(1, 1, width)
        self.image = torch.zeros(1, 3, height, width, device=device)
        self.depth = torch.ones(1, height, width, device=device)
        self.ids = torch.zeros(1, height, width, dtype=torch.uint8, device=device)

    def dice(self, name: str) -> random.Random:
        return random.Random(f"{self.seed} {name}")

    # places in the world, seen on the screen -------------------------------------------------------------------------
    def x(self, p: float, drift: Tensor | float = 0.0) -> Tensor:
        """World x under each column, (N, 1, W); N is 1 while nothing moves."""
        cam = self.camera
        if cam.still or (cam.stretch and p < 0.4):
            return self.xs + drift
        return self.xs / cam.depth_zoom(p) + (p * cam.x + (1 - p) * cam.swing) + drift

    def fine(self, p: float) -> Tensor:
        """World x at three places in each column, (N, 1, 3 W), for skylines with upright walls."""
        x, third = self.x(p), 1 / (3 * self.sharp)
        if not self.camera.still and not (self.camera.stretch and p < 0.4):
            third = third / self.camera.depth_zoom(p).unsqueeze(-1)
        return (x.unsqueeze(-1) + self.xs.new_tensor((-1.0, 0.0, 1.0)) * third).flatten(2)

    def land(self, name: str, p: float = 0.0, long: float | None = None) -> Land:
        if long is None:
            long = self.camera.stretch * p if self.camera.stretch and p >= 0.4 else 16.0
        return Land(long, self.dice(name), self.xs)

    def up(self, h, p: float):
        """World height to screen height."""
        cam = self.camera
        return h if cam.still else (h - p * cam.y) * cam.depth_zoom(p)

    def down(self, p: float) -> Tensor:
        """World y under each row."""
        cam = self.camera
        return self.ys if cam.still else self.ys / cam.depth_zoom(p) + p * cam.y

    # gluing ----------------------------------------------------------------------------------------------------------
    def grow(self, like: Tensor) -> None:
        """From one picture to N, at the first sheet that moves."""
        if self.image.shape[0] < like.shape[0]:
            n = like.shape[0]
            self.image, self.depth, self.ids = (t.expand(n, *t.shape[1:]).clone() for t in (self.image, self.depth, self.ids))

    def rows(self, low, high) -> slice:
        """Rows between two screen heights."""
        first = int(max(0, math.floor((1 - float(high)) * self.sharp) - 1))
        last = int(min(self.height, math.ceil((1 - float(low)) * self.sharp) + 1))
        return slice(min(first, self.height), max(last, min(first, self.height)))

    def lay(self, h: Tensor, colour, depth: float, p: float, under=None, shadow: float = 0.30, soft: float = 0.13, edge: float = 0.10, low: float = -1.0, floor=None) -> None:
        """A sheet of land under the skyline h (world heights, (N, 1, W)); `under` is its colour at the bottom."""
        h = self.up(h, p)
        walls = None
        if h.shape[-1] == 3 * self.width:                   # steps: cover is averaged, walls have no slope
            walls = h.unflatten(-1, (self.width, 3))
            h = walls[..., 1]
        top = h.max() if walls is None else walls.max()
        rows = self.rows(low, top + soft)
        if rows.start >= rows.stop:
            return
        self.grow(h)
        ys = self.ys[:, rows]
        if walls is None:
            slope = torch.empty_like(h)
            slope[..., 1:-1] = (h[..., 2:] - h[..., :-2]) * (self.sharp / 2)
            slope[..., 0], slope[..., -1] = slope[..., 1], slope[..., -2]
            d = (h - ys) * (1 + slope.square()).rsqrt()
            c = (d * self.sharp + 0.5).clamp_(0, 1)
        else:
            d = h - ys
            c = sum(((walls[..., k] - ys) * self.sharp + 0.5).clamp_(0, 1) for k in range(3)) / 3
        if floor is not None:
            c = c * cover(floor - ys, self.sharp)
        part = self.image[:, :, rows]
        if shadow and not self.flat:
            part *= 1 - ((d + soft) / soft).clamp_(0, 1).square_().mul_(shadow).unsqueeze(1)
        if under is not None:
            crest = h.amax(-1, keepdim=True) if walls is None else 0.3      # by picture, so that parts of a clip agree
            t = ((crest - ys) / (crest + 1.001)).clamp(0, 1).unsqueeze(1)
            ink = torch.lerp(paint(colour, c), paint(under, c), t)
        else:
            ink = paint(colour, c)
        if edge and not self.flat:
            lip = (c - (d * self.sharp - 0.5 - 0.010 * self.sharp).clamp_(0, 1)).clamp_(min=0).mul_(edge)
            ink = ink + lip.unsqueeze(1)
        part += (ink - part) * c.unsqueeze(1)
        self._note(rows, slice(None), c, depth, None)

    def ornament(self, d: Tensor, rows: slice, colour, depth: float, shadow: float = 0.0, soft: float = 0.08, alpha=1.0, sharp=None) -> None:
        """A shape drawn across the rows: d is (N, rows, W) in screen units."""
        self.grow(d)
        part = self.image[:, :, rows]
        if shadow and not self.flat:
            part *= 1 - (1 - d / soft).clamp_(0, 1).square_().mul_(shadow).unsqueeze(1)
        c = cover(d, sharp or self.sharp)
        solid = c
        if not (isinstance(alpha, float) and alpha == 1.0):
            c = c * alpha
        part += (paint(colour, c) - part) * c.unsqueeze(1)
        if depth < 1.0:
            self._note(rows, slice(None), solid, depth, None)

    def shine(self, d: Tensor, rows: slice, colour, soft, strength) -> None:
        g = (1 - d.clamp(min=0) / soft).clamp_(0, 1).square_() * strength
        self.grow(g)
        part = self.image[:, :, rows]
        part += (1 - part) * (g.unsqueeze(1) * paint(colour, g))

    def glue(self, ink: Ink, tops: list[int], lefts: list[int], depth: float, mark: int, edge, rim: float, shadow: float) -> None:
        """Set each picture of an ink box down at its own whole-pixel place; parts outside the screen are lost."""
        n = len(tops)
        h, w = ink.alpha.shape[-2:]
        self.grow(self.xs.expand(n, 1, self.width))
        soft, pool = max(1, round(0.035 * self.sharp)), torch.nn.functional.avg_pool2d
        alpha = ink.alpha
        if edge is not None and not self.flat:
            k = max(1, round(rim * self.sharp))
            wide = pool(pool(alpha, 2 * k + 1, 1, k), 2 * k + 1, 1, k)
            rim = ((wide - 0.10) * 3.5).clamp_(0, 0.80).sub_(alpha).clamp_(min=0)
            ink.rgb = ink.rgb + paint(edge, alpha) * rim
            alpha = alpha + rim
        shade = None
        if shadow and not self.flat:
            shade = pool(pool(alpha, 2 * soft + 1, 1, soft), 2 * soft + 1, 1, soft) * shadow
        glow = ink.glow.expand(n, 3, h, w) if ink.glow is not None else None
        for i in range(n):
            if shade is not None:
                src, dst = self._clip(tops[i] + soft, lefts[i] + max(1, soft // 2), h, w)
                if src:
                    self.image[i, :, dst[0], dst[1]] *= 1 - shade[i, :, src[0], src[1]]
            src, dst = self._clip(tops[i], lefts[i], h, w)
            if not src:
                continue
            a = alpha[i, :, src[0], src[1]]
            spot = self.image[i, :, dst[0], dst[1]]
            spot *= 1 - a
            spot += ink.rgb[i, :, src[0], src[1]]
            if glow is not None:
                spot += (1 - spot).clamp_(min=0) * glow[i, :, src[0], src[1]]
            hit = ink.alpha[i, 0, src[0], src[1]] > 0.5
            self.depth[i, dst[0], dst[1]].masked_fill_(hit, depth)
            self.ids[i, dst[0], dst[1]].masked_fill_(hit, mark)

    def _clip(self, top, left, h, w):
        t, b = max(top, 0), min(top + h, self.height)
        l, r = max(left, 0), min(left + w, self.width)
        if t >= b or l >= r:
            return None, None
        return (slice(t - top, b - top), slice(l - left, r - left)), (slice(t, b), slice(l, r))

    def _note(self, rows, cols, c: Tensor, depth: float, mark: int | None) -> None:
        hit = c > 0.5
        self.depth[:, rows, cols].masked_fill_(hit, depth)
        self.ids[:, rows, cols].masked_fill_(hit, mark or 0)


def tone(colour, k: float):
    """Lighter (k > 0) or deeper (k < 0) of the same colour."""
    return mix(colour, (1, 1, 1), k) if k > 0 else mix(colour, (0.05, 0.05, 0.12), -k)
