"""How fast a long cut is rendered, beside plain ffmpeg that lays the same stretches together, and whether memory stays flat.

    measure(command, root, folder, clips=200, minutes=30) -> a line for each thing done, and at last Figures

    the short one      a tenth of it, several times in turn: render, ffmpeg (concat, the same encoder and settings)
    the long one       all of it, once: its memory at the peak beside the short one's

Takes are drawn for it: soft shapes that move, with grain. Every render is a process of its own, as people start it; ffmpeg is the
one that comes with imageio-ffmpeg. Knows commands and cuts. Knows no encoder's name but the one that both use.
"""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from importlib import import_module
from pathlib import Path

import numpy as np

from engine.bench.running import Cost, cost
from engine.errors import BadRequest
from engine.library import Library
from engine.timeline.cut import Clip, Cut, Media, Track
from engine.timeline.history import History

RATE = Fraction(16)
TAKES = 8
HANDLE = 32             # pictures of a take on either side of what is shown
GROWTH = 1.10           # of memory, of a cut ten times as long
PACE = 2.0              # of the time that plain ffmpeg takes


@dataclass(frozen=True)
class Figures:
    """What rendering costs on a machine. Times are seconds of work for a minute of film."""

    machine: str
    load: float             # processes that wanted a core, over the last minute before
    cores: int
    clips: int
    minutes: float
    size: str
    rounds: int
    clock: float            # of the short cut, median
    processor: float        # seconds of all cores, without the cells that decode, which nobody waits for; 0 where nobody says
    plain_clock: float      # of ffmpeg, median
    plain_processor: float
    long_clock: float       # of the long cut
    memory: float           # bytes at the peak: short, and long
    long_memory: float

    @property
    def growth(self) -> float:
        """Memory of the long cut over that of the short one."""
        return self.long_memory / self.memory if self.memory else 1.0

    @property
    def pace(self) -> float:
        """Times what plain ffmpeg takes, by the clock: both are measured in turn, and the cells that decode count with it."""
        return self.clock / self.plain_clock

    @property
    def well(self) -> bool:
        """Whether memory stays flat, and the pace is near ffmpeg's."""
        return self.growth <= GROWTH and self.pace <= PACE

    def to_json(self) -> dict:
        """A plain dictionary."""
        return asdict(self) | {"growth": self.growth, "pace": self.pace, "well": self.well}

    def text(self) -> str:
        """A table to read."""
        def line(what: str, clock: float, processor: float) -> str:
            return f"  {what:<34} {clock:7.1f} s   {processor:7.1f} s of the processor"

        return "\n".join([
            f"{self.clips} clips, {self.minutes:g} minutes of {self.size} at {RATE}, on {self.machine}; {self.load:.1f} processes on {self.cores} cores before it began",
            f"for a minute of film, the median of {self.rounds}",
            line("a cut of a tenth of it", self.clock, self.processor) + ", decoding apart",
            line("the same by plain ffmpeg", self.plain_clock, self.plain_processor),
            f"  {'over plain ffmpeg':<34} {self.pace:7.2f} x, at most {PACE:g}{'' if self.pace <= PACE else '   MORE'}",
            f"  {'all of it, once':<34} {self.long_clock:7.1f} s",
            f"memory at the peak {self.memory / 1e6:,.0f} MB, of all of it {self.long_memory / 1e6:,.0f} MB: {self.growth:.2f} x, at most {GROWTH:g}"
            f"{'' if self.growth <= GROWTH else '   MORE'}",
        ])  # fmt: skip


