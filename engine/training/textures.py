"""Textures: moving dead leaves over fractal noise, so that the autoencoder carries more than the paper world.

Knows random shapes, stripes and noise. Knows nothing of captions. Dead leaves have the edges, occlusions and scale
invariance of photographs (Lee, Mumford, Huang 2001; they train denoisers nearly as well, Achddou et al. 2021).
"""

from __future__ import annotations

import torch
from torch import Tensor


def fractal(count: int, height: int, width: int, slope: float, generator: torch.Generator) -> Tensor:
    """Noise with power 1 / frequency ** (2 * slope), (count, height, width), unit variance."""
    white = torch.randn(count, height, width, generator=generator)
    fy = torch.fft.fftfreq(height).view(-1, 1) * height
    fx = torch.fft.rfftfreq(width) * width
    envelope = (fy.square() + fx.square()).sqrt().clamp_min(1) ** -slope
    noise = torch.fft.irfft2(torch.fft.rfft2(white) * envelope, s=(height, width))
    noise = noise - noise.mean((1, 2), keepdim=True)
    return noise / noise.std((1, 2), keepdim=True).clamp_min(1e-6)


def moving_leaves(pictures: int, height: int, width: int, seed: int) -> Tensor:
    """A film (3, pictures, height, width) in -1..1: a noisy ground and 6 to 40 leaves that drift, turn and hide one another."""
    g = torch.Generator().manual_seed(seed)

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(*shape, generator=g)

    slope = float(uniform(0.7, 1.8, 1))
    noise = fractal(3, height, width, slope, g)
    time = torch.linspace(-0.5, 0.5, pictures).view(-1, 1, 1) if pictures > 1 else torch.zeros(1, 1, 1)
    y = torch.linspace(-0.5, 0.5, height).view(1, -1, 1) * (height / width)
    x = torch.linspace(-0.5, 0.5, width).view(1, 1, -1)
    shift = uniform(-12, 12, 2).round().int().tolist() if pictures > 1 else [0, 0]
    ground = torch.stack([noise.roll((int(shift[0] * t), int(shift[1] * t)), (1, 2)) for t in time.flatten().tolist()], 1)
    colour = uniform(-0.8, 0.8, 3, 1, 1, 1)
    film = colour + ground * uniform(0.05, 0.4, 3, 1, 1, 1)
    if torch.rand(1, generator=g) < 0.3:        # grey noise shared by the channels is closer to real photographs
        film = colour + ground[:1] * uniform(0.1, 0.4, 1)

    for _ in range(int(uniform(6, 40, 1))):
        speed, turn = uniform(-0.5, 0.5, 2), float(uniform(-1.5, 1.5, 1))
        cx, cy = uniform(-0.55, 0.55, 2) * torch.tensor([1.0, height / width])
        size = 0.03 / float(uniform(0.06, 1.0, 1))          # few large, many small: scale invariant
        stretch, power = float(uniform(0.35, 1, 1)), float(uniform(0.8, 5, 1))
        angle = float(uniform(0, 6.28, 1)) + turn * time
        dx, dy = x - cx - speed[0] * time, y - cy - speed[1] * time
        u = (torch.cos(angle) * dx + torch.sin(angle) * dy) / size
        v = (torch.cos(angle) * dy - torch.sin(angle) * dx) / (size * stretch)
        distance = (u.abs() ** power + v.abs() ** power + 1e-6) ** (1 / power) - 1
        cover = (0.5 - distance * size * width * stretch).clamp(0, 1)[None]
        one, two = uniform(-1, 1, 3, 1, 1, 1), uniform(-1, 1, 3, 1, 1, 1)
        kind = int(uniform(0, 4, 1))
        if kind == 0:
            paint = one
        elif kind == 1:
            paint = one + (two - one) * (u * 0.4 + 0.5).clamp(0, 1)
        elif kind == 2:
            paint = one + (two - one) * (torch.sin(u * float(uniform(2, 12, 1))) * 2 + 0.5).clamp(0, 1)
        else:
            paint = one + noise[:, None] * uniform(0.05, 0.3, 3, 1, 1, 1)
        film = film + cover * (paint - film)
    return film.clamp(-1, 1)
