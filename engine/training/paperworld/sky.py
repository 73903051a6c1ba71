"""Sky: gradient, sun or moon with its glow, stars, clouds; and the weather that falls in front of everything."""

from __future__ import annotations

import math

import torch

from .shapes import bump, circle, cover, mix, times, union
from .stage import Stage, tone


def draw_sky(s: Stage, place: str) -> None:
    top, middle, low = (s.image.new_tensor(c).view(1, 3, 1, 1) for c in s.light.sky)
    y = s.ys.unsqueeze(1)
    horizon = -0.15 if place not in ("reef",) else -0.8
    t = ((1 - y) / (1 - horizon)).clamp(0, 1)
    s.image = torch.where(t < 0.5, torch.lerp(top, middle, bump(t * 2)), torch.lerp(middle, low, bump(t * 2 - 1))).expand(1, 3, s.height, s.width).clone()
    if place == "reef":
        _rays(s)
        return
    if place == "space" or (s.light.moon and s.light.sun_seen > 0.5):
        _stars(s)
    if place == "space":
        _planet(s)
    _sun(s, place)
    if place != "space":
        _clouds(s, place)


def _stars(s: Stage) -> None:
    land = s.land("stars", long=16.0)
    for k in range(2):
        u, cell, n = land.cells(s.xs + 0.03 * k, s.aspect * 2 / 9)
        v = s.ys + 0.5 * k * 0.2
        row = torch.floor(v / 0.25)
        jx, jy, size = land.table(211, -0.06, 0.06), land.table(211, -0.08, 0.08), land.table(211, 0.006, 0.021)
        pick = torch.remainder(cell * 17 + row.long() * 53 + 29 * k, 211)
        d = circle(u, v - (row + 0.5) * 0.25, jx[pick], jy[pick], size[pick])
        s.ornament(d, slice(0, s.height), (0.98, 0.96, 0.88), 1.0, alpha=0.85 * (size[pick] > 0.0085).float())


def _planet(s: Stage) -> None:
    dice = s.dice("planet")
    cx, cy, r = dice.choice((-1, 1)) * s.aspect * dice.uniform(0.50, 0.68), dice.uniform(0.42, 0.60), dice.uniform(0.24, 0.32)
    a, b = dice.choice((((0.93, 0.55, 0.42), (0.98, 0.80, 0.58)), ((0.36, 0.60, 0.80), (0.70, 0.88, 0.90)), ((0.72, 0.45, 0.75), (0.95, 0.72, 0.80))))
    rows = s.rows(cy - r - 0.1, cy + r + 0.1)
    x, y = s.xs, s.ys[:, rows]
    disc = circle(x, y, cx, cy, r)
    s.ornament(disc, rows, a, 0.98, shadow=0.3, soft=0.2)
    for k in (-0.5, 0.1, 0.6):
        s.ornament(torch.maximum(disc, (y - cy - k * r + 0.15 * (x - cx)).abs() - 0.09 * r), rows, b, 0.98)
    s.ornament(torch.maximum(disc, -circle(x, y, cx - 0.3 * r, cy + 0.25 * r, r)), rows, tone(a, -0.45), 0.98)
    u, v = (x - cx) * 0.96 + (y - cy) * 0.28, ((y - cy) * 0.96 - (x - cx) * 0.28) / 0.26
    k = (u.square() + v.square()).sqrt()
    ring = ((k - 1.55 * r).abs() - 0.16 * r) * 0.4
    s.ornament(torch.maximum(ring, torch.minimum(v, -disc)), rows, mix(b, (1, 1, 1), 0.25), 0.98)


