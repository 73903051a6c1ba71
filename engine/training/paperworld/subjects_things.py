"""Things: ball, burger and paintbrush. Same terms as subjects_vehicles.py."""

from __future__ import annotations

from .shapes import Ink, both, box, circle, convex, ellipse, limb, turn, union


def ball(ink: Ink, look, beat, pace):
    x, y = ink.x, ink.y
    disc = circle(x, y, 0, 0, 0.98)
    ink.fill(disc, look.c)
    u, v = turn(x, y, 0, 0, -beat(0.5) * pace)
    for k in range(3):
        a, b = turn(u, v, 0, 0, k * 2.0944)
        ink.fill(both(disc, both(circle(a, b, 0.95, 0.0, 0.62), -circle(a, b, 1.15, 0.0, 0.62))), look.trim)
    ink.fill(circle(u, v, 0, 0, 0.22), look.trim)
    ink.tint(both(disc, -circle(x, y, -0.14, 0.16, 0.98)), 0.72)
    ink.fill(both(disc, ellipse(*turn(x, y, -0.42, 0.48, 0.75), 0, 0, 0.24, 0.12)), look.l)


def burger(ink: Ink, look, beat, pace):
    x, y = ink.x, ink.y
    breathe = 0.015 * beat(0.5).sin()
    ink.fill(box(x, y, 0, -0.58, 0.86, 0.20, 0.17), look.c)
    ink.tint(both(box(x, y, 0, -0.58, 0.86, 0.20, 0.17), y + 0.62), 0.8)
    ink.fill(box(x, y, 0, -0.28, 0.90, 0.15, 0.13), (0.36 * look.cream[0], 0.20 * look.cream[1], 0.14 * look.cream[2]), shadow=0.35)
    ink.fill(union(convex(x, y, (-0.9, -0.10), (0.9, -0.10), (0.5, -0.17), (0.2, -0.38), (-0.1, -0.17), (-0.5, -0.17), r=0.02)), look.gold, shadow=0.2)
    ink.fill(box(x, y, 0, -0.02, 0.86, 0.06, 0.05), look.rust)
    ruffle = (y - 0.07 - 0.035 * (x * 14).sin()).abs() - 0.065
    ink.fill(both(ruffle, x.abs() - 0.96), look.leaf, shadow=0.25)
    bun = both(ellipse(x, y, 0, 0.14, 0.90, 0.68 + breathe), 0.12 - y) - 0.02
    ink.fill(bun, look.c, shadow=0.4)
    ink.tint(both(bun, y - 0.27), 0.80)
    ink.fill(both(bun, ellipse(*turn(x, y, -0.38, 0.56, 0.45), 0, 0, 0.30, 0.10)), look.l)
    for sx, sy, a in ((-0.50, 0.42, 0.6), (-0.14, 0.62, 0.2), (0.18, 0.48, -0.5), (0.52, 0.46, -0.7), (0.30, 0.68, -0.2), (-0.16, 0.38, 0.4)):
        u, v = turn(x, y, sx, sy, a)
        ink.fill(ellipse(u, v, 0, 0, 0.062, 0.036), look.cream if look.name not in ("white", "yellow", "pink") else look.wood)


def paintbrush(ink: Ink, look, beat, pace):
    u, v = turn(ink.x, ink.y, -0.10, -0.12, -0.55 + 0.08 * beat(1).sin())
    handle = both(limb(u, v, 0, 0.10, 0, 1.00, 0.15, 0.085), 0.08 - v)
    ink.fill(handle, look.c)
    ink.tint(both(handle, -u - 0.01), 0.80)
    ink.fill(circle(u, v, 0, 0.97, 0.035), look.d)
    bend = u - 0.10 * beat(1).sin() * (0.12 - v).clamp(0, 1).square()
    bristle = both(ellipse(bend, v, 0, -0.30, 0.235, 0.52), v + 0.12)
    ink.fill(bristle, look.c, shadow=0.2)
    ink.fill(both(bristle, limb(bend, v, -0.07, -0.2, -0.03, -0.58, 0.02)), look.l)
    ink.fill(both(bristle, limb(bend, v, 0.08, -0.2, 0.05, -0.5, 0.018)), look.d)
    ink.fill(box(u, v, 0, -0.02, 0.19, 0.15, 0.03), look.metal, shadow=0.3)
    ink.fill(box(u, v, 0, 0.03, 0.19, 0.02), look.slate)
    ink.fill(box(u, v, 0, -0.07, 0.19, 0.02), look.slate)
