"""HunyuanVideo: text to video, and the two that are given a picture. See `backend`.

    T2V                   how strongly it follows the words is told to it, and costs nothing; where words to keep away from
                          are given, it is asked twice instead, and told of no strength
    I2V, token_replace    the first latent frame stands at level 0, where all of it is kept
    I2V, latent_concat    the first latent frame beside the noise, as channels; asked twice, for no strength can be told

Those that are given a picture read it with the words, by a model that sees: what the first frame was made of where it is
kept, black where it is not. They were not made for film whose first frame is unknown: it works, and is a guess.

Its autoencoder evens out all pictures that it sees at once and so works in stretches of 17 that overlap, as its own methods
do: a stretch begins with 5 pictures of the one before. Parts put together equal a whole where they end with a stretch, and
where they do not, the last frame of each stretch does.
Sources: arXiv:2412.03603; diffusers' HunyuanVideoPipeline and HunyuanVideoImageToVideoPipeline, whose results these are to
the last digits (tests/engine/test_open_hunyuan.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from engine.denoisers.base import Grid
from engine.denoisers.open.asking import OpenDenoiser, Text
from engine.denoisers.open.backend import OpenBackend
from engine.denoisers.open.levels import begun, first_beside
from engine.denoisers.open.pictures import Pictures
from engine.errors import GridMismatch

MEMORY = 6          # latent frames that are worth remembering: whole stretches
HARDLY = 0.05       # level up to which the first frame counts as given: a breath of noise is none
EVERY = {"latent_concat": 2, "token_replace": 4}        # which of the picture's tokens are heard


class HunyuanBackend(OpenBackend):
    """See `OpenBackend`."""

    def _grid(self) -> Grid:
        vae = self.pipe.vae
        self.given = self.pipe.transformer.config.image_condition_type     # or None: how it takes a picture
        self.keeps = self.given is None
        self._prompts: list[str] = []
        self._pictures, self._read_with = Pictures(self.decode), lru_cache(maxsize=8)(self._seen)
        return Grid(channels=vae.config.latent_channels, space=vae.spatial_compression_ratio, time=vae.temporal_compression_ratio, patch=self.pipe.transformer.config.patch_size,
                    rate=24, memory=MEMORY, causal=False)

    def denoiser(self, prompts: Sequence[str], *, guidance: float | None = None, negative: str = "", period: int | None = None,
                 continues: bool = False) -> OpenDenoiser:
        """See `Backend`."""
        strength, tells = self.guidance if guidance is None else guidance, self.pipe.transformer.config.guidance_embeds
        asked, told = (strength, 1.0) if negative or not tells else (1.0, strength)
        said = {"guidance": torch.full((len(prompts),), 1000 * told, device=self.device, dtype=self.pipe.transformer.dtype)} if tells else {}
        without = self._words([negative] * len(prompts)) | said | {"without": True} if asked != 1 else None
        return OpenDenoiser(self, self._words(prompts) | said, without, asked)

    def _read(self, prompt: str) -> Text:
        if self.given is None:
            return self._named(self.pipe.encode_prompt(prompt=prompt, device=self.device))
        self._prompts.append(prompt)                    # read when the picture is known
        return {"number": torch.tensor([len(self._prompts) - 1])}

    def _named(self, read: Sequence[Tensor]) -> Text:
        words, pooled, mask = (one.to(self.pipe.transformer.dtype) for one in read)
        return {"encoder_hidden_states": words, "pooled_projections": pooled, "encoder_attention_mask": mask}

    def _timesteps(self, steps: int, shape: Sequence[int]) -> dict:
        return {"sigmas": np.linspace(1, 0, steps + 1)[:-1]}

    # ---- a picture to begin with

    def shown(self, level: Tensor) -> Tensor:
        """See `OpenBackend`."""
        shown = super().shown(level)
        if self.given != "token_replace":
            return shown
        first = level[:, :, :1].amax((1, 2, 3, 4), keepdim=True).expand_as(level[:, :, :1])
        return torch.cat([torch.where(first <= HARDLY, first, shown[:, :, :1]), shown[:, :, 1:]], 2)

    def lower(self, told: Text, x: Tensor, level: Tensor) -> Text:
        """See `OpenBackend`. The words read with the first frame, and that frame and where it is as channels (B, C + 1, T, H, W)."""
        if self.given is None:
            return {name: one for name, one in told.items() if name != "without"}
        known = begun(level, HARDLY)
        stills = [one[:, 0].float().cpu().numpy().tobytes() if known[at] and "without" not in told else b"" for at, one in enumerate(x)]
        read = [self._read_with(self._prompts[number], "without" in told, still, (x.shape[1], *x.shape[3:])) for number, still in zip(told["number"].tolist(), stills)]
        heard = {name: torch.cat([one[name] for one in read]) for name in read[0]} | {name: told[name] for name in told if name == "guidance"}
        if self.given == "latent_concat":
            heard["beside"] = first_beside(x, known)
        return heard

    def _seen(self, prompt: str, without: bool, still: bytes, shape: tuple[int, ...]) -> Text:
        """One prompt, read with a picture: the latents of a frame, (C, H, W) float32, or nothing, which is black."""
        from PIL import Image

        if still:
            picture = self._pictures.image(torch.frombuffer(bytearray(still), dtype=torch.float32).view(shape))
        else:
            picture = Image.new("RGB", (shape[2] * self.grid.space, shape[1] * self.grid.space))
        every = EVERY["latent_concat" if without else self.given]          # its own pipeline hears more of the black one
        self.fetch()
        return self._named(self.pipe.encode_prompt(image=picture, prompt=prompt, device=self.device, image_embed_interleave=every))

    def _predict(self, x: Tensor, level: Tensor, text: Text, branch: str) -> Tensor:
        model, text = self.pipe.transformer, dict(text)
        film, noisiest = torch.cat([x, text.pop("beside")], 1) if "beside" in text else x, level.amax((1, 2, 3, 4))
        with self.context(model, branch, float(noisiest.amax())):
            velocity = model(hidden_states=film.to(model.dtype), timestep=self.time(noisiest), **text, return_dict=False)[0]
        return x - level * velocity.float()

    # ---- the autoencoder, stretch after stretch

    def encoder(self, before: Tensor | None = None) -> Callable[[Tensor], Tensor]:
        """See `Backend`."""
        return self._pictures.remembering(self._encoder(None)) if self.given and before is None else self._encoder(before)

    def _encoder(self, before: Tensor | None) -> Callable[[Tensor], Tensor]:
        """A stretch that is not whole yet is encoded as it is, and again with what comes next, for the frames of that."""
        vae, time, past, given = self.part("vae"), self.grid.time, None, 0
        most, stride = vae.tile_sample_min_num_frames + 1, vae.tile_sample_stride_num_frames

        @torch.no_grad()
        def encode(pictures: Tensor) -> Tensor:
            nonlocal past, given
            film, made = pictures.to(self.device, vae.dtype), []
            if (film.shape[2] - (past is None)) % time:
                raise GridMismatch(f"HunyuanVideo encodes {'1 + 4k' if past is None else '4k'} pictures; {film.shape[2]} were given.")
            past = film if past is None else torch.cat([past, film], 2)
            while given < self.grid.frames(past.shape[2]):
                stretch = past[:, :, :most]
                cells = vae.tiled_encode(stretch) if self._large(stretch) else vae.quant_conv(vae.encoder(stretch))
                made.append(cells[:, :, given:])
                given = cells.shape[2]
                if stretch.shape[2] == most:
                    past, given = past[:, :, stride:], given - stride // time
            return torch.cat(made, 2).chunk(2, 1)[0].float().cpu() * vae.config.scaling_factor

        if before is not None:
            encode(before)
        return encode

    @torch.no_grad()
    def decode(self, latents: Tensor, before: Tensor | None = None) -> Iterator[Tensor]:
        """See `Backend`. A stretch is faded into from the one before it."""
        vae, time, last = self.part("vae"), self.grid.time, None
        whole = latents if before is None else torch.cat([before, latents], 2)
        at, seen, count = 0, 0 if before is None else before.shape[2], whole.shape[2]
        most, stride = vae.tile_sample_min_num_frames // time, vae.tile_sample_stride_num_frames // time
        for start in range(0, count, stride) if count > most else [0]:
            cells = (whole[:, :, start:start + most + 1] / vae.config.scaling_factor).to(self.device, vae.dtype)
            made = vae.tiled_decode(cells).sample if self._large(cells, self.grid.space) else vae.decoder(vae.post_quant_conv(cells))
            parts = [made[:, :, :1], *made[:, :, 1:].split(time, 2)]
            if last is not None:
                parts = vae.blend_t(last, made[:, :, 1:], (most - stride) * time).split(time, 2)
            last = made[:, :, 1:]
            for pictures in parts[:stride + (start == 0)] if count > most else parts:
                if seen <= at < count:
                    yield pictures.clamp(-1, 1).float().cpu()
                at += 1

    def _large(self, part: Tensor, space: int = 1) -> bool:
        """Whether a memory plan asked for tiles, and the picture is larger than one."""
        vae = self.pipe.vae
        return vae.use_tiling and (part.shape[3] * space > vae.tile_sample_min_height or part.shape[4] * space > vae.tile_sample_min_width)
