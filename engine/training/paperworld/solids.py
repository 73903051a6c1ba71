"""Solids: house, lighthouse, windmill and church as true bodies that turn under the camera.

Each is made of flat faces (or a round wall) in three dimensions, projected straight, lit by their normals and hidden
when they face away. `yaw` is a float for a still camera, or a tensor (N, 1, 1) for an orbit.
Units as in subjects_vehicles.py; X right, Y up, Z towards the eye when yaw is 0. The eye looks down by PITCH.
"""

from __future__ import annotations

import math

from torch import Tensor

from .shapes import Ink, both, box, circle, convex, ellipse, times

PITCH = 0.20
_CP, _SP = math.cos(PITCH), math.sin(PITCH)
_SUN = (-0.55, 0.55, 0.63)


class View:
    """A camera that stands at `yaw`: projects points, says which faces it sees and how brightly they are lit."""

    def __init__(self, yaw):
        self.yaw = yaw
        self.c, self.s = (yaw.cos(), yaw.sin()) if isinstance(yaw, Tensor) else (math.cos(yaw), math.sin(yaw))

    def spin(self, p):
        return p[0] * self.c + p[2] * self.s, p[1], p[2] * self.c - p[0] * self.s

    def project(self, p):
        x, y, z = self.spin(p)
        return x, y * _CP - z * _SP

    def seen(self, normal):
        """1 where the face looks at us, 0 where it looks away."""
        _, ny, nz = self.spin(normal)
        f = nz * _CP + ny * _SP
        return (f * 30).clamp(0, 1) if isinstance(f, Tensor) else float(f > 0)

    def lit(self, normal):
        n = self.spin(normal)
        b = n[0] * _SUN[0] + n[1] * _SUN[1] + n[2] * _SUN[2]
        return 0.74 + 0.34 * (b.clamp(min=0) if isinstance(b, Tensor) else max(b, 0.0))

    def face(self, ink: Ink, points, normal, colour, on=1.0, shadow=0.0, flat=False, r=0.0):
        seen = self.seen(normal) * on
        if isinstance(seen, float) and seen == 0.0:
            return
        k = 1.0 if flat else self.lit(normal)
        if isinstance(k, Tensor):
            colour = ink.x.new_tensor(colour).view(1, 3, 1, 1) * k.unsqueeze(1)
        else:
            colour = times(colour, k)
        ink.fill(convex(ink.x, ink.y, *(self.project(p) for p in points), r=r), colour, shadow=shadow, soft=0.07, alpha=seen)

    def patch(self, ink, side, along, low, half, tall, out, colour, on=1.0):
        """An upright rectangle on a wall: side is the wall's direction in quarter turns from +Z."""
        nx, nz = ((0, 1), (1, 0), (0, -1), (-1, 0))[side]
        tx, tz = nz, -nx
        pts = [(nx * out + tx * (along + a * half), low + b * tall, nz * out + tz * (along + a * half)) for a, b in ((-1, 0), (1, 0), (1, 1), (-1, 1))]
        self.face(ink, pts, (nx, 0, nz), colour, on, flat=True)


_QUARTERS = ((0, 1), (1, 0), (0, -1), (-1, 0))


def block(ink, view, cx, cz, hx, hz, y0, y1, colour, on=1.0, top=None):
    """A cuboid standing at (cx, cz)."""
    for nx, nz in _QUARTERS:
        ex, ez = (hx, hz) if nz else (hz, hx)
        ex = hx if nz else hz
        out = hz if nz else hx
        pts = [(cx + nx * out + nz * a * ex, y, cz + nz * out - nx * a * ex) for a, y in ((-1, y0), (1, y0), (1, y1), (-1, y1))]
        view.face(ink, pts, (nx, 0, nz), colour, on, shadow=0.12)
    if top is not None:
        view.face(ink, [(cx + a * hx, y1, cz + b * hz) for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))], (0, 1, 0), top, on)


def gable(ink, view, cx, hx, hz, y0, y1, over, wall, roof, on=1.0):
    """A roof with its ridge along X, and the two triangles of wall under it."""
    for s in (-1, 1):
        view.face(ink, [(cx + s * hx, y0, -hz), (cx + s * hx, y0, hz), (cx + s * hx, y1, 0)], (s, 0, 0), wall, on)
    rise, run = y1 - y0, hz
    long = math.hypot(rise, run)
    drop = over * rise / run
    for s in (-1, 1):
        n = (0, run / long, s * rise / long)
        pts = [(cx - hx - over, y1 + 0.03, 0), (cx + hx + over, y1 + 0.03, 0), (cx + hx + over, y0 - drop + 0.03, s * (hz + over)), (cx - hx - over, y0 - drop + 0.03, s * (hz + over))]
        view.face(ink, pts, n, roof, on, shadow=0.25)


