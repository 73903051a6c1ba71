"""Report: a model measured from end to end, on prompts it never met.

Knows a backend, the sampler, the judge and the paper world's renderer; asks each and puts their answers into a table.
Knows no model by name. What it yields on the way is for whoever shows it; the last thing it yields is the report.

    for event in evaluate(backend, real=folder):
        if isinstance(event, Progress): ...     # a bar
        if isinstance(event, Shown): ...        # pictures for the card
    report = event
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from engine import operations
from engine.denoisers.base import Backend
from engine.errors import BadRequest, WeightsError
from engine.evaluation import measures
from engine.evaluation.judge import Judge
from engine.evaluation.prompts import FULL, QUICK, Prompt, held_out_prompts
from engine.evaluation.table import Report
from engine.evaluation.tally import Tally
from engine.media import fit_picture, read_film, read_picture
from engine.sampler import noise, sample

MANY = 30                       # steps of the walk that few steps are held against
PHOTOGRAPHS = ("astronaut.png", "chelsea.png", "coffee.png")
FOOTAGE = ("traffic.mp4", "bottles.mp4", "bikes.mp4")
SHOWN = 8                       # prompts whose film is handed out to be shown
EQUAL = 99.0                    # dB that equal films are given: JSON knows no infinity


@dataclass(frozen=True)
class Progress:
    """How far one part of the measurement is."""

    part: str       # "films from prompts"
    done: int
    total: int


@dataclass(frozen=True, eq=False)
class Shown:
    """A film that was made on the way."""

    prompt: str
    pictures: np.ndarray        # (N, H, W, 3) uint8


@dataclass(frozen=True)
class Size:
    """Of the films a model is measured with."""

    width: int
    height: int
    pictures: int


def make_film(backend: Backend, text: str, size: Size, seed: int, steps: int) -> Tensor:
    """A film of `text` as the studio would make it: (3, N, H, W) in -1..1."""
    shape = backend.grid.latent_shape(size.pictures, size.width, size.height)
    for step in sample(backend.denoiser([text]), operations.text(shape), noise(shape, seed), backend.sigmas(steps, shape)):
        made = step.x               # only the last one's is kept
    return torch.cat(list(backend.decode(made)), 2)[0].float().clamp(-1, 1)


def through(backend: Backend, film: Tensor) -> Tensor:
    """A film (3, N, H, W) packed into latents and unpacked again."""
    return torch.cat(list(backend.decode(backend.encode(film[None]))), 2)[0].float().clamp(-1, 1)


def rendered(scene, size: Size) -> Tensor:
    """The renderer's own film of a scene, (3, N, H, W) in -1..1."""
    from engine.training import paperworld as world

    return world.render(scene, size.pictures, size.width, size.height).pixels.transpose(0, 1) * 2 - 1


