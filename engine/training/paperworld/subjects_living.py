"""Living things: fish, bird, butterfly, fox, robot (nearly), person and tree, facing right.

Same terms as subjects_vehicles.py.
"""

from __future__ import annotations

from .shapes import Ink, both, box, circle, convex, ellipse, limb, melt, turn, union


def fish(ink: Ink, look, beat, pace):
    x, y = ink.x, ink.y
    wag = 0.45 * beat(1.5).sin()
    u, v = turn(x, y, -0.50, 0.0, wag)
    tail = union(ellipse(*turn(u, v, -0.05, 0.05, 0.65), -0.28, 0.0, 0.34, 0.15), ellipse(*turn(u, v, -0.05, -0.05, -0.65), -0.28, 0.0, 0.34, 0.15))
    ink.fill(tail, look.d)
    ink.fill(convex(x, y, (-0.30, 0.30), (-0.22, 0.72), (0.12, 0.66), (0.32, 0.30), r=0.05), look.d)
    ink.fill(convex(x, y, (-0.20, -0.34), (-0.16, -0.62), (0.08, -0.36), r=0.03), look.d)
    body = both(circle(x, y, 0.06, -0.44, 0.92), circle(x, y, 0.06, 0.44, 0.92))
    body = melt(body, ellipse(x, y, 0.18, 0.0, 0.64, 0.47), 0.1)
    ink.fill(body, look.c, shadow=0.35)
    ink.tint(both(body, y + 0.14 + 0.1 * x), 0.85)
    for cx in (0.0, -0.30):
        ink.fill(both(both(circle(x, y, cx - 0.42, 0, 0.52), -circle(x, y, cx - 0.54, 0, 0.55)), body), look.l)
    flap = 0.5 * beat(1.5).cos() - 0.5
    u, v = turn(x, y, 0.18, -0.12, flap)
    ink.fill(ellipse(u, v, -0.16, -0.04, 0.21, 0.11), look.d, shadow=0.25)
    ink.fill(circle(x, y, 0.54, 0.13, 0.125), look.cream, shadow=0.15)
    ink.fill(circle(x, y, 0.565, 0.13, 0.068), look.ink)
    ink.fill(circle(x, y, 0.585, 0.155, 0.024), look.cream)
    ink.fill(limb(x, y, 0.70, -0.13, 0.80, -0.09, 0.02), look.d)


def bird(ink: Ink, look, beat, pace):
    x, y = ink.x, ink.y
    lift = 0.15 + 0.95 * (beat(2) + 0.9).sin()            # a wing's height: 1 up, 0 edge on, -1 down
    lift = lift + 0.14 * (lift >= 0).float() - 0.14 * (lift < 0).float()

    def wing(cx: float, long: float):
        u, v = x - cx, (y - 0.04) / (lift * long)
        return convex(u, v, (-0.30, -0.06), (0.24, -0.06), (0.10, 0.42), (-0.16, 0.86), (-0.34, 0.80), r=0.05)
    ink.fill(wing(0.10, 0.85), look.d)
    ink.fill(convex(x, y, (-0.42, 0.08), (-1.0, 0.24), (-0.86, 0.06), (-0.98, -0.14), (-0.38, -0.14), r=0.03), look.d)
    body = melt(ellipse(x, y, -0.05, -0.05, 0.56, 0.30), circle(x, y, 0.48, 0.18, 0.25), 0.24)
    ink.fill(convex(x, y, (0.64, 0.28), (0.99, 0.13), (0.64, 0.05), r=0.015), look.gold)
    ink.fill(body, look.c, shadow=0.3)
    ink.fill(both(body, ellipse(x, y, 0.12, -0.32, 0.50, 0.22)), look.l)
    ink.fill(circle(x, y, 0.54, 0.24, 0.082), look.cream)
    ink.fill(circle(x, y, 0.565, 0.24, 0.05), look.ink)
    near = wing(-0.08, 1.0)
    ink.fill(near, look.c, shadow=0.45)
    ink.tint(both(near, 0.40 - (y - 0.04) / lift), 0.80)


