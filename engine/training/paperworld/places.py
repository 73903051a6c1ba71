"""Places: the eight stages. Each draws what lies behind the subject and returns a function for what stands before it.

Knows layers, their papers and ornaments. Knows nothing of subjects, cameras or weather.
GROUND is where things stand (world height); WATER is where they float.
"""

from __future__ import annotations

import math

import torch

from .shapes import both, box, circle, convex, ellipse, limb, union
from .stage import Stage, tone

GROUND = -0.62
WATER = -0.46


def _paper(s: Stage, colour, far: float):
    return s.light.layer(colour, far)


def _sheet(s: Stage, name, p, depth, far, colour, base, height, wave, rough=0.5, under=-0.16, **how):
    land = s.land(name, p)
    h = land.hills(s.x(p), base, height, wave, rough)
    c = _paper(s, colour, far)
    s.lay(h, tone(c, 0.06), depth, p, tone(c, under), **how)
    return h


def _row(s: Stage, name, p, depth, colour, spacing, base, shape, low, high, size=(0.75, 1.2), jitter=0.3, **how):
    """Ornaments in a row: shape(u, v, k) gives the distance for a thing of height 1 standing on v = 0."""
    land = s.land(name, p)
    x = s.x(p)
    u, cell, n = land.cells(x, spacing)
    scale = land.table(n, *size)[cell]
    shift = land.table(n, -jitter, jitter)[cell] * spacing
    kind = land.table(n, 0, 1)[cell]
    y = base if isinstance(base, torch.Tensor) else torch.full_like(x, base)
    zoom = s.camera.depth_zoom(p) if not s.camera.still else 1.0
    foot = s.up(y, p)
    rows = s.rows(foot.min() + low, (foot.max() + high * 1.3) if s.camera.still else foot.max() + high * 1.3 * float(zoom.max()))
    if rows.start >= rows.stop:
        return
    k = scale * zoom
    parts = _tuple(shape((u - shift) / scale, (s.ys[:, rows] - foot) / k, kind))
    for colour, d in zip(colour if isinstance(colour, list) else [colour], parts):
        s.ornament(d * k, rows, colour, depth, **how)


# ornaments, height about 1 ------------------------------------------------------------------------------------------
def _scaled(f, size):
    return lambda u, v, k: tuple(d * size for d in _tuple(f(u / size, v / size, k)))


def _tuple(d):
    return d if isinstance(d, tuple) else (d,)


def _pine(u, v, k):
    return union(convex(u, v, (-0.34, 0.12), (0.34, 0.12), (0.0, 0.62)), convex(u, v, (-0.27, 0.38), (0.27, 0.38), (0.0, 0.82)), convex(u, v, (-0.19, 0.62), (0.19, 0.62), (0.0, 1.0)), box(u, v, 0, 0.0, 0.05, 0.16))


def _bush(u, v, k):
    return union(circle(u, v, 0, 0.34, 0.40), circle(u, v, -0.40, 0.18, 0.28), circle(u, v, 0.40, 0.20, 0.30))


def _cactus(u, v, k):
    return union(limb(u, v, 0, -0.1, 0, 0.86, 0.12), limb(u, v, -0.34, 0.38, -0.34, 0.62, 0.085), limb(u, v, -0.34, 0.38, 0.0, 0.34, 0.085), limb(u, v, 0.32, 0.52, 0.32, 0.74, 0.08), limb(u, v, 0.32, 0.52, 0.0, 0.48, 0.08))


def _coral(u, v, k):
    return union(limb(u, v, 0, -0.1, 0, 0.55, 0.10), limb(u, v, 0, 0.2, -0.34, 0.62, 0.08), limb(u, v, 0, 0.35, 0.30, 0.80, 0.08), limb(u, v, -0.20, 0.45, -0.14, 0.85, 0.06), limb(u, v, 0.16, 0.58, 0.46, 0.58, 0.05))


def _fan(u, v, k):
    return union(circle(u, v, -0.2, 0.24, 0.30), circle(u, v, 0.18, 0.20, 0.26), circle(u, v, 0.0, 0.44, 0.24))


def _flower(u, v, k):
    petals = union(*(circle(u, v, 0.17 * math.sin(a), 0.80 + 0.17 * math.cos(a), 0.14) for a in (0, 1.257, 2.513, 3.77, 5.03)))
    return limb(u, v, 0, 0, 0, 0.72, 0.035), petals, circle(u, v, 0, 0.80, 0.11)


