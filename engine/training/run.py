"""Run: what every stage of training shares. A folder that holds a checkpoint and a curve, and a budget of time or steps.

Knows folders, clocks, checkpoints and learning rates. Knows nothing of what is trained.

    run/
      dit.safetensors       weights, their average, the optimiser's moments: enough to go on where it stopped
      dit.json              step, seconds spent, settings
      dit.jsonl             the curve: one line every few steps
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from engine.training.optimiser import Optimiser, hidden_matrices


@dataclass
class Budget:
    """How long a stage goes on: minutes of training time, or a number of steps (then a seed gives the same weights)."""

    minutes: float | None = None
    steps: int | None = None

    def part(self, share: float) -> Budget:
        """A share of it, one step at least."""
        return Budget(self.minutes and self.minutes * share, self.steps and max(1, round(self.steps * share)))

    def share(self, step: int, seconds: float) -> float:
        """Share of the budget that is spent, 0 to 1."""
        if self.steps is not None:
            return step / self.steps
        return seconds / (60 * (self.minutes or 1e-9))


def learning_rate(peak: float, step: int, share: float, warmup: int = 100, decay_from: float = 0.6) -> float:
    """Warm up, stay, then fall linearly to 2 % (warmup-stable-decay: a run can be lengthened before it decays)."""
    rise = min(1.0, (step + 1) / warmup)
    fall = 1.0 if share < decay_from else max(0.0, (1 - share) / (1 - decay_from))
    return peak * rise * (0.02 + 0.98 * fall)


class Peers:
    """The processes that train one model together, each on batches of its own; alone where nobody started others.

    Started by `engine.training.together`, by `torchrun`, or by whoever calls `torch.distributed.init_process_group` first.
    """

    def __init__(self) -> None:
        together = dist.is_available() and dist.is_initialized()
        self.rank, self.count = (dist.get_rank(), dist.get_world_size()) if together else (0, 1)

    def average(self, tensors: list[Tensor]) -> None:
        """Replace each tensor by its mean over the processes."""
        if self.count == 1 or not tensors:
            return
        flat = torch.cat([tensor.flatten() for tensor in tensors])
        dist.all_reduce(flat)
        for tensor, mean in zip(tensors, (flat / self.count).split([tensor.numel() for tensor in tensors])):
            tensor.copy_(mean.view_as(tensor))

    def meet(self) -> None:
        """Wait until all are here: what the first has written can be read then."""
        if self.count > 1:
            dist.barrier()


class Ahead:
    """Calls `make` one step early, in a thread, while the step before is computed. What it makes must not depend on that step."""

    def __init__(self, make: Callable[..., Any]):
        self.make, self._thread, self._next = make, ThreadPoolExecutor(1, "ahead"), None

    def __call__(self, *asked: Any) -> Any:
        """What was asked for by the call before this one (the first is made at once); then begins what is asked now."""
        ready = self._next or self._thread.submit(self.make, *asked)
        made = ready.result()
        self._next = self._thread.submit(self.make, *asked)
        return made


class Average:
    """Exponential moving average of weights, with a warm-up so that a short run is not half initial noise."""

    def __init__(self, model: nn.Module, decay: float):
        self.decay = decay
        self.values = {name: p.detach().clone().float() for name, p in model.named_parameters()}

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        decay = min(self.decay, (1 + step) / (10 + step))
        for name, p in model.named_parameters():
            self.values[name].lerp_(p.detach().float(), 1 - decay)

    @torch.no_grad()
    def copy_to(self, model: nn.Module) -> None:
        for name, p in model.named_parameters():
            p.copy_(self.values[name])


@dataclass
class Stage:
    """One stage in its folder: counts steps and seconds, keeps the curve, saves and resumes."""

    folder: Path
    name: str
    model: nn.Module
    budget: Budget
    peak: float
    settings: dict[str, Any] = field(default_factory=dict)
    decay: float = 0.999                # of the average
    muon: tuple[str, ...] = ()          # how the names of the blocks begin whose matrices Muon trains
    save_every: float = 120.0           # seconds between checkpoints
    log_every: int = 20

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.step, self.seconds, self.rate = 0, 0.0, self.peak
        self.peers = Peers()
        self.optimiser = Optimiser(self.model, self.peak, hidden_matrices(self.model, self.muon), self.peers)
        self.average = Average(self.model, self.decay)
        self._sums: dict[str, float] = {}
        self._count = 0
        if self.path(".json").exists():
            self.resume()

    def path(self, suffix: str) -> Path:
        return self.folder / f"{self.name}{suffix}"

    @property
    def seed(self) -> int:
        """What a run adds to its seed, so that one that goes on sees new batches, and each of several processes its own."""
        return self.step + 1_000_003 * self.peers.rank

    @property
    def leads(self) -> bool:
        """True in the one process that writes files."""
        return self.peers.rank == 0

    @property
    def over(self) -> bool:
        """Nothing is left of the budget."""
        return self.budget.share(self.step, self.seconds) >= 1

    def __iter__(self) -> Iterator[int]:
        """Step numbers until the budget is spent; sets the learning rate, saves now and then and at the end."""
        saved = time.monotonic()
        while (share := self.budget.share(self.step, self.seconds)) < 1:
            start = time.monotonic()
            self.rate = learning_rate(self.peak, self.step, share)
            self.optimiser.set_rate(self.rate)
            yield self.step
            self.step += 1
            spent = torch.tensor([time.monotonic() - start], dtype=torch.float64)
            self.peers.average([spent])             # all must agree when the budget is spent
            self.seconds += float(spent)
            if time.monotonic() - saved > self.save_every:
                self.save()
                saved = time.monotonic()
        self.save()

    def update(self, loss: Tensor, **measures: float | Tensor) -> None:
        """One optimiser step on `loss`, its gradient clipped to 1; measures are averaged into the curve."""
        self.optimiser.zero_grad()
        loss.backward()
        if self.peers.count > 1:
            for p in self.model.parameters():
                if p.requires_grad and p.grad is None:          # unused here, perhaps not in another process
                    p.grad = torch.zeros_like(p)
            self.peers.average([p.grad for p in self.model.parameters() if p.grad is not None])
        norm = self.clip()
        if torch.isfinite(norm):        # one bad batch must not end a night of training
            self.optimiser.step()
            self.average.update(self.model, self.step)
        for key, value in {"loss": loss, "norm": norm, **measures}.items():
            self._sums[key] = self._sums.get(key, 0.0) + float(torch.as_tensor(value).detach())
        self._count += 1
        if self._count == self.log_every and self.leads:
            line = {"step": self.step + 1, "minutes": round(self.seconds / 60, 2),
                    "rate": self.rate,
                    **{key: round(value / self._count, 5) for key, value in self._sums.items()}}
            with self.path(".jsonl").open("a") as curve:
                curve.write(json.dumps(line) + "\n")
        if self._count == self.log_every:
            self._sums, self._count = {}, 0

    def clip(self) -> Tensor:
        """Make the gradient no longer than 1; how long it was."""
        return nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)

    def save(self) -> None:
        """Write the checkpoint; whole, or the one before it stays."""
        if not self.leads:
            return
        tensors = {f"model.{name}": p.detach() for name, p in self.model.named_parameters()}
        tensors |= {f"average.{name}": p for name, p in self.average.values.items()}
        tensors |= self.optimiser.moments(dict(self.model.named_parameters()))
        new = self.path(".new")
        save_file({key: value.contiguous() for key, value in tensors.items()}, new)
        os.replace(new, self.path(".safetensors"))
        self.path(".json").write_text(json.dumps({"step": self.step, "seconds": self.seconds, "processes": self.peers.count, **self.settings}, indent=1))

    def resume(self) -> None:
        state = json.loads(self.path(".json").read_text())
        tensors = load_file(self.path(".safetensors"))
        self.step, self.seconds = state["step"], state["seconds"]
        for name, p in self.model.named_parameters():
            if p.shape != tensors[f"model.{name}"].shape:
                raise ValueError(f"The checkpoint in {self.folder} is of another size; start in an empty folder.")
            p.data.copy_(tensors[f"model.{name}"])
            self.average.values[name].copy_(tensors[f"average.{name}"])
        self.optimiser.remember(dict(self.model.named_parameters()), tensors)
