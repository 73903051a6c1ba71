"""Calibrating: how much larger what a model's blocks add is at each step than at the one before, which the cache "mag" goes by.

    one film, walked whole        the sizes hardly depend on what it shows (arXiv:2506.09045)
    kept beside the models        of these very weights; from then on the model has that cache, see `manners`

Knows diffusers' hook that measures. Knows no family.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from statistics import fmean

import torch

from engine import operations
from engine.denoisers.base import Manner
from engine.denoisers.manners import FAMILIES, sizes_file
from engine.denoisers.open.backend import OpenBackend
from engine.denoisers.open.caching import counting, know_blocks
from engine.denoisers.open.rows import Row
from engine.errors import BadRequest
from engine.media.writing import write_whole
from engine.sampler import noise, plan, sample

PROMPT, SEED = "A red boat sails on the sea at dusk, waves in the wind, gulls above it.", 1


def measure(backend: OpenBackend, shape: Sequence[int], steps: int | None = None) -> Iterator[str | dict[str, list[float]]]:
    """Walk one film of latents of `shape`; says how far it is, and at last yields the sizes of each transformer, a number for each step."""
    from diffusers import MagCacheConfig

    know_blocks()
    steps, ratios = steps or backend.default_steps, {}
    backend.begin(Manner())
    for model in backend.transformers.values():
        model.enable_cache(MagCacheConfig(calibrate=True, num_inference_steps=steps + 2))       # it prints what it found when it thinks that all is done
    try:
        canvas, start = operations.text(shape), noise(shape, SEED)
        for step in sample(backend.denoiser([PROMPT]), canvas, start, plan(canvas.levels, backend.sigmas(steps, shape), backend.rule), backend.solver):
            yield f"step {step.index + 1} of {steps}"
        done = 0
        for name, model in backend.transformers.items():
            branches = [state.calibration_ratios for states in counting(model) for state in states._state_cache.values()]
            found = [fmean(at) for at in zip(*branches)]
            ratios[name] = ([1.0] * done + found + [1.0] * steps)[:steps]       # of two experts, each has its own part of the walk
            done += len(found)
    finally:
        for model in backend.transformers.values():
            model._reset_stateful_cache()
            model.disable_cache()
        backend.end()
    yield ratios


def calibrate(row: Row, backend: OpenBackend, size: Sequence[int], pictures: int, steps: int | None = None) -> Iterator[str]:
    """Measure a model at a size and keep what was found. Raises BadRequest for a family that has no such cache."""
    if not FAMILIES.get(row.family, ((), False, ()))[1]:
        raise BadRequest(f"{row.title} has no cache that goes by sizes; it needs no measuring.")
    shape = backend.grid.latent_shape(backend.grid.snap_pictures(pictures), *(backend.grid.snap_side(side) for side in size))
    with torch.no_grad():
        for said in measure(backend, shape, steps):
            if isinstance(said, str):
                yield said
    sizes_file(row).parent.mkdir(parents=True, exist_ok=True)
    write_whole(sizes_file(row), json.dumps(said).encode())