def house(ink: Ink, look, beat, pace, yaw):
    view = View(yaw)
    block(ink, view, 0, 0, 0.70, 0.54, -0.86, 0.30, look.c)
    for side, spots in ((0, (-0.43, 0.43)), (2, (-0.40, 0.0, 0.40)), (1, (0.0,)), (3, (0.0,))):
        out = (0.54 if side % 2 == 0 else 0.70) + 0.004
        for along in spots:
            view.patch(ink, side, along, -0.32, 0.135, 0.34, out, look.trim)
            view.patch(ink, side, along, -0.285, 0.10, 0.27, out, look.pane)
    view.patch(ink, 0, 0.0, -0.86, 0.15, 0.58, 0.544, look.trim)
    view.patch(ink, 0, 0.0, -0.86, 0.115, 0.54, 0.544, look.d)
    block(ink, view, 0.34, 0.0, 0.10, 0.10, 0.4, 0.97, look.rust, top=look.ink)
    gable(ink, view, 0, 0.70, 0.54, 0.30, 0.70, 0.08, look.c, look.slate if look.name != "black" else look.rust)
    _lamps(ink, look, -0.1, 0.75)


def _lamps(ink, look, y, soft):
    if look.lamp > 0.3:
        ink.shine(circle(ink.x, ink.y, 0.0, y, 0.1), look.lamplight, soft, 0.16 * look.lamp)


def lighthouse(ink: Ink, look, beat, pace, yaw):
    x, y = ink.x, ink.y
    radius = 0.215 - 0.085 * y
    u = (x / radius).clamp(-1, 1)
    bulge = (1 - u.square()).clamp_(min=0).sqrt_()
    light = (0.72 + 0.36 * (u * _SUN[0] + bulge * 0.75).clamp(min=0)).unsqueeze(1)
    foot = y + _SP * radius * bulge                       # height on the wall, once the round front is flattened
    wall = both((x.abs() - radius) * 0.99, both(foot - 0.56, -0.92 - foot))
    own, band = (ink.x.new_tensor(c).view(1, 3, 1, 1) * light for c in (look.c, look.trim))
    ink.fill(wall, own)
    for low, high in ((-0.50, -0.34), (0.06, 0.20)):
        ink.fill(both(wall, both(foot - high, low - foot)), band)
    for angle, low, tall, wide, tone in ((0.0, -0.92, 0.30, 0.085, look.d), (0.0, -0.14, 0.15, 0.055, look.pane), (2.1, -0.70, 0.14, 0.055, look.pane), (3.14, 0.30, 0.14, 0.055, look.pane), (4.2, -0.20, 0.15, 0.055, look.pane)):
        a = yaw + angle
        r = 0.215 - 0.085 * (low + tall / 2)
        cx, facing = (r * a.sin(), a.cos()) if isinstance(a, Tensor) else (r * math.sin(a), math.cos(a))
        seen = (facing * 8).clamp(0, 1) if isinstance(facing, Tensor) else float(facing > 0.05)
        width = wide * (facing.clamp(min=0.05) if isinstance(facing, Tensor) else max(facing, 0.05))
        ink.fill(both((x - cx).abs() - width, both(foot - low - tall, low - foot)), tone, alpha=seen)
    ink.fill(ellipse(x, y, 0, 0.545, 0.27, 0.085), look.slate, shadow=0.35)
    ink.fill(ellipse(x, y, 0, 0.565, 0.25, 0.07), look.metal)
    ink.fill(box(x, y, 0, 0.68, 0.135, 0.14, 0.02), (1.0, 0.93, 0.62))
    for dx in (-0.075, 0.0, 0.075):
        ink.fill(box(x, y, dx, 0.68, 0.012, 0.14), look.slate)
    ink.fill(convex(x, y, (-0.20, 0.80), (0.20, 0.80), (0.05, 0.98), (-0.05, 0.98), r=0.02), look.d, shadow=0.3)
    ink.fill(circle(x, y, 0, 0.99, 0.035), look.slate)
    if look.lamp > 0.3:
        turn = beat(0.25)
        reach = turn.cos()
        for s in (-1, 1):
            along = (x * s) / (1.5 * (reach * s).clamp(min=0.06))
            fan = ((y - 0.68).abs() / (0.03 + 0.20 * along.clamp(min=0)) - 0.2).clamp(min=0)
            beam = ((1 - fan).clamp(min=0) * (1 - along).clamp(0, 1) * (along > 0)) * (reach * s).clamp(min=0)
            g = beam.unsqueeze(1) * ink.x.new_tensor((1.0, 0.90, 0.58)).view(1, 3, 1, 1) * (0.75 * look.lamp)
            ink.glow = g if ink.glow is None else ink.glow + g
        ink.shine(circle(x, y, 0, 0.68, 0.06), (1.0, 0.86, 0.5), 0.40, 0.7 * look.lamp)


