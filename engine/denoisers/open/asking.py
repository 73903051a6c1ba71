"""Asking: an open model asked for the clean film, with its words and without them, as guidance has it.

Knows the backend's translation and what is done with two answers. Knows no family.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from engine.denoisers.open import hastening
from engine.denoisers.open.guiding import Guider
from engine.denoisers.open.levels import raised

if TYPE_CHECKING:
    from engine.denoisers.open.backend import OpenBackend

Text = dict[str, Any]       # what a transformer is told, by the names of its arguments


class OpenDenoiser:
    """A family with one prompt for each film: `denoise(x, level, next_level) -> x0`.

    A model that knows one level gets the global one: what is known is raised to it, see `levels`.
    """

    def __init__(self, backend: OpenBackend, told: Text, without: Text | None, guidance: float):
        self.backend, self.told, self.without, self.guidance = backend, told, without, guidance
        self.at_once = hastening.at_once()
        self.guider = Guider(backend.manner.guider, backend.pipe.transformer) if backend.manner.guider and without is not None else None

    @torch.no_grad()
    def __call__(self, x: Tensor, level: Tensor, next_level: Tensor) -> Tensor:
        """See `Denoiser`."""
        backend, home = self.backend, x.device
        x, level = x.to(backend.device), level.to(backend.device)
        shown = backend.shown(level)
        film = backend.film = raised(x, level, shown)
        while True:
            try:
                return self._led(x, level, film, shown, next_level.to(backend.device) < level).to(home)
            except torch.OutOfMemoryError as error:
                backend.lighten(error)

    def _led(self, x: Tensor, level: Tensor, film: Tensor, shown: Tensor, moving: Tensor) -> Tensor:
        """The clean film, as the words lead: of `x` at `level`, which is shown as `film`."""
        backend, noisiest = self.backend, float(shown.amax())

        def ask(told: Text, branch: str) -> Tensor:
            return backend._predict(film, shown, backend.lower(told, x, level), branch)

        if self.without is None:
            return ask(self.told, "cond")
        strength = backend.guidance_at(self.guidance, noisiest)
        if self.guider is not None:
            return self.guider(ask, self.told, self.without, film, shown, moving, strength, backend.step(noisiest), len(backend._walk) - 1, backend.answering(noisiest))
        told, without = self._at_once(x, level, film, shown) or (ask(self.told, "cond"), ask(self.without, "uncond"))
        return torch.lerp(without, told, strength)

    def _at_once(self, x: Tensor, level: Tensor, film: Tensor, shown: Tensor) -> tuple[Tensor, Tensor] | None:
        """Both answers in one call; None where that is not asked, cannot be, or memory does not allow it."""
        backend = self.backend
        if not self.at_once or not backend.together:
            return None
        told = hastening.both(backend.lower(self.told, x, level), backend.lower(self.without, x, level))
        if told is None:
            return None
        try:
            return backend._predict(film.repeat(2, 1, 1, 1, 1), shown.repeat(2, 1, 1, 1, 1), told, "both").chunk(2)
        except torch.OutOfMemoryError:
            self.at_once = False
            return None
