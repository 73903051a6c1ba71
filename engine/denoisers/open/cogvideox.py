"""CogVideoX: 2B, 5B, 1.5, and those that are given a picture. See `backend`.

    2B          one level for all, DDIM, an x-axis of noise that is shifted towards more of it
    5B          the same with rotary positions; its scheduler puts new noise in at every step: our solver "sde"
    1.5         tokens of two latent frames each: of an odd number of frames the first is shown twice
    I2V         the first latent frame beside the noise, as channels, where all of it is kept; nothing there where it is not

It mixes film and noise in a circle, x = a z + b e with a² + b² = 1, and predicts v = a e - b z. Ours is that divided by
a + b, at the level b / (a + b); DDIM's step is then Euler's, to the bit but for rounding.

Its autoencoder works through film in chunks of 8 pictures, the first of 9, and evens out each chunk as one: parts put
together equal a whole where they end with a chunk (and where they do not, the last frame of each chunk does), and a kept
frame's pictures move with the other frame of its chunk. It was made for 8k + 1 pictures, and takes 4k + 1.
Sources: arXiv:2408.06072; diffusers' CogVideoXPipeline, -ImageToVideoPipeline and -VideoToVideoPipeline, whose results these
are to the last digits (tests/engine/test_open_cogvideox.py), where the number of steps divides 1000; where it does not,
their scheduler steps to another level than the one it calls next, and ours does not.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from engine.denoisers.base import Grid
from engine.denoisers.open.asking import Text
from engine.denoisers.open.backend import OpenBackend
from engine.denoisers.open.levels import begun
from engine.errors import GridMismatch

Memory = dict[tuple[int, int], Any]     # of each tile, by its corner: what its convolutions have seen last
CHUNK = 2           # latent frames that the autoencoder makes together; the first chunk has one more
MEMORY = 9          # latent frames that are worth remembering: whole chunks
HARDLY = 0.1        # level up to which the first frame counts as given: it was trained on pictures with a little noise


class CogVideoXBackend(OpenBackend):
    """See `OpenBackend`."""

    def _grid(self) -> Grid:
        model, vae, scheduler = self.pipe.transformer.config, self.pipe.vae.config, self.pipe.scheduler
        self.solver = "sde" if "DPM" in type(scheduler).__name__ else "euler"
        self.deep = model.patch_size_t or 1                                     # latent frames of a token
        self.given = model.in_channels > vae.latent_channels                    # whether it takes a picture
        clean, noise = scheduler.alphas_cumprod.double().sqrt(), (1 - scheduler.alphas_cumprod.double()).sqrt()
        self._levels = noise / (clean + noise)                                  # of its thousand times
        return Grid(channels=vae.latent_channels, space=self.pipe.vae_scale_factor_spatial, time=self.pipe.vae_scale_factor_temporal, patch=model.patch_size,
                    rate=16 if model.patch_size_t else 8, memory=MEMORY, causal=False)

    def _read(self, prompt: str) -> Text:
        told, _ = self.pipe.encode_prompt(prompt, do_classifier_free_guidance=False, max_sequence_length=self.pipe.transformer.config.max_text_seq_length, device=self.device)
        return {"encoder_hidden_states": told.to(self.pipe.transformer.dtype)}

    def _schedule(self, steps: int, shape: Sequence[int]) -> tuple[list[float], list[float]]:
        scheduler = copy.deepcopy(self.pipe.scheduler)       # it knows times only
        scheduler.set_timesteps(steps)
        times = scheduler.timesteps.tolist()
        return [*self._levels[times].tolist(), 0.0], times

    def _rule(self, level: float) -> float:
        return float((self._levels - level).abs().argmin())

    def lower(self, told: Text, x: Tensor, level: Tensor) -> Text:
        """See `OpenBackend`. The first frame where it is known, and zeros everywhere else: (B, C, T, H, W)."""
        if not self.given:
            return told
        beside = torch.zeros_like(x)
        beside[:, :, :1] = x[:, :, :1] * begun(level, HARDLY).view(-1, 1, 1, 1, 1)
        if self.pipe.vae.config.invert_scale_latents:       # 1.5 was trained on pictures that were divided by the factor
            beside = beside / self.pipe.vae_scaling_factor_image**2
        return told | {"beside": beside}

    def _predict(self, x: Tensor, level: Tensor, text: Text, branch: str) -> Tensor:
        model = self.pipe.transformer
        self._check(x.shape[3:])
        config, both, missing = model.config, torch.hypot(1 - level, level), -x.shape[2] % self.deep
        circle = x / both
        shown = torch.cat([circle[:, :, :1]] * missing + [circle], 2)
        if "beside" in text:
            shown = torch.cat([shown, torch.cat([text["beside"], torch.zeros_like(x[:, :, :missing])], 2)], 1)
        asked = {"encoder_hidden_states": text["encoder_hidden_states"], "timestep": self.time(level.amax((1, 2, 3, 4))).long()}
        if config.use_rotary_positional_embeddings:
            height, width = (cells * self.grid.space for cells in x.shape[3:])
            asked["image_rotary_emb"] = self.pipe._prepare_rotary_positional_embeddings(height, width, shown.shape[2], x.device)
        if config.ofs_embed_dim:
            asked["ofs"] = x.new_full((1,), 2.0)            # the one that it was released with
        with self.context(model, branch, float(level.amax())):
            v = model(hidden_states=shown.transpose(1, 2).to(model.dtype), **asked, return_dict=False)[0].float().transpose(1, 2)[:, :, missing:]
        return ((1 - level) * circle - level * v) / both

    def _check(self, cells: Sequence[int]) -> None:
        """Raises GridMismatch for a size that it has no positions for: one that learnt them has those of one size, 1.5 as many as were made for it."""
        config, space = self.pipe.transformer.config, self.grid.space
        has = config.sample_height, config.sample_width
        alone = config.use_learned_positional_embeddings and tuple(cells) != has
        if alone or (config.patch_size_t and any(side > most for side, most in zip(cells, has))):
            raise GridMismatch(f"{self.name} makes film of {has[1] * space}x{has[0] * space} {'alone' if alone else 'at most'}; {cells[1] * space}x{cells[0] * space} was asked.")

    # ---- the autoencoder, chunk after chunk

    def encoder(self, before: Tensor | None = None) -> Callable[[Tensor], Tensor]:
        """See `Backend`. A chunk that is not whole yet is encoded as it is, and again with what comes next, for the frames of that."""
        vae, time, memory, begun, given = self.part("vae"), self.grid.time, {}, None, 0

        @torch.no_grad()
        def encode(pictures: Tensor) -> Tensor:
            nonlocal memory, begun, given
            first, count = not memory and begun is None, pictures.shape[2]
            if (count - first) % time:
                raise GridMismatch(f"CogVideoX encodes {'1 + 4k' if first else '4k'} pictures; {count} were given.")
            film, made = pictures.to(self.device, vae.dtype), []
            film, known, begun, given = film if begun is None else torch.cat([begun, film], 2), given, None, 0
            while film.shape[2]:
                whole = CHUNK * time + (not memory)
                part, film = film[:, :, :whole], film[:, :, whole:]
                cells, after = self._in_tiles(vae.encoder, vae.quant_conv, part, memory)
                made.append(cells)
                if part.shape[2] == whole:
                    memory = after
                else:
                    begun, given = part, cells.shape[2]
            return torch.cat(made, 2)[:, :, known:].chunk(2, 1)[0].float().cpu() * vae.config.scaling_factor

        if before is not None:
            encode(before)
        return encode

    @torch.no_grad()
    def decode(self, latents: Tensor, before: Tensor | None = None) -> Iterator[Tensor]:
        """See `Backend`. A last frame without its chunk's other one stands for that too."""
        vae, time, memory = self.part("vae"), self.grid.time, {}
        seen = 0 if before is None else before.shape[2]
        whole = latents if before is None else torch.cat([before, latents], 2)
        count = whole.shape[2]
        if count > 1 and count % CHUNK == 0:
            whole = torch.cat([whole, whole[:, :, -1:]], 2)
        at, head = 0, min(whole.shape[2], 1 + CHUNK)
        for part in [whole[:, :, :head], *whole[:, :, head:].split(CHUNK, 2)]:
            if not part.shape[2]:
                continue
            cells = (part / vae.config.scaling_factor).to(self.device, vae.dtype)
            made, memory = self._in_tiles(vae.decoder, vae.post_quant_conv, cells, memory)
            for pictures in ([made[:, :, :1]] if at == 0 else []) + list(made[:, :, int(at == 0):].split(time, 2)):
                if pictures.shape[2] and seen <= at < count:
                    yield pictures.clamp(-1, 1).float().cpu()
                at += bool(pictures.shape[2])

    def _in_tiles(self, coder: nn.Module, beside: nn.Module | None, part: Tensor, memory: Memory) -> tuple[Tensor, Memory]:
        """A chunk coded, and what is remembered of it: whole, or where a memory plan asked for them in tiles that fade into each other, as its own are."""
        vae, encodes = self.pipe.vae, coder is self.pipe.vae.encoder
        given, made = [(vae.tile_sample_min_height, vae.tile_sample_min_width), (vae.tile_latent_min_height, vae.tile_latent_min_width)][:: 1 if encodes else -1]
        shares = vae.tile_overlap_factor_height, vae.tile_overlap_factor_width
        if not vae.use_tiling or all(side <= most for side, most in zip(part.shape[3:], given)):
            given, steps = part.shape[3:], part.shape[3:]
        else:
            steps = [int(most * (1 - share)) for most, share in zip(given, shares)]
        after: Memory = {}
        rows: list[list[Tensor]] = []
        for top in range(0, part.shape[3], steps[0]):
            rows.append([])
            for left in range(0, part.shape[4], steps[1]):
                tile = part[..., top:top + given[0], left:left + given[1]]
                tile, after[top, left] = coder(tile if encodes or beside is None else beside(tile), conv_cache=memory.get((top, left)))
                rows[-1].append(tile if not encodes or beside is None else beside(tile))
        if len(rows) == len(rows[0]) == 1:
            return rows[0][0], after
        fades = [int(most * share) for most, share in zip(made, shares)]
        for at, row in enumerate(rows):
            for beyond, tile in enumerate(row):
                if at:
                    tile = vae.blend_v(rows[at - 1][beyond], tile, fades[0])
                if beyond:
                    vae.blend_h(row[beyond - 1], tile, fades[1])
        return torch.cat([torch.cat([tile[..., :made[0] - fades[0], :made[1] - fades[1]] for tile in row], 4) for row in rows], 3), after
