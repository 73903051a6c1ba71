"""Vehicles: boat, balloon, car, train and rocket, drawn from the side and facing right.

Each knows its shapes in its own units (see subjects.py for their extents), and how its parts move. `beat(hz)` gives an
angle (N, 1, 1) that turns hz times a second; `pace` is 1 when the thing travels and 0 when it stands.
"""

from __future__ import annotations

import math

from .shapes import Ink, both, box, circle, convex, ellipse, limb, melt, mix, turn, union


def boat(ink: Ink, look, beat, pace):
    x, y = ink.x, ink.y
    sway = 0.05 * beat(0.5).sin()
    ink.fill(box(x, y, 0.0, 0.2, 0.035, 0.75, 0.02), look.wood)
    main = both(convex(x, y, (0.05, 0.93), (0.05, -0.22), (1.3, -0.22)), circle(x, y, -0.25 + sway, -0.15, 1.08))
    ink.fill(main, look.c, shadow=0.25)
    ink.tint(both(main, 0.02 - (y - 0.10).abs()), 0.82)
    jib = both(convex(x, y, (-0.05, 0.80), (-0.05, -0.22), (-0.9, -0.22)), circle(x, y, 0.20 - sway, -0.12, 0.90))
    ink.fill(jib, look.l, shadow=0.2)
    ink.fill(convex(x, y, (-0.02, 0.99), (-0.02, 0.86), (-0.26 + sway, 0.92)), look.trim)
    hull = both(ellipse(x, y, 0.0, -0.32, 0.95, 0.62), y + 0.36)
    ink.fill(hull, look.c, shadow=0.4)
    ink.tint(both(hull, y + 0.62), 0.72)
    ink.fill(box(x, y, 0.0, -0.385, 0.97, 0.05, 0.04), look.trim, shadow=0.25)
    for cx in (-0.4, 0.0, 0.4):
        ink.fill(circle(x, y, cx, -0.52, 0.062), look.pane)


def balloon(ink: Ink, look, beat, pace):
    x, y = ink.x, ink.y
    envelope = melt(circle(x, y, 0, 0.30, 0.68), convex(x, y, (-0.55, 0.05), (0.55, 0.05), (0.16, -0.56), (-0.16, -0.56)), 0.25)
    for side in (-1, 1):
        ink.fill(limb(x, y, 0.20 * side, -0.5, 0.15 * side, -0.78, 0.016), look.wood)
    ink.fill(box(x, y, 0, -0.84, 0.19, 0.14, 0.05), look.wood)
    ink.tint(both(box(x, y, 0, -0.84, 0.19, 0.14, 0.05), 0.035 - (y + 0.84).abs()), 1.3)
    flame = 0.75 + 0.25 * beat(3).sin()
    ink.shine(ellipse(x, y, 0, -0.62, 0.05, 0.08), (1.0, 0.62, 0.2), 0.34, 0.85 * flame)
    ink.fill(ellipse(x, y, 0, -0.62, 0.055, 0.09), (1.0, 0.74, 0.25))
    ink.fill(envelope, look.c, shadow=0.3)
    ink.tint(both(envelope, -ellipse(x, y, 0, 0.24, 0.50, 0.95)), 0.86)
    ink.fill(both(envelope, both(ellipse(x, y, 0, 0.24, 0.27, 0.95), -ellipse(x, y, 0, 0.24, 0.10, 0.95))), look.l)
    band = both(envelope, (y - 0.16 + 0.10 * x.square()).abs() - 0.06)
    ink.fill(band, look.trim)
    ink.fill(box(x, y, 0, -0.565, 0.17, 0.04, 0.03), look.d)


def wheel(ink: Ink, look, cx, cy, r, angle, rim=None):
    x, y = ink.x, ink.y
    ink.fill(circle(x, y, cx, cy, r), look.tyre, shadow=0.35)
    ink.fill(circle(x, y, cx, cy, r * 0.62), rim or look.metal)
    u, v = turn(x, y, cx, cy, angle)
    spokes = union(u.abs(), (u * 0.5 + v * 0.866).abs(), (u * 0.5 - v * 0.866).abs()) - r * 0.09
    ink.fill(both(spokes, circle(x, y, cx, cy, r * 0.6)), look.tyre)
    ink.fill(circle(x, y, cx, cy, r * 0.18), look.trim)


def car(ink: Ink, look, beat, pace):
    x, y = ink.x, ink.y
    hop = 0.012 * beat(4).sin() * pace
    y0, ink.y = y, y - hop
    y = ink.y
    cabin = convex(x, y, (-0.50, 0.50), (0.24, 0.50), (0.56, 0.06), (-0.78, 0.06), r=0.07)
    ink.fill(cabin, look.c)
    ink.fill(convex(x, y, (-0.44, 0.42), (-0.12, 0.42), (-0.12, 0.10), (-0.64, 0.10), r=0.02), look.pane)
    ink.fill(convex(x, y, (-0.03, 0.42), (0.20, 0.42), (0.43, 0.10), (-0.03, 0.10), r=0.02), look.pane)
    body = melt(box(x, y, 0, -0.14, 1.0, 0.24, 0.16), box(x, y, 0.3, -0.20, 0.72, 0.16, 0.10), 0.1)
    ink.fill(body, look.c, shadow=0.25)
    ink.tint(both(body, y + 0.24), 0.72)
    ink.fill(box(x, y, -0.02, -0.09, 0.92, 0.022), look.trim)
    ink.fill(box(x, y, 0.12, 0.0, 0.07, 0.02, 0.02), look.d)
    ink.fill(box(x, y, 0.94, -0.09, 0.06, 0.075, 0.05), (1.0, 0.93, 0.66))
    ink.fill(box(x, y, -0.95, -0.08, 0.05, 0.07, 0.04), (0.90, 0.22, 0.16))
    if look.lamp > 0.5:
        ink.shine(both(convex(x, y, (0.98, -0.06), (0.98, -0.12), (1.30, -0.34), (1.30, 0.04)), x - 1.18), (1.0, 0.85, 0.5), 0.14, 0.5)
    ink.y = y0
    for cx in (-0.55, 0.56):
        wheel(ink, look, cx, -0.36, 0.235, -beat(1.6) * pace)


