"""LTX-Video 0.9: tokens of 8x32x32 pixels, each at a level of its own. See `backend`.

    0.9.0, 0.9.1     noise shifted by the film's size; what is known stands in its place
    0.9.5, 0.9.7     a grid of noise that is first straight, then curved; pictures that are passed through later are told
                     beside the film, as tokens with a time of their own
    0.9.1 and later  a decoder that is told how much noise is left, and is given a little

Its encoder is causal and streams. Its decoder is not, and sees the whole film: a film is decoded at once, and pictures of
kept cells move with what comes after them. Sources: arXiv:2501.00103; diffusers' LTXPipeline, LTXImageToVideoPipeline and
LTXConditionPipeline, whose results these are to the last digits (tests/engine/test_open_ltx.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from diffusers import LTXConditionPipeline
from diffusers.pipelines.ltx.pipeline_ltx_condition import calculate_shift, linear_quadratic_schedule
from torch import Tensor

from engine.denoisers.base import Grid
from engine.denoisers.open.asking import Text
from engine.denoisers.open.backend import OpenBackend
from engine.denoisers.open.levels import SEED
from engine.denoisers.open.streamed import Streamed
from engine.errors import GridMismatch

RATE = 24           # pictures a second: it is told the time of every token, and takes others as well
MEMORY = 8          # latent frames that are worth decoding before a part; further ones are all but forgotten


class LTXBackend(OpenBackend):
    """See `OpenBackend`."""

    cells = True
    decode_time, decode_noise = 0.05, 0.025     # what a decoder that listens is told, and how much noise it is given

    def _grid(self) -> Grid:
        self.later = not self.pipe.scheduler.config.use_dynamic_shifting        # 0.9.5 and after it
        return Grid(channels=self.pipe.transformer.config.in_channels, space=self.pipe.vae_spatial_compression_ratio, time=self.pipe.vae_temporal_compression_ratio,
                    patch=self.pipe.transformer_spatial_patch_size, rate=RATE, memory=MEMORY, causal=False)

    def _read(self, prompt: str) -> Text:
        told, mask, _, _ = self.pipe.encode_prompt(prompt, do_classifier_free_guidance=False, device=self.device)
        return {"encoder_hidden_states": told.to(self.pipe.transformer.dtype), "encoder_attention_mask": mask}

    def _timesteps(self, steps: int, shape: Sequence[int]) -> dict:
        own = self.pipe.scheduler.config
        shift = calculate_shift(int(np.prod(shape[2:])), own.base_image_seq_len, own.max_image_seq_len, own.base_shift, own.max_shift)
        return {"sigmas": self._levels(steps), "mu": shift}

    def _levels(self, steps: int) -> Sequence[float]:
        """Before the scheduler shifts them for a film's size."""
        return linear_quadratic_schedule(steps).tolist() if self.later else np.linspace(1, 1 / steps, steps)

    def shown(self, level: Tensor) -> Tensor:
        """See `OpenBackend`. What is told beside the film is seen in it with as much noise as there is, on its way to what it becomes."""
        shown = level.clone()
        for key in self._keys(level):
            shown[:, :, key:key + 1] = level.amax((1, 2, 3, 4), keepdim=True)
        return shown

    def lower(self, told: Text, x: Tensor, level: Tensor) -> Text:
        """See `OpenBackend`. A kept frame that stands alone later in the film was encoded as a still and is told as one: by tokens of its own."""
        keys = self._keys(level)
        if not keys:
            return told
        return told | {"stills": torch.cat([self.pipe._pack_latents(x[:, :, key:key + 1]) for key in keys], 1),
                       "places": torch.cat([self._where(x[:, :, :1], key * self.grid.time) for key in keys], 2)}

    def _keys(self, level: Tensor) -> list[int]:
        """Latent frames that are wholly kept while their neighbours are not. The first is none: it is one picture anyway."""
        kept = (level.amax((0, 1, 3, 4)) == 0).tolist()
        return [frame for frame in range(1, len(kept)) if self.later and kept[frame] and sum(kept[frame - 1:frame + 2]) == 1]

    def _predict(self, x: Tensor, level: Tensor, text: Text, branch: str) -> Tensor:
        return self._asked(x, level, text, branch)[0]

    def _asked(self, x: Tensor, level: Tensor, text: Text, branch: str) -> tuple[Tensor, ...]:
        """The clean film, and what else the transformer answers."""
        model, told = self.pipe.transformer, dict(text)
        tokens, levels, where = self.pipe._pack_latents(x), level.flatten(1), self._where(x)
        if "stills" in told:
            stills = told.pop("stills")
            tokens, levels, where = torch.cat([stills, tokens], 1), torch.cat([stills.new_zeros(stills.shape[:2]), levels], 1), torch.cat([told.pop("places"), where], 2)
        if self.leader is None and bool((levels == levels[:, :1]).all()):       # one time for all tokens is embedded once
            levels = levels[:, :1]
        with self.context(model, branch, float(level.amax())):
            velocity, *more = model(hidden_states=tokens.to(model.dtype), timestep=self.time(levels), video_coords=where, **told, return_dict=False)
        return x - level * self.pipe._unpack_latents(velocity[:, -x[0, 0].numel():].float(), *x.shape[2:]), *more

    def _where(self, x: Tensor, picture: int = 0) -> Tensor:
        """Seconds, rows and columns of the tokens of film that begins with `picture`: (B, 3, S)."""
        batch, _, *cells = x.shape
        where = LTXConditionPipeline._prepare_video_ids(batch, *cells, device=x.device)
        if self.later:
            where = LTXConditionPipeline._scale_video_ids(where, self.grid.space, self.grid.time, picture)
        else:                                           # it counts as if the first latent frame were as long as the others
            where = where * torch.tensor([self.grid.time, self.grid.space, self.grid.space], device=x.device).view(1, 3, 1)
        return where / torch.tensor([self.grid.rate, 1.0, 1.0], device=x.device).view(1, 3, 1)

    # ---- the autoencoder

    def encoder(self, before: Tensor | None = None) -> Callable[[Tensor], Tensor]:
        """See `Backend`."""
        vae, stream, first = self.pipe.vae, Streamed(self.pipe.vae), True

        def encode(pictures: Tensor) -> Tensor:
            nonlocal first
            count = pictures.shape[2]
            if (count - first) % self.grid.time:
                raise GridMismatch(f"LTX encodes {'1 + 8k' if first else '8k'} pictures; {count} were given.")
            first = False
            made = stream(pictures.to(self.device, vae.dtype)).float()
            return self.pipe._normalize_latents(made, vae.latents_mean, vae.latents_std, vae.config.scaling_factor).cpu()

        if before is not None:
            encode(before)
        return encode

    @torch.no_grad()
    def decode(self, latents: Tensor, before: Tensor | None = None) -> Iterator[Tensor]:
        """See `Backend`. The whole film at once."""
        vae, grid = self.pipe.vae, self.grid
        whole = (latents if before is None else torch.cat([before, latents], 2)).to(self.device)
        film, time = self.pipe._denormalize_latents(whole, vae.latents_mean, vae.latents_std, vae.config.scaling_factor), None
        if vae.config.timestep_conditioning:
            fresh = torch.randn(film.shape[1:], generator=torch.Generator("cpu").manual_seed(SEED)).to(film)
            film, time = torch.lerp(film, fresh, self.decode_noise), torch.full((len(film),), self.decode_time, device=film.device, dtype=vae.dtype)
        with torch.random.fork_rng([film.device] if film.is_cuda else []):      # some decoders add a grain of their own
            torch.manual_seed(SEED)
            made = vae.decode(film.to(vae.dtype), time, return_dict=False)[0].clamp(-1, 1).float().cpu()
        if before is None:
            yield made[:, :, :1]
        yield from made[:, :, 1 if before is None else grid.pictures(before.shape[2]):].split(grid.time, 2)
