"""Make: a recipe and a backend in, the files of a take out, said step by step.

    recipe -> canvas -> sampler -> decode -> film, poster, strip, latents, recipe.json

Knows the order of things, and where pictures meet latents. Knows no model by name, no queue and no page: it yields what
happens, and whoever consumes it shows that.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from engine import operations as op
from engine.canvas import Canvas
from engine.checkpoint import Checkpoint, pack, unpack
from engine.denoisers.base import Backend, Grid
from engine.denoisers.catalog import describe
from engine.errors import BadMedia, BadRequest, Cancelled
from engine.events import Decoded, Event, Finished, Kept, Made, Started, Stepped, Stop
from engine.media import FilmWriter, Sheets, fit_picture, read_picture, workshop, write_bytes, write_picture
from engine.recipe import Input, Recipe, check, fits
from engine.recipe.value import fingerprint
from engine.sampler import Step, noise, sample


BRIEF = 1.0         # seconds of walking that are not worth a checkpoint of their own before the decode


def make(recipe: Recipe, backend: Backend, folder: str | Path, *, cancelled: Callable[[], bool | Stop] = lambda: False,
         every: float = math.inf, since: bytes | None = None,
         inputs: Mapping[str, Path] | None = None) -> Iterator[Event]:
    """Run a recipe whole. Yields Started, a Stepped for each step, Decoded as the film is written, and Finished.

    folder      gets take.mp4 (or take.png for one picture), poster.jpg, strip.jpg, latents.safetensors and recipe.json,
                all at the end and together; it is made if it is not there
    cancelled   asked between steps and between parts of the decode: True or a Stop ends the run there
    every       seconds of walking after which a Kept comes between steps, and one when the walk is at its end; nothing
                is kept before it is asked for
    since       the state of an earlier Kept of this recipe: the walk goes on there and its latents are bit for bit what
                they would have been. One of another recipe, model or version is passed over
    inputs      where the recipe's pictures lie on this machine, by hash, if not where it says

    Pictures that the recipe gives are in the film exactly, at the film's size, before it is compressed.
    On an error, when cancelled, or when the consumer stops listening, the folder is as it was before. Raises BadRequest
    for a recipe of another model or off its grid, NotEnoughMemory, BadMedia for an input that is gone or has changed,
    CannotWrite, Cancelled (after a Kept where Stop.KEEP was answered).
    """
    began = time.monotonic()
    if recipe.backend != backend.name:
        raise BadRequest(f"This recipe is for {recipe.backend}; {backend.name} is open.")
    check(recipe, describe(recipe.backend))
    fits(recipe, backend)
    recipe = recipe.made_by(backend.version)
    with workshop(folder) as bench:
        places = inputs or {}
        given = {item.at: _given(dataclasses.replace(item, path=str(places.get(item.sha256, item.path))), recipe)
                 for item in recipe.inputs}
        canvas = lay(recipe, backend, given)
        keeper = _Keeper(recipe, backend.version, every, _earlier(since, recipe, backend, canvas))
        yield Started(recipe, recipe.steps, canvas.frames, keeper.kept)
        for step in _walk(recipe, backend, canvas, keeper.last):
            yield Stepped(step.index, step.count, _eight_bits(backend.preview(step.x0)[0].movedim(0, -1)))
            yield from keeper.look(step)
            yield from _heed(cancelled, keeper)
        latents = keeper.last.x
        save_latents(bench / "latents.safetensors", latents, recipe)
        write_bytes(bench / "recipe.json", recipe.to_json().encode() + b"\n")
        for done in _film(recipe, backend, latents, given, bench):
            yield Decoded(done, recipe.pictures)
            yield from _heed(cancelled, keeper)
    yield Finished(Made(
        recipe=recipe, film=Path(folder) / _name(recipe), poster=Path(folder) / "poster.jpg",
        strip=Path(folder) / "strip.jpg", latents=Path(folder) / "latents.safetensors", width=recipe.width,
        height=recipe.height, pictures=recipe.pictures, rate=backend.grid.rate, seconds=time.monotonic() - began))


class _Keeper:
    """Knows the last step, and when it is time to say where the walk is."""

    def __init__(self, recipe: Recipe, version: str, every: float, last: Step | None):
        self.recipe, self.version, self.every, self.last = recipe, version, every, last
        self.kept = 0 if last is None else last.index + 1       # steps that somebody has put away
        self.mark = time.monotonic()

    def look(self, step: Step) -> Iterator[Kept]:
        """Another step is done."""
        self.last = step
        limit = min(self.every, BRIEF) if step.index == step.count - 1 else self.every
        if self.every < math.inf and time.monotonic() - self.mark >= limit:
            yield from self.keep()

    def keep(self) -> Iterator[Kept]:
        """Say where the walk is, unless that was said already."""
        if self.last is not None and self.last.index + 1 > self.kept:
            self.kept = self.last.index + 1
            yield Kept(self.kept, pack(Checkpoint(self.last), self.recipe, self.version))
        self.mark = time.monotonic()


def _earlier(since: bytes | None, recipe: Recipe, backend: Backend, canvas: Canvas) -> Step | None:
    """The step to go on from, where there is one that belongs to this walk."""
    point = unpack(since, recipe, backend.version)
    return point.step if point is not None and tuple(point.step.x.shape) == canvas.shape else None


def lay(recipe: Recipe, backend: Backend, given: dict[int, np.ndarray]) -> Canvas:
    """The canvas of a recipe: `given` maps a picture's number in the film to the picture, (H, W, 3) at film size."""
    grid = backend.grid
    shape = grid.latent_shape(recipe.pictures, recipe.width, recipe.height)
    if recipe.operation == "image":
        return op.image(shape)
    if recipe.operation == "animate":
        return op.animate(backend.encode(_tensor(given[0])), grid.frames(recipe.pictures) - 1)
    if recipe.operation == "keyframes":
        stills = {grid.frame_of(at): _still(picture, grid.frame_of(at), backend) for at, picture in given.items()}
        return op.keyframes(stills, grid.frames(recipe.pictures))
    return op.text(shape)