def butterfly(ink: Ink, look, beat, pace):
    x, y = turn(ink.x, ink.y, 0.0, 0.0, -0.18)
    fold = 0.66 + 0.34 * beat(2).sin()
    u = x.abs() / fold
    lower = ellipse(*turn(u, y, 0.38, -0.36, 0.6), 0, 0, 0.38, 0.29)
    ink.fill(lower, look.d)
    ink.fill(ellipse(*turn(u, y, 0.42, -0.40, 0.6), 0, 0, 0.16, 0.11), look.trim)
    upper = ellipse(*turn(u, y, 0.50, 0.30, 0.55), 0, 0, 0.54, 0.39)
    ink.fill(upper, look.c, shadow=0.35)
    ink.tint(both(upper, -ellipse(*turn(u, y, 0.47, 0.27, 0.55), 0, 0, 0.46, 0.31)), 0.66)
    ink.fill(circle(u, y, 0.68, 0.42, 0.12), look.l)
    ink.fill(circle(u, y, 0.42, 0.22, 0.075), look.l)
    for side in (-1, 1):
        ink.fill(limb(x, y, 0.03 * side, 0.38, 0.20 * side, 0.74, 0.022), look.ink)
        ink.fill(circle(x, y, 0.21 * side, 0.76, 0.045), look.ink)
    ink.fill(limb(x, y, 0, 0.32, 0, -0.46, 0.085, 0.05), look.ink, shadow=0.35)
    ink.fill(circle(x, y, 0, 0.40, 0.10), look.ink)


def legs(ink: Ink, joints, beat, pace, hz, size, colour, foot=None):
    """Swinging limbs; joints is a list of (x, y, length, phase, colour)."""
    for jx, jy, long, phase, tone in joints:
        swing = 0.55 * (beat(hz) + phase).sin() * pace
        fx, fy = jx + long * swing.sin(), jy - long * swing.cos()
        ink.fill(limb(ink.x, ink.y, jx, jy, fx, fy, size, size * 0.72), tone)
        if foot:
            ink.fill(limb(ink.x, ink.y, fx - 0.02, fy, fx + size * 1.3, fy, size * 0.8), foot)


def fox(ink: Ink, look, beat, pace):
    pi = 3.14159
    trot = 0.03 * beat(3.0).sin() * pace
    x, y0 = ink.x, ink.y
    y = y0 - trot
    legs(ink, [(-0.42, -0.30, 0.40, 0.0, look.d), (0.30, -0.30, 0.40, pi, look.d)], beat, pace, 1.5, 0.075, None)
    swish = 0.16 * beat(1.0).sin()
    u, v = turn(x, y, -0.52, -0.08, swish - 0.45)
    tail = ellipse(u, v, -0.36, 0.0, 0.42, 0.19)
    ink.fill(tail, look.c)
    ink.fill(both(tail, ellipse(u, v, -0.76, 0.0, 0.22, 0.30)), look.trim)
    legs(ink, [(-0.30, -0.30, 0.40, pi, look.c), (0.42, -0.30, 0.40, 0.0, look.c)], beat, pace, 1.5, 0.08, None)
    body = melt(ellipse(x, y, -0.04, -0.13, 0.60, 0.27), ellipse(*turn(x, y, 0.42, 0.08, 0.7), 0, 0, 0.32, 0.21), 0.2)
    ink.fill(body, look.c, shadow=0.28)
    ink.fill(both(body, ellipse(*turn(x, y, 0.60, -0.10, 1.1), 0, 0, 0.24, 0.12)), look.trim)
    for dx, tone in ((0.44, look.d), (0.62, look.c)):
        ink.fill(convex(x, y, (dx - 0.12, 0.42), (dx + 0.11, 0.44), (dx - 0.05, 0.84), r=0.02), tone)
        ink.fill(convex(x, y, (dx - 0.05, 0.46), (dx + 0.04, 0.46), (dx - 0.04, 0.68), r=0.01), look.ink)
    head = melt(ellipse(x, y, 0.58, 0.34, 0.27, 0.22), convex(x, y, (0.62, 0.44), (1.02, 0.24), (0.98, 0.18), (0.60, 0.16), r=0.02), 0.12)
    ink.fill(head, look.c, shadow=0.3)
    ink.fill(both(head, convex(x, y, (0.46, 0.20), (1.02, 0.26), (1.10, 0.0), (0.4, 0.0))), look.trim)
    ink.fill(circle(x, y, 1.00, 0.25, 0.055), look.ink)
    ink.fill(circle(x, y, 0.68, 0.37, 0.05), look.ink if look.name != "black" else look.gold)


