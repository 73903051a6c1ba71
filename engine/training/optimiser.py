"""The optimiser: AdamW for all, or Muon for the matrices inside a transformer and AdamW for the rest, behind one face.

Muon takes a step by the orthogonal part of the momentum, so that every direction of a matrix learns alike. On 500 steps of the
tiny transformer, same seed and batches, it left a velocity error of 2.28 where AdamW left 2.45, and the renderer's truth was
read from its tokens with a loss of 1.29 where AdamW had 2.14; on two CPU cores a step takes a tenth longer.
torch.optim.Muon finds that part in bfloat16 whatever the machine, one matrix after another and all of them in every process:
where a processor has no bfloat16, two thirds of a step of Paper's went there. Ours takes the numbers the machine is quick in,
matrices of one shape together, and processes that train together share them out.
Knows parameters by their shapes. Knows no loss. Source: Jordan 2024, "Muon: an optimizer for hidden layers in neural networks";
steps are scaled to AdamW's size as in Liu et al. 2025, "Muon is scalable for LLM training".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor, nn, optim

from engine.precision import fast_dtype

DECAY = 0.01        # of matrices only
QUINTIC = (3.4445, -4.7750, 2.0315)     # Jordan's: not to one, but every singular value quickly to between 0.7 and 1.2
ROUNDS = 5


class Together(Protocol):
    """The processes that train one model together, see `engine.training.run.Peers`."""

    rank: int
    count: int

    def average(self, tensors: list[Tensor]) -> None:
        """Replace each tensor by its mean over the processes."""


class Alone:
    """One process."""

    rank, count = 0, 1

    def average(self, tensors: list[Tensor]) -> None:
        """It is its own mean."""


def orthogonal(matrices: Tensor, dtype: torch.dtype) -> Tensor:
    """The orthogonal part of each of (N, rows, columns): its singular values near 1, by Newton-Schulz in numbers of `dtype`."""
    wide = matrices.shape[1] <= matrices.shape[2]
    x = matrices.to(dtype) if wide else matrices.mT.to(dtype)
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp_min(1e-7)
    a, b, c = QUINTIC
    for _ in range(ROUNDS):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return (x if wide else x.mT).to(matrices.dtype)


class Muon(optim.Optimizer):
    """Momentum by Nesterov, made orthogonal; what it remembers and where it steps are torch.optim.Muon's, "match_rms_adamw"."""

    def __init__(self, matrices: Sequence[Tensor], rate: float, momentum: float = 0.95, together: Together | None = None):
        super().__init__(list(matrices), {"lr": rate})
        self.momentum, self.together = momentum, together or Alone()

    @torch.no_grad()
    def step(self) -> None:
        """By the gradients that there are, which must be the same in every process."""
        shapes: dict[torch.Size, list[Tensor]] = {}
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    shapes.setdefault(p.shape, []).append(p)
        turned = []
        for shape, params in shapes.items():
            for p in params:
                self.state[p].setdefault("momentum_buffer", torch.zeros_like(p)).lerp_(p.grad, 1 - self.momentum)
            mine = slice(self.together.rank, None, self.together.count)
            update = params[0].new_zeros(len(params), *shape)
            if params[mine]:
                heading = torch.stack([p.grad.lerp(self.state[p]["momentum_buffer"], self.momentum) for p in params[mine]])
                update[mine] = orthogonal(heading, fast_dtype(heading.device.type))
            turned.append(update)
        self.together.average(turned)       # of what one has and the others have zeros of
        rate = self.param_groups[0]["lr"]
        for (shape, params), update in zip(shapes.items(), turned):
            reach = 0.2 * max(shape) ** 0.5 * rate * self.together.count
            for p, way in zip(params, update):
                p.mul_(1 - rate * DECAY).sub_(way, alpha=reach)


class Optimiser:
    """Optimisers that take their steps together; what Muon is given must be matrices."""

    def __init__(self, model: nn.Module, rate: float, hidden: Sequence[Tensor] = (), together: Together | None = None):
        """hidden   the parameters of `model` that Muon trains; none: AdamW trains all of them."""
        ids = {id(p) for p in hidden}
        rest = [p for p in model.parameters() if p.requires_grad and id(p) not in ids]
        groups = [{"params": [p for p in rest if p.ndim >= 2], "weight_decay": DECAY}, {"params": [p for p in rest if p.ndim < 2], "weight_decay": 0.0}]
        self.parts: list[optim.Optimizer] = [optim.AdamW(groups, lr=rate, betas=(0.9, 0.95), fused=True)]
        if hidden:
            self.parts.append(Muon(hidden, rate, together=together))

    def set_rate(self, rate: float) -> None:
        """For all of them."""
        for part in self.parts:
            for group in part.param_groups:
                group["lr"] = rate

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for part in self.parts:
            part.zero_grad(set_to_none=True)

    def step(self) -> None:
        """By the gradients that there are."""
        for part in self.parts:
            part.step()

    def moments(self, named: dict[str, Tensor]) -> dict[str, Tensor]:
        """What is remembered of earlier steps, as KIND.PARAMETER."""
        names = {id(p): name for name, p in named.items()}
        return {f"{kind}.{names[id(p)]}": value for part in self.parts for p, state in part.state.items() for kind, value in state.items() if isinstance(value, Tensor)}

    def remember(self, named: dict[str, Tensor], moments: dict[str, Tensor]) -> None:
        """Take back what `moments` gave; a parameter whose moments are another optimiser's begins without."""
        for part, kinds in zip(self.parts, (("step", "exp_avg", "exp_avg_sq"), ("momentum_buffer",))):
            own = {id(p) for group in part.param_groups for p in group["params"]}
            for name, p in named.items():
                if id(p) in own and all(f"{kind}.{name}" in moments for kind in kinds):
                    part.state[p] = {kind: moments[f"{kind}.{name}"].to(p.device) for kind in kinds}


def hidden_matrices(model: nn.Module, inside: Sequence[str]) -> list[Tensor]:
    """The matrices of the blocks whose names begin with one of `inside`: not what reads from outside, nor what writes to it."""
    return [p for name, p in model.named_parameters() if p.requires_grad and p.ndim == 2 and name.startswith(tuple(inside))]
