"""Backend: what all families of open weights share behind the contract. See `engine.denoisers.base.Backend`.

Knows diffusers' pipelines as bags of parts: text encoder, transformer, autoencoder, scheduler. The scheduler only makes
grids of noise; steps are the sampler's. A family says how its parts are called.

    prompt  -> _read     what its transformer hears of the words
    level   -> time      the time that its transformer was trained with
    x       -> _predict  the clean film, from whatever it answers
"""

from __future__ import annotations

import copy
import logging
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import diffusers
import torch
from torch import Tensor

from engine import memory
from engine.denoisers.base import Denoiser, Grid, Manner
from engine.denoisers.manners import sizes
from engine.denoisers.open import distilled, hastening
from engine.denoisers.open.asking import OpenDenoiser, Text
from engine.denoisers.open.caching import Caching, kept
from engine.denoisers.open.heard import Heard
from engine.denoisers.open.laying import lay
from engine.denoisers.open.levels import of_tokens
from engine.denoisers.open.overlay import Overlay
from engine.denoisers.open.planning import Plan, choose, lighter, plans
from engine.denoisers.open.preview import colours
from engine.denoisers.open.rows import Row
from engine.errors import BadRequest, NotEnoughMemory

if TYPE_CHECKING:
    from engine.denoisers.open.parallel import Leader

log = logging.getLogger("cineloom")
PROMPTS = 32                # of which what the transformer hears is kept: four megabytes each
DIGITS = 6                  # to which levels are compared with those of a grid: noise levels are float32


