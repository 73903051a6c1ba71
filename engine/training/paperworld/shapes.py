"""Shapes: signed distances, and the paper they are cut from.

Knows distance functions (negative inside, in the units of x and y), turning a frame of coordinates, and `Ink`, a box of
premultiplied paper that shapes are glued on. Knows nothing of subjects, light, cameras or captions.
Coordinates broadcast: x is (N, 1, w) and y is (N, h, 1) until a frame is turned; only then are they (N, h, w).
Source: Inigo Quilez, "2D distance functions".
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

Number = float | Tensor


def cover(d: Tensor, sharp: Number) -> Tensor:
    """Area of a pixel inside the shape: distance `d`, `sharp` pixels per unit, one pixel of soft edge."""
    return (0.5 - d * sharp).clamp_(0, 1)


def circle(x, y, cx: Number, cy: Number, r: Number) -> Tensor:
    return ((x - cx).square() + (y - cy).square()).sqrt_() - r


def ellipse(x, y, cx: Number, cy: Number, rx: Number, ry: Number) -> Tensor:
    """First-order distance: exact on the edge, which is where antialiasing looks."""
    u, v = (x - cx) / rx, (y - cy) / ry
    k = (u.square() + v.square()).sqrt_()
    g = ((u / rx).square() + (v / ry).square()).sqrt_().clamp_(min=1e-4)
    return (k * (k - 1)).div_(g)


def box(x, y, cx: Number, cy: Number, hx: Number, hy: Number, r: float = 0.0) -> Tensor:
    """Rectangle of half sides hx, hy with corners rounded by r."""
    qx, qy = (x - cx).abs() - (hx - r), (y - cy).abs() - (hy - r)
    outside = (qx.clamp(min=0).square() + qy.clamp(min=0).square()).sqrt_()
    return outside + torch.maximum(qx, qy).clamp_(max=0) - r


def limb(x, y, ax: Number, ay: Number, bx: Number, by: Number, r0: float, r1: float | None = None) -> Tensor:
    """A stroke from a to b, of radius r0 at a and r1 at b."""
    dx, dy = bx - ax, by - ay
    px, py = x - ax, y - ay
    h = ((px * dx + py * dy) / (dx * dx + dy * dy + 1e-9)).clamp_(0, 1)
    d = ((px - h * dx).square() + (py - h * dy).square()).sqrt_()
    return d - r0 if r1 is None else d - (r0 + (r1 - r0) * h)


def convex(x, y, *points, r: float = 0.0) -> Tensor:
    """A convex polygon as the greatest of its half planes; points in either order, floats or (N, 1, 1) tensors."""
    n = len(points)
    area = sum(points[i][0] * points[(i + 1) % n][1] - points[(i + 1) % n][0] * points[i][1] for i in range(n))
    turn = torch.sign(area) if isinstance(area, Tensor) else math.copysign(1.0, area)
    d = None
    for i in range(n):
        (ax, ay), (bx, by) = points[i], points[(i + 1) % n]
        ex, ey = bx - ax, by - ay
        long = (ex * ex + ey * ey + 1e-12) ** 0.5 * turn
        side = (x - ax) * (ey / long) - (y - ay) * (ex / long)
        d = side if d is None else torch.maximum(d, side)
    return d - r if r else d


def turn(x, y, cx: Number, cy: Number, angle: Number) -> tuple[Tensor, Tensor]:
    """Coordinates of a part that has turned by `angle` (anticlockwise) about (cx, cy); its pivot is the new origin."""
    if isinstance(angle, Tensor):
        c, s = angle.cos(), angle.sin()
    else:
        c, s = math.cos(angle), math.sin(angle)
    px, py = x - cx, y - cy
    return px * c + py * s, py * c - px * s


def union(*ds: Tensor) -> Tensor:
    d = ds[0]
    for other in ds[1:]:
        d = torch.minimum(d, other)
    return d


def both(a: Tensor, b: Tensor) -> Tensor:
    return torch.maximum(a, b)


def melt(a: Tensor, b: Tensor, k: float) -> Tensor:
    """Union with a rounded seam of size k."""
    h = (k - (a - b).abs()).clamp_(min=0) / k
    return torch.minimum(a, b) - h.square_().mul_(k * 0.25)


def bump(x: Tensor) -> Tensor:
    """Smoothstep of a clamped ramp."""
    x = x.clamp(0, 1)
    return x * x * (3 - 2 * x)


class Ink:
    """A box of layered paper: premultiplied colour (N, 3, h, w) and alpha (N, 1, h, w).

    x, y    coordinates of the box in the thing's own units, y up
    sharp   (N, 1, 1) pixels per unit
    """

    def __init__(self, x: Tensor, y: Tensor, sharp: Tensor, shade: float = 1.0):
        self.x, self.y, self.sharp, self.shade = x, y, sharp, shade
        n, h, w = torch.broadcast_shapes(x.shape, y.shape, sharp.shape)
        self.rgb = x.new_zeros(n, 3, h, w)
        self.alpha = x.new_zeros(n, 1, h, w)
        self.glow: Tensor | None = None

    def fill(self, d: Tensor, colour, shadow: float = 0.0, soft: float = 0.10, alpha: Number = 1.0) -> None:
        """Glue on a shape; `shadow` darkens what lies under it, over a distance `soft` round its edge."""
        if shadow and self.shade:
            dark = (1 - d / soft).clamp_(0, 1)
            self.rgb *= (1 - dark.square_() * (shadow * self.shade)).unsqueeze(1)
        c = cover(d, self.sharp)
        if not (isinstance(alpha, float) and alpha == 1.0):
            c = c * alpha
        c = c.unsqueeze(1)
        self.rgb = torch.lerp(self.rgb, paint(colour, c), c)
        self.alpha = self.alpha + c - self.alpha * c

    def tint(self, d: Tensor, factor: float) -> None:
        """Shade or lighten what is already there, inside the shape."""
        self.rgb = self.rgb * (1 + cover(d, self.sharp).unsqueeze(1) * (factor - 1))

    def cut(self, d: Tensor, on: Number = 1.0) -> None:
        """Cut the shape out of all paper glued so far."""
        keep = 1 - (cover(d, self.sharp) * on).unsqueeze(1)
        self.rgb, self.alpha = self.rgb * keep, self.alpha * keep

    def shine(self, d: Tensor, colour, soft: Number, strength: Number = 1.0) -> None:
        """Light that is added later, over paper and background alike."""
        g = (1 - d.clamp(min=0) / soft).clamp_(0, 1).square_() * strength
        g = g.unsqueeze(1) * paint(colour, g)
        self.glow = g if self.glow is None else self.glow + g


def paint(colour, like: Tensor) -> Tensor:
    """A colour as something that broadcasts over (N, 3, h, w)."""
    if isinstance(colour, Tensor):
        return colour if colour.dim() == 4 else colour.view(1, 3, 1, 1)
    return torch.tensor(colour, dtype=like.dtype, device=like.device).view(1, 3, 1, 1)


def mix(a, b, t: float) -> tuple[float, float, float]:
    return tuple(p + (q - p) * t for p, q in zip(a, b))


def times(a, b) -> tuple[float, float, float]:
    if isinstance(b, (int, float)):
        return tuple(min(1.0, p * b) for p in a)
    return tuple(min(1.0, p * q) for p, q in zip(a, b))
