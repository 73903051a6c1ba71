"""Checkpoint: where a walk is, as bytes, so that another process can go on there and arrive at the same bits.

Knows tensors and the sampler's steps. Knows no queue and no model. Safetensors, with what it belongs to beside it:

    the state                x, past.*: the window that is being walked, its film and what the solver remembers
    a finished window        film: its latents, written once
    beside either            recipe, backend, version, engine, torch: all must be the same, or it is of another film
                             index, count, windows: the step, and how many windows are finished

A minute of film is a hundred windows at full size and a state is kept every few seconds: so a state has one window in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from engine import __version__
from engine.recipe import Recipe
from engine.sampler import Step

FORMAT = "3"
PAST = "past."


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """The last step done in the window at work, and the windows before it."""

    step: Step | None                   # None: none yet. Read back, its x0 is its x: a walk goes on without it
    windows: tuple[Tensor, ...] = ()    # (1, C, T, H, W) float32 each

    @property
    def finished(self) -> bool:
        """Whether the window at work has arrived: its x is film."""
        return self.step is not None and self.step.index == self.step.count - 1


def pack(point: Checkpoint, recipe: Recipe, version: str) -> bytes:
    """The state as bytes, without the windows that are finished. `version` is of the weights."""
    step = point.step
    tensors = {"x": step.x}
    if step.past is not None:
        tensors |= {f"{PAST}{name}": one for name, one in step.past.items()}
    return _saved(tensors, {**_belongs(recipe, version), "index": str(step.index), "count": str(step.count), "windows": str(len(point.windows))})


def pack_windows(point: Checkpoint, recipe: Recipe, version: str, since: int = 0) -> dict[int, bytes]:
    """The windows that are finished, from number `since` on, each as bytes."""
    return {at: _saved({"film": point.windows[at]}, {**_belongs(recipe, version), "window": str(at)}) for at in range(since, len(point.windows))}


def unpack(data: bytes | None, recipe: Recipe, version: str, windows: Sequence[bytes | Path] = ()) -> Checkpoint | None:
    """Where to go on, from a state and the finished windows beside it, in order, each as bytes or a file.

    What is damaged, missing, or of another recipe, model, engine or torch is passed over: without its state a walk goes on
    after its last finished window, and None is no error: whoever asked starts from noise, which is never wrong, only longer.
    """
    films: list[Tensor] = []
    for window in windows:
        found = _loaded(window, recipe, version)
        if found is None or "film" not in found[0] or found[1].get("window") != str(len(films)):
            break
        films.append(found[0]["film"])
    count, step = _step(_loaded(data or b"", recipe, version))
    if step is None or count != len(films):
        return Checkpoint(None, tuple(films)) if films else None
    return Checkpoint(step, tuple(films))


def _step(found: tuple[dict[str, Tensor], dict[str, str]] | None) -> tuple[int, Step | None]:
    """How many windows were finished, and the step of the one after them."""
    try:
        tensors, facts = found
        past = {name.removeprefix(PAST): one for name, one in tensors.items() if name.startswith(PAST)} or None
        step = Step(int(facts["index"]), int(facts["count"]), tensors["x"], tensors["x"], past)
        return int(facts["windows"]), step if 0 <= step.index < step.count else None
    except (TypeError, KeyError, ValueError):
        return 0, None


def _saved(tensors: dict[str, Tensor], facts: dict[str, str]) -> bytes:
    from safetensors.torch import save

    return save({name: tensor.cpu().contiguous() for name, tensor in tensors.items()}, facts)


def _loaded(data: bytes | Path, recipe: Recipe, version: str) -> tuple[dict[str, Tensor], dict[str, str]] | None:
    """Tensors and facts of what belongs to this film."""
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        data = data if isinstance(data, bytes) else data.read_bytes()
        facts = _facts(data)
        if {name: facts.get(name) for name in _belongs(recipe, version)} != _belongs(recipe, version):
            return None
        return load(data), facts
    except (OSError, SafetensorError, KeyError, ValueError):
        return None


def _belongs(recipe: Recipe, version: str) -> dict[str, str]:
    """What must be the same for the bits to come out the same. A recipe's digest counts its backend in, unless it is the default."""
    return {"format": FORMAT, "recipe": recipe.digest(), "backend": recipe.backend, "version": version, "engine": __version__,
            "torch": torch.__version__}


def _facts(data: bytes) -> dict[str, str]:
    """The header's text. Raises ValueError or KeyError for what is no safetensors file."""
    import json

    length = int.from_bytes(data[:8], "little")
    return json.loads(data[8 : 8 + length])["__metadata__"]
