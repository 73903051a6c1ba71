"""Joins: how well film is joined to film, and how far a changed film is from the one it was made of.

Knows pixels. Knows nothing of prompts, latents, weights or operations: a join is a place between two pictures.

A film is (3, N, H, W) float32 in -1..1. Ratios compare a join with the film's own usual step, so that 1 is seamless.
Sources: loop seams as in Mobius (arXiv:2502.20307), with motion beside them because a still film has the best seam of
all; drift between a film's ends, FramePack (arXiv:2504.12626); structure as edges, as editing papers judge it.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from engine.evaluation.measures import as_bytes, colour_drift, flow, grey_small, motion_strength, psnr

# What counts as no change at all: below it a ratio would compare rounding with rounding.
STILL = 0.5 / 127.5         # of a picture's mean difference, half of one of 8 bits' 256 shades
QUIET = 0.02                # of flow, pixels at 80 pixels' height


@dataclass(frozen=True)
class Seam:
    """The step from picture `at - 1` to `at`, beside the film's other steps."""

    difference: float       # mean absolute difference of the two pictures, over the median of all others
    gradient: float         # the same of their gradients: a change of sharpness or texture shows here
    flow: float             # how fast things move across the join, over the median
    velocity: float         # how abruptly motion changes there, over the median change
    boundary: float         # difference over the median at the film's other latent boundaries: those step a little by nature
    colour: float           # distance of the mean colours of two pictures before and two after, CIE Lab; 2.3 is just noticeable

    @property
    def worst(self) -> float:
        """The larger of the ratios that a person sees first: difference, gradient, flow."""
        return max(self.difference, self.gradient, self.flow)


def seam(film: Tensor, at: int, time: int = 4) -> Seam:
    """Measure the join before picture `at` (1 .. N - 1).

    time    pictures in a latent frame; boundaries lie before pictures 1 + time * k
    Raises ValueError for a place that is none, or a film of fewer than 4 pictures: nothing is usual there.
    """
    count = film.shape[1]
    if count < 4 or not 1 <= at < count:
        raise ValueError(f"A seam lies before one of the pictures 1 to {count - 1} of at least 4; {at} of {count} was asked.")
    differences, gradients = _steps(film), _steps(_edges(film))
    moves = _flows(film)
    speeds = np.array([np.hypot(move[..., 0], move[..., 1]).mean() for move in moves])
    turns = np.array([np.abs(after - before).mean() for before, after in zip(moves, moves[1:])])      # turn i: at picture i + 1
    bounds = torch.tensor([i != at and i % time == 1 and i > 1 for i in range(1, count)])
    turned = [i for i in (at - 2, at - 1) if 0 <= i < len(turns)]
    away = np.delete(turns, turned)
    return Seam(
        difference=_ratio(differences, at - 1, STILL), gradient=_ratio(gradients, at - 1, STILL), flow=_ratio(speeds, at - 1, QUIET),
        velocity=float(turns[turned].max() / max(float(np.median(away)) if len(away) else 0.0, QUIET)),
        boundary=float(differences[at - 1] / max(float(np.median(differences[bounds.numpy()])), STILL)) if bool(bounds.any()) else float("nan"),
        colour=colour_drift(film[:, max(0, at - 2):at + 2], share=0.5))


def loop_seam(film: Tensor, time: int = 4) -> Seam:
    """Measure the join from the last picture back to the first: the film is turned by half, so that it lies in the middle."""
    half = film.shape[1] // 2
    return seam(torch.cat([film[:, half:], film[:, :half]], 1), film.shape[1] - half, time)


def unexplained(film: Tensor, at: int, near: int = 3) -> float:
    """What motion cannot explain of the step into picture `at`, over the `near` steps before it and after it; 1 is seamless.

    Each picture is fetched from the one before it along optical flow; what is left is what appeared or jumped. Held against
    its neighbours alone: film that comes to rest and falls again, as a pendulum does, has no step that is usual for all of it.
    Raises ValueError where there is nothing on one side.
    """
    grey = grey_small(film[:, max(0, at - near - 1):at + near + 1])
    join = min(at, near + 1) - 1                # the step that is asked, among those that are seen
    left = [_left_over(before, after) for before, after in zip(grey, grey[1:])]
    before, after = left[:join], left[join + 1:]
    if not before or not after:
        raise ValueError(f"A join is held against the steps on both sides; picture {at} of {film.shape[1]} has none on one of them.")
    return left[join] / max(float(np.sqrt(np.median(before) * np.median(after))), STILL * 127.5)


