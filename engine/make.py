"""Make: a recipe and a backend in, the files of a take out, said step by step.

    recipe -> canvas -> windows, walked -> decode -> film, poster, strip, latents, recipe.json

Knows the order of things; each of them has a room in `engine.making`. Knows no model by name, no operation, no queue and
no page: it yields what happens, and whoever consumes it shows that.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from pathlib import Path

from torch import Tensor

from engine.checkpoint import Checkpoint, pack, pack_windows, unpack
from engine.denoisers.base import Backend, Manner, Sounding
from engine.denoisers.catalog import describe
from engine.denoisers.open import loras
from engine.errors import BadMedia, BadRequest, Cancelled
from engine.events import Decoded, Event, Finished, Kept, Made, Noted, Started, Stepped, Stop
from engine.making.given import eight_bits
from engine.making.layout import Layout, lay
from engine.making.pixels import pictures
from engine.making.walk import Stride, Walk
from engine.media import FilmWriter, Sheets, workshop, write_bytes, write_picture
from engine.media.writing import writing
from engine.recipe import Recipe, check, fits


BRIEF = 1.0         # seconds of walking that are not worth a checkpoint of their own before the decode


def make(recipe: Recipe, backend: Backend, folder: str | Path, *, cancelled: Callable[[], bool | Stop] = lambda: False,
         every: float = math.inf, since: bytes | None = None, windows: Sequence[bytes | Path] = (),
         inputs: Mapping[str, Path] | None = None) -> Iterator[Event]:
    """Run a recipe whole. Yields Started, a Stepped for each step, a Noted before it where something happened on the way, Decoded as the film is written, and Finished.

    folder      gets take.mp4 (or take.png for one picture), poster.jpg, strip.jpg, latents.safetensors and recipe.json,
                all at the end and together; it is made if it is not there
    cancelled   asked between steps and between parts of the decode: True or a Stop ends the run there. Stop.TAKE ends only
                the walk: the estimate of its last step is the film, without the windows that were not begun; `Made.part`
                says how much of the walk it is
    every       seconds of walking after which a Kept comes between steps, and one when the walk is at its end; nothing
                is kept before it is asked for
    since       the state of an earlier Kept of this recipe: the walk goes on there and its latents are bit for bit what
                they would have been; with a cache nearly so, for that begins anew. One of another recipe, model or version
                is passed over
    windows     the finished windows that earlier Kepts said, in order, as bytes or as files
    inputs      where the recipe's inputs lie on this machine, by hash, if not where it says; its LoRAs, if not in their folder

    Pictures that the recipe gives and does not change are in the film exactly, at the film's size, before it is compressed.
    On an error, when cancelled, or when the consumer stops listening, the folder is as it was before. Raises BadRequest
    for a recipe of another model or off its grid, NotEnoughMemory, BadMedia for an input that is gone or has changed,
    CannotWrite, Cancelled (after a Kept where Stop.KEEP was answered).
    """
    began = time.monotonic()
    if recipe.backend != backend.name:
        raise BadRequest(f"This recipe is for {recipe.backend}; {backend.name} is open.")
    model = describe(recipe.backend)
    check(recipe, model)
    fits(recipe, model)
    recipe = recipe.made_by(backend.version)
    with workshop(folder) as bench:
        backend.begin(Manner(recipe.cache, recipe.guider, recipe.loras, loras.find(recipe.loras, known=inputs)))
        try:
            layout = lay(recipe, backend, inputs or {})
            walk, part = Walk(recipe, backend, layout, unpack(since, recipe, backend.version, windows)), 1.0
            keeper = _Keeper(recipe, backend.version, every, walk)
            yield Started(recipe, walk.count, layout.canvas.frames, walk.done)
            for stride in walk:
                yield from map(Noted, backend.remarks())
                yield Stepped(stride.index, stride.count, eight_bits(backend.preview(stride.x0)[0].movedim(0, -1)))
                yield from keeper.look(stride)
                if (yield from _heed(cancelled, keeper)) is Stop.TAKE:
                    walk.settle(stride)
                    part = (stride.index + 1) / stride.count
                    break
        finally:
            backend.end()
        save_latents(bench / "latents.safetensors", walk.latents, recipe)
        write_bytes(bench / "recipe.json", recipe.to_json().encode() + b"\n")
        frames = walk.latents.shape[2]
        count = recipe.pictures if frames == layout.canvas.frames else backend.grid.pictures(frames)
        for done in _film(recipe, backend, walk.latents, layout, bench, count):
            yield Decoded(done, count)
            yield from _heed(cancelled, keeper)
    yield Finished(Made(
        recipe=recipe, film=Path(folder) / _name(recipe), poster=Path(folder) / "poster.jpg",
        strip=Path(folder) / "strip.jpg", latents=Path(folder) / "latents.safetensors", width=recipe.width,
        height=recipe.height, pictures=count, rate=backend.grid.rate, seconds=time.monotonic() - began, part=part))


class _Keeper:
    """Knows the last step, and when it is time to say where the walk is."""

    def __init__(self, recipe: Recipe, version: str, every: float, walk: Walk):
        self.recipe, self.version, self.every = recipe, version, every
        self.done = self.kept = walk.done       # steps done, and those that somebody has put away
        self.windows = walk.finished            # windows that somebody has put away
        self.point: Checkpoint | None = None
        self.mark = time.monotonic()

    def look(self, stride: Stride) -> Iterator[Kept]:
        """Another step is done."""
        self.point, self.done = stride.point, stride.index + 1
        limit = min(self.every, BRIEF) if self.point.finished else self.every
        if self.every < math.inf and time.monotonic() - self.mark >= limit:
            yield from self.keep()

    def keep(self) -> Iterator[Kept]:
        """Say where the walk is, unless that was said already."""
        if self.done > self.kept:
            new = pack_windows(self.point, self.recipe, self.version, self.windows)
            self.kept, self.windows = self.done, len(self.point.windows)
            yield Kept(self.kept, pack(self.point, self.recipe, self.version), new)
        self.mark = time.monotonic()


def save_latents(path: Path, latents: Tensor, recipe: Recipe) -> None:
    """Latents beside their recipe, as safetensors. Raises CannotWrite.

    Written as they lie: the library's `save` needs them a second time, half a gigabyte for a minute at full size, and its
    `save_file` does not say what the system has against it.
    """
    film = latents.float().cpu().contiguous().numpy()
    head = json.dumps({"__metadata__": {"recipe": recipe.to_json()},
                       "latents": {"dtype": "F32", "shape": film.shape, "data_offsets": [0, film.nbytes]}}).encode()
    head += b" " * (-len(head) % 8)
    with writing(path), path.open("wb") as file:
        file.write(len(head).to_bytes(8, "little") + head)
        file.write(memoryview(film.astype("<f4", copy=False)).cast("B"))


def load_latents(path: str | Path) -> Tensor:
    """Latents (1, C, T, H, W) float32 of a take. Raises BadMedia for a file that is missing or damaged."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)["latents"]
    except (OSError, SafetensorError, KeyError) as error:
        raise BadMedia(f"The latents in {path} cannot be read: they are missing or damaged.") from error