def _crater(u, v, k):
    return ellipse(u, v, 0, 0, 0.30, 0.085), ellipse(u, v, 0.02, -0.02, 0.24, 0.06)


# places -------------------------------------------------------------------------------------------------------------
def sea(s: Stage):
    _sheet(s, "isles", 0.14, 0.92, 0.50, (0.36, 0.56, 0.58), -0.20, 0.16, 3.4, under=0.0, shadow=0.15)
    water = (0.13, 0.52, 0.72)
    for k, (base, p, far, depth) in enumerate(((-0.14, 0.30, 0.34, 0.86), (-0.26, 0.55, 0.16, 0.72), (-0.38, 0.85, 0.06, 0.58))):
        _wave(s, k, base, p, far, depth, tone(water, -0.09 * k))

    def front():
        _wave(s, 3, -0.60, 1.0, 0.0, 0.42, tone(water, -0.20))
        _wave(s, 4, -0.80, 1.25, 0.0, 0.30, tone(water, -0.36))
    return front


def _wave(s: Stage, k, base, p, far, depth, colour):
    land = s.land(f"wave {k}", p)
    wave, tall = 0.34 + 0.10 * k, 0.016 + 0.007 * k
    x = s.x(p)
    n = max(1, round(land.long / wave))
    way = 1 if k % 2 else -1
    a = (x * n / land.long + way * s.clock.run(0.25 if k < 2 else 0.5) + land.dice.random()) * (2 * math.pi)
    roll = (s.clock.beat(0.5) + k).sin() * 0.012
    h = base + roll + tall * (1 - 2 * (a / 2).sin().abs()) * -1.0 + 0.0
    c = _paper(s, colour, far)
    s.lay(h, tone(c, 0.10), depth, p, tone(c, -0.22), shadow=0.26, soft=0.09, edge=0.22)


def desert(s: Stage):
    sand = (0.95, 0.72, 0.42)
    land = s.land("mesa", 0.12)
    u, cell, n = land.cells(s.x(0.12), 1.15)
    tall, wide = land.table(n, -0.1, 0.30)[cell], land.table(n, 0.22, 0.40)[cell]
    h = -0.24 + tall.clamp(min=0) * (1 - ((u.abs() - wide) / 0.07).clamp(0, 1)) + 0.06 * (1 - ((u.abs() - wide - 0.1) / 0.1).clamp(0, 1)) * (tall > 0)
    c = _paper(s, (0.82, 0.45, 0.34), 0.38)
    s.lay(h, tone(c, 0.08), 0.92, 0.12, tone(c, -0.1), shadow=0.15)
    _sheet(s, "dune 1", 0.28, 0.84, 0.22, (0.93, 0.62, 0.40), -0.22, 0.09, 2.3, 0.25)
    _row(s, "cactus", 0.5, 0.76, _paper(s, (0.32, 0.58, 0.36), 0.12), 1.25, -0.36, _scaled(_cactus, 0.36), -0.05, 0.40, shadow=0.2)
    _sheet(s, "dune 2", 0.5, 0.74, 0.10, sand, -0.34, 0.07, 1.9, 0.3)
    _sheet(s, "dune 3", 0.85, 0.60, 0.0, tone(sand, 0.12), -0.46, 0.05, 1.6, 0.3)

    def front():
        _sheet(s, "dune 4", 1.3, 0.30, 0.0, tone(sand, -0.14), -0.90, 0.05, 1.5, 0.3)
        _row(s, "grass", 1.3, 0.28, _paper(s, (0.45, 0.52, 0.28), 0.0), 0.9, -0.93, _scaled(lambda u, v, k: union(convex(u, v, (-0.1, 0), (0.1, 0), (-0.35, 0.8)), convex(u, v, (-0.1, 0), (0.1, 0), (0.05, 1.0)), convex(u, v, (-0.1, 0), (0.1, 0), (0.4, 0.7))), 0.20), -0.05, 0.22)
    return front