def evaluate(backend: Backend, *, real: Path | None = None, count: int | None = None, seed: int = 0, quick: bool = False,
             size: Size | None = None, judge: Judge | None = None, many: int = MANY) -> Iterator[Progress | Shown | Report]:
    """Measure a model on held-out prompts; yields Progress and Shown on the way and the Report at last.

    real    folder of photographs and footage, None or absent where there is none: that part is then skipped, and says so
    count   prompts; QUICK where `quick`, FULL otherwise, unless given. The other parts are in proportion to it
    seed    of prompts and noise: the same numbers come out again
    size    of the films; 33 pictures of 256x144 unless given, 2 s at the studio's first size
    judge   None opens the shipped one; without it nothing is judged, and the report says so
    many    steps of the walk that the model's own few are held against

    Raises BadRequest for films too short to show motion, or fewer than two prompts.
    """
    start = time.monotonic()
    count = count or (QUICK if quick else FULL)
    size, few = size or Size(256, 144, 33), backend.default_steps
    if size.pictures < 9 or count < 2:
        raise BadRequest(f"A measurement needs films of 9 pictures or more and 2 prompts or more; films of "
                         f"{size.pictures} and {count} prompts were asked.")
    skipped: list[str] = []
    if judge is None:
        try:
            judge = Judge.open()
        except WeightsError as error:
            skipped.append(f"Nothing was judged: {error}")
    tally, prompts = Tally(), held_out_prompts(count, seed)
    yield from _on_renders(backend, tally, prompts, size, judge)
    yield from _on_real(backend, tally, real, size, skipped)
    yield from _from_prompts(backend, tally, prompts, size, judge, seed, few)
    yield from _few_and_many(backend, tally, prompts[:max(2, count // 4)], size, judge, seed, few, many)
    yield from _variety(backend, tally, prompts[:max(2, count // 12)], size, seed, few)
    if judge:
        yield from _permanence(backend, tally, held_out_prompts(max(2, count // 4), seed, "behind"), size, judge, seed, few)
    settings = {"prompts": count, "seed": seed, "width": size.width, "height": size.height, "pictures": size.pictures,
                "steps": few, "many": many}
    yield Report(backend.name, backend.version, settings, tuple(tally.rows(prompts, judge.accuracy if judge else None, few, many)), tuple(skipped),
                 round(time.monotonic() - start, 1), machine())


def _on_renders(backend: Backend, tally: Tally, prompts: list[Prompt], size: Size, judge: Judge | None) -> Iterator[Progress]:
    """The renderer's film of every prompt, as it is and through the autoencoder: the bound of what can be reached."""
    for i, prompt in enumerate(prompts):
        film = rendered(prompt.scene, size)
        coded = through(backend, film)
        tally.add("psnr.renders", min(EQUAL, measures.psnr(coded, film)))
        _look(tally, "renders", film, backend)
        _look(tally, "coded", coded, backend)
        if judge:
            tally.verdict("renders", judge.of_film(film), prompt)
            tally.verdict("coded", judge.of_film(coded), prompt)
        yield Progress("renders and the autoencoder", i + 1, len(prompts))


def _look(tally: Tally, key: str, film: Tensor, backend: Backend) -> None:
    """What can be counted in a film with nothing to compare it to."""
    mean, peak = measures.motion_strength(film, backend.grid.rate)
    tally.add(f"{key}.speed", mean)
    tally.add(f"{key}.peak", peak)
    tally.add(f"{key}.boundary", measures.boundary_step(film, backend.grid.time))
    tally.add(f"{key}.drift", measures.colour_drift(film))


def _on_real(backend: Backend, tally: Tally, real: Path | None, size: Size, skipped: list[str]) -> Iterator[Progress]:
    """Photographs and footage through the autoencoder, which must carry more than the paper world."""
    files = [real / name for name in PHOTOGRAPHS + FOOTAGE if (real / name).is_file()] if real and real.is_dir() else []
    if not files:
        skipped.append(f"The autoencoder was not measured on photographs and footage: there are none in {real}." if real else
                       "The autoencoder was not measured on photographs and footage: no folder of them was given.")
    for i, path in enumerate(files):
        if path.name in PHOTOGRAPHS:
            film, key = _photograph(path, backend), "psnr.photographs"
        else:
            film, key = _footage(path, size), "psnr.footage"
        tally.add(key, min(EQUAL, measures.psnr(through(backend, film), film)))
        yield Progress("photographs and footage", i + 1, len(files))


def _photograph(path: Path, backend: Backend) -> Tensor:
    """A photograph (3, 1, H, W) in -1..1, its shorter side 256 pixels, the other on the model's grid."""
    picture = read_picture(path)
    height, width = picture.shape[:2]
    scale = 256 / min(width, height)
    picture = fit_picture(picture, backend.grid.snap_side(round(width * scale)), backend.grid.snap_side(round(height * scale)))
    return _film(picture[None])


def _footage(path: Path, size: Size, pictures: int = 17) -> Tensor:
    """The first pictures of a film file, (3, N, H, W) in -1..1."""
    frames = []
    for frame in read_film(path):
        frames.append(fit_picture(frame, size.width, size.height))
        if len(frames) == pictures:
            break
    return _film(np.stack(frames[:1 + (len(frames) - 1) // 4 * 4]))


def _film(pictures: np.ndarray) -> Tensor:
    return torch.from_numpy(pictures).permute(3, 0, 1, 2).float() / 127.5 - 1


def _from_prompts(backend: Backend, tally: Tally, prompts: list[Prompt], size: Size, judge: Judge | None, seed: int,
                  few: int) -> Iterator[Progress | Shown]:
    """One film of every prompt, as a person would get it."""
    for i, prompt in enumerate(prompts):
        film = make_film(backend, prompt.text, size, seed + i, few)
        _look(tally, "made", film, backend)
        if judge:
            tally.verdict("made", judge.of_film(film), prompt)
        if i < SHOWN:
            yield Shown(prompt.text, measures.as_bytes(film))
        yield Progress("films from prompts", i + 1, len(prompts))


def _few_and_many(backend: Backend, tally: Tally, prompts: list[Prompt], size: Size, judge: Judge | None, seed: int,
                  few: int, many: int) -> Iterator[Progress]:
    """The same noise walked in few steps and in many: how far apart the films are, and how much better they follow."""
    for i, prompt in enumerate(prompts):
        quick, slow = (make_film(backend, prompt.text, size, seed + i, steps) for steps in (few, many))
        tally.add("gap.psnr", min(EQUAL, measures.psnr(quick, slow)))
        if judge:
            tally.verdict("few", judge.of_film(quick), prompt)
            tally.verdict("many", judge.of_film(slow), prompt)
        yield Progress(f"{few} steps against {many}", i + 1, len(prompts))


def _variety(backend: Backend, tally: Tally, prompts: list[Prompt], size: Size, seed: int, few: int,
             takes: int = 3) -> Iterator[Progress]:
    """Several seeds of one prompt; beside them several renders of one set of attributes."""
    for i, prompt in enumerate(prompts):
        films = [make_film(backend, prompt.text, size, seed + 1000 + takes * i + k, few) for k in range(takes)]
        tally.add("made.diversity", measures.diversity(films))
        renders = [rendered(replace(prompt.scene, seed=prompt.scene.seed + k), size) for k in range(takes)]
        tally.add("renders.diversity", measures.diversity(renders))
        yield Progress("several takes of a prompt", i + 1, len(prompts))


def _permanence(backend: Backend, tally: Tally, prompts: list[Prompt], size: Size, judge: Judge, seed: int,
                few: int) -> Iterator[Progress]:
    """A subject passes behind something: it must go in and come out as the prompt says."""
    for i, prompt in enumerate(prompts):
        tally.add("permanence.made", permanent(judge, make_film(backend, prompt.text, size, seed + 2000 + i, few), prompt))
        film = rendered(prompt.scene, size)
        tally.add("permanence.renders", permanent(judge, film, prompt))
        tally.add("permanence.coded", permanent(judge, through(backend, film), prompt))
        yield Progress("passing behind things", i + 1, len(prompts))


def permanent(judge: Judge, film: Tensor, prompt: Prompt) -> bool:
    """Whether subject and colour are the prompt's in the first quarter of a film and in its last quarter.

    The world's scenes of this kind begin and end in sight; what hides the subject stands in the middle.
    """
    quarter = max(1, film.shape[1] // 4)
    ends = [judge.of_pictures(part) for part in (film[:, :quarter], film[:, -quarter:])]
    return all(end.word(name) == prompt.truth[name] for end in ends for name in ("subject", "colour"))


def machine() -> dict[str, str | int]:
    """What it was measured on."""
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"
    return {"device": device, "cores": os.cpu_count() or 0, "torch": torch.__version__}
