"""Wan VACE: told of whatever is known, anywhere in a film and in any part of its pictures, through a branch of its own. See `wan`.

    canvas      . . # # .           what is known, cell by cell
    inactive    p p 0 0 p           its pictures, grey where nothing is known, coded as one film
    reactive    0 0 0 0 0           pictures that are to be changed: none, for noise says how much of them is left
    mask        0 0 1 1 0           of each of a cell's pixels, whether it is to be made

    references  r r | . . # # .     pictures of who or what is to be in it: frames before the film, walked with it from noise and left off; what they
                                    are to become is told as given film is, the last first

Given pictures are told as they were, see `pictures`; a take's own latents are decoded for it, and what is not known stands still
for the decoder. What is known is held besides, like in any other model.
Sources: arXiv:2503.07598; diffusers' WanVACEPipeline, whose results these are to the last digits (tests/engine/test_open_wan_vace.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.denoisers.open.asking import Text
from engine.denoisers.open.levels import given
from engine.denoisers.open.pictures import Pictures, named
from engine.denoisers.open.wan import WanBackend
from engine.denoisers.open.wan_image import HARDLY

FILMS = 16      # whose conditions are kept, in the machine's memory: the windows or tiles of one walk, 25 megabytes each at 480p


class WanVaceBackend(WanBackend):
    """See `OpenBackend`."""

    def __init__(self, *asked, **more):
        super().__init__(*asked, **more)
        self._pictures = Pictures(self.decode)
        self._controls: dict[str, Tensor] = {}
        self._nothing = torch.zeros(0)
        self._references: list[Tensor] = []

    def end(self) -> None:
        """See `Backend`."""
        super().end()
        self._references = []

    @torch.no_grad()
    def refer(self, pictures: Tensor) -> int:
        """See `Referring`."""
        self._references = [WanBackend.encoder(self)(picture[None, :, None]) for picture in pictures.flip(0)]
        return len(self._references)

    def encoder(self, before: Tensor | None = None) -> Callable[[Tensor], Tensor]:
        """See `Backend`. Pictures are remembered: they are told to the transformer as they were."""
        return self._pictures.remembering(super().encoder(before), before is None)

    def lower(self, told: Text, x: Tensor, level: Tensor) -> Text:
        """See `OpenBackend`."""
        known, lead = given(level, HARDLY), len(self._references)
        x, known = x[:, :, lead:], known[:, :, lead:]
        controls = [self._told_of(film[None], cells[None]) for film, cells in zip(torch.where(known, x, 0.0), known)]
        if lead:
            shown = torch.cat(self._references, 2)
            shown = F.pad(shown, (0, 0) * 3 + (0, controls[0].shape[1] - shown.shape[1])).to(controls[0])        # nothing reactive, nothing to be made
            controls = [torch.cat([shown, one], 2) for one in controls]
        return told | {"control_hidden_states": torch.cat(controls).to(self.device)}

    def _told_of(self, film: Tensor, known: Tensor) -> Tensor:
        """The condition of one film (1, C, T, h, w), coded once in a walk: what is kept stays what it is."""
        key = f"{tuple(film.shape)} {named(film)} {named(known)}"
        if key not in self._controls:
            film, known = film.float().cpu(), known.cpu()
            self._controls[key] = self._control(self._seen(film, known), known)
            for old in list(self._controls)[:-FILMS]:
                del self._controls[old]
        return self._controls[key]

    def _seen(self, film: Tensor, known: Tensor) -> Iterator[Tensor]:
        """The pictures of each latent frame, (1, 3, 1 or 4, H, W), wherever something of it is known."""
        cells = known[0, 0]
        some = cells.flatten(1).any(1).tolist()
        # What is remembered is looked up twice and held once: a film's pictures at once would be a gigabyte.
        lost = any(one and self._pictures.find(film[0, :, at], cells[at]) is None for at, one in enumerate(some))
        decoded = self.decode(_stilled(film, known)) if lost else None
        for at, one in enumerate(some):
            count = self.grid.time if at else 1
            part = next(decoded) if decoded else torch.zeros(1, 3, count, *(side * self.grid.space for side in cells.shape[1:]))
            found = self._pictures.find(film[0, :, at], cells[at]) if one else None
            # A frame that was the first of other film has one picture, which then stands still; of a later one the last is as good as the first.
            yield part if found is None else found[None, :, -count:].expand(-1, -1, count, -1, -1)

    @torch.no_grad()
    def _control(self, film: Iterable[Tensor], known: Tensor) -> Tensor:
        """What the branch is given: (1, 2 C + 64, T, h, w) of the pictures of each latent frame and the cells (1, 1, T, h, w) that are known."""
        space, time = self.grid.space, self.grid.time
        frames, height, width = known.shape[2:]
        if self._nothing.shape[2:] != (frames, height, width):
            self._nothing = self._grey(frames, height, width)
        kept = self._nothing
        if bool(known.any()):
            encode = WanBackend.encoder(self)
            where = known.repeat_interleave(space, 3).repeat_interleave(space, 4).float()
            kept = torch.cat([encode(part * where[:, :, at:at + 1]) for at, part in enumerate(film)], 2)
        # As it was trained, a frame's mask is that of one picture of the film, counted evenly, and not of its own: the first frame's is that of the second picture.
        pictures = torch.cat([known[:, :, :1], known[:, :, 1:].repeat_interleave(time, 2)], 2)
        mask = F.interpolate((~pictures).float(), (frames, height, width), mode="nearest-exact").expand(-1, space * space, -1, -1, -1)
        return torch.cat([kept, self._nothing, mask], 1).to(self._experts[0].dtype)

    def _grey(self, frames: int, height: int, width: int) -> Tensor:
        """Grey film of so many latent frames and cells, coded: (1, C, T, h, w)."""
        encode, space = WanBackend.encoder(self), self.grid.space
        grey = torch.zeros(1, 3, self.grid.time, height * space, width * space)
        return torch.cat([encode(grey if at else grey[:, :, :1]) for at in range(frames)], 2)


def _stilled(film: Tensor, known: Tensor) -> Tensor:
    """What is not known stands still: each cell as it was known last, or else as it will be first."""
    film, known = film.clone(), known.clone()
    count = film.shape[2]
    for at, other in [(at, at - 1) for at in range(1, count)] + [(at, at + 1) for at in range(count - 2, -1, -1)]:
        new = known[:, :, other] & ~known[:, :, at]
        film[:, :, at] = torch.where(new, film[:, :, other], film[:, :, at])
        known[:, :, at] |= new
    return film