def save_latents(path: Path, latents: Tensor, recipe: Recipe) -> None:
    """Latents beside their recipe, as safetensors. Raises CannotWrite."""
    from safetensors.torch import save

    write_bytes(path, save({"latents": latents.contiguous().cpu()}, {"recipe": recipe.to_json()}))


def load_latents(path: str | Path) -> Tensor:
    """Latents (1, C, T, H, W) float32 of a take. Raises BadMedia for a file that is missing or damaged."""
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        return load(Path(path).read_bytes())["latents"]
    except (OSError, SafetensorError, KeyError) as error:
        raise BadMedia(f"The latents in {path} cannot be read: they are missing or damaged.") from error


def _walk(recipe: Recipe, backend: Backend, canvas: Canvas, since: Step | None = None) -> Iterator[Step]:
    denoise = backend.denoiser([recipe.prompt], guidance=recipe.guidance, negative=recipe.negative)
    sigmas = backend.sigmas(recipe.steps, canvas.shape)
    return sample(denoise, canvas, noise(canvas.shape, recipe.seed), sigmas, recipe.solver, since)


def _film(recipe: Recipe, backend: Backend, latents: Tensor, given: dict[int, np.ndarray], bench: Path) -> Iterator[int]:
    """Decode part by part into the film, the sheets looking on; yields how many pictures are done."""
    sheets = Sheets(recipe.pictures)
    if recipe.pictures == 1:
        picture = next(_pictures(backend, latents, given))
        write_picture(bench / _name(recipe), picture[0], recipe.to_json())
        sheets.look(picture)
        yield 1
    else:
        with FilmWriter(bench / _name(recipe), recipe.width, recipe.height, backend.grid.rate, recipe.to_json()) as film:
            for part in _pictures(backend, latents, given):
                film.add(part)
                sheets.look(part)
                yield film.pictures
    sheets.write(bench / "poster.jpg", bench / "strip.jpg", recipe.to_json())


def _pictures(backend: Backend, latents: Tensor, given: dict[int, np.ndarray]) -> Iterator[np.ndarray]:
    """The film part by part, (n, H, W, 3) uint8. A kept cell is exact only in latents: its picture is put back here."""
    start = 0
    for part in backend.decode(latents):
        pictures = _eight_bits(part[0].movedim(0, -1) / 2 + 0.5)
        for at, picture in given.items():
            if start <= at < start + len(pictures):
                pictures[at - start] = picture
        start += len(pictures)
        yield pictures


def _given(item: Input, recipe: Recipe) -> np.ndarray:
    if fingerprint(item.path) != item.sha256:
        raise BadMedia(f"{item.path} is not the picture that this recipe was made with: it has changed since. "
                       "Choose the picture again.")
    return fit_picture(read_picture(item.path), recipe.width, recipe.height)


def _still(picture: np.ndarray, frame: int, backend: Backend) -> Tensor:
    """A picture as latents (1, C, 1, H, W) of one that stands at latent frame `frame`.

    A causal autoencoder holds 1 picture in its first latent frame and 4 in each later one, and remembers what came
    before. So the picture is encoded as a still that has already stood for a moment, and the last frame is taken.
    """
    grid: Grid = backend.grid
    moment = grid.pictures(min(frame, 2) + 1)
    return backend.encode(_tensor(picture).expand(-1, -1, moment, -1, -1))[:, :, -1:]


def _tensor(picture: np.ndarray) -> Tensor:
    """(H, W, 3) uint8 -> (1, 3, 1, H, W) in -1..1."""
    return torch.from_numpy(picture).movedim(-1, 0)[None, :, None].float() / 127.5 - 1


def _eight_bits(values: Tensor) -> np.ndarray:
    """Values in 0..1 to uint8, rounded."""
    return (values.float().clamp(0, 1) * 255).round().to(torch.uint8).cpu().numpy()


def _name(recipe: Recipe) -> str:
    return "take.png" if recipe.pictures == 1 else "take.mp4"


def _heed(cancelled: Callable[[], bool | Stop], keeper: _Keeper) -> Iterator[Kept]:
    asked = cancelled()
    if asked is Stop.KEEP:
        yield from keeper.keep()
        raise Cancelled("The take was stopped before it was finished; it goes on from where it was kept.")
    if asked:
        raise Cancelled("The take was cancelled before it was finished; nothing of it is kept.")
