"""Source: a file, as film that something is made of: what it is, what made it, and which part of it is used.

    film from here      its latents, where they are kept and the weights are still the same
    film from anywhere  itself, read at the model's rate

Knows files, times and sizes. Knows no operation, and neither torch nor canvases.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.denoisers.catalog import Model
from engine.errors import BadMedia, BadRequest
from engine.media import picture_size, probe, read_film, read_picture
from engine.media.kinds import FILM_PICTURES, FILM_SECONDS, film_kind, head, shown
from engine.recipe.again import latents_beside, recipe_of
from engine.recipe.asking import sides
from engine.recipe.bounds import SIDES, number
from engine.recipe.shapes import nearest
from engine.recipe.value import FILM, Cue, Input, Recipe

ALIKE = 0.04            # two shapes that differ by less are the same: nobody sees what is cut off


@dataclass(frozen=True)
class Source:
    """Film that something is made of."""

    path: Path              # as it was given
    best: Path              # its latents, where they can be used; else itself
    width: int              # pixels
    height: int
    pictures: int           # at the model's rate
    recipe: Recipe | None   # what made it, if it was made here

    @classmethod
    def of(cls, path: str | Path, model: Model, notes: list[str]) -> Source:
        """Look at a film; what a person should know of it goes into `notes`. Raises BadMedia for one that cannot be read."""
        path = Path(path)
        found, name, rate = probe(path), shown(path), model.grid.rate
        try:
            recipe = recipe_of(path).recipe
        except (BadMedia, BadRequest):
            recipe = None
        latents = _latents(path, recipe, found.pictures, model, notes)
        even = abs(found.rate - rate) <= 0.01
        if not latents and not even:
            notes.append(f"{name} has {found.rate:.5g} pictures a second; {model.title} makes {rate}, and that is what it is read at.")
        pictures = found.pictures if even else int(found.duration * rate + 1e-6)
        if found.pictures < 2 or pictures < 2:
            raise BadMedia(f"{name} is a single picture; a film has 2 or more. `animate` sets a picture in motion.")
        return cls(path, latents or path, found.width, found.height, pictures, recipe)

    @property
    def name(self) -> str:
        """For sentences."""
        return shown(self.path)

    def words(self, asked: str | None, first: int, last: int, at: int, model: Model) -> list[Cue]:
        """What its pictures [first, last) show, where the first of them stands at picture `at`: as asked, or the words that made it.

        The first cue begins there; further ones follow where its words changed. Raises BadRequest where nobody said.
        """
        if asked is not None:
            return [Cue(at, asked)]
        if self.recipe is None:
            raise BadRequest(f"{self.name} was not made here, so nobody said what it shows. Say it, and {model.title} goes on from there.")
        told = [Cue(0, self.recipe.prompt, asked=self.recipe.asked), *(self.recipe.cues if self.recipe.pictures == self.pictures else ())]
        begins = [cue for cue in told if cue.at <= first][-1]
        return [Cue(at, begins.prompt, asked=begins.asked), *(replace(cue, at=cue.at - first + at) for cue in told if first < cue.at < last)]

    def own_size(self, model: Model) -> tuple[int, int]:
        """Its own where the model made it so, or the nearest of its shape that the model makes in good time."""
        if self.recipe and (self.recipe.backend, self.recipe.width, self.recipe.height) == (model.name, self.width, self.height):
            return self.width, self.height
        return nearest(self.width, self.height, model.sizes[0][1] * model.sizes[0][2], model.grid.step, SIDES[1])

    def size(self, asked: Sequence[int] | str | None, model: Model, notes: list[str]) -> tuple[int, int]:
        """The size of what is made of it, on the model's grid: as asked, or its own. Raises BadRequest."""
        size = sides(asked) if asked else self.own_size(model)
        snapped = model.grid.snap_side(size[0]), model.grid.snap_side(size[1])
        if not same_shape(snapped, (self.width, self.height)):
            notes.append(f"{self.name} is {self.width}x{self.height}; what does not fit into {snapped[0]}x{snapped[1]} is cut off.")
        elif snapped != (self.width, self.height):
            notes.append(f"{self.name} is {self.width}x{self.height}; it is used at {snapped[0]}x{snapped[1]}.")
        return size

    def part(self, start: float, stop: float | None, model: Model, notes: list[str], keep_end: bool = False, follows: bool = False) -> tuple[int, int]:
        """Pictures [first, last) of it between two times in seconds, as many as fill latent frames: 1 + 4k; 4k where it `follows` other film.

        What is too much goes from the end, or with `keep_end` from the beginning. Raises BadRequest for a part that is too
        short or out of the film, and for more film than is read at all.
        """
        rate, time = model.grid.rate, model.grid.time
        first = round(number(start, "start") * rate)
        last = self.pictures if stop is None else min(self.pictures, round(number(stop, "end") * rate) + 1)     # 2 s are 33 pictures
        asked = f"from {start:g} s to {'its end' if stop is None else f'{stop:g} s'}"
        if not 0 <= first <= last - 2:
            raise BadRequest(f"{self.name} has {self.pictures / rate:.4g} s; {asked} is no film.")
        if last > min(FILM_PICTURES, FILM_SECONDS * rate):
            raise BadRequest(f"{self.name} has {self.pictures / rate / 3600:.3g} hours; films are read for {FILM_SECONDS / 3600:g}, and {asked} "
                             "was asked. Use a part of it, up to an earlier second.")
        alone = 0 if follows else 1         # the picture that has a latent frame to itself
        more = (last - first - alone) % time
        first, last = (first + more, last) if keep_end else (first, last - more)
        if last - first < 2:
            raise BadRequest(f"{self.name} {asked} is {last - first + more} pictures; {model.title} works on film of {1 + time} or more.")
        if more:
            notes.append(f"The {'first' if keep_end else 'last'} {'picture' if more == 1 else f'{more} pictures'} of {self.name} {asked} "
                         f"{'is' if more == 1 else 'are'} left out: {model.title} works on {'1 + ' * alone}{time}k of them.")
        return first, last

    def given(self, at: int, first: int, last: int, box: tuple[int, ...] = ()) -> Input:
        """Its pictures [first, last) as an input that stands at picture `at`."""
        return Input.of(self.best, at, "film", first, last, box)