def _film(recipe: Recipe, backend: Backend, latents: Tensor, layout: Layout, bench: Path, count: int) -> Iterator[int]:
    """Decode part by part into the film, the sheets looking on; yields how many pictures are done."""
    sheets, parts = Sheets(count), pictures(backend, latents, layout)
    if recipe.pictures == 1:
        picture = next(parts)
        write_picture(bench / _name(recipe), picture[0], recipe.to_json())
        sheets.look(picture)
        yield 1
    else:
        sound = backend.sound(count) if isinstance(backend, Sounding) else None
        with FilmWriter(bench / _name(recipe), recipe.width, recipe.height, backend.grid.rate, recipe.to_json(), sound) as film:
            for part in parts:
                film.add(part)
                sheets.look(part)
                yield film.pictures
    sheets.write(bench / "poster.jpg", bench / "strip.jpg", recipe.to_json())


def _name(recipe: Recipe) -> str:
    return "take.png" if recipe.pictures == 1 else "take.mp4"


def _heed(cancelled: Callable[[], bool | Stop], keeper: _Keeper) -> Generator[Kept, None, Stop | None]:
    """End the run if that is wanted; returns what else is."""
    asked = cancelled()
    if asked is Stop.KEEP:
        yield from keeper.keep()
        raise Cancelled("The take was stopped before it was finished; it goes on from where it was kept.")
    if asked and asked is not Stop.TAKE:
        raise Cancelled("The take was cancelled before it was finished; nothing of it is kept.")
    return asked or None
