"""Few steps: the trained transformer learns to land where many small steps would, guidance included.

Knows the flow-map loss. Source: the MeanFlow identity (arXiv:2505.13447) with a central difference instead of a
Jacobian product (AnyFlow, arXiv:2605.13724), so plain attention serves. Maps of levels move together: every cell's level
is scaled by the same factor, and the difference is taken along that scale.

    u(x, t, r) = v - (1 - r/t) * du/ds        s: relative change of all levels;   answer x0 = x - t * u
"""

from __future__ import annotations

import copy
import json
from pathlib import Path

import torch
from torch import Tensor

from engine.paper.transformer import PaperTransformer
from engine.paper.words import Words
from engine.precision import mixed
from engine.training.feed import DESCRIPTIVE, Feed
from engine.training.run import Budget, Stage
from engine.training.transformer import LEAST, token_weights
from engine.training.worth import read_worth

DIFFERENCE = 0.01       # of the levels, to each side


def target_velocity(student, x: Tensor, v: Tensor, levels: Tensor, landing: Tensor, share: Tensor) -> Tensor:
    """Mean velocity from `levels` to `landing` that agrees with the instantaneous `v` along the path.

    student   (x, levels, landing) -> x0, called twice without gradients
    share     (B, 1, 1, 1, 1) landing / levels, 0 to 1
    """
    sides = []
    for sign in (1, -1):
        near = levels * (1 + sign * DIFFERENCE)
        at = x + sign * DIFFERENCE * levels * v
        sides.append((at - student(at, near, landing)) / near.clamp_min(LEAST))
    return v - (1 - share) * ease(levels) * (sides[0] - sides[1]) / (2 * DIFFERENCE)


def ease(levels: Tensor) -> Tensor:
    """How much of the bend counts: all of it from level 0.4 up, nothing under 0.1.

    Down there a straight step is as good, and a difference of x0 over the level is mostly rounding.
    """
    return ((levels - 0.1) / 0.3).clamp(0, 1)


def train_flowmap(folder: Path, latents: Path, base: Path, budget: Budget, *, seed: int = 0, tokens: int = 1600,
                  peak: float = 2e-4, device: str = "cpu", strongest: float = 5.0,
                  descriptive: float = DESCRIPTIVE) -> Path:
    """Finetune the weights in `base` within the budget; returns the folder of the averaged weights.

    strongest     guidance is drawn from 1 to this, given to the model, and fused: one call does the work of two
    descriptive   share of the captions that are; the rest is short
    """
    torch.manual_seed(seed)
    teacher = PaperTransformer.open(base).to(device).requires_grad_(False)
    model, words = copy.deepcopy(teacher).requires_grad_(True).train(), Words.load(base / "words.json")
    model.forget_strides()
    stage = Stage(folder, "flowmap", model, budget, peak, {"tokens": tokens, "descriptive": descriptive}, decay=0.995)
    feed = Feed(latents, tokens, seed + stage.seed, lambda prompts: model.read(words, prompts, "cpu"), descriptive)
    generator, noise = torch.Generator().manual_seed(seed + stage.seed), torch.Generator(device).manual_seed(seed + stage.seed)
    worth = read_worth(latents, device)
    for _ in stage:
        batch = feed.next(lambda frames, n: 1.0 if frames > 1 else 0.5).to(device)
        x0, levels, count = batch.latents, batch.levels, len(batch.latents)
        x = torch.lerp(x0, torch.randn(x0.shape, generator=noise, device=device), levels)
        draw = torch.rand(count, generator=generator)
        share = torch.where(draw < 0.4, 1.0, torch.where(draw < 0.65, 0.0, torch.rand(count, generator=generator)))
        share = share.view(-1, 1, 1, 1, 1).to(device)
        landing = levels * share
        guidance = (1 + (strongest - 1) * torch.rand(count, generator=generator)).to(device)
        scale = guidance.view(-1, 1, 1, 1, 1)
        kind = {"period": batch.period, "continues": batch.continues}
        with mixed(device):
            with torch.no_grad():
                told, untold = (teacher(x, levels, levels, *teacher.text(*read), **kind) for read in (batch.told, batch.untold))
                v = (x - (untold + scale * (told - untold))) / levels.clamp_min(LEAST)
            text, mask = model.text(*batch.told)
            if bool((share < 1).any()):
                with torch.no_grad():
                    aim = target_velocity(lambda at, near, to: model(at, near, to, text, mask, guidance=guidance, **kind),
                                          x, v, levels, landing, share)
            else:
                aim = v
            made = model(x, levels, landing, text, mask, guidance=guidance, **kind)
        error = ((x - made) / levels.clamp_min(LEAST) - aim).square()
        error = (error if worth is None else error * worth).mean(1, keepdim=True)
        weights = token_weights(batch, levels)
        each = (error * weights).sum((1, 2, 3, 4)) / weights.sum((1, 2, 3, 4)).clamp_min(1)
        # the target is noisy where the path bends; a film's own error damps it (MeanFlow's adaptive weight, p = 0.5)
        loss = (each / (each.detach() + 1e-3).sqrt()).mean()
        stage.update(loss, velocity=each.detach().mean(), frames=x0.shape[2])
    stage.average.copy_to(model)
    target = folder / "flowmap"
    if not stage.leads:
        return target
    model.save(target)
    words.save(target / "words.json")
    (target / "trained.json").write_text(json.dumps({"steps": stage.step, "minutes": stage.seconds / 60, "descriptive": descriptive, "device": device}))
    return target