def _left_over(before: np.ndarray, after: np.ndarray) -> float:
    """Root-mean-square difference of two grey pictures, of 255, the first brought to the second along optical flow."""
    where = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(after, before, None)
    down, across = np.mgrid[:before.shape[0], :before.shape[1]].astype(np.float32)
    fetched = cv2.remap(before, across + where[..., 0], down + where[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return float(np.sqrt(np.square(fetched.astype(np.float32) - after).mean()))


def is_seamless(join: Seam, least_motion: float = 0.0, motion: float = 0.0) -> bool:
    """Whether nobody would see it: difference at most 1.3 and change of motion at most 1.5 times the usual.

    A still film has no seam and is no loop, so its `motion` must be at least `least_motion` (`measures.motion_strength`).
    """
    return join.difference <= 1.3 and join.velocity <= 1.5 and motion >= least_motion


def fade_distance(between: Tensor, before: Tensor, after: Tensor, mixed: float = 0.0) -> float:
    """How far the generated pictures of a connection stay from a cross-fade of its two ends; 0 is a plain dissolve.

    between         (3, N, H, W) the generated pictures
    before, after   (3, H, W) the last picture of one clip, the first of the other
    mixed           pictures whose nearest blend has less than this share of either end are passed over: right beside an end a
                    film looks like that end, as it should

    The least of all pictures: its distance to the nearest blend of the two ends, over half the distance of the ends. At 0.5
    and more it is nearer to film than to the 50/50 fade, which lies at a distance of 1 from both ends. Infinite where no
    picture counts.
    """
    line = (after - before).double()
    half = float(line.square().mean().sqrt()) / 2
    least = np.inf
    for picture in between.double().unbind(1):
        share = ((picture - before) * line).mean() / line.square().mean().clamp_min(1e-12)
        if not mixed <= share <= 1 - mixed and mixed:
            continue
        gap = picture - before - share.clamp(0, 1) * line
        least = min(least, float(gap.square().mean().sqrt()))
    return least / max(half, STILL)


def structure(film: Tensor, source: Tensor, near: int = 1) -> float:
    """How much of a film's outlines an edited one kept: F1 of their edges, 0..1, mean over the pictures.

    near    pixels, at 80 pixels' height, that an edge may have moved
    """
    scores = []
    for made, wanted in zip(grey_small(film), grey_small(source)):
        a, b = (cv2.Canny(cv2.GaussianBlur(picture, (3, 3), 0), 40, 100) > 0 for picture in (made, wanted))
        kernel = np.ones((2 * near + 1,) * 2, np.uint8)
        wide_a, wide_b = (cv2.dilate(edges.astype(np.uint8), kernel) > 0 for edges in (a, b))
        exact = (a & wide_b).sum() / max(1, a.sum())
        found = (b & wide_a).sum() / max(1, b.sum())
        scores.append(1.0 if not a.any() and not b.any() else 2 * exact * found / max(1e-9, exact + found))
    return float(np.mean(scores))


def outside(film: Tensor, source: Tensor, mask: Tensor) -> float:
    """PSNR in dB where nothing was to change; infinite when it did not. `mask` (N, H, W) or (H, W), True where it was."""
    kept = ~mask.bool().expand(film.shape[1:])
    return psnr(film[:, kept], source[:, kept])


def border_seam(film: Tensor, mask: Tensor, band: int = 6) -> float:
    """How visible the edge of a filled hole is: the gradient across it, over the gradient of a band on both sides.

    mask    (H, W) bool, the hole
    """
    inner = mask.cpu().numpy().astype(np.uint8)
    ring = (cv2.dilate(inner, np.ones((3, 3), np.uint8)) - cv2.erode(inner, np.ones((3, 3), np.uint8))) > 0
    kernel = np.ones((2 * band + 1,) * 2, np.uint8)
    around = ((cv2.dilate(inner, kernel) - cv2.erode(inner, kernel)) > 0) & ~ring
    grey = as_bytes(film).astype(np.float32).mean(3)
    strength = np.hypot(np.gradient(grey, axis=2), np.gradient(grey, axis=1))
    if not ring.any() or not around.any():
        raise ValueError("A border is seen where a mask has an inside and an outside; this one has not.")
    return float(strength[:, ring].mean() / max(strength[:, around].mean(), 0.25))


def layout_psnr(full: Tensor, draft: Tensor) -> float:
    """PSNR in dB of a finished film, made as small as its draft, against the draft: is it still the same film?"""
    small = F.interpolate(full.transpose(0, 1), draft.shape[2:], mode="area").transpose(0, 1)
    return psnr(small, draft)


def detail_gain(full: Tensor, draft: Tensor) -> float:
    """High frequencies of a finished film over those of its draft, merely enlarged: 1 is nothing gained."""
    large = F.interpolate(draft.transpose(0, 1), full.shape[2:], mode="bicubic", align_corners=False).transpose(0, 1)
    return _laplacian(full) / max(_laplacian(large), 1e-6)


@dataclass(frozen=True)
class Drift:
    """From a film's first pictures to its last: what creeps in when film is made out of film."""

    colour: float           # distance of mean colours, CIE Lab
    sharpness: float        # last over first, 1 is none
    saturation: float       # last over first
    motion: float           # last over first


def drift(film: Tensor, share: float = 0.15) -> Drift:
    """Compare the first and the last `share` of the pictures, at least 4 of each."""
    count = max(4, round(share * film.shape[1]))
    first, last = film[:, :count], film[:, -count:]
    ratio = [_over(measure(last), measure(first)) for measure in (_laplacian, _saturation, lambda part: motion_strength(part)[0])]
    return Drift(colour_drift(film, max(share, count / film.shape[1])), *ratio)


def _steps(film: Tensor) -> np.ndarray:
    return (film[:, 1:] - film[:, :-1]).abs().mean((0, 2, 3)).double().numpy()


def _edges(film: Tensor) -> Tensor:
    grey = film.mean(0, keepdim=True)
    across, down = grey.diff(dim=3)[:, :, 1:], grey.diff(dim=2)[..., 1:]
    return torch.hypot(across, down)


def _flows(film: Tensor) -> list[np.ndarray]:
    grey = grey_small(film)
    return [flow(before, after) for before, after in zip(grey, grey[1:])]


def _ratio(steps: np.ndarray, at: int, least: float) -> float:
    return float(steps[at] / max(float(np.median(np.delete(steps, at))), least))


def _laplacian(film: Tensor) -> float:
    pictures = as_bytes(film).astype(np.float32)
    return float(np.mean([np.abs(cv2.Laplacian(picture, cv2.CV_32F)).mean() for picture in pictures]))


def _saturation(film: Tensor) -> float:
    return float(np.mean([cv2.cvtColor(picture, cv2.COLOR_RGB2HSV)[..., 1].mean() for picture in as_bytes(film)]))


def _over(last: float, first: float) -> float:
    return last / first if first > 1e-6 else float("nan")
