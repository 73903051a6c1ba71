"""Caching: part of a step is taken from the step before, by diffusers' hooks on the transformer's blocks.

    first-block 0.08    sea 0.25    taylor 3    mag 0.06        see `manners`, which says what each is

What is kept belongs to one branch of guidance at one place of the film (`places`): a window, a tile, a prompt. It is let go
when the next window begins, when the walk ends, and when memory runs out. Kept cells stay exact whatever is answered of them:
the sampler holds them.

Traps that were measured (diffusers 0.42): the first two count the steps by themselves, so that a walk that begins in the
middle is thought to begin; a second walk goes on with what the first left; TaylorSeer hooks nothing unless it is told what,
and told of every attention it keeps 370 GB of a 14B model's 720p: here whole blocks are left out and only the answer is
predicted, which is 40 MB.
Knows diffusers' hooks. Knows no family.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import torch
from torch import Tensor

from engine.denoisers.manners import read_cache
from engine.denoisers.places import here

BLOCKS = r"((single_)?transformer_)?blocks\.\d+"    # modules that are left out
ANSWERS = r"(audio_)?proj_out"                      # and what is predicted instead
WARMING = 3             # steps that are made whole before the first prediction
TENSORS = {"first-block": 3, "sea": 3, "mag": 2, "taylor": 0}       # of the film's size inside the transformer that are kept for every branch


class Caching:
    """A cache on the transformers of one walk.

    models   the transformers by name; two experts have one each
    asked    "first-block 0.08"
    steps    of the whole walk
    film     the film that is asked about, (B, C, T, H, W): what "sea" looks at
    sizes    for "mag", see `manners.sizes`
    """

    def __init__(self, models: dict[str, Any], asked: str, steps: int, film: Callable[[], Tensor], sizes: dict[str, list[float]] | None = None):
        name, amount = read_cache(asked)
        know_blocks()
        self.models, self.window = list(models.values()), ()
        for part, model in models.items():
            model.enable_cache(_config(name, amount, steps, film, (sizes or {}).get(part)))
        self._counts = {id(model): counting(model) for model in self.models} if name == "mag" else {}

    @contextmanager
    def of(self, model: Any, branch: str, step: int, **where) -> Iterator[None]:
        """Ask `model` about one branch at this place, at one step of the walk."""
        window = here()[:1]
        if window != self.window:
            self.forget()
            self.window = window
        with model.cache_context("/".join((*here(), branch)), step_index=step, **where):
            for states in self._counts.get(id(model), ()):
                states.get_state().step_index = step
            yield

    def forget(self) -> None:
        """Let go of all that is kept."""
        for model in self.models:
            model._reset_stateful_cache()

    def close(self) -> None:
        """Take it off."""
        for model in self.models:
            if model.is_cache_enabled:
                model._reset_stateful_cache()
                model.disable_cache()


def kept(asked: str, tokens: int, width: int, branches: int = 2, wide: int = 2) -> int:
    """Bytes that a cache keeps: of `tokens`, each of `width` numbers of `wide` bytes inside the transformer."""
    return TENSORS[read_cache(asked)[0]] * branches * tokens * width * wide if asked else 0


def _config(name: str, amount: float, steps: int, film: Callable[[], Tensor], ratios: Sequence[float] | None) -> Any:
    import diffusers

    if name == "first-block":
        return diffusers.FirstBlockCacheConfig(threshold=amount)
    if name == "sea":
        return diffusers.SeaCacheConfig(threshold=amount, raw_vision_callback=lambda *_: list(film()))
    if name == "taylor":
        return diffusers.TaylorSeerCacheConfig(cache_interval=int(amount), disable_cache_before_step=WARMING, disable_cache_after_step=steps - 1, max_order=1,
                                               taylor_factors_dtype=torch.float32, skip_predict_identifiers=[BLOCKS], cache_identifiers=[ANSWERS])
    # A step more than there are: at the last one its hook would begin anew by itself.
    return diffusers.MagCacheConfig(threshold=amount, num_inference_steps=steps + 1, mag_ratios=_stretched(ratios or [1.0], steps + 1))


def _stretched(ratios: Sequence[float], count: int) -> list[float]:
    """Ratios measured over some number of steps, for another: the nearest."""
    return [ratios[round(at * (len(ratios) - 1) / max(1, count - 1))] for at in range(count)]


def counting(model: Any) -> list[Any]:
    """What counts the steps of "mag", and measures for it: the states of its hooks."""
    from diffusers.hooks.mag_cache import _MAG_CACHE_LEADER_BLOCK_HOOK as LEADER

    registries = [module._diffusers_hook for module in model.modules() if hasattr(module, "_diffusers_hook")]
    return [hook.state_manager for hook in (registry.get_hook(LEADER) for registry in registries) if hook is not None]


@cache
def know_blocks() -> None:
    """Tell diffusers what the blocks answer that it has not in its own list: film and words, film alone, film and sound."""
    from diffusers.hooks._helpers import TransformerBlockMetadata, TransformerBlockRegistry
    from diffusers.models.transformers.transformer_hunyuan_video15 import HunyuanVideo15TransformerBlock
    from diffusers.models.transformers.transformer_ltx2 import LTX2VideoTransformerBlock
    from diffusers.models.transformers.transformer_skyreels_v2 import SkyReelsV2TransformerBlock

    class Heard(TransformerBlockMetadata):
        """What goes through LTX-2's blocks beside the film is sound; hooks ask for it as words, which only stand by."""

        def _get_parameter_from_args_kwargs(self, identifier: str, args=(), kwargs=None):
            return super()._get_parameter_from_args_kwargs("audio_hidden_states" if identifier == "encoder_hidden_states" else identifier, args, kwargs)

    for block, answers in ((HunyuanVideo15TransformerBlock, TransformerBlockMetadata(0, 1)), (SkyReelsV2TransformerBlock, TransformerBlockMetadata(0)),
                           (LTX2VideoTransformerBlock, Heard(0, 1, encoder_hidden_states_argument_name="audio_hidden_states"))):
        TransformerBlockRegistry.register(block, answers)
