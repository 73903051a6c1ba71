"""Cached: what each cache saves, and what it costs, beside the same time with fewer steps: whoever only wants to be done sooner can
have that.

    whole       30 steps                        1.00 of the time
    a cache     30 steps, some taken over       0.45 of the time    33 dB from the whole film
    fewer       14 steps                        0.46 of the time    30 dB from it
    the aim     the cache is nearer than they are

Of random weights: how much is spared at which threshold, and how far from the whole film, is a released model's own; that the
two are measured alike is what this is for. Knows commands and figures; the walks are in `walking`.
"""

from __future__ import annotations

import math
import statistics
import tempfile
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from engine.bench.opened import known_shape, walked
from engine.bench.random_weights import wan
from engine.recipe.again import psnr

CACHES = ("first-block 0.08", "sea 0.25", "taylor 3", "mag 0.06")
SIZES, STEPS = ((128, 96, 17),), 30
Size = tuple[int, int, int]     # width, height, pictures


@dataclass(frozen=True)
class Saved:
    """One cache beside fewer steps."""

    cache: str
    seconds: float          # of the walk, the median: the processor's, of an accelerator by the clock
    near: float             # dB from the whole film, in latents; infinite for the very same
    fewer: int              # steps that take the same time
    fewer_seconds: float
    fewer_near: float

    @property
    def reached(self) -> bool:
        """Whether it is worth having: nearer to the whole film than fewer steps are in its time."""
        return self.near >= self.fewer_near


@dataclass(frozen=True)
class Film:
    """One size, with each cache."""

    size: Size
    seconds: float          # of the whole walk, the median
    saved: tuple[Saved, ...]

    def to_json(self) -> dict:
        """As JSON has it."""
        return asdict(self) | {"saved": [asdict(one) | {"near": _finite(one.near), "fewer_near": _finite(one.fewer_near), "time": one.seconds / self.seconds, "fewer_time": one.fewer_seconds / self.seconds,
                                                        "reached": one.reached} for one in self.saved]}

    def text(self) -> list[str]:
        """Its lines of the table."""
        width, height, pictures = self.size
        return [f"  {f'{width}x{height}, {pictures} pictures':<24} {self.seconds:>7.2f}  {one.cache:<18} {one.seconds / self.seconds:>5.2f} {one.near:>5.1f} dB   {one.fewer:>11} "
                f"{one.fewer_seconds / self.seconds:>5.2f} {one.fewer_near:>5.1f} dB   {'reached' if one.reached else 'missed'}" for one in self.saved]


@dataclass(frozen=True)
class Cached:
    """What was measured."""

    shape: str
    device: str
    steps: int
    rounds: int
    films: tuple[Film, ...]

    def to_json(self) -> dict:
        """As JSON has it."""
        return asdict(self) | {"films": [film.to_json() for film in self.films]}

    def text(self) -> str:
        """A table for people."""
        lines = [f"Wan of random weights ({self.shape}) on {self.device}, {self.steps} steps, {self.rounds} round{'s' if self.rounds > 1 else ''} in turns; time is of the whole walk's, "
                 "near is PSNR to its film, and the aim is to be nearer than fewer steps are in the same time",
                 f"  {'film':<24} {'whole s':>7}  {'cache':<18} {'time':>5} {'near':>8}   {'fewer steps':>11} {'time':>5} {'near':>8}"]
        return "\n".join([*lines, *(line for film in self.films for line in film.text())])


def _finite(near: float) -> float | None:
    return near if math.isfinite(near) else None


def measure(shape: str = "small", sizes: Sequence[Size] = SIZES, rounds: int = 3, steps: int = STEPS, device: str = "cpu", caches: Sequence[str] = CACHES,
            walk: Callable[..., dict] = walked) -> Iterator[str | Cached]:
    """Measure; says what it does, and at last yields a Cached. `walk` walks once, see `opened.walked`. Raises BadRequest for a shape or a cache that there is not, CineloomError where a walk fails."""
    import torch

    from engine.denoisers.manners import read_cache

    known_shape(shape)
    for cache in caches:
        read_cache(cache)
    with tempfile.TemporaryDirectory() as home:
        yield f"drawing weights of the shape {shape}"
        folder = wan(Path(home) / "wan", shape, torch.float32 if device == "cpu" else torch.bfloat16)
        films = []
        for size in sizes:
            films.append((yield from _film(folder, size, rounds, steps, device, caches, walk)))
    yield Cached(shape, device, steps, rounds, tuple(films))


def _film(folder: Path, size: Size, rounds: int, steps: int, device: str, caches: Sequence[str], walk: Callable[..., dict]) -> Generator[str, None, Film]:
    """One size of the weights in a folder; films are kept beside it."""
    import torch

    at, ratios = f"{size[0]}x{size[1]}, {size[2]} pictures", None
    if any(cache.startswith("mag") for cache in caches):
        yield f"{at}, measuring sizes for mag"
        ratios = walk("sizes", folder, size, steps, device, folder.parent / "none")

    def timed(count: int, cache: str = "") -> float:
        found = walk("ours", folder, size, count, device, folder.parent / f"{count} {cache}", cache=cache, sizes=ratios)
        return found["processor" if device == "cpu" else "seconds"]        # whatever else the machine is doing

    def near(count: int, cache: str = "") -> float:
        whole, other = (torch.load(folder.parent / name, weights_only=True).numpy() for name in (f"{steps} ", f"{count} {cache}"))
        return psnr([whole], [other], peak=float(whole.max() - whole.min()))

    times: dict[str, list[float]] = {name: [] for name in ("", *caches)}
    for number in range(rounds):
        for cache in times if number % 2 == 0 else reversed(times):
            yield f"{at}, round {number + 1} of {rounds}: {cache or 'whole'}"
            times[cache].append(timed(steps, cache))
    whole, saved = statistics.median(times[""]), []
    for cache in caches:
        seconds = statistics.median(times[cache])
        fewer = max(1, min(steps, round(steps * seconds / whole)))
        yield f"{at}, {fewer} steps instead of {cache}"
        again = whole if fewer == steps else statistics.median(timed(fewer) for _ in range(rounds))
        saved.append(Saved(cache, seconds, near(steps, cache), fewer, again, near(fewer)))
    return Film(size, whole, tuple(saved))