class OpenBackend(ABC):
    """A family, opened.

    pipe        the diffusers pipeline, whose parts are used and which is never called
    name        "wan-2.1-1.3b"
    version     short hash of the weights
    """

    solver = "euler"            # what the weights were released with
    rule = "join"               # a cell waits until the noise has come down to it: nothing here was trained on shorter strides
    cells = False               # whether the transformer takes a level per token; else one for all of them
    together = True             # whether it can be asked about several films in one call
    keeps = True                # whether what is heard of a prompt is the same in every film

    def __init__(self, pipe: Any, name: str, version: str, device: str = "cpu", default_steps: int = 30, guidance: float = 5.0, row: Row | None = None):
        self.pipe, self.name, self.version, self.device, self.default_steps, self.guidance, self.row = pipe, name, version, device, default_steps, guidance, row
        self.plans: list[Plan] = []                 # the ways to lay it out for the film at hand, and the one that was taken
        self.plan: Plan | None = None
        self.grid = self._grid()
        self._times: dict[float, float] = {}        # of the grids that were made: level to time, in the scheduler's own rounding
        self._walk: tuple[float, ...] = ()          # the grid of the walk at hand
        self.manner, self.caching = Manner(), None  # how it is walked
        self.overlay = Overlay(pipe, name)          # the LoRAs over its weights
        self.film: Tensor | None = None             # that is asked about
        self.sizes: dict[str, list[float]] | None = None        # for the cache "mag", where they are not those that are kept
        self._told: dict[str, Text] = {}
        self._colours: Tensor | None = None
        self._remarks: list[str] = []
        self.leader: Leader | None = None           # of other accelerators that walk with this one
        self.late: dict[str, Callable[[], Any]] = {}        # parts that are fetched when they are first needed: those that read
        self.heard = Heard.of(row, diffusers.__version__, device.partition(":")[0], str(pipe.transformer.dtype)) if row is not None and self.keeps else None

    # ---- a family's translation

    @abstractmethod
    def _grid(self) -> Grid:
        """How its autoencoder makes cells of pictures."""

    @abstractmethod
    def _read(self, prompt: str) -> Text:
        """What the transformer hears of one prompt, a batch of one."""

    def _schedule(self, steps: int, shape: Sequence[int]) -> tuple[Sequence[float], Sequence[float]]:
        """The released scheduler's levels, `steps` + 1 from its noisiest to 0, and the times of all but the last."""
        scheduler = copy.deepcopy(self.pipe.scheduler)
        scheduler.set_timesteps(**self._timesteps(steps, shape))
        return scheduler.sigmas.tolist(), scheduler.timesteps.tolist()

    def _timesteps(self, steps: int, shape: Sequence[int]) -> dict[str, Any]:
        """What its `set_timesteps` is told for so many steps of latents of `shape`."""
        return {"num_inference_steps": steps}

    @abstractmethod
    def _predict(self, x: Tensor, level: Tensor, text: Text, branch: str) -> Tensor:
        """The clean film of `x` (B, C, T, H, W), every cell at the level (B, 1, T, H, W) of its token. `branch` names the cache."""

    @abstractmethod
    def encoder(self, before: Tensor | None = None) -> Callable[[Tensor], Tensor]:
        """See `Backend`."""

    @abstractmethod
    def decode(self, latents: Tensor, before: Tensor | None = None) -> Iterator[Tensor]:
        """See `Backend`."""

    def _rule(self, level: float) -> float:
        """The time of a level that is on no grid."""
        return 1000 * level

    def guidance_at(self, guidance: float, level: float) -> float:
        """How strong guidance is at a level of noise."""
        return guidance

    def shown(self, level: Tensor) -> Tensor:
        """The level (B, 1, T, H, W) that each cell is shown at, at least its own: its token's, or one for all where the transformer takes one."""
        if not self.cells:
            return level.amax().expand_as(level)
        patch = self.grid.patch
        return of_tokens(level, patch).repeat_interleave(patch, 3).repeat_interleave(patch, 4)

    def lower(self, told: Text, x: Tensor, level: Tensor) -> Text:
        """What the transformer is told: the words, and where it has inputs of its own for what is known, that of `x` at `level`."""
        return told

    # ---- the contract

    def begin(self, manner: Manner) -> None:
        """See `Backend`."""
        self.end()
        hastening.ready(self.transformers.values())
        self.manner = manner
        if self.leader is not None and manner.cache:
            raise BadRequest(f"{self.name} is walked by several accelerators at once here, which no cache knows of; ask for none, or unset CINELOOM_PARALLEL.")
        if self.leader is not None and manner.loras != self.overlay.laid:
            self.leader.lay(manner.loras, manner.files)
        if self.overlay.lay(manner.loras, manner.files):
            self._told.clear()                      # of some families a part that reads words is laid over too

    def remarks(self) -> list[str]:
        """See `Backend`."""
        said, self._remarks = self._remarks, []
        return said

    def end(self) -> None:
        """See `Backend`."""
        if self.caching is not None:
            self.caching.close()
        self.caching, self.film = None, None

    def denoiser(self, prompts: Sequence[str], *, guidance: float | None = None, negative: str = "", period: int | None = None,
                 continues: bool = False) -> Denoiser:
        """See `Backend`. No family was trained on film that comes round or goes on: `period` and `continues` change nothing."""
        told = self._words(prompts)
        strength = self.guidance if guidance is None else guidance
        return OpenDenoiser(self, told, self._words([negative] * len(prompts)) if strength != 1 else None, strength)

    def sigmas(self, steps: int, shape: Sequence[int]) -> tuple[float, ...]:
        """The released scheduler's own grid. Its times are remembered, as it rounds them."""
        self._fit(shape)
        levels, times = self._schedule(steps, shape) if not self.manner.grid else self._distilled(steps)
        self._times |= {round(level, DIGITS): time for level, time in zip(levels, times)}
        self._walk = (*levels[:-1], 0.0)
        if self.manner.cache:
            self.caching = self.caching or Caching(self.transformers, self.manner.cache, steps, lambda: self.film, self.sizes or (sizes(self.row) if self.row else None))
        return self._walk

    def _distilled(self, steps: int) -> tuple[Sequence[float], Sequence[float]]:
        """The levels that a LoRA over it was distilled at, and their times, which were never rounded."""
        levels = distilled.of(self.manner.grid).grid(steps)
        return levels, [self._rule(level) for level in levels[:-1]]

    def encode(self, pictures: Tensor) -> Tensor:
        """See `Backend`."""
        return self.encoder()(pictures)

    def preview(self, latents: Tensor) -> Tensor:
        """See `Backend`: by a linear map that is fitted once to this autoencoder."""
        if self._colours is None:
            self._colours = colours(self)
        seen = torch.einsum("oc,bcthw->bothw", self._colours[:, :-1], latents.float().cpu())
        return (seen + self._colours[:, -1].view(1, 3, 1, 1, 1)).clamp(0, 1)

    def unknown_words(self, prompt: str) -> list[tuple[int, int]]:
        """None: these models take any word."""
        return []

    # ---- for the families

    def time(self, level: Tensor) -> Tensor:
        """The model's times of levels, of any shape: as the scheduler rounded them where it made them."""
        values, back = level.unique(return_inverse=True)
        times = [self._times.get(round(value, DIGITS), self._rule(value)) for value in values.tolist()]
        return torch.tensor(times, device=level.device)[back].view_as(level)

    @property
    def transformers(self) -> dict[str, Any]:
        """The transformers by name: one, or two experts."""
        found = {name: getattr(self.pipe, name, None) for name in ("transformer", "transformer_2")}
        return {name: model for name, model in found.items() if model is not None}

    def answering(self, level: float) -> Any:
        """The transformer that answers at a level of noise."""
        return self.pipe.transformer

    def step(self, level: float) -> int:
        """The step of the walk at hand that a level belongs to: the last that is no less noisy."""
        return max(0, sum(one >= level - 10**-DIGITS for one in self._walk[:-1]) - 1)

    @contextmanager
    def context(self, model: Any, branch: str, level: float) -> Iterator[None]:
        """The transformer's cache for one branch of guidance at one step, and its attention."""
        where = {"sigma": level, "num_inference_steps": max(1, len(self._walk) - 1)}
        cache = self.caching.of(model, branch, self.step(level), **where) if self.caching else model.cache_context(branch, step_index=self.step(level), **where)
        with hastening.attention(), cache:
            yield

    def part(self, name: str) -> Any:
        """A part of the pipeline, on its device. Parts that wait elsewhere come by themselves when they are called whole, and not when a piece of them is."""
        part = getattr(self.pipe, name)
        hook = getattr(part, "_hf_hook", None)
        if hook is not None:
            hook.pre_forward(part)
        return part

    def _fit(self, shape: Sequence[int]) -> None:
        """Lay the model out for latents of a shape, if it lies on an accelerator."""
        if self.row is None or not self.device.startswith("cuda") or self.leader is not None:
            return
        self.plans = self._ways(self.row, shape, torch.cuda.mem_get_info()[0] + torch.cuda.memory_reserved())       # what is ours may lie otherwise
        self._take(choose(self.plans))

    def _ways(self, row: Row, shape: Sequence[int], free: int) -> list[Plan]:
        """The ways to lay it out, with all that lies over it, for latents of a shape where so many bytes are free."""
        inside = self.pipe.transformer.config
        free -= kept(self.manner.cache, math.prod(shape[2:]) // self.grid.patch**2, inside.num_attention_heads * inside.attention_head_dim)
        pictures, height, width = self.grid.pictures(shape[2]), shape[3] * self.grid.space, shape[4] * self.grid.space
        return plans(row, pictures, width, height, free, (memory.free() or 1 << 40) + row.bytes_of("transformer"), self.overlay.taken())

    def _take(self, plan: Plan) -> None:
        if self.plan is None or (plan.name, plan.tiled) != (self.plan.name, self.plan.tiled):
            log.info("%s: %s.", self.name, plan)
            lay(self.pipe, plan, self.device)
        self.plan = plan

    def lighten(self, error: Exception) -> None:
        """Memory ran out: take the next plan that needs less. Raises NotEnoughMemory when there is none."""
        after = lighter(self.plans, self.plan) if self.plan else None
        if after is None:
            raise NotEnoughMemory(f"Memory ran out ({str(error).splitlines()[0][:120]}), and {self.name} cannot be laid out in less; a smaller or shorter film would work.") from error
        log.warning("%s: memory ran out; it goes on with %s.", self.name, after)
        self._remarks.append(f"Memory ran out; {self.name} goes on with {after}.")
        if self.caching is not None:
            self.caching.forget()                   # it may hold half a step
        self._take(after)
        torch.cuda.empty_cache()

    def _words(self, prompts: Sequence[str]) -> Text:
        for prompt in prompts:
            if prompt not in self._told:
                self._told[prompt] = self._hear(prompt)
        told = [self._told[prompt] for prompt in prompts]
        for old in list(self._told)[:-PROMPTS]:
            del self._told[old]
        return {name: None if one is None else torch.cat([each[name] for each in told]) for name, one in told[0].items()}

    @torch.no_grad()
    def _hear(self, prompt: str) -> Text:
        """What the transformer hears of one prompt, as it was kept, or read now. What LoRAs have a say in is not kept."""
        heard = self.heard if not self.manner.loras else None
        told = heard.get(prompt) if heard else None
        if told is not None:
            return {name: None if one is None else one.to(self.device) for name, one in told.items()}
        self.fetch()
        told = self._read(prompt)
        if heard:
            heard.put(prompt, told)
        return told

    def fetch(self) -> None:
        """Bring the parts that read."""
        if not self.late:
            return
        self.pipe.register_modules(**{name: load() for name, load in self.late.items()})
        if self.plan is not None:
            lay(self.pipe, self.plan, self.device)
        else:
            for name in self.late:
                getattr(self.pipe, name).to(self.device)
        self.late = {}
