"""How fast a long cut is: an edit that is on the disk when it is answered, undo, opening it anew, and what its history takes.

    measure(folder, clips=200, edits=300) -> a line for each thing done, and at last Figures

A cut of film with its sound linked to it and titles over it, thirty minutes long, and edits of every common kind drawn from
a seed, as somebody makes them. Knows cuts and their history. Knows no pixels.
"""

from __future__ import annotations

import os
import platform
import random
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path

from engine.errors import BadRequest
from engine.library import Library
from engine.timeline import edits
from engine.timeline.cut import Clip, Cut, Media, Title, Track
from engine.timeline.history import History

AIM = 50.0              # milliseconds for an edit, at the 95th percentile
RATE = Fraction(16)
MINUTES = 30


@dataclass(frozen=True)
class Figures:
    """What a cut of `clips` clips costs on a machine; times are milliseconds, median and 95th percentile."""

    machine: str
    load: float             # processes that wanted a core, over the last minute before
    cores: int
    clips: int
    edits: int
    edit: tuple[float, float]
    undo: tuple[float, float]
    thought: tuple[float, float]        # of an edit, without the disk
    opened: float           # the cut, in a process that has not seen it
    size: int               # bytes of the cut's text
    step: float             # bytes of history per edit

    @property
    def well(self) -> bool:
        """Whether an edit stays under what it may take."""
        return self.edit[1] < AIM

    def to_json(self) -> dict:
        """A plain dictionary."""
        return asdict(self) | {"well": self.well}

    def text(self) -> str:
        """A table to read."""
        return "\n".join([
            f"{self.clips} clips of film with sound and titles, {MINUTES} minutes, on {self.machine}; {self.load:.1f} processes on {self.cores} cores before it began",
            f"  an edit, on the disk      {self.edit[0]:7.1f} ms   95 of 100 under {self.edit[1]:.1f} ms   at most {AIM:g} ms{'' if self.well else '   MORE'}",
            f"    of it thought           {self.thought[0]:7.1f} ms   95 of 100 under {self.thought[1]:.1f} ms",
            f"  undo or redo, on the disk {self.undo[0]:7.1f} ms   95 of 100 under {self.undo[1]:.1f} ms",
            f"  the cut opened anew       {self.opened:7.1f} ms   {self.size / 1000:,.0f} kB of text",
            f"  history per edit          {self.step / 1000:7.1f} kB   over {self.edits} edits",
        ])  # fmt: skip


def long_cut(clips: int, minutes: int = MINUTES) -> Cut:
    """Film with its sound and a title over every tenth clip, `minutes` long."""
    length = int(minutes * 60 * RATE) // clips
    film, sound, titles = [], [], []
    for number in range(clips):
        pictures = Media(length + 64, RATE, take=f"take{number}", width=256, height=144)
        heard = Media((length + 64) * 3000, Fraction(48_000), take=f"take{number}", kind="sound")
        film.append(Clip(f"v{number}", pictures, Fraction(32), length, name=f"Shot {number}", link=f"l{number}"))
        sound.append(Clip(f"s{number}", heard, Fraction(32 * 3000), length, name=f"Shot {number}", link=f"l{number}"))
        titles.append(Title(f"t{number}", f"Part {number}", length))
    return Cut("long", "A long cut", RATE, 256, 144,
               (Track("film", "film", tuple(film)), Track("titles", "titles", tuple(titles[::10])), Track("sound", "sound", tuple(sound))))  # fmt: skip


def measure(folder: Path, clips: int, count: int, seed: int) -> Iterator[str | Figures]:
    """Make edits to a long cut in a new project under `folder`, and time them. Yields what is being done, at last Figures."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    rnd = random.Random(seed)
    library = Library(folder / "project")
    history = History(library.store)
    yield f"laying {clips} clips"
    version = history.new(long_cut(clips))
    made, thought, undone = [], [], []
    while len(made) < count:
        yield f"edit {len(made) + 1} of {count}"
        edit = _edit(rnd, version.cut, f"e{len(made)}n{rnd.randrange(1 << 30)}")
        try:
            begun = time.perf_counter()
            edit.apply(version.cut)
            known = time.perf_counter()
            version = history.edit("long", version.revision, edit)
        except BadRequest:
            continue
        made.append(time.perf_counter() - known)
        thought.append(known - begun)
    for number in range(min(count, 40)):
        begun = time.perf_counter()
        version = (history.undo if number % 4 < 2 else history.redo)("long", version.revision)
        undone.append(time.perf_counter() - begun)
    begun = time.perf_counter()
    again = History(library.store).open("long")
    opened = time.perf_counter() - begun
    size = library.store.rows("select sum(length(patch) + length(edit)) as size from cut_steps where step > 0")[0]["size"]
    yield Figures(platform.platform(terse=True), load, os.cpu_count() or 1, clips, count, _spread(made), _spread(undone), _spread(thought),
                  opened * 1000, len(again.cut.to_json().encode()), size / count)  # fmt: skip


def _edit(rnd: random.Random, cut: Cut, id: str) -> edits.Edit:
    film = [item for item in cut.tracks[0].items if isinstance(item, Clip)]
    one = rnd.choice(film)
    start = cut.find(one.id)[1].start
    by = rnd.randint(-12, 12)
    return rnd.choice([
        lambda: edits.RippleTrim(id, one.id, rnd.choice(["head", "tail"]), by),
        lambda: edits.Roll(id, one.id, by),
        lambda: edits.Slip(id, one.id, by),
        lambda: edits.Reorder(id, one.id, rnd.choice(film).id),
        lambda: edits.Split(id, one.id, start + one.length // 2),
        lambda: edits.RippleDelete(id, (one.id,)),
        lambda: edits.Insert(id, start, (edits.Part(cut.tracks[0].id, Clip(f"{id}c", one.media, Fraction(4), 30)),)),
        lambda: edits.Fade(id, one.id, 4, 4),
    ])()  # fmt: skip


def _spread(seconds: list[float]) -> tuple[float, float]:
    """Median and 95th percentile, in milliseconds."""
    ordered = sorted(seconds)
    return ordered[len(ordered) // 2] * 1000, ordered[int(len(ordered) * 0.95)] * 1000
