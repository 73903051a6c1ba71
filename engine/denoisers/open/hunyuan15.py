"""HunyuanVideo 1.5: text to video, and the one that is given a picture. See `backend`.

    both    32 channels of 4x16x16; beside the noise as channels, the first latent frame and a mark where all of it is kept,
            nothing and no mark where it is not
    I2V     what a model that sees has to say of the picture that frame was made of; nothing where it is not kept

Its autoencoder is causal both ways: convolutions that look back, and one attention that looks at all frames before. Each
keeps what it saw, so that film is coded one latent frame after another, and parts equal a whole to the last digits; what
the attention keeps grows with the film, by 30 MB for a latent frame of 720p.
Sources: arXiv:2511.18870; diffusers' HunyuanVideo15Pipeline and HunyuanVideo15ImageToVideoPipeline, whose results these are to
the last digits (tests/engine/test_open_hunyuan15.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.denoisers.base import Grid
from engine.denoisers.open.asking import Text
from engine.denoisers.open.backend import OpenBackend
from engine.denoisers.open.levels import begun, first_beside
from engine.denoisers.open.pictures import Pictures
from engine.denoisers.open.streamed import Streamed
from engine.errors import GridMismatch, WeightsError

MEMORY = 8          # latent frames that are worth remembering
HARDLY = 0.05       # level up to which the first frame counts as given: a breath of noise is none
HEARD = ("encoder_hidden_states", "encoder_attention_mask", "encoder_hidden_states_2", "encoder_attention_mask_2")


class Hunyuan15Backend(OpenBackend):
    """See `OpenBackend`. Raises WeightsError for the kind that was distilled to few strides: it asks where each one ends."""

    def _grid(self) -> Grid:
        vae, model = self.pipe.vae, self.pipe.transformer.config
        if model.use_meanflow:
            raise WeightsError(f"{self.name} was distilled to mean flow, which is not spoken here; the one that it was made from works.")
        self.given = "image_encoder" in self.pipe.components
        self._pictures, self._looked = Pictures(self.decode), lru_cache(maxsize=4)(self._look)
        return Grid(channels=vae.config.latent_channels, space=vae.spatial_compression_ratio, time=vae.temporal_compression_ratio, patch=model.patch_size, rate=24, memory=MEMORY)

    def _read(self, prompt: str) -> Text:
        return dict(zip(HEARD, self.pipe.encode_prompt(prompt=prompt, device=self.device, dtype=self.pipe.transformer.dtype)))

    def _timesteps(self, steps: int, shape: Sequence[int]) -> dict:
        return {"sigmas": np.linspace(1, 0, steps + 1)[:-1]}

    def lower(self, told: Text, x: Tensor, level: Tensor) -> Text:
        """See `OpenBackend`. The first frame and where it is, (B, C + 1, T, H, W), and what is seen in it."""
        known = begun(level, HARDLY)
        nothing = torch.zeros(self.pipe.vision_num_semantic_tokens, self.pipe.vision_states_dim, device=x.device, dtype=self.pipe.transformer.dtype)
        seen = [self._looked(one[:, 0].float().cpu().numpy().tobytes(), tuple(x.shape[3:])) if self.given and first else nothing for one, first in zip(x, known.tolist())]
        return told | {"beside": first_beside(x, known), "image_embeds": torch.stack(seen)}

    def _look(self, still: bytes, cells: tuple[int, int]) -> Tensor:
        """What is seen in a frame, of latents (C, H, W) float32."""
        picture = self._pictures.image(torch.frombuffer(bytearray(still), dtype=torch.float32).view(-1, *cells))
        with torch.no_grad():
            return self.pipe.encode_image(picture, 1, self.device, self.pipe.transformer.dtype)[0]

    def _predict(self, x: Tensor, level: Tensor, text: Text, branch: str) -> Tensor:
        model, noisiest, text = self.pipe.transformer, level.amax((1, 2, 3, 4)), dict(text)
        film = torch.cat([x, text.pop("beside")], 1).to(model.dtype)
        with self.context(model, branch, float(noisiest.amax())):
            velocity = model(hidden_states=film, timestep=self.time(noisiest).to(film.dtype), **text, return_dict=False)[0]
        return x - level * velocity.float()

    # ---- the autoencoder, one latent frame after another

    def encoder(self, before: Tensor | None = None) -> Callable[[Tensor], Tensor]:
        """See `Backend`."""
        return self._pictures.remembering(self._encoder(None)) if self.given and before is None else self._encoder(before)

    def _encoder(self, before: Tensor | None) -> Callable[[Tensor], Tensor]:
        vae, stream, first = self.part("vae"), Remembering(self.pipe.vae, "encoder"), True

        @torch.no_grad()
        def encode(pictures: Tensor) -> Tensor:
            nonlocal first
            count, head, first = pictures.shape[2], int(first), False
            if (count - head) % self.grid.time:
                raise GridMismatch(f"HunyuanVideo 1.5 encodes {'1 + 4k' if head else '4k'} pictures; {count} were given.")
            film = pictures.to(self.device, vae.dtype)
            parts = [part for part in (film[:, :, :head], *film[:, :, head:].split(self.grid.time, 2)) if part.shape[2]]
            return torch.cat([stream(part) for part in parts], 2).float().cpu() * vae.config.scaling_factor

        if before is not None:
            encode(before)
        return encode

    @torch.no_grad()
    def decode(self, latents: Tensor, before: Tensor | None = None) -> Iterator[Tensor]:
        """See `Backend`."""
        vae, stream, seen = self.part("vae"), Remembering(self.pipe.vae, "decoder"), 0 if before is None else before.shape[2]
        whole = latents if before is None else torch.cat([before, latents], 2)
        for at, cell in enumerate(whole.split(1, 2)):
            made = stream((cell / vae.config.scaling_factor).to(self.device, vae.dtype))
            if at >= seen:
                yield made.clamp(-1, 1).float().cpu()


class Remembering(Streamed):
    """Its encoder or decoder with a memory for one film, one latent frame at a time: the first, and every one after it."""

    def __init__(self, vae: nn.Module, coder: str):
        super().__init__(vae)
        self.coder = coder

    @torch.no_grad()
    def __call__(self, part: Tensor) -> Tensor:
        """Pictures (B, 3, 1 or 4, H, W) to means (B, C, 1, h, w); latents to pictures."""
        self.calls.clear()
        with self._led():
            return self.vae.encode(part).latent_dist.mode() if self.coder == "encoder" else self.vae.decode(part).sample

    @property
    def part(self) -> nn.Module:
        """See `Streamed`."""
        return getattr(self.vae, self.coder)

    def _ways(self) -> dict[str, Callable[..., Tensor]]:
        return {"15CausalConv3d": self._convolve, "15AttnBlock": self._attend, "15Downsample": self._gather, "15Upsample": self._spread}

    def _convolve(self, module: nn.Module, x: Tensor, causal: bool = True) -> Tensor:
        place, (*sides, reach, _) = self._place(module), module.time_causal_padding
        x = F.pad(x, (*sides, 0, 0), mode=module.pad_mode)
        if reach:
            x = torch.cat([self.past.get(place, x[:, :, :1].expand(-1, -1, reach, -1, -1)), x], 2)
            self.past[place] = x[:, :, -reach:]
        return module.conv(x)

    def _attend(self, module: nn.Module, x: Tensor) -> Tensor:
        """One latent frame looks at itself and all before it: (B, C, 1, H, W)."""
        place, normed = self._place(module), module.norm(x)
        query, both = module.to_q(normed).flatten(2).mT, torch.stack([module.to_k(normed), module.to_v(normed)]).flatten(3).mT
        self.past[place] = both = torch.cat([self.past[place], both], 2) if place in self.past else both
        found = F.scaled_dot_product_attention(query[:, None], *both[:, :, None])[:, 0]
        return module.proj_out(found.mT.reshape(x.shape)) + x

    def _later(self, module: nn.Module, temporal: bool) -> bool:
        """Whether this is not the film's first frame, where film is gathered or spread in time: the first is one picture."""
        place = self._place(module)
        later, self.past[place] = place in self.past, torch.empty(0)
        return later and temporal

    def _gather(self, module: nn.Module, x: Tensor) -> Tensor:
        if not self._later(module, module.add_temporal_downsample):
            return type(module).forward(module, x)
        made = module._dcae_downsample_rearrange(module.conv(x), r1=2)
        return made + module._dcae_downsample_rearrange(x, r1=2).unflatten(1, (made.shape[1], module.group_size)).mean(2)

    def _spread(self, module: nn.Module, x: Tensor) -> Tensor:
        if not self._later(module, module.add_temporal_upsample):
            return type(module).forward(module, x)
        return module._dcae_upsample_rearrange(module.conv(x), r1=2) + module._dcae_upsample_rearrange(x, r1=2).repeat_interleave(module.repeats, 1)
