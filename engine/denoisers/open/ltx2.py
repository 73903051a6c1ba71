"""LTX-2: film and sound made at once, each listening to the other at every step. See `ltx`, of which it is the next.

    2.0              sound and film know each other's noise by their own
    2.3              they are told it, and words reach sound and film by ways of their own. Guided, it also leads away from what
                     it answers with attention left out, and from what film and sound are without each other
    distilled        eight levels of its own

The canvas is the film. The sound is walked beside it by the denoiser, from noise of its own. It is heard where one walk made
all of the film out of noise, at once: of a film that is changed, joined or made in windows, or whose walk went on from a
checkpoint, it would belong to a part. Sources: arXiv:2601.03233; diffusers' LTX2Pipeline and
LTX2ConditionPipeline, whose films these are to the last digits (tests/engine/test_open_ltx2.py).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from diffusers import LTX2ConditionPipeline
from diffusers.pipelines.ltx2.pipeline_ltx2 import rescale_noise_cfg
from diffusers.pipelines.ltx2.utils import DISTILLED_SIGMA_VALUES
from torch import Tensor

from engine.denoisers.base import Grid, Manner
from engine.denoisers.open.asking import OpenDenoiser, Text
from engine.denoisers.open.levels import SEED, raised
from engine.denoisers.open.ltx import LTXBackend

NOISE = 0.999       # the least level from which a sound was made out of noise
Pair = tuple[Tensor, ...]       # film (B, C, T, H, W) and sound (B, L, C), both clean


class LTX2Backend(LTXBackend):
    """See `OpenBackend`."""

    rule = "scale"
    _walking: list[LTX2Denoiser] = []       # denoisers of the walk at hand
    sound_guidance = 7.0        # how strong guidance is for the sound
    skipped, skipping, together, rescale = (28,), 1.0, 3.0, 0.7     # of 2.3: blocks without attention, two guidances more, and how much they are taken back

    def _grid(self) -> Grid:
        grid = super()._grid()
        self.later = True
        self.crossed = not self.pipe.transformer.config.use_prompt_embeddings       # 2.3 and after it
        return grid

    def _read(self, prompt: str) -> Text:
        told, mask, _, _ = self.pipe.encode_prompt(prompt, do_classifier_free_guidance=False, device=self.device)
        seen, heard, mask = self.pipe.connectors(told, mask, padding_side=self.pipe.tokenizer.padding_side)
        return {"encoder_hidden_states": seen, "audio_encoder_hidden_states": heard, "encoder_attention_mask": mask, "audio_encoder_attention_mask": mask}

    def _levels(self, steps: int) -> Sequence[float]:
        distilled = not self.pipe.scheduler.config.use_dynamic_shifting and steps == len(DISTILLED_SIGMA_VALUES)
        return DISTILLED_SIGMA_VALUES if distilled else np.linspace(1, 1 / steps, steps)

    def _where(self, x: Tensor, picture: int = 0) -> Tensor:
        """Where its tokens begin and end, (B, 3, S, 2): a picture that is told of stands where its latent frame begins."""
        batch, _, *cells = x.shape
        if not picture:
            return self.pipe.transformer.rope.prepare_video_coords(batch, *cells, x.device, fps=self.grid.rate)
        one = LTX2ConditionPipeline._prepare_keyframe_coords(self.pipe, *cells, picture - self.grid.time + 1, 1, self.grid.rate, x.device)
        return one.expand(batch, -1, -1, -1)

    def denoiser(self, prompts: Sequence[str], *, guidance: float | None = None, negative: str = "", period: int | None = None,
                 continues: bool = False) -> LTX2Denoiser:
        """See `OpenBackend`."""
        plain = super().denoiser(prompts, guidance=guidance, negative=negative)
        made = LTX2Denoiser(self, plain.told, plain.without, plain.guidance)
        self._walking = [*self._walking, made]
        return made

    def begin(self, manner: Manner) -> None:
        """See `Backend`."""
        super().begin(manner)
        self._walking = []

    @torch.no_grad()
    def sound(self, pictures: int) -> tuple[np.ndarray, int] | None:
        """See `Sounding`."""
        walked = self._walking[0] if len(self._walking) == 1 else None
        if walked is None or not walked.whole or walked.heard is None or walked.heard.shape[1] != len(self.silence(self.grid.frames(pictures))):
            return None
        pipe, hearing, voice = self.pipe, self.part("audio_vae"), self.part("vocoder")
        heard = pipe._denormalize_audio_latents(walked.heard[:1].to(hearing.latents_mean.device), hearing.latents_mean, hearing.latents_std)
        heard = pipe._unpack_audio_latents(heard, heard.shape[1], hearing.config.mel_bins // pipe.audio_vae_mel_compression_ratio)
        spoken = hearing.decode(heard.to(hearing.dtype), return_dict=False)[0]
        weight = next(voice.parameters())
        samples = voice(spoken.to(weight.device, weight.dtype))[0].float().cpu().numpy().T
        rate = int(voice.config.output_sampling_rate)
        length = round(pictures / self.grid.rate * rate)
        return np.pad(samples[:length], ((0, max(0, length - len(samples))), (0, 0))), rate

    def silence(self, frames: int) -> Tensor:
        """Noise from which the sound of a film of so many latent frames is made: (L, C)."""
        pipe = self.pipe
        rate = pipe.audio_sampling_rate / pipe.audio_hop_length / pipe.audio_vae_temporal_compression_ratio
        length = round(self.grid.pictures(frames) / self.grid.rate * rate)
        return torch.randn(length, pipe.transformer.config.audio_in_channels, generator=torch.Generator("cpu").manual_seed(SEED))


class LTX2Denoiser(OpenDenoiser):
    """As any other; and it walks a sound of its own, step by step with the film.

        asked at level    1.0    0.8    0.8    0.5    1.0
        the sound        noise  goes on  as it is  goes on  begins anew
    """

    backend: LTX2Backend
    level = 0.0                     # of the sound
    sound: Tensor | None = None     # (B, L, C) at that level
    heard: Tensor | None = None     # (B, L, C), what it is thought to become
    whole = False                   # whether it began as noise

    @torch.no_grad()
    def __call__(self, x: Tensor, level: Tensor, next_level: Tensor) -> Tensor:
        """See `Denoiser`."""
        backend, home = self.backend, x.device
        x, level = x.to(backend.device), level.to(backend.device)
        shown = backend.shown(level)
        film, noisiest = raised(x, level, shown), float(level.amax())
        self._come(film, noisiest)
        told = backend.lower(self.told, x, level)
        made = self._both(film, shown, noisiest, told, "cond")
        if self.without is not None:
            made = self._guided(film, shown, noisiest, made, told, backend.lower(self.without, x, level))
        x0, self.heard = made
        return x0.to(home)

    def _guided(self, film: Tensor, shown: Tensor, level: float, made: Pair, told: Text, without: Text) -> Pair:
        """Film and sound away from everything that they should not be, clean from clean."""
        backend, led = self.backend, made
        ways: list[tuple[str, Text, tuple[float, float]]] = [("uncond", without, (self.guidance - 1, backend.sound_guidance - 1))]
        if backend.crossed:
            ways += [("uncond_stg", told | {"spatio_temporal_guidance_blocks": list(backend.skipped)}, (backend.skipping,) * 2),
                     ("uncond_modality", told | {"isolate_modalities": True}, (backend.together - 1,) * 2)]
        for branch, text, strengths in ways:
            worse = self._both(film, shown, level, text, branch)
            led = tuple(one + strength * (good - bad) for one, strength, good, bad in zip(led, strengths, made, worse))
        return tuple(rescale_noise_cfg(one, good, backend.rescale) for one, good in zip(led, made)) if backend.crossed else led

    def _come(self, film: Tensor, level: float) -> None:
        """Bring the sound to the film's level."""
        fresh = self.backend.silence(film.shape[2]).to(film).expand(len(film), -1, -1)
        if self.sound is None or self.heard is None or level > self.level or self.sound.shape != fresh.shape:
            self.sound, self.whole = level * fresh, level >= NOISE
        elif level < self.level:
            self.sound = torch.lerp(self.heard, self.sound, level / self.level)
        self.level = level

    def _both(self, film: Tensor, shown: Tensor, level: float, text: Text, branch: str) -> Pair:
        """The clean film and the clean sound."""
        backend, sound = self.backend, self.sound
        backend.film = film
        model = backend.pipe.transformer
        time = backend.time(torch.full((len(film),), level, device=film.device))
        x0, velocity = backend._asked(film, shown, text | {
            "audio_hidden_states": sound.to(model.dtype), "audio_timestep": time, "sigma": time, "audio_sigma": time, "use_cross_timestep": backend.crossed,
            "audio_coords": model.audio_rope.prepare_audio_coords(len(film), sound.shape[1], film.device)}, branch)
        return x0, sound - level * velocity.float()
