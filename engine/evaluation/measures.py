"""Measures: what can be counted in film itself, with no model and no truth.

Knows pixels. Knows nothing of prompts, latents, weights or the judge.

A film here is (3, N, H, W) float32 in -1..1, N pictures, 16 a second: what a backend decodes, without its batch axis.
Sources: flow magnitude as dynamic degree and the drift between a film's ends, VBench (arXiv:2311.17982) and FramePack
(arXiv:2504.12626), with DIS optical flow (arXiv:1603.03590) in place of a network.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

RATE = 16       # pictures per second, unless said otherwise
SMALL = 80      # pixels of the short side that flow is measured at: the same movement counts alike at every size


def psnr(made: Tensor, wanted: Tensor) -> float:
    """Peak signal-to-noise ratio in dB of films or pictures in -1..1 (peak 2, error averaged over everything).

    Infinite for equal ones. 10 dB more is a tenth of the squared error.
    """
    error = float((made.double() - wanted.double()).square().mean())
    return math.inf if error == 0 else 10 * math.log10(4 / error)


def as_bytes(film: Tensor) -> np.ndarray:
    """(3, N, H, W) in -1..1 to (N, H, W, 3) uint8."""
    return ((film.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).permute(1, 2, 3, 0).contiguous().numpy()


def steps(film: Tensor) -> Tensor:
    """How far each picture is from the one before it: N - 1 mean absolute differences, in -1..1."""
    return (film[:, 1:] - film[:, :-1]).abs().mean((0, 2, 3))


def boundary_step(film: Tensor, time: int = 4) -> float:
    """How much larger the steps are where a new latent frame begins than elsewhere: 1 is seamless.

        pictures   0 | 1 2 3 4 | 5 6 7 8 | ...          | a step that is counted, against the median of the others

    The first latent frame is one picture that an autoencoder codes alone, so that its step is left out.
    NaN for film without an inner boundary, or that stands still.
    """
    sizes = steps(film)
    at = torch.arange(len(sizes))                       # step i leads from picture i to i + 1
    bounds = (at % time == 0) & (at > 0)
    if not bool(bounds.any()):
        return math.nan
    usual = float(sizes[at % time != 0].median())
    return float(sizes[bounds].median()) / usual if usual > 1e-6 else math.nan


def flow(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Where everything went between two grey pictures (H, W) uint8: (H, W, 2) float32 in pixels, x to the right, y down."""
    return cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_FAST).calc(before, after, None)


def grey_small(film: Tensor, side: int = SMALL) -> np.ndarray:
    """Grey pictures (N, h, w) uint8, the shorter side `side` pixels."""
    pictures = as_bytes(film)
    scale = side / min(pictures.shape[1:3])
    size = (max(16, round(pictures.shape[2] * scale)), max(16, round(pictures.shape[1] * scale)))
    return np.stack([cv2.resize(cv2.cvtColor(p, cv2.COLOR_RGB2GRAY), size, interpolation=cv2.INTER_AREA) for p in pictures])


def motion_strength(film: Tensor, rate: int = RATE, every: int = 2) -> tuple[float, float]:
    """Mean speed of all that is seen, and of its fastest twentieth (p95), in picture heights per second.

    Measured over `every` pictures: a step of one is often under the half pixel that optical flow can tell.
    (0, 0) for a picture alone.
    """
    grey = grey_small(film)
    pairs = [(grey[i], grey[i + every]) for i in range(0, len(grey) - every, every)] or [(grey[0], grey[-1])]
    speed = np.concatenate([np.hypot(*np.moveaxis(flow(a, b), 2, 0)).ravel() for a, b in pairs])
    unit = rate / every / grey.shape[1]
    return float(speed.mean() * unit), float(np.percentile(speed, 95) * unit)


def diversity(films: Sequence[Tensor]) -> float:
    """How different films of one prompt are: mean root-mean-square distance of all pairs, in -1..1, 0 for equal ones.

    On pictures of 20 pixels' height: another composition counts, another grain does not.
    """
    def small(film: Tensor) -> Tensor:
        height, width = film.shape[2:]
        return F.interpolate(film.transpose(0, 1), (20, max(1, round(20 * width / height))), mode="area")

    parts = [small(film) for film in films]
    pairs = [float((a - b).square().mean().sqrt()) for i, a in enumerate(parts) for b in parts[i + 1:]]
    if not pairs:
        raise ValueError("Diversity compares at least two films of one prompt.")
    return sum(pairs) / len(pairs)


def colour_drift(film: Tensor, share: float = 0.15) -> float:
    """How far the mean colour wanders from a film's first pictures to its last: CIE Lab distance, 2.3 is just noticeable.

    share   of the pictures at either end, at least one
    """
    pictures = as_bytes(film)
    count = max(1, round(share * len(pictures)))
    first, last = (np.mean([_mean_lab(p) for p in part], 0) for part in (pictures[:count], pictures[-count:]))
    return float(np.linalg.norm(first - last))


def _mean_lab(picture: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2LAB).mean((0, 1))
