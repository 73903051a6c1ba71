"""Guiding: how words lead a model where it is not plain guidance, by diffusers' guiders. `manners` says what each is.

    asked      with the words, without them, and of skip-layer with the words and a block left out
    in         velocity, v = (x - x0) / level: there they were made; plain guidance is the same in both
    seen       only the cells that move: several of them measure how large an answer is, and what the model says of cells that
               are held means nothing (2e-4 off in the others, measured on a canvas of which a third was kept)

Knows diffusers' guiders. Knows no family.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from engine.denoisers.manners import GUIDERS
from engine.denoisers.open.caching import know_blocks
from engine.errors import BadRequest

Ask = Callable[[dict, str], Tensor]         # what it is told and a branch's name, to clean film
BRANCHES = {"pred_cond": "cond", "pred_uncond": "uncond", "pred_cond_skip": "skip"}
MIDDLE = 0.1, 0.8       # of the walk, where "interval" and the third answer of "skip-layer" lead
SKIPPED = 0.3           # how deep the block lies that is left out
STRETCH, OF = 15.0, 65_536      # how long what leads may be in "apg", of so many numbers: as published for pictures of 1024x1024


class Guider:
    """One way of guidance for one denoiser of a walk.

    model   a transformer, to find the block that "skip-layer" leaves out
    """

    def __init__(self, name: str, model: Any):
        if name not in GUIDERS:
            raise BadRequest(f"A guider is one of {', '.join(GUIDERS)}; {name!r:.60} was asked.")
        self.own = _made(name, model)

    def __call__(self, ask: Ask, told: dict, without: dict, film: Tensor, level: Tensor, moving: Tensor, strength: float, step: int, steps: int, model: Any) -> Tensor:
        """The clean film (B, C, T, H, W) of `film`, every cell at `level`; `moving` says which are to be made now, `model` answers."""
        own, plain = self.own, None
        own.guidance_scale = strength
        own.adaptive_projected_guidance_rescale = STRETCH * math.sqrt(max(1, int(moving.sum()) * film.shape[1] / len(film)) / OF)
        own.set_state(step, steps, None)
        asked = own.prepare_inputs({"text": (told, without)})
        for one in asked:
            own.prepare_models(model)
            try:
                x0 = ask(one.text, BRANCHES[getattr(one, own._identifier_key)])
            finally:
                own.cleanup_models(model)
            plain = x0 if plain is None else plain
            one.noise_pred = torch.where(moving, (film - x0) / level.clamp(min=1e-6), 0.0)
        return torch.where(moving, film - level * own(asked).pred, plain)


def _made(name: str, model: Any) -> Any:
    # It says at every construction that its guiders are new.
    logging.getLogger("diffusers.guiders.guider_utils").setLevel(logging.ERROR)
    from diffusers import guiders
    from diffusers.hooks import LayerSkipConfig

    if name == "zero-star":
        return guiders.ClassifierFreeZeroStarGuidance()
    if name == "apg":
        return guiders.AdaptiveProjectedGuidance(eta=0.0)
    if name == "tangential":
        return guiders.TangentialClassifierFreeGuidance()
    if name == "interval":
        return guiders.ClassifierFreeGuidance(start=MIDDLE[0], stop=MIDDLE[1])
    know_blocks()
    where, blocks = next((name, part) for name, part in model.named_children() if name in ("blocks", "transformer_blocks") and isinstance(part, nn.ModuleList))
    left_out = LayerSkipConfig(indices=[max(1, min(len(blocks) - 2, int(SKIPPED * len(blocks))))], fqn=where)     # its plain `layers` raises a TypeError
    return guiders.SkipLayerGuidance(skip_layer_config=left_out, skip_layer_guidance_start=MIDDLE[0], skip_layer_guidance_stop=MIDDLE[1])
