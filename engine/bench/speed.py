"""Speed: what a take costs on this machine, as medians of interleaved rounds, beside what it should cost.

Knows one film, 2 seconds at 256x144, a command that makes it, and a backend. Knows no model by name.

    each round:  the whole command | matrix products | a walk | a decode | an encode | a whole film with the model open

Rounds are interleaved because other work on the machine comes and goes: what is divided was measured side by side.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from engine import operations as op
from engine.bench.counting import kind, matrix_rate, operations
from engine.bench.running import cost
from engine.denoisers.base import Backend
from engine.recipe import Recipe, compose
from engine.sampler import noise, sample

PROMPT = "a red boat sails left on the sea at dusk"
SIZE, SECONDS = (256, 144), 2.0


@dataclass(frozen=True)
class Figure:
    """One row: the median of all rounds, and the lowest and highest of them."""

    key: str                    # "share"
    title: str
    unit: str
    median: float
    low: float
    high: float
    aim: float | None = None
    below: bool = False         # whether the aim is to stay under it

    @property
    def reached(self) -> bool | None:
        """Whether the median is where it should be; None where nothing is asked."""
        return None if self.aim is None else self.median < self.aim if self.below else self.median >= self.aim


@dataclass(frozen=True)
class Bench:
    """A measurement of one model on one machine."""

    model: str
    version: str
    rounds: int
    machine: dict[str, str | int]
    recipe: Recipe
    figures: tuple[Figure, ...]

    def __getitem__(self, key: str) -> Figure:
        """The row of that key. Raises KeyError."""
        for figure in self.figures:
            if figure.key == key:
                return figure
        raise KeyError(key)

    def to_json(self) -> dict:
        """Everything, as values that JSON has."""
        rows = {row.key: asdict(row) | {"reached": row.reached} for row in self.figures}
        return {"model": self.model, "version": self.version, "rounds": self.rounds, "machine": self.machine,
                "recipe": json.loads(self.recipe.to_json()), "figures": rows}

    def text(self) -> str:
        """A plain table."""
        rows = [("", "median", "lowest", "highest", "aim", "")]
        for row in self.figures:
            aim = "" if row.aim is None else f"{'under' if row.below else 'at least'} {row.aim:g}"
            verdict = {None: "", True: "reached", False: "missed"}[row.reached]
            rows.append((f"{row.title}, {row.unit}", *(f"{value:,.3g}" if value < 100 else f"{value:,.0f}"
                                                       for value in (row.median, row.low, row.high)), aim, verdict))
        widths = [max(len(row[i]) for row in rows) for i in range(6)]
        lines = ["  ".join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))]).rstrip()
                 for row in rows]
        recipe = self.recipe
        title = (f"{self.model} {self.version}: {recipe.pictures} pictures of {recipe.width}x{recipe.height} in {recipe.steps} steps, "
                 f"{self.rounds} round{'s' if self.rounds > 1 else ''}, {self.machine['threads']} threads of {self.machine['processor']}")
        return "\n".join([title, "", *lines])


def measure(model: str, command: Sequence[str], folder: Path | str, rounds: int) -> Iterator[str | Bench]:
    """Measure `model`; yields a sentence for each thing begun, and the Bench at last.

    command   begins a process of the command line, such as (python, -m, app.cli), run in `folder`
    Raises CineloomError with the command's own sentence when it fails.
    """
    from engine.denoisers.catalog import open_backend

    recipe, _ = compose(PROMPT, model=model, seconds=SECONDS, size=SIZE, seed=7)
    yield f"opening {model}"
    backend = open_backend(model)
    shape = backend.grid.latent_shape(recipe.pictures, recipe.width, recipe.height)
    work = step_work(backend, shape)
    transformer = getattr(backend, "transformer", None)
    dtype, device = (kind(transformer) if transformer is not None else torch.float32), getattr(backend, "device", "cpu")
    rows: list[dict[str, float]] = []
    for number in range(-1, rounds):        # the first round only warms up
        name = f"round {number + 1} of {rounds}" if number >= 0 else "warming up"
        row = {}
        yield f"{name}: the whole command"
        row["whole"], row["memory"] = whole(command, model, Path(folder))
        yield f"{name}: matrix products"
        row["rate"] = matrix_rate(dtype, device)
        yield f"{name}: steps"
        row["step"], latents = walk(backend, recipe, shape)
        yield f"{name}: the autoencoder"
        row["decode"], film = timed(lambda: torch.cat(list(backend.decode(latents)), 2))
        row["encode"], _ = timed(lambda: backend.encode(film))
        yield f"{name}: a film with the model open"
        row["warm"] = open_film(backend, recipe)
        if number >= 0:
            rows.append(row)
    machine = {"processor": processor(), "cores": os.cpu_count() or 0, "threads": torch.get_num_threads(), "torch": torch.__version__,
               "kind": str(dtype).removeprefix("torch."), "device": str(device)}
    yield Bench(backend.name, backend.version, rounds, machine, recipe, tuple(_figures(rows, work, recipe, backend)))


def step_work(backend: Backend, shape: Sequence[int]) -> int:
    """Operations in the matrix products of one step on film of `shape`."""
    denoise = backend.denoiser([PROMPT])
    level = torch.ones(shape[0], 1, *shape[2:])
    x = noise(shape, 7)
    return operations(lambda: denoise(x, level, level / 2))


def whole(command: Sequence[str], model: str, folder: Path) -> tuple[float, float]:
    """Seconds from the start of the process to its end, the file written; and its memory at the peak, in bytes, 0 where nobody says."""
    with tempfile.TemporaryDirectory() as place:
        spent = cost([*command, "take", PROMPT, "--seconds", str(SECONDS), "--size", f"{SIZE[0]}x{SIZE[1]}", "--seed", "7",
                      "--backend", model, "--out", str(Path(place) / "take.mp4"), "--json"], folder)
        return spent.seconds, spent.memory


def walk(backend: Backend, recipe: Recipe, shape: Sequence[int]) -> tuple[float, torch.Tensor]:
    """The middle one of the seconds of all steps of a walk, and the latents it arrives at."""
    steps = sample(backend.denoiser([recipe.prompt]), op.text(shape), noise(shape, recipe.seed), backend.sigmas(recipe.steps, shape))
    seconds = []
    latents = None
    while True:
        spent, step = timed(lambda: next(steps, None))
        if step is None:
            return statistics.median(seconds), latents
        seconds.append(spent)
        latents = step.x


def open_film(backend: Backend, recipe: Recipe) -> float:
    """Seconds of a whole film, file and all, by a model that is open already."""
    from engine.make import make

    with tempfile.TemporaryDirectory() as place:
        spent, _ = timed(lambda: list(make(recipe, backend, place)))
    return spent


def timed(do):
    """Seconds, and what it returned."""
    start = time.perf_counter()
    result = do()
    return time.perf_counter() - start, result


def processor() -> str:
    """The processor's own name."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _figures(rows: list[dict[str, float]], work: int, recipe: Recipe, backend: Backend) -> Iterator[Figure]:
    length = (recipe.pictures - 1) / backend.grid.rate

    def figure(key: str, title: str, unit: str, value, aim: float | None = None, below: bool = False) -> Figure:
        values = [value(row) for row in rows]
        return Figure(key, title, unit, statistics.median(values), min(values), max(values), aim, below)

    yield figure("whole", "from process start to finished file", "s", lambda row: row["whole"])
    yield figure("warm", "a whole film, model open", "s", lambda row: row["warm"])
    yield figure("whole_pace", "film seconds per second, from process start", "times", lambda row: length / row["whole"])
    yield figure("warm_pace", "film seconds per second, model open", "times", lambda row: length / row["warm"], 1.0)
    yield figure("step", "one step", "s", lambda row: row["step"])
    if work:
        yield figure("work", "matrix products in one step", "GFLOP", lambda row: work / 1e9)
        yield figure("rate", "this machine's matrix products", "GFLOP/s", lambda row: row["rate"] / 1e9)
        yield figure("share", "a step's share of that rate", "of 1", lambda row: work / row["step"] / row["rate"], 0.6)
    yield figure("decode", "autoencoder, latents to pictures", "s", lambda row: row["decode"])
    yield figure("encode", "autoencoder, pictures to latents", "s", lambda row: row["encode"])
    if all(row["memory"] for row in rows):
        yield figure("memory", "memory at the peak", "GB", lambda row: row["memory"] / 1e9, 1.5, True)