def train(ink: Ink, look, beat, pace):
    x, y = ink.x, ink.y
    for k in range(3):
        rise = (beat(0.8) / (2 * math.pi) + k / 3) % 1.0
        grow = (rise * 8).clamp(max=1) * (1 - rise)
        ink.fill(circle(x, y, 0.66 - 1.05 * rise, 0.68 + 0.14 * rise, 0.10 + 0.17 * rise), look.cream, alpha=(0.95 * grow).clamp(0, 1))
    ink.fill(box(x, y, 0.0, -0.38, 1.0, 0.09, 0.03), look.slate)
    ink.fill(convex(x, y, (0.92, -0.28), (1.16, -0.56), (0.86, -0.56)), look.trim)
    ink.fill(convex(x, y, (0.52, 0.62), (0.80, 0.62), (0.72, 0.2), (0.60, 0.2), r=0.01), look.d)
    ink.fill(box(x, y, 0.20, 0.34, 0.10, 0.14, 0.09), look.trim)
    boiler = box(x, y, 0.35, 0.0, 0.62, 0.31, 0.12)
    ink.fill(boiler, look.c, shadow=0.3)
    ink.tint(both(boiler, y + 0.10), 0.74)
    for cx in (0.15, 0.62):
        ink.fill(box(x, y, cx, 0.0, 0.022, 0.31), look.trim)
    ink.fill(circle(x, y, 0.96, 0.02, 0.10), (1.0, 0.92, 0.62), shadow=0.3)
    cab = box(x, y, -0.55, 0.17, 0.42, 0.48, 0.04)
    ink.fill(cab, look.c, shadow=0.35)
    ink.tint(both(cab, y + 0.10), 0.74)
    ink.fill(box(x, y, -0.55, 0.63, 0.52, 0.07, 0.05), look.d, shadow=0.3)
    for cx in (-0.73, -0.39):
        ink.fill(box(x, y, cx, 0.30, 0.12, 0.17, 0.03), look.pane)
    if look.lamp > 0.5:
        ink.shine(circle(x, y, 0.98, 0.02, 0.06), (1.0, 0.85, 0.5), 0.45, 0.8)
    angle = -beat(1.6) * pace
    for cx, r in ((-0.62, 0.25), (-0.06, 0.25), (0.42, 0.19), (0.80, 0.19)):
        wheel(ink, look, cx, r - 0.72, r, angle, look.d)
    c, s = 0.11 * angle.cos(), 0.11 * angle.sin()
    ink.fill(limb(x, y, -0.62 + c, -0.47 + s, 0.30 + c, -0.47 + s, 0.035), look.metal)


def rocket(ink: Ink, look, beat, pace):
    x, y = ink.x, ink.y
    lick = 0.10 * beat(5).sin() + 0.05 * beat(3).cos()
    ink.shine(ellipse(x, y, 0, -0.72, 0.10, 0.2), (1.0, 0.55, 0.15), 0.42, 0.8)
    for rx, long, tone in ((0.19, 0.34, (0.98, 0.45, 0.12)), (0.12, 0.22, (1.0, 0.80, 0.28)), (0.06, 0.12, (1.0, 0.97, 0.82))):
        ink.fill(ellipse(x, y, 0, -0.62, rx, long + lick * long * 2), tone)
    for side in (-1, 1):
        fin = convex(x, y, (0.20 * side, -0.12), (0.60 * side, -0.52), (0.60 * side, -0.76), (0.16 * side, -0.56), r=0.02)
        ink.fill(fin, look.d)
    body = both(circle(x, y, 0.80, 0.0, 1.14), circle(x, y, -0.80, 0.0, 1.14))
    body = both(body, -0.60 - y)
    ink.fill(body, look.c, shadow=0.35)
    ink.tint(both(body, x + 0.12), 0.84)
    ink.fill(both(body, 0.46 - y), look.trim)
    ink.fill(both(body, (y + 0.40).abs() - 0.055), look.trim)
    ink.fill(circle(x, y, 0, 0.12, 0.165), look.metal, shadow=0.3)
    ink.fill(circle(x, y, 0, 0.12, 0.115), mix(look.pane, (0.25, 0.55, 0.8), 0.35))
    ink.fill(circle(x, y, 0.035, 0.155, 0.035), look.cream)
    ink.fill(box(x, y, 0, -0.60, 0.05, 0.18, 0.04), look.d, shadow=0.25)
