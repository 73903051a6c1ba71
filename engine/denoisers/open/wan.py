"""Wan 2.1 and 2.2: text to video, two experts, and the 5B that takes a level per token. See `backend`.

    2.1 T2V, 2.2 A14B    16 channels of 4x8x8    one level; 2.2 has an expert for the noisy part and one for the clean part
    2.2 TI2V-5B          48 channels of 4x16x16  a level per token

Its autoencoder is causal both ways and remembers: film is coded part after part, and parts equal a whole.
Sources: arXiv:2503.20314; diffusers' WanPipeline, whose results these are to the last digits (tests/engine/test_open_wan.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_kl_wan import patchify, unpatchify
from torch import Tensor

from engine.denoisers.base import Grid
from engine.denoisers.open.asking import Text
from engine.denoisers.open.backend import OpenBackend
from engine.denoisers.open.levels import of_tokens
from engine.errors import GridMismatch

LENGTH = 512        # tokens of a prompt that it hears
MEMORY = 8          # latent frames that are worth remembering; the first of them are all but forgotten by then


class WanBackend(OpenBackend):
    """See `OpenBackend`."""

    def _grid(self) -> Grid:
        config = self.pipe.vae.config
        self.cells = bool(self.pipe.config.get("expand_timesteps"))
        self.solver = "unipc" if "UniPC" in type(self.pipe.scheduler).__name__ else "euler"
        shape = (1, config.z_dim, 1, 1, 1)
        self._mean, self._deviation = torch.tensor(config.latents_mean).view(shape), torch.tensor(config.latents_std).view(shape)
        return Grid(channels=config.z_dim, space=config.scale_factor_spatial, time=config.scale_factor_temporal,
                    patch=self._experts[0].config.patch_size[1], rate=24 if self.cells else 16, memory=MEMORY)

    @property
    def _experts(self) -> list:
        return [model for model in (self.pipe.transformer, getattr(self.pipe, "transformer_2", None)) if model is not None]

    def _read(self, prompt: str) -> Text:
        told, _ = self.pipe.encode_prompt(prompt, do_classifier_free_guidance=False, max_sequence_length=LENGTH, device=self.device)
        return {"encoder_hidden_states": told.to(self._experts[0].dtype)}

    def guidance_at(self, guidance: float, level: float) -> float:
        """See `OpenBackend`. The clean expert was released with a guidance of its own: it is led in the same proportion to the noisy one's."""
        return guidance * self.row.second if self.row and self._clean(level) else guidance

    def answering(self, level: float) -> Any:
        """See `OpenBackend`."""
        return self.pipe.transformer_2 if self._clean(level) else self.pipe.transformer

    def _clean(self, level: float) -> bool:
        boundary = self.pipe.config.get("boundary_ratio")
        return boundary is not None and self.time(torch.tensor(level)).item() < 1000 * boundary

    def _predict(self, x: Tensor, level: Tensor, text: Text, branch: str) -> Tensor:
        noisiest = float(level.amax())
        model = self.answering(noisiest)
        times = self.time(of_tokens(level, self.grid.patch)).flatten(1) if self.cells else self.time(level.amax((1, 2, 3, 4)))
        told = dict(text)
        beside = [told.pop("beside")] if "beside" in told else []               # what a kind for pictures is given, see `wan_image`
        with self.context(model, branch, noisiest):
            velocity = model(hidden_states=torch.cat([x, *beside], 1).to(model.dtype), timestep=times, **told, return_dict=False)[0]
        return x - level * velocity.float()

    # ---- the autoencoder, part after part

    def encoder(self, before: Tensor | None = None) -> Callable[[Tensor], Tensor]:
        """See `Backend`."""
        vae, memory, first = self.part("vae"), _memory(self.pipe.vae, "encoder"), True

        @torch.no_grad()
        def encode(pictures: Tensor) -> Tensor:
            nonlocal first
            count = pictures.shape[2]
            if (count - first) % self.grid.time:
                raise GridMismatch(f"Wan encodes {'1 + 4k' if first else '4k'} pictures; {count} were given.")
            film = pictures.to(self.device, vae.dtype)
            if vae.config.patch_size is not None:
                film = patchify(film, patch_size=vae.config.patch_size)
            parts = [film[:, :, :1]] if first else []
            parts += [part for part in film[:, :, int(first):].split(self.grid.time, 2) if part.shape[2]]
            first = False
            made = vae.quant_conv(torch.cat([vae.encoder(part, feat_cache=memory, feat_idx=[0]) for part in parts], 2))
            return (made.chunk(2, 1)[0].float().cpu() - self._mean) / self._deviation

        if before is not None:
            encode(before)
        return encode

    @torch.no_grad()
    def decode(self, latents: Tensor, before: Tensor | None = None) -> Iterator[Tensor]:
        """See `Backend`."""
        vae, memory = self.part("vae"), _memory(self.pipe.vae, "decoder")
        seen = 0 if before is None else before.shape[2]
        whole = latents if before is None else torch.cat([before, latents], 2)
        for at in range(whole.shape[2]):
            cell = (whole[:, :, at:at + 1] * self._deviation + self._mean).to(self.device, vae.dtype)
            made = vae.decoder(vae.post_quant_conv(cell), feat_cache=memory, feat_idx=[0], first_chunk=at == 0)
            if vae.config.patch_size is not None:
                made = unpatchify(made, patch_size=vae.config.patch_size)
            if at >= seen:
                yield made.clamp(-1, 1).float().cpu()


def _memory(vae, part: str) -> list:
    """A place for what every convolution in time has seen last. Ours, not the model's own: two films may be coded at once."""
    vae.clear_cache()
    return [None] * vae._cached_conv_counts[part]
