"""Cached: what each cache saves, and what it costs, beside the same time with fewer steps: whoever only wants to be done sooner can
have that.

    whole       30 steps                        1.00 of the time
    a cache     30 steps, some taken over       0.45 of the time    33 dB from the whole film
    fewer       14 steps                        0.46 of the time    30 dB from it

Of random weights: how much is spared at which threshold, and how far from the whole film, is a released model's own; that the
two are measured alike is what this is for. Knows commands and figures; the walks are in `walking`.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from engine.bench.opened import known_shape, walked
from engine.bench.random_weights import wan
from engine.recipe.again import psnr

CACHES = ("first-block 0.08", "sea 0.25", "taylor 3", "mag 0.06")
SIZE, STEPS = (128, 96, 17), 30


@dataclass(frozen=True)
class Saved:
    """One cache beside fewer steps."""

    cache: str
    seconds: float          # of the walk, the median: the processor's, of an accelerator by the clock
    near: float             # dB from the whole film, in latents
    fewer: int              # steps that take the same time
    fewer_seconds: float
    fewer_near: float


@dataclass(frozen=True)
class Cached:
    """What was measured."""

    shape: str
    device: str
    size: tuple[int, int, int]
    steps: int
    rounds: int
    seconds: float          # of the whole walk, the median
    saved: tuple[Saved, ...]

    def to_json(self) -> dict:
        """As JSON has it."""
        return asdict(self) | {"saved": [asdict(one) | {"time": one.seconds / self.seconds, "fewer_time": one.fewer_seconds / self.seconds} for one in self.saved]}

    def text(self) -> str:
        """A table for people."""
        width, height, pictures = self.size
        lines = [f"Wan of random weights ({self.shape}) on {self.device}, {width}x{height}, {pictures} pictures, {self.steps} steps in {self.seconds:.2f} s, {self.rounds} rounds in turns:",
                 f"  {'cache':<18} {'time':>5} {'near':>8}   {'fewer steps':>11} {'time':>5} {'near':>8}"]
        lines += [f"  {one.cache:<18} {one.seconds / self.seconds:>5.2f} {one.near:>5.1f} dB   {one.fewer:>11} {one.fewer_seconds / self.seconds:>5.2f} {one.fewer_near:>5.1f} dB" for one in self.saved]
        return "\n".join(lines)


def measure(shape: str = "small", size: tuple[int, int, int] = SIZE, rounds: int = 3, steps: int = STEPS, device: str = "cpu", caches: Sequence[str] = CACHES) -> Iterator[str | Cached]:
    """Measure; says what it does, and at last yields a Cached. Raises BadRequest for a shape or a cache that there is not, CineloomError where a walk fails."""
    import torch

    from engine.denoisers.manners import read_cache

    known_shape(shape)
    for cache in caches:
        read_cache(cache)
    with tempfile.TemporaryDirectory() as home:
        yield f"drawing weights of the shape {shape}"
        folder = wan(Path(home) / "wan", shape, torch.float32 if device == "cpu" else torch.bfloat16)
        ratios = None
        if any(cache.startswith("mag") for cache in caches):
            yield "measuring sizes for mag"
            ratios = walked("sizes", folder, size, steps, device, Path(home) / "none")

        def timed(count: int, cache: str = "") -> float:
            found = walked("ours", folder, size, count, device, Path(home) / f"{count} {cache}", cache=cache, sizes=ratios)
            return found["processor" if device == "cpu" else "seconds"]        # whatever else the machine is doing

        def near(count: int, cache: str = "") -> float:
            whole, other = (torch.load(Path(home) / name, weights_only=True).numpy() for name in (f"{steps} ", f"{count} {cache}"))
            return psnr([whole], [other], peak=float(whole.max() - whole.min()))

        times: dict[str, list[float]] = {name: [] for name in ("", *caches)}
        for number in range(rounds):
            for cache in times if number % 2 == 0 else reversed(times):
                yield f"round {number + 1} of {rounds}: {cache or 'whole'}"
                times[cache].append(timed(steps, cache))
        whole, saved = statistics.median(times[""]), []
        for cache in caches:
            seconds = statistics.median(times[cache])
            fewer = max(1, min(steps, round(steps * seconds / whole)))
            yield f"{fewer} steps instead of {cache}"
            again = whole if fewer == steps else statistics.median(timed(fewer) for _ in range(rounds))
            saved.append(Saved(cache, seconds, near(steps, cache), fewer, again, near(fewer)))
    yield Cached(shape, device, size, steps, rounds, whole, tuple(saved))