def meadow(s: Stage):
    _sheet(s, "far", 0.10, 0.94, 0.55, (0.42, 0.62, 0.66), -0.02, 0.16, 2.6, under=0.0, shadow=0.15)
    _sheet(s, "hill 1", 0.22, 0.86, 0.28, (0.46, 0.70, 0.46), -0.16, 0.09, 2.2, 0.3)
    _row(s, "trees", 0.40, 0.80, [_paper(s, (0.24, 0.52, 0.36), 0.16)], 0.46, -0.33, _scaled(_bush, 0.25), -0.05, 0.26, size=(0.7, 1.05), jitter=0.10, shadow=0.2)
    _sheet(s, "hill 2", 0.45, 0.76, 0.12, (0.50, 0.74, 0.36), -0.30, 0.06, 1.9, 0.3)
    _sheet(s, "hill 3", 0.85, 0.60, 0.0, (0.56, 0.78, 0.34), -0.44, 0.04, 1.7, 0.3, under=-0.26)

    def front():
        dice = s.dice("petals")
        petal = dice.choice(((0.98, 0.90, 0.86), (0.98, 0.62, 0.56), (0.84, 0.68, 0.94)))
        green = _paper(s, (0.26, 0.50, 0.24), 0.0)
        _row(s, "flowers", 1.25, 0.30, [green, _paper(s, petal, 0.0), _paper(s, (0.98, 0.80, 0.30), 0.0)], 0.36, -0.98, _scaled(_flower, 0.22), -0.02, 0.26, size=(0.8, 1.25))
        h = s.land("blades", 1.25)
        x = s.x(1.25)
        n = max(1, round(h.long / 0.085))
        blade = -0.93 + 0.05 * (torch.frac(x * n / h.long + 64) - 0.5).abs() * 2 + 0.02 * (x * (2 * math.pi * max(1, round(h.long / 0.9)) / h.long)).sin()
        s.lay(blade, green, 0.28, 1.25, tone(green, -0.2), shadow=0.2, edge=0.05)
    return front


def snow(s: Stage):
    land = s.land("peaks", 0.10)
    x = s.x(0.10)
    u, cell, n = land.cells(x, 0.95)
    tall = land.table(n, 0.22, 0.55)[cell]
    tri = -0.15 + tall * (1 - u.abs() / 0.62).clamp(min=0)
    u2, cell2, n2 = land.cells(x + 0.5, 0.8)
    h = torch.maximum(tri, -0.15 + land.table(n2, 0.15, 0.36)[cell2] * (1 - u2.abs() / 0.55).clamp(min=0))
    c = _paper(s, (0.52, 0.64, 0.82), 0.32)
    s.lay(h, c, 0.94, 0.10, tone(c, 0.15), shadow=0.15)
    zig = 0.15 + 0.04 * (x * 21.991).sin()
    s.lay(h - 0.001, _paper(s, (0.97, 0.98, 1.0), 0.18), 0.935, 0.10, shadow=0.0, edge=0.0, floor=s.up(torch.minimum(zig, h.clone()), 0.10))
    _sheet(s, "drift 1", 0.28, 0.86, 0.22, (0.78, 0.87, 0.96), -0.18, 0.07, 2.2, 0.3, under=-0.05)
    pine = _paper(s, (0.20, 0.42, 0.44), 0.14)
    _row(s, "pines", 0.45, 0.80, pine, 0.34, -0.36, _scaled(_pine, 0.42), -0.05, 0.45, size=(0.6, 1.1), jitter=0.05, shadow=0.2)
    _sheet(s, "drift 2", 0.5, 0.74, 0.10, (0.88, 0.93, 0.98), -0.32, 0.06, 1.9, 0.3, under=-0.06)
    _sheet(s, "drift 3", 0.85, 0.60, 0.0, (0.95, 0.97, 1.0), -0.46, 0.04, 1.7, 0.3, under=-0.12)

    def front():
        _sheet(s, "drift 4", 1.3, 0.30, 0.0, (0.90, 0.94, 1.0), -0.90, 0.05, 1.4, 0.3, under=-0.06)
    return front


