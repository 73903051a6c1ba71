"""Solvers: what a step aims at, seen from the steps before it. Elementwise, so that every cell may be at its own level.

Knows noise levels and predictions. Knows no denoiser, no canvas and no loop: `engine.sampler` asks it once a step.

    euler         aim = x0                                              exact where the path is straight
    multistep     aim = x0 + h / (2 h_past) * (x0 - x0_past)            DPM-Solver++ 2M (arXiv:2211.01095)
    unipc         the same aim, from an x that is corrected first       UniPC-2, B2 (arXiv:2302.04867)
    sde           the same aim, from an x whose noise is partly new     SDE-DPM-Solver++ 2M (arXiv:2211.01095)

Time is lambda = log((1 - level) / level). In it the two of second order mean the same whether noise is mixed in straight
or in a circle (x / (a + b) of one is x of the other), so that one loop serves both.

Cells in different places of their own schedule meet here. Three cases are guarded, each of which once made NaN of a whole
film through attention: level 0 before or after the step (lambda is infinite), a cell that is held (h is 0), a cell whose
history is at its own level (h_past is 0). They take a step of first order.
"""

from __future__ import annotations

import torch
from torch import Tensor

SOLVERS = ("euler", "multistep", "unipc", "sde")
RENEWING = ("sde",)             # those that ask for new noise at every step
Past = dict[str, Tensor]        # what a solver remembers, cell by cell; kept with a walk that is to go on


def aim(solver: str, x: Tensor, x0: Tensor, level: Tensor, after: Tensor, past: Past | None,
        fresh: Tensor | None = None) -> tuple[Tensor, Tensor, Past | None]:
    """Where to step from, where to, and what to hand on: `(x, aim, past)`.

    x       (B, C, T, H, W) film at `level`
    x0      the clean film that was predicted of it
    after   (B, 1, T, H, W), the levels that the step leads to
    fresh   (B, C, T, H, W) new noise, for a solver that is one of RENEWING
    """
    if solver == "euler":
        return x, x0, None
    if solver == "unipc":
        x = _corrected(x, x0, level, past)
    target, order, handed = _extrapolated(x0, level, after, past)
    if solver == "sde":
        x = _renewed(x, target, level, after, fresh)
    if solver == "unipc":
        moves = after < level
        # What the next step corrects: where this one began, at what level, and seen from how far back.
        ours = {"from": x, "level": level, "order": order.to(x.dtype)} | ({"older": past["x0"], "oldest": past["lambda"]} if past else {})
        handed |= {name: torch.where(moves, one, (past or {}).get(name, one)) for name, one in ours.items()}
    return x, target, handed


def _extrapolated(x0: Tensor, level: Tensor, after: Tensor, past: Past | None) -> tuple[Tensor, Tensor, Past]:
    """What to aim at instead of `x0`, so that the step is of second order; where it is (bool); and the history."""
    now, then, moves = torch.logit(1 - level), torch.logit(1 - after), after < level      # log((1 - l) / l), infinite at 0 and 1
    if past is None:
        return x0, torch.zeros_like(moves), {"x0": x0, "lambda": now}
    before = past["lambda"]
    weight = (then - now) / (2 * (now - before))
    usable = moves & (level > 0) & (after > 0) & (level < 1) & torch.isfinite(weight) & (now > before)
    target = torch.where(usable, torch.lerp(x0, past["x0"], -torch.where(usable, weight, 0.0)), x0)
    # A held cell keeps the history it has: its prediction is made anew at the level where it will move.
    return target, usable, {"x0": torch.where(moves, x0, past["x0"]), "lambda": torch.where(moves, now, before)}


def _renewed(x: Tensor, target: Tensor, level: Tensor, after: Tensor, fresh: Tensor) -> Tensor:
    """`x` with as much of its noise new as the reverse process brings in over the stride, e^-h of it staying: then a straight step is its step."""
    moves = after < level
    stays = torch.where(moves, after * (1 - level) / (level * (1 - after)), 1.0)
    new = stays * x + (1 - stays) * (1 - level) * target + level * (1 - stays.square()).clamp(min=0).sqrt() * fresh
    return torch.where(moves, new, x)


def _corrected(x: Tensor, x0: Tensor, level: Tensor, past: Past | None) -> Tensor:
    """`x` as the last step would have made it, had it known what is predicted at its end."""
    if past is None:
        return x
    was, start, seen = past["level"], past["lambda"], past["x0"]
    now = torch.logit(1 - level)
    h = now - start
    able = (level < was) & (level > 0) & (was > 0) & torch.isfinite(now)
    h = torch.where(able & torch.isfinite(h), h, 1.0)       # from pure noise it is infinite; that stride is of first order
    reach = (past.get("oldest", start) - start) / h         # of the prediction before the last, < 0
    second = (past["order"] > 0) & torch.isfinite(reach) & (reach < 0)
    reach = torch.where(second, reach, -1.0)
    ratio = torch.expm1(-h)
    one = (-ratio / h - 1) / ratio                          # the two moments of e^lambda over the stride
    two = 2 * ((-ratio / h - 1) / -h - 0.5) / ratio
    back = (one - two) / (1 - reach)
    new = torch.where(second, one - back, 0.5)
    change = new * (x0 - seen) + torch.where(second, back / reach, 0.0) * (past.get("older", seen) - seen)
    left = torch.where(able, level / was, 1.0)
    return torch.where(able, torch.lerp(seen + change, past["from"], left), x)
