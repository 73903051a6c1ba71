"""Style: how the finished picture is made to look painted, inked, lit from within, or built of blocks.

Knows pictures (N, 3, H, W) and where the subjects are. Knows nothing of scenes.
"""

from __future__ import annotations

import random

import torch
import torch.nn.functional as F
from torch import Tensor

_GREY = (0.30, 0.59, 0.11)


def finish(style: str, image: Tensor, ids: Tensor, seed: str) -> Tensor:
    """The last pass over the picture; ids tell subjects (1, 2) from the rest."""
    noise = grain(seed, image.shape[-2:], image.device)
    if style == "watercolour":
        image = _watercolour(image, noise, seed)
    elif style == "ink":
        image = _ink(image, ids, noise)
    elif style == "neon":
        image = _neon(image, ids)
    elif style == "blocks":
        image = _blocks(image)
    else:
        image = image * (1 + 0.030 * noise)
    return image.clamp_(0, 1)


_GRAIN: dict = {}


def grain(seed: str, size: tuple[int, int], device) -> Tensor:
    """Fibres of paper, (1, 1, H, W) about -1..1: fine grain and slow mottling, fixed to the sheet."""
    key = (tuple(size), str(device))
    if key not in _GRAIN:
        g = torch.Generator().manual_seed(7)
        h, w = size
        slow = F.interpolate(torch.randn(1, 1, max(2, h // 12), max(2, w // 12), generator=g), size=(h, w), mode="bicubic", align_corners=False)
        fine = F.avg_pool2d(torch.randn(1, 1, h + 2, w + 2, generator=g), 3, 1) * 1.6
        if len(_GRAIN) > 16:
            _GRAIN.clear()
        _GRAIN[key] = (0.45 * fine + 0.40 * slow).clamp_(-1.5, 1.5).to(device)
    noise = _GRAIN[key]
    k = random.Random(seed)
    flips = [d for d in (2, 3) if k.random() < 0.5]
    return noise.flip(flips) if flips else noise


def grey(image: Tensor) -> Tensor:
    return (image * image.new_tensor(_GREY).view(1, 3, 1, 1)).sum(1, keepdim=True)


def blur(image: Tensor, r: int, twice: bool = True) -> Tensor:
    r = max(1, r)
    image = F.avg_pool2d(F.pad(image, (r, r, r, r), mode="replicate"), 2 * r + 1, 1)
    return blur(image, r, False) if twice else image


def contours(image: Tensor, r: int = 1) -> Tensor:
    """How steeply colour changes at each pixel, (N, 1, H, W)."""
    p = F.pad(image, (r, r, r, r), mode="replicate")
    dx = (p[:, :, r:-r, 2 * r:] - p[:, :, r:-r, : -2 * r]).abs().amax(1, keepdim=True)
    dy = (p[:, :, 2 * r:, r:-r] - p[:, :, : -2 * r, r:-r]).abs().amax(1, keepdim=True)
    return torch.maximum(dx, dy)


def _subjects(ids: Tensor) -> Tensor:
    return ((ids == 1) | (ids == 2)).unsqueeze(1).float()


def _watercolour(image: Tensor, noise: Tensor, seed: str) -> Tensor:
    """Wet edges: the outline wanders, pigment pools along it, and the white of the paper comes through."""
    n, _, h, w = image.shape
    k = random.Random(seed)
    ys, xs = torch.linspace(-1, 1, h, device=image.device).view(1, h, 1), torch.linspace(-1, 1, w, device=image.device).view(1, 1, w)
    a, b = k.uniform(0, 6), k.uniform(0, 6)
    gx = xs + 0.010 * ((ys * 17 + a).sin() + 0.6 * (ys * 41 + xs * 23 + b).sin()) * h / w
    gy = ys + 0.010 * ((xs * 19 + b).sin() + 0.6 * (xs * 37 - ys * 29 + a).sin())
    grid = torch.stack((gx.expand(1, h, w), gy.expand(1, h, w)), -1).expand(n, h, w, 2)
    image = F.grid_sample(image, grid, mode="bilinear", padding_mode="border", align_corners=False)
    wide = blur(image, round(h / 40))
    pool = (wide - image).clamp(-0.25, 0.25)
    image = image - 0.55 * pool.abs() - 0.10 * contours(image)
    image = image * (1 + 0.05 * noise) + (0.04 + 0.05 * noise) * image.mean((1, 2, 3), keepdim=True)
    return image * 0.94 + 0.05 * image.new_tensor((1.0, 0.985, 0.95)).view(1, 3, 1, 1)


def _ink(image: Tensor, ids: Tensor, noise: Tensor) -> Tensor:
    """Pen lines and hatching on cream paper; only the subjects keep their colour."""
    n, _, h, w = image.shape
    light = grey(image)
    paper = image.new_tensor((0.97, 0.95, 0.89)).view(1, 3, 1, 1)
    pen = image.new_tensor((0.14, 0.13, 0.20)).view(1, 3, 1, 1)
    step = max(4.0, h / 24)
    ys, xs = torch.arange(h, device=image.device).view(1, 1, h, 1), torch.arange(w, device=image.device).view(1, 1, 1, w)
    wave = ((xs + ys) % step - step / 2).abs() / step * 2
    light = (light + 0.6 * (0.66 - light.mean((1, 2, 3), keepdim=True)).clamp(min=0)).clamp(max=1)   # night is not mud
    hatch = ((0.70 - light) * 1.3 - wave * 0.8).clamp(0, 0.6) * 0.50
    wash = paper * (0.62 + 0.38 * light) * (1 + 0.025 * noise)
    wash = wash.lerp(image, 0.14)
    base = torch.lerp(wash, pen, hatch)
    mask = _subjects(ids)
    image = torch.lerp(base, image * 0.92 + 0.04, mask)
    line = ((contours(image.lerp(light.expand_as(image), 0.3), max(1, round(h / 200))) - 0.07) * (2.2 + 1.5 * mask)).clamp(0, 1) * (0.62 + 0.28 * mask)
    return torch.lerp(image, pen, line)


def _neon(image: Tensor, ids: Tensor) -> Tensor:
    """Dark glass and glowing outlines in the colours of what they outline."""
    h = image.shape[-2]
    mask = _subjects(ids)
    vivid = image / image.amax(1, keepdim=True).clamp(min=0.25)
    vivid = (vivid - 0.35 * grey(vivid)).clamp(min=0) * 1.35
    dark = image * (0.16 + 0.62 * mask) + image.new_tensor((0.02, 0.01, 0.06)).view(1, 3, 1, 1)
    line = ((contours(image) - 0.05) * 3.5).clamp(0, 1)
    own = vivid * line * (0.75 + 0.25 * mask)
    halo = blur(own, round(h / 36))
    white = F.max_pool2d(mask, 3, 1, 1) - mask
    return dark + own * 0.65 * (1 - 0.55 * mask) + halo * 0.9 * (1 - 0.5 * mask) + white * 0.55


def _blocks(image: Tensor) -> Tensor:
    """The picture built of square blocks, about 36 to its height, with a bevel where they are large enough."""
    n, _, h, w = image.shape
    size = max(2, round(h / 38))
    small = F.avg_pool2d(image, size, size, ceil_mode=True, count_include_pad=False)
    mean = small.mean((1, 2, 3), keepdim=True)
    small = ((mean + (small - mean) * 1.12).clamp(0, 1) * 14).round() / 14
    big = small.repeat_interleave(size, 2).repeat_interleave(size, 3)[:, :, :h, :w]
    ys, xs = torch.arange(h, device=image.device) % size, torch.arange(w, device=image.device) % size
    lip = 0.10 if size > 3 else 0.07
    edge = torch.zeros(h, w, device=image.device)
    edge += lip * ((ys == 0)[:, None] | (xs == 0)[None, :]).float()
    if size > 2:
        edge -= lip * ((ys == size - 1)[:, None] | (xs == size - 1)[None, :]).float()
    return big * (1 + edge)