def measure(command: Sequence[str], root: Path | str, folder: Path, clips: int = 200, minutes: float = 30, size: tuple[int, int] = (256, 144),
            rounds: int = 3) -> Iterator[str | Figures]:
    """Render cuts of drawn takes in a new project under `folder`, and set them beside ffmpeg. Yields what is done, at last Figures.

    command   how the command line is started, without arguments
    Raises BadRequest where ffmpeg is not there, CineloomError where a command fails.
    """
    ffmpeg = find_ffmpeg()
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    length = max(1, int(minutes * 60 * RATE) // clips)
    library = Library(folder / "bench")
    yield f"drawing {TAKES} takes of {length + 2 * HANDLE} pictures"
    for number in range(TAKES):
        _draw(library.folder / f"take{number}.mp4", length + 2 * HANDLE, size, number)
    history = History(library.store)
    few = max(1, clips // 10)
    cuts = {name: laid(name, count, length, size) for name, count in (("short", few), ("long", clips))}
    for cut in cuts.values():
        history.new(cut)

    def ours(name: str) -> Cost:
        asked = ["cut", "render", name, "--out", str(folder / "out.mp4"), "--home", str(folder), "--project", "bench", "--quality", "good", "--json"]
        return cost([*command, *asked], Path(root))

    costs: list[Cost] = []
    plain: list[Cost] = []
    for number in range(rounds):
        yield f"a tenth of it, {number + 1} of {rounds}"
        costs.append(ours("short"))
        yield f"the same by ffmpeg, {number + 1} of {rounds}"
        plain.append(_plain(ffmpeg, cuts["short"], folder))
    yield "all of it"
    whole = ours("long")
    each = length * few / float(RATE) / 60
    yield Figures(platform.platform(terse=True), load, os.cpu_count() or 1, clips, minutes, f"{size[0]}x{size[1]}", rounds,
                  _median(costs, "seconds") / each, _median(costs, "processor") / each, _median(plain, "seconds") / each, _median(plain, "processor") / each,
                  whole.seconds / (length * clips / float(RATE) / 60), _median(costs, "memory"), whole.memory)  # fmt: skip


def laid(name: str, clips: int, length: int, size: tuple[int, int]) -> Cut:
    """A cut of stretches of the drawn takes, one behind the other."""
    media = [Media(length + 2 * HANDLE, RATE, file=f"take{number}.mp4", width=size[0], height=size[1]) for number in range(TAKES)]
    items = tuple(Clip(f"c{at}", media[at % TAKES], Fraction(at * 7 % (2 * HANDLE)), length) for at in range(clips))
    return Cut(name, name, RATE, *size, (Track("v1", "film", items),))


def _draw(path: Path, count: int, size: tuple[int, int], seed: int) -> None:
    from engine.media import write_film

    rnd = np.random.default_rng(seed)
    rows, columns = np.mgrid[0 : size[1], 0 : size[0]].astype(np.float32) / size[1]
    grain = rnd.normal(0, 2, (size[1], size[0], 1)).astype(np.float32)
    tones = rnd.uniform(0, 6, 3).astype(np.float32)

    def parts() -> Iterator[np.ndarray]:
        for at in range(count):
            way = at / 40 + seed
            ground = np.sin(columns[..., None] * 3 + tones + way * 0.3) * 40 + 110
            disc = np.exp(-((columns - 0.9 - 0.6 * np.sin(way)) ** 2 + (rows - 0.5 - 0.3 * np.cos(way * 1.3)) ** 2) * 40)[..., None] * (100 - 30 * tones)
            yield np.clip(ground + disc + np.roll(grain, at * 3, 1), 0, 255).astype(np.uint8)[None]

    write_film(path, parts(), *size, int(RATE))


def _plain(ffmpeg: str, cut: Cut, folder: Path) -> Cost:
    """The same stretches laid together by ffmpeg's concat, encoded with the same settings."""
    from engine.timeline.rendering.kinds import KINDS

    lines = ["ffconcat version 1.0"]
    for clip in cut.tracks[0].items:
        begin, end = float(clip.start / RATE), float((clip.start + clip.length) / RATE)
        lines += [f"file '{(folder / 'bench' / clip.media.file).as_posix()}'", f"inpoint {begin:.6f}", f"outpoint {end:.6f}"]
    (folder / "list.txt").write_text("\n".join(lines) + "\n")
    kind = KINDS["h264"]
    options = [text for name, value in {**kind.options, "crf": kind.scale["good"], "g": RATE}.items() for text in (f"-{name}", str(value))]
    command = [ffmpeg, "-nostdin", "-y", "-v", "error", "-f", "concat", "-safe", "0", "-i", str(folder / "list.txt"), "-c:v", kind.codec, *options,
               "-pix_fmt", kind.pixels, "-movflags", "+faststart", str(folder / "plain.mp4")]  # fmt: skip
    return cost(command, folder)


def find_ffmpeg() -> str:
    """Where it is. Raises BadRequest, saying what to install."""
    try:
        return import_module("imageio_ffmpeg").get_ffmpeg_exe()
    except (ImportError, RuntimeError) as error:
        raise BadRequest("This measurement is set beside ffmpeg, which comes with imageio-ffmpeg: pip install 'cineloom[test]'.") from error


def _median(costs: list[Cost], what: str) -> float:
    return statistics.median(getattr(one, what) for one in costs)
