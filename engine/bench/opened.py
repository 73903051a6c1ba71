"""Opened: our loop against the loop of a family's own pipeline, on the same random weights, in turns.

    for each size and round    a process that walks with our sampler and calls diffusers' pipeline, by turns
                               seconds of a walk: the processor's, of an accelerator by the clock
    and each in one of its own memory of the process at its peak, its allocator giving back what is freed
    the aim, at every size     neither more time than theirs nor more memory

Knows commands and figures; the walks are in `walking`.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType

from engine.bench.random_weights import SHAPES, wan
from engine.errors import BadRequest, CineloomError

AIM = 1.0           # of what theirs takes, at most: in the digits that are shown
SIZES = ((64, 64, 9), (128, 96, 17), (256, 144, 17))       # width, height, pictures
TURNS = 3           # walks of each way in one process: moments apart, for a shared machine is another one after a minute
WEIGHED = 3         # processes of each way whose memory is taken
FEW = 4             # steps of a walk that is weighed: by then a solver holds all that it remembers
# Which hole of glibc's heap a tensor falls into is chance, worth 516 to 539 MB from one start to the next of either walk; where
# each is mapped by itself and given back at once, starts agree within 0.5 MB (measured), at half the speed.
GIVING = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}


@dataclass(frozen=True)
class Pair:
    """One size, walked both ways."""

    size: tuple[int, int, int]
    steps: int
    seconds: tuple[float, float]        # of a step, the median: ours, theirs; the processor's, of an accelerator by the clock
    memory: tuple[float, float]         # bytes at the peak, the median
    apart: float                        # the largest difference between the two films' latents
    turns: tuple[float, ...]            # our time for one of theirs, turn by turn: the two of a turn had the same machine

    @property
    def time(self) -> float:
        """Our time for one of theirs: the median of the turns."""
        return statistics.median(self.turns)

    @property
    def room(self) -> float:
        """Our memory for one of theirs."""
        return self.memory[0] / self.memory[1]

    @property
    def reached(self) -> tuple[bool, bool]:
        """Whether time and memory are where they should be."""
        return tuple(round(ratio, 3) <= AIM for ratio in (self.time, self.room))


@dataclass(frozen=True)
class Opened:
    """What was measured."""

    shape: str
    device: str
    rounds: int
    pairs: tuple[Pair, ...]

    def to_json(self) -> dict:
        """As JSON has it."""
        return {"shape": self.shape, "device": self.device, "rounds": self.rounds, "pairs": [asdict(pair) | {"time": pair.time, "room": pair.room, "aim": AIM, "reached": dict(zip(("time", "room"), pair.reached))} for pair in self.pairs]}

    def text(self) -> str:
        """A table for people."""
        lines = [f"Wan of random weights ({self.shape}) on {self.device}, {self.rounds} round{'s' if self.rounds > 1 else ''} in turns, ours beside diffusers' own loop; the aim is {AIM:.3f} of theirs at most",
                 f"  {'':<24} {'seconds a step':>17}  {'':<39} {'MB at the peak':>17}",
                 f"  {'film':<24} {'ours':>8} {'theirs':>8}  {'time':>6}  {'in the turns':<14} {'':<8} {'ours':>12} {'theirs':>8} {'memory':>7}  {'':<8} {'apart':>8}"]
        for pair in self.pairs:
            (width, height, pictures), verdicts = pair.size, ["reached" if one else "missed" for one in pair.reached]
            lines.append(f"  {f'{width}x{height}, {pictures} pictures':<24} {pair.seconds[0]:>8.3f} {pair.seconds[1]:>8.3f}  {pair.time:>6.3f}  {f'{min(pair.turns):.3f} to {max(pair.turns):.3f}':<14} {verdicts[0]:<8} "
                         f"{pair.memory[0] / 1e6:>12,.0f} {pair.memory[1] / 1e6:>8,.0f} {pair.room:>7.3f}  {verdicts[1]:<8} {pair.apart:>8.1e}")
        return "\n".join(lines)


def measure(shape: str = "small", sizes: Sequence[tuple[int, int, int]] = SIZES, rounds: int = 5, steps: int = 8, device: str = "cpu") -> Iterator[str | Opened]:
    """Measure; says what it does, and at last yields an Opened. Raises BadRequest for a shape that there is not, CineloomError where a walk fails."""
    import torch

    known_shape(shape)
    with tempfile.TemporaryDirectory() as home:
        yield f"drawing weights of the shape {shape}"
        folder = wan(Path(home) / "wan", shape, torch.float32 if device == "cpu" else torch.bfloat16)
        pairs = []
        for size in sizes:
            told: dict[str, list[float]] = {"ours": [], "theirs": []}
            for number in range(rounds):
                yield f"{size[0]}x{size[1]}, {size[2]} pictures, round {number + 1} of {rounds}"
                for way, turns in walked("turns", folder, size, steps, device, Path(home) / "film", turns=TURNS).items():
                    told[way] += [one["processor" if device == "cpu" else "seconds"] for one in turns]      # whatever else the machine is doing
            yield f"{size[0]}x{size[1]}, {size[2]} pictures: memory"
            weighed = tuple(statistics.median(walked(way, folder, size, FEW, device, Path(home) / "weighed", GIVING)["memory"] for _ in range(min(rounds, WEIGHED))) for way in told)
            seconds = tuple(statistics.median(each) / steps for each in told.values())
            apart = float((torch.load(Path(home) / "film-ours", weights_only=True) - torch.load(Path(home) / "film-theirs", weights_only=True)).abs().max())
            pairs.append(Pair(size, steps, seconds, weighed, apart, tuple(one / other for one, other in zip(*told.values()))))
    yield Opened(shape, device, rounds, tuple(pairs))


def known_shape(shape: str) -> None:
    """Raises BadRequest for a shape of random weights that there is not."""
    if shape not in SHAPES:
        raise BadRequest(f"Random weights have the shape of one of {', '.join(SHAPES)}; {shape!r:.40} was asked.")


def walked(way: str, folder: Path, size: tuple[int, int, int], steps: int, device: str, film: Path, environment: Mapping[str, str] = MappingProxyType({}), **more) -> dict:
    """One walk in a process of its own, see `walking`. Raises CineloomError where it fails."""
    asked = json.dumps({"way": way, "folder": str(folder), "size": size, "steps": steps, "device": device, "film": str(film), **more})
    done = subprocess.run([sys.executable, "-m", "engine.bench.walking", asked], capture_output=True, text=True, env=os.environ | environment)
    if done.returncode:
        raise CineloomError(f"A walk that was to be measured failed: {(done.stderr.strip().splitlines() or ['it said nothing'])[-1][:300]}")
    return json.loads(done.stdout.splitlines()[-1])