def _sun(s: Stage, place: str) -> None:
    dice, light = s.dice("sun"), s.light
    if light.sun_seen <= 0:
        return
    side = dice.choice((-1, 1))
    cx = side * s.aspect * dice.uniform(0.30, 0.62)
    low = {True: (0.42, 0.62), False: (0.44, 0.64)}[light.moon]
    cy = dice.uniform(*low) if light.moon or max(light.sky[2]) - min(light.sky[2]) < 0.16 else dice.uniform(0.05, 0.30)
    if place == "space":
        cx, cy = -math.copysign(cx, cx), 0.6
    r = 0.15 if light.moon else 0.19
    if place == "block world":
        d = torch.maximum((s.xs - cx).abs(), (s.ys - cy).abs()) - r * 0.9
    else:
        d = circle(s.xs, s.ys, cx, cy, r)
    rows = slice(0, s.height)
    s.shine(d, rows, light.sun, 0.9, (0.40 if not light.moon else 0.20) * light.sun_seen)
    for k, a in ((0.20, 0.13), (0.09, 0.20)):
        s.ornament(d - k, rows, light.sun, 1.0, alpha=a * light.sun_seen)
    s.ornament(d, rows, light.sun, 1.0, alpha=light.sun_seen)
    if light.moon and place != "block world":
        for dx, dy, k in ((-0.05, 0.03, 0.035), (0.05, -0.04, 0.025), (0.04, 0.06, 0.018)):
            s.ornament(circle(s.xs, s.ys, cx + dx, cy + dy, k), rows, times(light.sun, 0.88), 1.0, alpha=light.sun_seen)


def _clouds(s: Stage, place: str) -> None:
    light = s.light
    body = mix(light.sky[1], (1, 1, 1), 0.55 if not light.moon else 0.16)
    if light.sun_seen == 0:
        body = mix(light.sky[1], (0.3, 0.33, 0.4), 0.25)
    for p, base, size, k in ((0.06, 0.66, 0.85, 0.6),) if light.moon else ((0.06, 0.62, 0.85, 0.75), (0.12, 0.34, 1.0, 1.0)):
        land = s.land(f"clouds {p}", p)
        u, cell, n = land.cells(s.x(p, (0.02 + 0.25 * p) * s.clock.seconds if not s.clock.loop else 0.0), 1.9)
        lift, big, off = land.table(n, -0.10, 0.14)[cell], land.table(n, 0.65, 1.15)[cell] * size, land.table(n, -0.4, 0.4)[cell]
        y = base + lift
        y = s.up(y, p)
        rows = s.rows(y.min() - 0.1, y.max() + 0.35)
        u, v = (u - off) / big, (s.ys[:, rows] - y) / big
        if place == "block world":
            d = union(torch.maximum((u.abs() - 0.36), (v - 0.06).abs() - 0.065), torch.maximum((u - 0.08).abs() - 0.2, (v - 0.16).abs() - 0.07))
        else:
            d = union(circle(u, v, -0.20, 0.06, 0.11), circle(u, v, 0.0, 0.11, 0.16), circle(u, v, 0.21, 0.06, 0.12), circle(u, v, 0.34, 0.03, 0.07), circle(u, v, -0.33, 0.03, 0.07))
            d = torch.maximum(d, -v - 0.01)
        s.ornament(d * big, rows, mix(light.sky[1], body, k), 0.97, shadow=0.14, soft=0.10)


def _rays(s: Stage) -> None:
    dice, y = s.dice("rays"), s.ys
    swing = 0.05 * s.clock.beat(0.25).sin()
    for k in range(3):
        slope, foot, wide = dice.uniform(-0.3, 0.3), dice.uniform(-0.9, 0.9) * s.aspect, dice.uniform(0.10, 0.18)
        d = (s.xs - foot - (slope + swing) * (1 - y)).abs() - wide * (1.2 + 0.4 * (1 - y))
        g = (0.5 - d / 0.12).clamp_(0, 1) * ((y + 1.1) / 2.1).clamp(0, 1) * 0.20
        s.grow(g)
        s.image += (1 - s.image) * g.unsqueeze(1) * s.image.new_tensor(mix(s.light.sky[0], (1, 1, 1), 0.4)).view(1, 3, 1, 1)


