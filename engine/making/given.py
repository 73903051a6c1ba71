"""Given: what a recipe was given, as pictures at the film's size and as latents of the place where they will stand.

    take's latents ─ used as they are where their frames fall on the film's frames, and decoded for the rest
    film file ─ read at the film's rate, fitted, encoded in place          picture ─ a film that stands still

A causal autoencoder's latents depend on what came before, so that a clip's place matters: its first latent frame holds
one picture, every later one several. What is given in the middle of a film is encoded after pictures that stand still.

Knows files, pictures, latents and the grid. Knows no canvas, no prompt and no noise.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from engine.denoisers.base import Backend
from engine.errors import BadMedia, BadRequest
from engine.media import carried, fit_picture, read_film, read_picture
from engine.media.kinds import film_kind, head
from engine.recipe import Input, Recipe, from_json
from engine.recipe.value import FILE, FILM, fingerprint

CHUNK = 1 << 20     # pixels that are encoded at once, or one latent frame


@dataclass(frozen=True)
class Place:
    """Where an input lies in the film: pictures [at, at + count), frames [first, last) that it touches."""

    at: int
    count: int
    first: int          # latent frame; on a loop they go round
    last: int
    head: int           # pictures of the first frame before the input begins: unknown
    tail: int           # pictures of the last frame after it ends

    @property
    def whole(self) -> range:
        """Frames of which it has every picture."""
        return range(self.first + (self.head > 0), self.last - (self.tail > 0))


def place(item: Input, recipe: Recipe, time: int) -> Place:
    """Where an input comes to lie; `time` pictures make a latent frame."""
    stop = item.at + item.pictures
    lead = 0 if recipe.loops else time - 1          # a film's first frame has one picture: it is the last of as many
    first, last = (item.at + lead) // time, -(-(stop + lead) // time)
    head, tail = item.at + lead - first * time, last * time - stop - lead
    return Place(item.at, item.pictures, first, last, 0 if first == 0 and not recipe.loops else head, tail)


class Given:
    """One input: a still, a film or a mask."""

    def __init__(self, item: Input, recipe: Recipe, backend: Backend, path: Path | None = None):
        """Raises BadMedia for a file that is gone, is another one than it was, or cannot be what it should be."""
        self.item, self.recipe, self.backend = item, recipe, backend
        self.path = Path(path or item.path)
        what = "picture" if item.role == "still" else item.role
        if fingerprint(self.path, FILE if item.role == "still" else FILM) != item.sha256:
            raise BadMedia(f"{self.path} is not the {what} that this recipe was made with: it has changed since. Choose the {what} again.")
        self.left, self.top, self.width, self.height = item.box or (0, 0, recipe.width, recipe.height)
        self.place = place(item, recipe, backend.grid.time)
        self.saved = _Saved.read(self.path, backend) if item.role == "film" and self.path.suffix == ".safetensors" else None
        self.moves = item.role != "still" and self.saved is None and film_kind(head(self.path, FILM)) is not None
        self.shift = self._shift()
        if item.role == "film" and not (self.saved or self.moves):
            raise BadMedia(f"{self.path.name} is no film. A single picture is animated, or given as a keyframe.")
        if self.saved and self.saved.pictures < item.stop:
            raise BadMedia(f"{self.path.name} has {self.saved.pictures:,} pictures; this recipe uses {item.stop:,} of them.")

    @cached_property
    def footage(self) -> bool:
        """Whether it is film that no model made: read from a file that carries no recipe."""
        return self.item.role == "film" and self.saved is None and carried(self.path) is None

    @property
    def box(self) -> tuple[slice, slice]:
        """Rows and columns of the picture, in pixels."""
        return slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)

    @property
    def cells(self) -> tuple[slice, slice]:
        """Rows and columns of the canvas, in latent cells: to its very end where the picture's edge is reached."""
        space, recipe = self.backend.grid.space, self.recipe
        bottom, right = self.top + self.height, self.left + self.width
        return (slice(self.top // space, self.backend.grid.cells(bottom) if bottom == recipe.height else bottom // space),
                slice(self.left // space, self.backend.grid.cells(right) if right == recipe.width else right // space))

    @property
    def stands(self) -> bool:
        """Whether its latents begin the film as they are: a decode of the film gives its own pictures there."""
        return self.backend.grid.causal and self.shift == 0 and self.place.first == 0 and self.place.tail == 0 and not self.item.box

    def pictures(self, start: int = 0) -> Iterator[np.ndarray]:
        """Its pictures from number `start` on, (height, width, 3) uint8, one after another. Raises BadMedia where the film is too short."""
        if not self.moves and self.saved is None:
            picture = fit_picture(read_picture(self.path), self.width, self.height)
            yield from (picture for _ in range(start, self.item.pictures))
            return
        first, stop, count = self.item.start + start, self.item.stop, 0
        source = self.saved.seen() if self.saved else read_film(self.path, self.backend.grid.rate, most=stop)
        for picture in islice(source, first, stop):
            count += 1
            yield fit_picture(picture, self.width, self.height)
        if count < stop - first:
            raise BadMedia(f"{self.path.name} has {first + count:,} pictures; this recipe uses {stop:,} of them.")

    def latents(self) -> Iterator[tuple[int, Tensor]]:
        """Each latent frame that it touches, (frame, (1, C, 1, h, w)), in order, as one that stands there in the film."""
        place, time, frame = self.place, self.backend.grid.time, self.place.first
        if self.item.role == "still":
            yield frame, self._still(frame)
        elif self.shift is not None:
            for frame in range(place.first, place.last):
                own = frame in place.whole
                yield frame, self.saved.latents[:, :, frame - self.shift:][:, :, :1] if own else self._partly(frame)
        else:
            parts = self._padded()
            first = next(parts)
            if frame == 0 and not self.recipe.loops:        # its first picture is the film's
                encode = self.backend.encoder()
                yield 0, encode(first)
                frame = 1
            else:
                encode, parts = self._encoder(first), chain([first], parts)
            while part := list(islice(parts, max(1, CHUNK // (self.width * self.height * time)) * time)):
                for latent in encode(torch.cat(part, 2)).split(1, 2):
                    yield frame, latent
                    frame += 1

    def _encoder(self, first: Tensor):
        """An encoder inside a film: nothing is known of what came before, so its first picture has stood there for a moment."""
        return self.backend.encoder(first.expand(-1, -1, 1 + 2 * self.backend.grid.time, -1, -1))

    def _still(self, frame: int) -> Tensor:
        """A picture that has stood still for a moment, as the last frame of that."""
        moment = self.backend.grid.pictures(min(frame, 2) + 1)
        return self.backend.encode(self._tensor(next(self.pictures())).expand(-1, -1, moment, -1, -1))[:, :, -1:]

    def _partly(self, frame: int) -> Tensor:
        """A frame at either end, of which some pictures are known: the nearest known one stands for the others."""
        time, place = self.backend.grid.time, self.place
        if frame == place.first:
            known = [self._tensor(picture) for picture in islice(self.pictures(), time - place.head)]
            known = [known[0]] * place.head + known
        else:
            known = [self._tensor(picture) for picture in self.pictures(self.item.pictures - (time - place.tail))]
            known += [known[-1]] * place.tail
        return self._encoder(known[0])(torch.cat(known[:time], 2))

    def _padded(self) -> Iterator[Tensor]:
        """Its pictures as (1, 3, 1, H, W) in -1..1, its first and last repeated so that they fill every frame it touches."""
        for number, picture in enumerate(self.pictures()):
            tensor = self._tensor(picture)
            yield from [tensor] * (1 + (self.place.head if number == 0 else 0))
        yield from [tensor] * self.place.tail

    def _tensor(self, picture: np.ndarray) -> Tensor:
        """(H, W, 3) uint8 -> (1, 3, 1, H, W) in -1..1, mirrored where the canvas goes on beyond the picture's edge."""
        rows, columns = ((cells.stop - cells.start) * self.backend.grid.space for cells in self.cells)
        if picture.shape[:2] != (rows, columns):
            picture = np.pad(picture, ((0, rows - self.height), (0, columns - self.width), (0, 0)), "symmetric")
        return torch.from_numpy(np.ascontiguousarray(picture)).movedim(-1, 0)[None, :, None].float() / 127.5 - 1

    def _shift(self) -> int | None:
        """How many frames later its latents stand in the film than in the take; None where they cannot stand there."""
        saved, grid = self.saved, self.backend.grid
        if saved is None or saved.loops or saved.size != (self.width, self.height):
            return None
        lead = 0 if self.recipe.loops else grid.time - 1
        pictures = self.item.at + lead - (self.item.start + grid.time - 1)
        return pictures // grid.time if pictures % grid.time == 0 else None


@dataclass(frozen=True, eq=False)
class _Saved:
    """The latents of a take."""

    latents: Tensor         # (1, C, T, h, w) float32, of its canvas
    size: tuple[int, int]   # width and height in pixels: what is seen of it
    loops: bool
    backend: Backend

    @classmethod
    def read(cls, path: Path, backend: Backend) -> _Saved:
        """Raises BadMedia for a file that holds none, or those of another model."""
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(path, "pt") as file:
                latents, recipe = file.get_tensor("latents").float(), from_json((file.metadata() or {})["recipe"])
        except (OSError, SafetensorError, KeyError, BadRequest) as error:
            raise BadMedia(f"The latents in {path} cannot be read: they are missing or damaged.") from error
        if (recipe.backend, recipe.version) != (backend.name, backend.version):
            raise BadMedia(f"The latents in {path} are of {recipe.backend} {recipe.version}; {backend.name} {backend.version} is open. Give the film itself.")
        return cls(latents, (recipe.width, recipe.height), recipe.loops, backend)

    @property
    def pictures(self) -> int:
        """How many it has."""
        frames, grid = self.latents.shape[2], self.backend.grid
        return frames * grid.time if self.loops else grid.pictures(frames)

    def seen(self) -> Iterator[np.ndarray]:
        """As the take's own film has them, before it was compressed."""
        before = self.latents[:, :, -self.backend.grid.memory:] if self.loops else None
        width, height = self.size
        for part in self.backend.decode(self.latents, before):
            yield from eight_bits(part[0, :, :, :height, :width].movedim(0, -1) / 2 + 0.5)


def eight_bits(values: Tensor) -> np.ndarray:
    """Values in 0..1 to uint8, rounded."""
    return (values.float().clamp(0, 1) * 255).round().to(torch.uint8).cpu().numpy()