def robot(ink: Ink, look, beat, pace):
    x, y = ink.x, ink.y
    pi = 3.14159
    legs(ink, [(-0.20, -0.48, 0.36, 0.0, look.slate), (0.20, -0.48, 0.36, pi, look.slate)], beat, pace, 1.0, 0.10, None, look.d)
    for side, phase in ((-1, 0.0), (1, pi)):
        swing = 0.5 * (beat(1) + phase).sin() * (0.35 + 0.65 * pace) + 0.35 * side
        hx, hy = 0.44 * side + 0.44 * swing.sin(), 0.12 - 0.44 * swing.cos()
        ink.fill(limb(x, y, 0.44 * side, 0.12, hx, hy, 0.075), look.slate)
        ink.fill(circle(x, y, hx, hy, 0.115), look.d)
    ink.fill(box(x, y, 0, 0.30, 0.12, 0.12), look.slate)
    body = box(x, y, 0, -0.14, 0.44, 0.38, 0.12)
    ink.fill(body, look.c, shadow=0.3)
    ink.tint(both(body, y + 0.30), 0.78)
    ink.fill(box(x, y, 0, -0.10, 0.24, 0.16, 0.04), look.trim, shadow=0.2)
    blink = 0.5 + 0.5 * beat(1).sin()
    for k, tone in enumerate(((0.95, 0.30, 0.25), (1.0, 0.80, 0.25), (0.35, 0.80, 0.45))):
        ink.fill(circle(x, y, -0.13 + 0.13 * k, -0.05, 0.045), tone)
    ink.fill(box(x, y, -0.16 + 0.16 * blink, -0.18, 0.045, 0.02), look.d)
    ink.fill(limb(x, y, 0, 0.74, 0, 0.90, 0.022), look.slate)
    ink.fill(circle(x, y, 0, 0.92, 0.065), (1.0, 0.45, 0.35))
    ink.shine(circle(x, y, 0, 0.92, 0.03), (1.0, 0.4, 0.3), 0.22, 0.8 * blink)
    for side in (-1, 1):
        ink.fill(box(x, y, 0.43 * side, 0.56, 0.06, 0.10, 0.04), look.d)
    head = box(x, y, 0, 0.56, 0.38, 0.25, 0.11)
    ink.fill(head, look.c, shadow=0.3)
    ink.fill(box(x, y, 0.02, 0.57, 0.29, 0.135, 0.09), look.ink)
    for cx in (-0.10, 0.14):
        ink.fill(circle(x, y, cx, 0.57, 0.065), (0.55, 0.95, 0.95))
        ink.shine(circle(x, y, cx, 0.57, 0.03), (0.3, 0.8, 0.85), 0.16, 0.5)