def city(s: Stage):
    lamp = s.light.lamp
    for name, p, far, depth, colour, base, low, high, wide in (("far", 0.12, 0.50, 0.93, (0.50, 0.56, 0.74), -0.3, 0.35, 0.95, 0.30), ("mid", 0.35, 0.20, 0.84, (0.40, 0.42, 0.60), -0.35, 0.15, 0.68, 0.38)):
        land = s.land(name, p)
        u, cell, n = land.cells(s.fine(p), wide)
        tall = land.table(n, low, high)[cell]
        step = land.table(n, -0.5, 1)[cell].clamp(min=0)
        h = base + tall + 0.08 * step * (u.abs() < wide * 0.22)
        u, cell, tall = u[..., 1::3], cell[..., 1::3], tall[..., 1::3]
        c = _paper(s, colour, far)
        s.lay(h, tone(c, 0.08), depth, p, tone(c, -0.1), shadow=0.2, edge=0.08)
        rows = s.rows(base - 0.2, base + high)
        y = s.down(p)[:, rows] if s.down(p).shape[1] == s.height else s.down(p)
        size = 0.105
        gx, gy = torch.frac(u / (wide / 3) + 30) - 0.5, torch.frac(y / size + 30) - 0.5
        pick = torch.remainder(cell * 31 + torch.floor(u / (wide / 3)).long() * 7 + torch.floor(y / size).long() * 13, 101)
        lit = land.table(101, 0, 1)[pick] < (0.30 + 0.35 * lamp)
        zoom = s.camera.depth_zoom(p) if not s.camera.still else 1.0
        d = both(box(gx * (wide / 3), gy * size, 0, 0, 0.024, 0.032), (y - base - tall + 0.06)) * zoom
        glow = tuple(a + (b - a) * max(lamp, 0.0) for a, b in zip(tone(c, 0.30), (1.0, 0.82, 0.42)))
        s.ornament(d, rows, glow, depth, alpha=lit.float() * 0.9)
    _row(s, "trees", 0.6, 0.74, _paper(s, (0.30, 0.54, 0.42), 0.10), 0.8, -0.46, _scaled(_bush, 0.24), -0.05, 0.25, shadow=0.2)
    kerb = _paper(s, (0.74, 0.72, 0.74), 0.02)
    s.lay(torch.full_like(s.x(0.85), -0.43), tone(kerb, 0.1), 0.62, 0.85, tone(kerb, -0.1), shadow=0.25)
    street = _paper(s, (0.40, 0.41, 0.50), 0.0)
    s.lay(torch.full_like(s.x(1.0), -0.53), tone(street, 0.04), 0.55, 1.0, tone(street, -0.22), shadow=0.2)
    _row(s, "dashes", 1.0, 0.54, _paper(s, (0.96, 0.92, 0.80), 0.0), 0.62, -0.80, lambda u, v, k: box(u, v, 0, 0, 0.17, 0.022), -0.1, 0.1, size=(1, 1), jitter=0.0)

    def front():
        pass
    return front


def reef(s: Stage):
    _sheet(s, "rock 1", 0.18, 0.90, 0.55, (0.22, 0.50, 0.62), -0.30, 0.20, 1.9, under=-0.1, shadow=0.2)
    _sheet(s, "rock 2", 0.40, 0.80, 0.25, (0.20, 0.44, 0.56), -0.48, 0.14, 1.5, under=-0.1, shadow=0.2)
    sway = 0.10 * s.clock.beat(0.5).sin()
    _row(s, "weed", 0.6, 0.72, _paper(s, (0.24, 0.64, 0.46), 0.10), 0.55, -0.62, lambda u, v, k: (limb(u - sway * v * v * 3 - 0.04 * (v * 14 + 6 * k).sin(), v, 0, -0.1, 0, 0.52, 0.05, 0.02) * 0.8), -0.1, 0.6, shadow=0.15)
    _row(s, "coral", 0.7, 0.70, _paper(s, (0.98, 0.50, 0.46), 0.10), 1.25, -0.60, _scaled(_coral, 0.42), -0.1, 0.45, shadow=0.25)
    _row(s, "fans", 0.8, 0.68, _paper(s, (0.80, 0.46, 0.74), 0.06), 1.45, -0.60, _scaled(_fan, 0.34), -0.1, 0.35, shadow=0.25)
    _sheet(s, "sand", 0.9, 0.60, 0.0, (0.93, 0.84, 0.62), -0.56, 0.04, 1.8, 0.3, under=-0.2)

    def front():
        _row(s, "weed 2", 1.3, 0.30, _paper(s, (0.13, 0.44, 0.42), 0.0), 1.1, -1.0, lambda u, v, k: (limb(u - sway * v * v * 3 - 0.05 * (v * 12 + 6 * k).sin(), v, 0, -0.1, 0, 0.30, 0.06, 0.02) * 0.8), -0.1, 0.4)
        _sheet(s, "rock 3", 1.3, 0.28, 0.0, (0.16, 0.36, 0.48), -0.94, 0.05, 1.3)
    return front


