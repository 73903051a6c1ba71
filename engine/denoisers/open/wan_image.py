"""Wan I2V, 2.1 and 2.2 A14B: given a picture, or a first and a last one, as channels beside the noise. See `wan`.

    frames      . # # # # .         what is known of the canvas
    beside      p 0 0 0 0 p         the first picture and the last, nothing between them, coded as one film; and which they are
    and         the two as CLIP sees them, where the transformer asks for that (2.1)

Only the first picture and the last are told, as it was trained (2.1's own kind for two pictures, and 2.2); what else is known is held like in any other model.
Source: diffusers' WanImageToVideoPipeline, whose results these are to the last digits (tests/engine/test_open_wan.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from engine.denoisers.open.asking import Text
from engine.denoisers.open.levels import given
from engine.denoisers.open.pictures import Pictures, named
from engine.denoisers.open.wan import WanBackend

HARDLY = 0.1        # level up to which a frame counts as given


class WanImageBackend(WanBackend):
    """See `OpenBackend`."""

    def __init__(self, *asked, **more):
        super().__init__(*asked, **more)
        self._pictures = Pictures(self.decode)
        self._beside: dict[str, Text] = {}

    def encoder(self, before: Tensor | None = None) -> Callable[[Tensor], Tensor]:
        """See `Backend`. Pictures are remembered: they are told to the transformer as they were."""
        return self._pictures.remembering(super().encoder(before), before is None)

    def lower(self, told: Text, x: Tensor, level: Tensor) -> Text:
        """See `OpenBackend`."""
        known = given(level, HARDLY).permute(2, 0, 1, 3, 4).flatten(1).all(1).tolist()
        ends = [at for at in ((0, len(known) - 1) if self._two else (0,)) if known[at]]
        # What is kept stays what it is all through a walk, and is coded once; where it is shown with a breath of noise, that changes.
        key = f"{ends} {tuple(x.shape)} " + " ".join(named(x[:, :, at]) for at in ends)
        if key not in self._beside:
            self._beside = {key: self._conditions([self._pictures.of(x[0, :, at]) for at in ends], ends, x.shape)}
        return told | self._beside[key]

    @property
    def _two(self) -> bool:
        """Whether a last picture may be told too: where CLIP sees them, only by the kind that has places for two."""
        config = self._experts[0].config
        return config.image_dim is None or config.pos_embed_seq_len is not None

    @torch.no_grad()
    def _conditions(self, pictures: Sequence[Tensor], at: Sequence[int], shape: Sequence[int]) -> Text:
        batch, _, frames, height, width = shape
        count, time, space = self.grid.pictures(frames), self.grid.time, self.grid.space
        film = torch.zeros(1, 3, count, height * space, width * space)
        which = torch.zeros(1, time, frames, height, width)
        for picture, frame in zip(pictures, at):
            film[0, :, 0 if frame == 0 else -1] = picture.cpu()
            which[:, slice(None) if frame == 0 else -1, frame] = 1
        coded = super().encoder()(film)
        told = {"beside": torch.cat([which, coded], 1).expand(batch, -1, -1, -1, -1).to(self.device)}
        model = self._experts[0]
        if model.config.image_dim is not None:
            from PIL import Image

            seen = [Image.fromarray(((picture.cpu() + 1) * 127.5).round().clamp(0, 255).byte().movedim(0, -1).numpy()) for picture in pictures or [film[0, :, 0]]]
            if self._two and len(seen) == 1:
                seen *= 2
            told["encoder_hidden_states_image"] = self.pipe.encode_image(seen, self.device).to(model.dtype)
        return told
