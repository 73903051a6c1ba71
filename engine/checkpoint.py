"""Checkpoint: where a walk is, as bytes, so that another process can go on there and arrive at the same bits.

Knows tensors and the sampler's steps. Knows no file, no queue and no model. Safetensors, with what it belongs to beside it:

    x, past, before          the window that is being walked: its film, and what "multistep" remembers
    window.0, window.1 ...   the latents of windows that are finished, in order
    recipe, backend, version, engine, torch       all must be the same, or it is of another film
    index, count                                  the step
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from engine import __version__
from engine.recipe import Recipe
from engine.sampler import Step

FORMAT = "1"


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """The last step done in the window at work, and the windows before it."""

    step: Step                          # read back, its x0 is its x: a walk goes on without it
    windows: tuple[Tensor, ...] = ()    # (1, C, T, H, W) float32 each

    @property
    def finished(self) -> bool:
        """Whether the window at work has arrived: its x is film."""
        return self.step.index == self.step.count - 1


def pack(point: Checkpoint, recipe: Recipe, version: str) -> bytes:
    """A checkpoint as bytes. `version` is of the weights."""
    from safetensors.torch import save

    step = point.step
    tensors = {"x": step.x, **{f"window.{at}": film for at, film in enumerate(point.windows)}}
    if step.past is not None:
        tensors |= {"past": step.past[0], "before": step.past[1]}
    facts = {**_belongs(recipe, version), "index": str(step.index), "count": str(step.count)}
    return save({name: tensor.cpu().clone(memory_format=torch.contiguous_format) for name, tensor in tensors.items()}, facts)


def unpack(data: bytes | None, recipe: Recipe, version: str) -> Checkpoint | None:
    """What `pack` wrote, or None: nothing there, damaged, or of another recipe, model, engine or torch.

    None is no error: whoever asked starts from noise, which is never wrong, only longer.
    """
    if not data:
        return None
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        facts = _facts(data)
        if {name: facts.get(name) for name in _belongs(recipe, version)} != _belongs(recipe, version):
            return None
        found = load(data)
        past = (found["past"], found["before"]) if "past" in found else None
        step = Step(int(facts["index"]), int(facts["count"]), found["x"], found["x"], past)
        windows = [found[f"window.{at}"] for at in range(sum(name.startswith("window.") for name in found))]
    except (SafetensorError, KeyError, ValueError):
        return None
    return Checkpoint(step, tuple(windows)) if 0 <= step.index < step.count else None


def _belongs(recipe: Recipe, version: str) -> dict[str, str]:
    """What must be the same for the bits to come out the same. A recipe's digest counts its backend in, unless it is the default."""
    return {"format": FORMAT, "recipe": recipe.digest(), "backend": recipe.backend, "version": version, "engine": __version__,
            "torch": torch.__version__}


def _facts(data: bytes) -> dict[str, str]:
    """The header's text. Raises ValueError or KeyError for what is no safetensors file."""
    import json

    length = int.from_bytes(data[:8], "little")
    return json.loads(data[8 : 8 + length])["__metadata__"]