def person(ink: Ink, look, beat, pace):
    x, y = ink.x, ink.y
    pi = 3.14159
    legs(ink, [(-0.10, -0.48, 0.40, 0.0, look.slate), (0.10, -0.48, 0.40, pi, look.slate)], beat, pace, 1.0, 0.105, None, look.ink)
    swing = 0.55 * beat(1).sin() * (0.15 + 0.85 * pace)
    hx, hy = 0.46 * swing.sin(), 0.18 - 0.46 * swing.cos()
    ink.fill(circle(x, y, -hx, hy, 0.085), look.skin)
    ink.fill(limb(x, y, 0.0, 0.16, -hx * 0.88, hy + 0.08, 0.12), look.d)
    flare = 0.05 * beat(2).sin() * pace
    coat = convex(x, y, (-0.22, 0.28), (0.22, 0.28), (0.46 + flare, -0.58), (-0.48 + flare, -0.58), r=0.06)
    ink.fill(coat, look.c, shadow=0.3)
    ink.tint(both(coat, 0.46 + y), 0.84)
    ink.fill(both(coat, (x - 0.20 - 0.16 * (0.2 - y)).abs() - 0.016), look.d)
    for cy in (0.10, -0.10, -0.30):
        ink.fill(circle(x, y, 0.13 + 0.16 * (0.2 - cy), cy, 0.038), look.trim)
    ink.fill(circle(x, y, hx, hy, 0.09), look.skin)
    ink.fill(limb(x, y, 0.0, 0.16, hx * 0.88, hy + 0.08, 0.13), look.c, shadow=0.45, soft=0.08)
    u, v = turn(x, y, -0.16, 0.30, 0.95 + 0.25 * beat(1).sin())
    ink.fill(box(u, v, -0.18, 0.0, 0.20, 0.075, 0.05), look.trim, shadow=0.25)
    ink.fill(circle(x, y, -0.03, 0.55, 0.265), look.wood)
    ink.fill(ellipse(x, y, 0.05, 0.53, 0.225, 0.235), look.skin)
    ink.fill(circle(x, y, 0.275, 0.51, 0.05), look.skin)
    for cx in (0.06, 0.20):
        ink.fill(circle(x, y, cx, 0.55, 0.034), look.ink)
    ink.fill(limb(x, y, 0.10, 0.43, 0.17, 0.43, 0.016), look.rust)
    ink.fill(box(x, y, 0.02, 0.29, 0.25, 0.085, 0.07), look.trim, shadow=0.3)
    hat = both(circle(x, y, 0.0, 0.62, 0.285), 0.66 - y)
    ink.fill(hat, look.c)
    ink.fill(box(x, y, 0.0, 0.67, 0.30, 0.05, 0.05), look.d, shadow=0.3)
    ink.fill(circle(x, y, -0.01, 0.92, 0.07), look.trim)


def tree(ink: Ink, look, beat, pace):
    x0, y = ink.x, ink.y
    sway = 0.05 * beat(0.5).sin()
    ink.fill(convex(x0, y, (-0.09, -0.1), (0.09, -0.1), (0.17, -0.99), (-0.17, -0.99), r=0.01), look.wood)
    ink.fill(limb(x0, y, 0.0, -0.42, 0.30, -0.10, 0.05), look.wood)
    ink.fill(limb(x0, y, 0.0, -0.50, -0.26, -0.20, 0.04), look.wood)
    x = x0 - sway * (y + 0.9)
    crown = union(circle(x, y, 0.0, 0.36, 0.56), circle(x, y, -0.40, 0.10, 0.36), circle(x, y, 0.42, 0.12, 0.36), circle(x, y, 0.02, 0.04, 0.36))
    ink.fill(crown, look.c, shadow=0.35)
    ink.tint(both(crown, -union(circle(x, y, -0.08, 0.44, 0.54), circle(x, y, -0.46, 0.20, 0.32), circle(x, y, 0.34, 0.24, 0.34))), 0.78)
    ink.fill(both(crown, circle(x, y, -0.16, 0.54, 0.30)), look.l)
    ink.fill(union(circle(x, y, -0.44, 0.18, 0.15), circle(x, y, 0.38, 0.24, 0.17)), look.l)
