"""Events: what lasts in the world. A thing to pass behind, marks that stay, blocks that obey their rules.

Knows strokes, footprints, bites, occluders and the little block machine. Knows nothing of subjects' shapes.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from .places import GROUND
from .shapes import Ink, both, box, circle, convex, cover, mix, union
from .stage import Stage, tone


def _near(light, colour):
    """Lit half as the land, half as the subjects, so that it stands out from both."""
    return mix(light.layer(colour, 0.0), light.subject(colour), 0.45)


def occluder(ink: Ink, kind: str, light) -> None:
    """A tree, tower or rock, 1 half wide and from -1 up, that hides what passes behind it."""
    x, y = ink.x, ink.y
    if kind == "tree":
        bark, leaf = _near(light, (0.46, 0.31, 0.23)), _near(light, (0.23, 0.48, 0.31))
        ink.fill(convex(x, y, (-0.5, 1.0), (0.5, 1.0), (0.60, -1.2), (-0.60, -1.2), r=0.02), bark)
        crown = union(circle(x, y, -0.30, 0.80, 0.62), circle(x, y, 0.34, 0.86, 0.60), box(x, y, 0.0, -0.05, 0.94, 0.62, 0.30), circle(x, y, 0.02, 1.22, 0.50))
        ink.fill(crown, leaf, shadow=0.35)
        ink.tint(both(crown, union(circle(x, y, -0.36, 1.0, 0.34), circle(x, y, 0.42, 0.62, 0.26), circle(x, y, -0.5, 0.24, 0.22), circle(x, y, 0.2, 0.05, 0.16))), 1.18)
    elif kind == "tower":
        wall, dark = _near(light, (0.66, 0.58, 0.58)), _near(light, (0.46, 0.40, 0.46))
        body = box(x, y, 0, -0.1, 0.88, 1.3)
        ink.fill(body, wall)
        ink.tint(both(body, 0.30 - x), 0.88)
        for k in range(7):
            ink.tint(both(body, both((y + 1.0 - 0.3 * k).abs() - 0.012, x.abs() - 0.8)), 0.86)
        for cx in (-0.76, 0.0, 0.76):
            ink.fill(box(x, y, cx, 1.32, 0.21, 0.20, 0.02), wall)
        ink.fill(box(x, y, 0, 1.12, 0.97, 0.13, 0.02), dark, shadow=0.3)
        for cx, cy in ((-0.42, 0.55), (0.42, 0.55), (0.0, -0.05)):
            ink.fill(box(x, y, cx, cy, 0.13, 0.19, 0.12), (1.0, 0.82, 0.42) if light.lamp > 0.5 else tone(dark, -0.5))
    else:
        rock, pale = _near(light, (0.50, 0.48, 0.56)), _near(light, (0.62, 0.60, 0.66))
        body = convex(x, y, (-0.98, -1.2), (-0.92, 0.2), (-0.55, 0.85), (0.1, 1.15), (0.7, 0.75), (0.95, 0.0), (0.98, -1.2), r=0.03)
        ink.fill(body, rock)
        ink.fill(convex(x, y, (-0.85, 0.15), (-0.5, 0.78), (0.05, 1.08), (-0.05, 0.35), (-0.5, -0.1), r=0.02), pale)
        ink.tint(both(body, convex(x, y, (0.3, 0.6), (0.95, 0.0), (0.98, -1.2), (0.15, -1.2))), 0.86)


def stroke(s: Stage, brush_x: Tensor, start: float, colour, side: float, path, thick: float) -> None:
    """Paint that stays where the brush has been: from `start` to the brush along y = path(x)."""
    rows = s.rows(-1.0, 1.0)
    fy = path(s.xs)
    slope = (path(s.xs + 0.01) - path(s.xs - 0.01)) / 0.02
    rough = 1 + 0.10 * (s.xs * 37.0).sin() + 0.07 * (s.xs * 83.0 + 1).sin()
    d = (s.ys[:, rows] - fy).abs() * (1 + slope.square()).rsqrt() - thick * rough
    gone = both(side * (s.xs - brush_x), side * (start - s.xs) - 0.0)
    tip = torch.minimum(circle(s.xs, s.ys[:, rows], start, path(s.xs.new_tensor(start)), thick), both(d, gone))
    drawn = (side * (brush_x - start) > 0.02).float()
    s.ornament(tip, rows, colour, 0.56, shadow=0.25, soft=0.04, alpha=drawn)
    s.ornament(both(both(d + thick * 1.45, gone), side * (start - s.xs)), rows, tone(colour, 0.22), 0.56, alpha=drawn * 0.7)


def footprints(s: Stage, x: Tensor, start: float, side: float, ground: float, step: float, size: float, colour) -> None:
    """Two rows of prints on the ground, each there from the moment it is stepped and ever after."""
    rows = s.rows(ground - 0.2, ground + 0.06)
    k = torch.floor((s.xs - start) / step + 0.5)
    centre = start + k * step
    foot = torch.where(torch.remainder(k, 2) > 0.5, ground - 0.025, ground - 0.085)
    u, v = (s.xs - centre) / 1.5, (s.ys[:, rows] - foot)
    d = (u.square() + v.square() * 2.2).sqrt() - size
    made = ((side * (x - centre)) > 0) & (side * (centre - start) > -0.01)
    s.ornament(d, rows, colour, 0.56, alpha=made.float() * 0.80)


def bites(ink: Ink, part: Tensor) -> None:
    """Mouthfuls gone from the upper right, one after another; what is bitten stays bitten."""
    x, y = ink.x, ink.y
    for when, cx, cy, r in ((0.22, 0.86, 0.52, 0.36), (0.50, 0.98, 0.02, 0.34), (0.78, 0.40, 0.74, 0.30)):
        on = (part >= when).float()
        teeth = union(circle(x, y, cx, cy, r), *(circle(x, y, cx + r * math.cos(a), cy + r * math.sin(a), 0.11) for a in (2.2, 2.9, 3.6, 4.3)))
        ink.cut(teeth, on)


class BlockMachine:
    """A small side view of blocks with three rules: the unheld falls, water runs down, a set block stays.

    `states(n)` gives a grid of kinds (rows from the top) and how far falling ones have come, picture by picture.
    """

    AIR, EARTH, STONE, WATER, GOLD = range(5)
    WIDE, TALL = 6, 7

    def __init__(self, rule: str, dice):
        self.rule = rule
        self.flip = dice.random() < 0.5

    def grid(self, part: float) -> tuple[list[list[int]], list[tuple[float, float, int]]]:
        """At `part` 0..1 of the clip: settled blocks, and loose ones as (column, row, kind)."""
        g = [[self.AIR] * self.WIDE for _ in range(self.TALL)]
        loose = []
        floor = self.TALL - 1

        def put(c, r, kind):
            g[floor - r][c] = kind
        if self.rule == "fall":
            for r in range(2):
                put(1, r, self.STONE)
            knocked = part > 0.35
            if not knocked:
                put(1, 2, self.EARTH)
            drop = max(0.0, part - 0.35) * 9.0
            for c, r, kind in ((1, 3, self.GOLD), (1, 4, self.STONE)):
                low = r - 1
                here = max(low, r - drop * drop) if knocked else r
                loose.append((c, here, kind))
        elif self.rule == "water":
            for c, top in enumerate((4, 3, 2, 1, 0, 0)):
                for r in range(top):
                    put(c, r, self.STONE)
            path = [(0, 4), (1, 4), (1, 3), (2, 3), (2, 2), (3, 2), (3, 1), (4, 1), (4, 0), (5, 0)]
            for c, r in path[: 1 + int(part * 1.25 * len(path))]:
                put(c, r, self.WATER)
        else:
            plan = [(1, 0, self.STONE), (2, 0, self.STONE), (3, 0, self.STONE), (1, 1, self.EARTH), (3, 1, self.EARTH), (1, 2, self.EARTH), (3, 2, self.EARTH), (1, 3, self.GOLD), (2, 3, self.GOLD), (3, 3, self.GOLD)]
            for c, r, kind in plan[: 2 + int(part * 1.2 * (len(plan) - 2))]:
                put(c, r, kind)
        return g, loose


def put_machine(s: Stage, scene) -> None:
    """The block machine, on the side of the picture that the subject leaves free."""
    size = min(0.20, 0.95 * s.aspect / 6)
    left = s.aspect * 0.02 if scene.seed % 2 == 0 else -s.aspect * 0.02 - 6 * size
    draw_blocks(s, BlockMachine(scene.detail or "fall", s.dice("machine")), left, GROUND, size)


def draw_blocks(s: Stage, machine: BlockMachine, left: float, base: float, size: float) -> None:
    """Set the machine's blocks on the ground at `left`, each block `size` wide."""
    light = s.light
    kinds = [(0, 0, 0), (0.60, 0.42, 0.28), (0.60, 0.62, 0.66), (0.20, 0.55, 0.90), (0.98, 0.76, 0.22)]
    colours = s.image.new_tensor([_near(light, c) for c in kinds])
    states = [machine.grid(float(p)) for p in s.clock.part.flatten()]
    grid = torch.tensor([g for g, _ in states], device=s.image.device)
    if machine.flip:
        grid = grid.flip(-1)
    rows = s.rows(base - 0.01, base + machine.TALL * size)
    u, v = (s.xs - left) / size, (base + machine.TALL * size - s.ys[:, rows]) / size
    col, row = torch.floor(u).long().clamp(0, machine.WIDE - 1), torch.floor(v).long().clamp(0, machine.TALL - 1)
    kind = grid[:, row[0, :, 0]][:, :, col[0, 0]]                       # (N, rows, W)
    inside = ((u > 0) & (u < machine.WIDE) & (v > 0) & (v < machine.TALL)).float()
    paper = colours[kind].permute(0, 3, 1, 2)
    rim = torch.minimum(0.5 - (torch.frac(u.clamp(min=0)) - 0.5).abs(), 0.5 - (torch.frac(v.clamp(min=0)) - 0.5).abs())
    bevel = 1 - 0.30 * cover((rim - 0.07) * size, s.sharp)
    there = (kind > 0).float() * inside
    s.grow(there)
    s.ornament(0.5 / s.sharp - there / s.sharp, rows, paper * bevel.unsqueeze(1), 0.50)
    for j in range(len(states[0][1])):
        c = [(machine.WIDE - 1 - l[j][0]) if machine.flip else l[j][0] for _, l in states]
        cx = left + (s.xs.new_tensor(c).view(-1, 1, 1) + 0.5) * size
        cy = base + (s.xs.new_tensor([l[j][1] for _, l in states]).view(-1, 1, 1) + 0.5) * size
        d = box(s.xs, s.ys[:, rows], cx, cy, size / 2, size / 2)
        ink = colours[states[0][1][j][2]]
        s.ornament(d, rows, tuple(float(k) * 0.72 for k in ink), 0.50)
        s.ornament(d + 0.08 * size, rows, ink, 0.50)
