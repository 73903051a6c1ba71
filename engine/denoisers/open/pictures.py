"""Pictures: what was encoded lately, as it was, for models that look at given film with other eyes as well.

An autoencoder does not give back quite what it was given. Knows latents and pictures. Knows no family.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from PIL.Image import Image

MOST = 500_000_000      # bytes of pictures that are remembered: ten seconds of 720p


class Pictures:
    """The pictures of the latent frames that were encoded last, by their latents.

    decode  as of a backend: what is not remembered is decoded
    """

    def __init__(self, decode: Callable[[Tensor], Iterator[Tensor]]):
        self.decode = decode
        self._kept: deque[tuple[Tensor, Tensor]] = deque()
        self._bytes = 0

    def remembering(self, encode: Callable[[Tensor], Tensor], begins: bool = True) -> Callable[[Tensor], Tensor]:
        """`encode` of a film whose pictures are remembered; `begins` unless other film comes before it."""
        first = begins

        def remembered(pictures: Tensor) -> Tensor:
            nonlocal first
            latents = encode(pictures)
            for film, made in zip(pictures, latents):
                parts = [film[:, :1]] if first else []
                rest = made.shape[1] - len(parts)
                parts += film[:, len(parts):].chunk(rest, 1) if rest else []
                for frame, part in zip(made.unbind(1), parts):
                    self._keep(frame.clone(), _narrow(part))
            first = False
            return latents

        return remembered

    def _keep(self, frame: Tensor, pictures: Tensor) -> None:
        self._kept.append((frame, pictures))
        self._bytes += frame.nbytes + pictures.nbytes
        while self._bytes > MOST and len(self._kept) > 1:
            self._bytes -= sum(one.nbytes for one in self._kept.popleft())

    def find(self, frame: Tensor, known: Tensor | None = None) -> Tensor | None:
        """The pictures (3, n, H, W) in -1..1 that a latent frame (C, h, w) was made of, n = 1 or as many as a frame holds; None where it is not remembered.

        known   (h, w) bool: the cells by which it is recognised; all of them unless given. Film that was encoded by itself and lies
                in the middle of a larger picture is recognised too, where it is known whole: there is grey around it
        """
        frame = frame.float().cpu()
        known = torch.ones(frame.shape[1:], dtype=torch.bool) if known is None else known.cpu()
        if not bool(known.any()):
            return None
        everywhere, box = (slice(None), slice(None)), tuple(slice(int(at.min()), int(at.max()) + 1) for at in known.nonzero().unbind(1))
        for latents, pictures in reversed(self._kept):
            where = everywhere if latents.shape == frame.shape else box
            part, cells = frame[(slice(None), *where)], known[where]
            if latents.shape == part.shape and torch.equal(latents[:, cells], part[:, cells]):
                space = pictures.shape[-1] // latents.shape[-1]
                found = torch.zeros(*pictures.shape[:2], *(side * space for side in frame.shape[1:]))
                rows, columns = (slice(at.start and at.start * space, at.stop and at.stop * space) for at in where)
                found[:, :, rows, columns] = pictures.float() / 127.5 - 1 if pictures.dtype == torch.uint8 else pictures
                return found
        return None

    def of(self, frame: Tensor) -> Tensor:
        """The last picture (3, H, W) in -1..1 that a latent frame (C, h, w) was made of."""
        found = self.find(frame)
        return found[:, -1] if found is not None else next(self.decode(frame[None, :, None].float().cpu()))[0, :, 0]

    def image(self, frame: Tensor) -> Image:
        """The same, of 8 bits."""
        from PIL import Image

        return Image.fromarray(self.of(frame).mul(127.5).add(127.5).round().clamp(0, 255).to(torch.uint8).movedim(0, -1).numpy())


def named(frame: Tensor) -> str:
    """A latent frame's name, by its bits."""
    return hashlib.sha256(frame.float().cpu().contiguous().numpy().tobytes()).hexdigest()


def _narrow(pictures: Tensor) -> Tensor:
    """Pictures as eight bits, where that is all they have: a quarter of the memory."""
    pictures = pictures.float().cpu()
    bits = pictures.mul(127.5).add(127.5).round().clamp(0, 255).to(torch.uint8)
    return bits if torch.equal(bits.float() / 127.5 - 1, pictures) else pictures.clone()
