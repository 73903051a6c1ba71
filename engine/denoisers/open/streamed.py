"""Streamed: the encoders of LTX's kind take a film part after part, and parts put together equal a whole.

Their convolutions see no later picture and make up the ones before a film from its first. Here each of them keeps the last
ones that it saw instead. Knows how diffusers' modules of this kind are called. Knows no family.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

Place = tuple[nn.Module, int]       # a module, and which of its calls in one part: a large picture may be encoded in tiles


class Streamed:
    """An autoencoder's encoder with a memory for one film: pictures (B, 3, n, H, W) to means (B, C, t, h, w)."""

    def __init__(self, vae: Any):
        self.vae = vae
        self.past: dict[Place, Tensor] = {}
        self.calls: Counter[nn.Module] = Counter()

    @torch.no_grad()
    def __call__(self, pictures: Tensor) -> Tensor:
        """The next part: 1 + 8k pictures to begin with, 8k after that."""
        self.calls.clear()
        with self._led():
            return self.vae.encode(pictures).latent_dist.mode()

    @contextmanager
    def _led(self) -> Iterator[None]:
        """While it lasts the modules that look back in time look into this film's memory."""
        led = [(module, way) for module in self.part.modules() for name, way in self._ways().items() if type(module).__name__.endswith(name)]
        before = [vars(module).get("forward") for module, _ in led]     # an offloading hook may stand there
        try:
            for module, way in led:
                module.forward = partial(way, module)
            yield
        finally:
            for (module, _), own in zip(led, before):
                if own is None:
                    del module.forward
                else:
                    module.forward = own

    @property
    def part(self) -> nn.Module:
        """What is led."""
        return self.vae.encoder

    def _ways(self) -> dict[str, Callable[..., Tensor]]:
        """How a module goes instead, by the end of its class's name."""
        return {"CausalConv3d": self._convolve, "Downsampler3d": self._shrink}

    def _place(self, module: nn.Module) -> Place:
        self.calls[module] += 1
        return module, self.calls[module]

    def _convolve(self, module: nn.Module, x: Tensor, causal: bool = True) -> Tensor:
        place, reach, stride = self._place(module), module.conv.kernel_size[0], module.conv.stride[0]
        past = self.past.get(place)
        x = torch.cat([x[:, :, :1].repeat(1, 1, reach - 1, 1, 1) if past is None else past, x], 2)
        self.past[place] = x[:, :, x.shape[2] - (reach - stride):]
        return module.conv(x)

    def _shrink(self, module: nn.Module, x: Tensor, causal: bool = True) -> Tensor:
        """The film's first picture stands for the ones that its first cell lacks; a later part has all of its own."""
        place = self._place(module)
        if place not in self.past:
            x = torch.cat([x[:, :, :module.stride[0] - 1], x], 2)
            self.past[place] = x[:, :, :0]
        return _folded(module.conv(x), module.stride) + _folded(x, module.stride).unflatten(1, (-1, module.group_size)).mean(2)


def _folded(x: Tensor, stride: tuple[int, int, int]) -> Tensor:
    """Neighbours in time, rows and columns become channels."""
    time, rows, columns = stride
    cells = x.unflatten(4, (-1, columns)).unflatten(3, (-1, rows)).unflatten(2, (-1, time))
    return cells.permute(0, 1, 3, 5, 7, 2, 4, 6).flatten(1, 4)
