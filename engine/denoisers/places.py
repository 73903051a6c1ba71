"""Places: which part of a film a denoiser is asked about, for models that remember what they answered a step ago.

    window 2 / tile 0,16 / words 1        what was remembered of one place does harm at any other

Whoever asks about parts says which (windows, tiles, prompts that share a film); a model that remembers reads it. All others
never hear of it. Knows names. Knows no model and no film.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from torch import Tensor

from engine.denoisers.base import Denoiser

_HERE: ContextVar[tuple[str, ...]] = ContextVar("here", default=())


def here() -> tuple[str, ...]:
    """The place that is asked about, from the whole to the part: ("window 2", "tile 0,16")."""
    return _HERE.get()


@contextmanager
def place(name: str) -> Iterator[None]:
    """What is asked within this is asked about a part of what was asked about before."""
    before = _HERE.set((*_HERE.get(), name))
    try:
        yield
    finally:
        _HERE.reset(before)


class Placed:
    """A denoiser that is always asked about one part of the film."""

    def __init__(self, denoise: Denoiser, name: str):
        self.denoise, self.name = denoise, name

    def __call__(self, x: Tensor, level: Tensor, next_level: Tensor) -> Tensor:
        """See `Denoiser`."""
        with place(self.name):
            return self.denoise(x, level, next_level)