def draw_weather(s: Stage, weather: str, place: str, dark: bool = False) -> None:
    """What falls or drifts before the lens; still air leaves the picture alone."""
    if weather == "rain":
        _rain(s, (0.30, 0.33, 0.42) if dark else (0.86, 0.92, 0.97))
    elif weather == "snowfall":
        _snow(s, (0.62, 0.66, 0.74) if dark else None)
    elif weather == "fog":
        _fog(s, (0.96, 0.94, 0.89) if dark else None)
    if place == "reef":
        _bubbles(s, (0.35, 0.42, 0.50) if dark else (0.92, 1.0, 1.0))


def _rain(s: Stage, colour) -> None:
    land = s.land("rain", long=16.0)
    for size, speed, strength in ((0.075, 2.0, 0.50), (0.052, 1.5, 0.32)):
        lean = s.xs + 0.12 * s.ys                         # (1, H, W)
        cell = torch.floor(lean / size)
        u = lean - (cell + 0.5) * size
        phase = land.table(97, 0, 1)[torch.remainder(cell, 97).long()]
        f = torch.frac(s.ys * 0.9 + 8 + phase * 7 + s.clock.run(speed))
        streak = ((0.22 - f) / 0.22).clamp_(min=0) * (f * 24).clamp(max=1) * cover(u.abs() - 0.0045, s.sharp)
        streak *= strength
        s.grow(streak)
        s.image += (s.image.new_tensor(colour).view(1, 3, 1, 1) - s.image) * streak.unsqueeze(1)


def _snow(s: Stage, colour) -> None:
    land = s.land("snow", long=16.0)
    for k, (size, speed, radius) in enumerate(((0.37, 0.50, 0.034), (0.24, 0.37, 0.022))):
        u, cell, n = land.cells(s.xs + 0.11 * k, size)
        phase, jitter = land.table(n, 0, 1)[cell], land.table(n, -0.2, 0.2)[cell]
        tall = 2 * size
        v = s.ys / tall + phase + s.clock.run(speed) * 1.0
        f = torch.frac(v + 16) - 0.5
        sway = 0.05 * (s.clock.beat(0.5) + 6.28 * phase).sin()
        d = circle(u - jitter * size - sway, f * tall, 0.0, 0.0, radius)
        s.ornament(d, slice(0, s.height), colour or mix((1, 1, 1), s.light.near, 0.4), 1.0, alpha=0.95)


def _fog(s: Stage, colour) -> None:
    colour = s.image.new_tensor(colour or mix(s.light.sky[2], (1, 1, 1), 0.12)).view(1, 3, 1, 1)
    for base, wave, drift in ((-0.62, 1.9, 0.12), (-0.12, 2.7, -0.08)):
        x = s.xs + 0.15 * s.clock.beat(abs(drift) + 0.13).sin() if s.clock.loop else s.xs + drift * s.clock.seconds
        h = base + 0.07 * (x * (6.28 / wave)).sin() + 0.04 * (x * (15.1 / wave) + 1).sin()
        g = (1 - ((s.ys - h).abs() / 0.30)).clamp_(0, 1)
        g = g * g * (3 - 2 * g) * 0.38
        s.grow(g)
        s.image += (colour - s.image) * g.unsqueeze(1)


def _bubbles(s: Stage, colour) -> None:
    land = s.land("bubbles", long=16.0)
    u, cell, n = land.cells(s.xs, 0.42)
    phase, jitter, r = land.table(n, 0, 1)[cell], land.table(n, -0.15, 0.15)[cell], land.table(n, 0.014, 0.036)[cell]
    f = torch.frac(s.ys / 1.3 + phase - s.clock.run(0.25) + 64) - 0.5
    sway = 0.03 * (s.clock.beat(0.75) + 6.28 * phase).sin()
    d = circle(u - jitter - sway, f * 1.3, 0.0, 0.0, r)
    s.ornament(d.abs() - 0.006, slice(0, s.height), colour, 1.0, alpha=0.75)
    s.ornament(d, slice(0, s.height), colour, 1.0, alpha=0.15)