def windmill(ink: Ink, look, beat, pace, yaw):
    view = View(yaw)
    sails_front = view.c
    front = (sails_front * 30).clamp(0, 1) if isinstance(sails_front, Tensor) else float(sails_front > 0)
    _sails(ink, view, look, beat, 1 - front)
    n = 8
    ring = [(math.sin(2 * math.pi * (k + 0.5) / n), math.cos(2 * math.pi * (k + 0.5) / n)) for k in range(n)]
    for k in range(n):
        (ax, az), (bx, bz) = ring[k - 1], ring[k]
        normal = (math.sin(2 * math.pi * k / n), 0.15, math.cos(2 * math.pi * k / n))
        view.face(ink, [(ax * 0.46, -0.88, az * 0.46), (bx * 0.46, -0.88, bz * 0.46), (bx * 0.27, 0.36, bz * 0.27), (ax * 0.27, 0.36, az * 0.27)], normal, look.c)
    view.patch(ink, 0, 0.0, -0.88, 0.105, 0.38, 0.425, look.d)
    for side, low in ((0, -0.20), (1, -0.45), (2, -0.15), (3, -0.55)):
        view.patch(ink, side, 0.0, low, 0.07, 0.18, 0.35, look.trim)
        view.patch(ink, side, 0.0, low + 0.02, 0.05, 0.14, 0.35, look.pane)
    x, y = ink.x, ink.y
    ink.fill(both(ellipse(x, y, 0, 0.34, 0.31, 0.34), 0.31 - y), look.d, shadow=0.35)
    ink.fill(ellipse(x, y, 0, 0.335, 0.31, 0.055), look.d)
    _sails(ink, view, look, beat, front)
    _lamps(ink, look, -0.1, 0.6)


def _sails(ink, view, look, beat, on):
    if isinstance(on, float) and on == 0.0:
        return
    angle, hub = beat(0.25), (0.0, 0.42, 0.42)
    for k in range(4):
        a = angle + k * math.pi / 2
        c, s = a.cos(), a.sin()

        def at(r, w):
            return view.project((hub[0] + r * c - w * s, hub[1] + r * s + w * c, hub[2]))
        arm = convex(ink.x, ink.y, at(0.0, 0.02), at(0.66, 0.02), at(0.66, -0.02), at(0.0, -0.02), r=0.006)
        ink.fill(arm, look.wood, alpha=on)
        ink.fill(convex(ink.x, ink.y, at(0.16, 0.02), at(0.66, 0.02), at(0.66, 0.19), at(0.16, 0.15)), look.cream, shadow=0.25 if isinstance(on, float) else 0.0, soft=0.06, alpha=on)
        ink.fill(convex(ink.x, ink.y, at(0.40, 0.02), at(0.42, 0.02), at(0.42, 0.17), at(0.40, 0.17)), look.wood, alpha=on)
    hx, hy = view.project(hub)
    ink.fill(circle(ink.x, ink.y, hx, hy, 0.07), look.ink, alpha=on)


def church(ink: Ink, look, beat, pace, yaw):
    view = View(yaw)
    depth = -view.s                                       # z of the tower, which stands at +X
    near = (depth * 30).clamp(0, 1) if isinstance(depth, Tensor) else float(depth > 0)
    roof = look.slate if look.name != "black" else look.rust

    def tower(on):
        if isinstance(on, float) and on == 0.0:
            return
        block(ink, view, 0.52, 0, 0.25, 0.25, -0.90, 0.42, look.c, on)
        for side in range(4):
            nx, nz = _QUARTERS[side]
            cx = 0.52 + nx * 0.255
            for low, half, tall, tone in ((0.08, 0.075, 0.22, look.trim), (0.10, 0.05, 0.18, look.pane)):
                pts = [(cx + nz * a * half, low + b * tall, nz * 0.255 - nx * a * half) for a, b in ((-1, 0), (1, 0), (1, 1), (-1, 1))]
                view.face(ink, pts, (nx, 0, nz), tone, on, flat=True)
        door = [(0.775, -0.90 + b * 0.40, -a * 0.10) for a, b in ((-1, 0), (1, 0), (1, 1), (-1, 1))]
        view.face(ink, door, (1, 0, 0), look.d, on, flat=True)
        for nx, nz in _QUARTERS:
            pts = [(0.52 + nx * 0.28 + nz * a * 0.28, 0.42, nz * 0.28 - nx * a * 0.28) for a in (-1, 1)] + [(0.52, 0.90, 0)]
            view.face(ink, pts, (nx * 0.9, 0.42, nz * 0.9), roof, on, shadow=0.2)
        tx, ty = view.project((0.52, 0.90, 0))
        ink.fill(box(ink.x, ink.y, tx, ty + 0.07, 0.017, 0.10), look.gold, alpha=on)
        ink.fill(box(ink.x, ink.y, tx, ty + 0.09, 0.055, 0.017), look.gold, alpha=on)

    if not (isinstance(near, float) and near == 1.0):
        tower(1 - near)
    block(ink, view, -0.22, 0, 0.56, 0.38, -0.90, -0.08, look.c)
    for side in (0, 2):
        for along in (-0.56, -0.22, 0.12):
            a = along if side == 0 else -along
            view.patch(ink, side, a, -0.62, 0.078, 0.36, 0.384, look.trim)
            view.patch(ink, side, a, -0.59, 0.053, 0.30, 0.384, look.pane)
    gable(ink, view, -0.22, 0.56, 0.38, -0.08, 0.26, 0.06, look.c, roof)
    if not (isinstance(near, float) and near == 0.0):
        tower(near)
    _lamps(ink, look, -0.2, 0.7)

