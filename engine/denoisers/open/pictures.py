"""Pictures: what a film begins with, as it was before it was encoded, for models that look at it with other eyes as well.

An autoencoder does not give back quite what it was given. Knows latents and pictures. Knows no family.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from PIL.Image import Image

MOST = 8            # pictures that are remembered


class Pictures:
    """The first pictures of the films that were encoded last, by their latents.

    decode  as of a backend: what is not remembered is decoded
    """

    def __init__(self, decode: Callable[[Tensor], Iterator[Tensor]]):
        self.decode = decode
        self._kept: dict[str, Tensor] = {}

    def remembering(self, encode: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
        """`encode` of a film from its beginning, which is remembered."""
        first = True

        def remembered(pictures: Tensor) -> Tensor:
            nonlocal first
            latents = encode(pictures)
            if first:
                self._kept |= {named(made[:, 0]): film[:, 0].cpu() for film, made in zip(pictures, latents)}
                for old in list(self._kept)[:-MOST]:
                    del self._kept[old]
            first = False
            return latents

        return remembered

    def of(self, frame: Tensor) -> Tensor:
        """The picture (3, H, W) in -1..1 that a latent frame (C, h, w) was made of."""
        found = self._kept.get(named(frame))
        return found if found is not None else next(self.decode(frame[None, :, None].float().cpu()))[0, :, 0]

    def image(self, frame: Tensor) -> Image:
        """The same, of 8 bits."""
        from PIL import Image

        return Image.fromarray(self.of(frame).mul(127.5).add(127.5).round().clamp(0, 255).to(torch.uint8).movedim(0, -1).numpy())


def named(frame: Tensor) -> str:
    """A latent frame's name, by its bits."""
    return hashlib.sha256(frame.float().cpu().contiguous().numpy().tobytes()).hexdigest()