def space(s: Stage):
    _sheet(s, "ridge", 0.15, 0.90, 0.20, (0.52, 0.40, 0.66), -0.26, 0.12, 1.7, 0.55, under=-0.1)
    _sheet(s, "ridge 2", 0.45, 0.76, 0.08, (0.66, 0.56, 0.74), -0.40, 0.07, 1.4, 0.4, under=-0.1)
    dust = (0.82, 0.76, 0.84)
    _sheet(s, "dust", 0.9, 0.60, 0.0, dust, -0.48, 0.03, 2.1, 0.3, under=-0.3)
    a, b = _paper(s, tone(dust, -0.12), 0.0), _paper(s, tone(dust, -0.34), 0.0)
    _row(s, "craters", 1.0, 0.58, [a, b], 0.9, -0.78, _crater, -0.15, 0.15, size=(0.5, 1.0))

    def front():
        _sheet(s, "dust 2", 1.3, 0.30, 0.0, tone(dust, -0.25), -0.91, 0.04, 1.2, 0.4)
    return front


UNIT = 0.155            # side of a block


def _levels(s: Stage, p: float, name: str, spread: float) -> torch.Tensor:
    """Height of every column, in blocks: a walk that never steps by more than one."""
    land = s.land(name, p)
    table, level = [], 0.0
    for _ in range(max(1, round(land.long / UNIT))):
        level = max(-spread, min(spread, level + land.dice.choice((-1, 0, 0, 0, 1))))
        table.append(level)
    return s.xs.new_tensor(table)


def skyline(s: Stage, p: float, name: str, base: float, spread: float):
    """Heights in whole blocks at `Stage.fine` places, each column's offset from its block's middle, the block's side."""
    land = s.land(name, p)
    u, cell, n = land.cells(s.fine(p), UNIT)
    side = land.long / n
    steps = _levels(s, p, name, spread)[cell]
    return base + steps * UNIT, u[..., 1::3], side


def _block_trees(s: Stage, p, depth, far):
    """Square trees that stand on whole blocks of the middle skyline."""
    x, levels = s.x(p), _levels(s, p, "mid", 1)
    long = s.land("mid", p).long
    side = long / len(levels)
    u, cell, n = s.land("grove", p).cells(x, UNIT * 8)
    middle = (torch.floor((x - u) / side) + 0.5) * side
    foot = -0.36 + UNIT * levels[torch.remainder(torch.floor(middle / side), len(levels)).long()]
    u, zoom = x - middle, (s.camera.depth_zoom(p) if not s.camera.still else 1.0)
    base = s.up(foot, p)
    rows = s.rows(base.min() - 0.05, base.max() + 0.8)
    v = (s.ys[:, rows] - base) / zoom
    s.ornament(box(u, v, 0, 0.13, side * 0.32, 0.15) * zoom, rows, _paper(s, (0.45, 0.30, 0.20), far), depth, shadow=0.15)
    leaf = _paper(s, (0.24, 0.54, 0.30), far)
    crown = union(box(u, v, 0, 0.38, side * 1.5, side), box(u, v, 0, 0.38 + side * 1.4, side * 0.5 * 1.6, side * 0.5))
    s.ornament(crown * zoom, rows, leaf, depth, shadow=0.2)
    s.ornament(both(crown, 0.36 - v) * zoom, rows, tone(leaf, 0.10), depth)


def block_world(s: Stage):
    for name, p, far, depth, base, spread, grass in (("far", 0.15, 0.40, 0.92, -0.12, 2, (0.44, 0.66, 0.52)), ("mid", 0.5, 0.14, 0.78, -0.36, 1, (0.44, 0.72, 0.38)), ("near", 1.0, 0.0, 0.60, GROUND + 0.0, 0, (0.50, 0.78, 0.32))):
        h, u, side = skyline(s, p, name, base, spread)
        earth = _paper(s, (0.60, 0.42, 0.28) if far < 0.3 else (0.46, 0.56, 0.56), far)
        s.lay(h, earth, depth, p, tone(earth, -0.3), shadow=0.25, edge=0.0)
        h = h[..., 1::3]
        rows = s.rows(-1.0, s.up(h, p).max() + 0.05)
        y = s.down(p)[:, rows]
        s.ornament(both(y - h, h - 0.36 * UNIT - y), rows, _paper(s, grass, far), depth)
        seam = torch.minimum(side / 2 - u.abs(), (torch.frac((y + 8 * UNIT - base) / UNIT + 40) - 0.5).abs().mul(-UNIT).add(UNIT / 2)) - 0.007
        s.ornament(torch.maximum(seam, y - h), rows, tone(earth, -0.5), depth, alpha=0.30)
        if name == "mid":
            _block_trees(s, p, depth, far)

    def front():
        pass
    return front


DRAW = {"sea": sea, "desert": desert, "meadow": meadow, "snow": snow, "city": city, "reef": reef, "space": space, "block world": block_world}