def same_shape(one: Sequence[int], other: Sequence[int]) -> bool:
    """Whether two sizes are of one shape, as far as anybody sees."""
    return abs(one[0] * other[1] - other[0] * one[1]) <= ALIKE * one[0] * other[1]


def mask_of(mask: str | Path | None, source: Source, pictures: int, model: Model, notes: list[str]) -> list[Input]:
    """A mask as an input. One that moves begins with the film; where it ends sooner, its last picture stays.

    It is made as large as the film. Raises BadRequest for one of another shape, or in which nothing is white.
    """
    if mask is None:
        return []
    moves = film_kind(head(mask, FILM)) is not None
    if moves:
        found = probe(mask)
        count, size = max(1, min(pictures, int(found.duration * model.grid.rate + 1e-6))), (found.width, found.height)
    else:
        count, size = 1, picture_size(mask)
    if not same_shape(size, (source.width, source.height)):
        raise BadRequest(f"The mask {shown(mask)} is {size[0]}x{size[1]} and {source.name} is {source.width}x{source.height}; a mask has the film's "
                         "shape, in any size.")
    seen = read_film(mask, model.grid.rate, most=count) if moves else [read_picture(mask)]
    if not any(picture.mean(2).max() >= 1 for picture in seen):
        raise BadRequest(f"The mask {shown(mask)} is black all over: nothing would change. What is to be made anew is white in it.")
    if moves and count < pictures:
        notes.append(f"The mask {shown(mask)} ends before the film; its last picture stays.")
    return [Input.of(mask, 0, "mask", 0, count)]


def _latents(path: Path, recipe: Recipe | None, pictures: int, model: Model, notes: list[str]) -> Path | None:
    """The latents of a take, where they can be led on from; a note where they could not for a reason that is no choice."""
    if recipe is None or recipe.backend != model.name:
        return None
    if recipe.pictures != pictures:
        notes.append(f"{shown(path)} has been cut since it was made ({pictures:,} pictures of {recipe.pictures:,}), so the film itself is used.")
        return None
    found = latents_beside(path, recipe)
    if found and recipe.version != model.version:
        notes.append(f"{shown(path)} was made by other weights of {model.title} than there are now, so the film itself is used and not its latents.")
        return None
    if not found:
        notes.append(f"{shown(path)} has no latents beside it, so the film itself is used, as it was compressed.")
    return found
