"""How fast a project with very many takes is: opening it, a page, a search, one more take.

    measure(folder, 100_000) -> a line for each thing done, and at last Figures

Takes are rows with words, tags and ratings as people give them, drawn from a seed; the takes that are added while the
clock runs have real files on the real disk. Knows the library. Knows no model and no page.
"""

from __future__ import annotations

import json
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from engine.events import Made
from engine.library import Library
from engine.library.arriving import COLUMNS, DEFAULTS, INSERT
from engine.library.library import new_id, place
from engine.recipe import Recipe

AIMS = {"page": 50.0, "search": 50.0, "add": 20.0, "open": 300.0}       # milliseconds at the 95th percentile
SUBJECTS = ("boat balloon car train rocket fish bird butterfly fox robot tree house lighthouse windmill church ball burger "
            "paintbrush kite whale horse bicycle lantern bridge").split()
COLOURS = "red orange yellow green blue violet pink white black golden".split()
PLACES = "sea desert meadow snow city reef space forest harbour valley".split()
WAYS = "sails drifts runs turns rises falls waits glows dances crosses".split()
TIMES = "dusk dawn noon night".split()
TAGS = ["keep", "draft", "client a", "client b", "shot 12", "loop", "sea", "night", "music video", "b-roll", "to extend", "rare find"]
DAY = 86_400.0
Spent = tuple[float, float]     # seconds by the clock, and of the processor


@dataclass(frozen=True)
class Figure:
    """One thing measured: milliseconds, and what they should stay under at the 95th percentile."""

    name: str
    median: float
    p95: float
    worst: float
    processor: float        # what the processor spent at the 95th percentile: on a busy machine most of the rest is waiting
    times: int
    aim: float

    @property
    def reached(self) -> bool:
        """Whether the aim is met."""
        return self.p95 < self.aim


@dataclass(frozen=True)
class Figures:
    """What a machine did with a project of `takes` takes."""

    takes: int
    machine: str
    load: float             # processes that wanted a core, over the last minute before
    cores: int
    figures: tuple[Figure, ...]

    def __getitem__(self, name: str) -> Figure:
        return next(figure for figure in self.figures if figure.name == name)

    def to_json(self) -> dict:
        """A plain dictionary."""
        return {**asdict(self), "figures": {f.name: asdict(f) | {"reached": f.reached} for f in self.figures}}

    def text(self) -> str:
        """A table to read."""
        lines = [f"{self.takes:,} takes on {self.machine}; {self.load:.1f} processes on {self.cores} cores before it began",
                 f"{'milliseconds':<26} {'median':>8} {'95 of 100':>10} {'worst':>8} {'aim':>6} {'processor, 95 of 100':>22}"]
        for f in self.figures:
            lines.append(f"{f.name:<26} {f.median:8.1f} {f.p95:10.1f} {f.worst:8.1f} {f.aim:6.0f} {f.processor:22.1f}  {'' if f.reached else 'missed'}".rstrip())
        return "\n".join(lines)


def measure(folder: Path | str | None = None, takes: int = 100_000, rounds: int = 40, seed: int = 0) -> Iterator[str | Figures]:
    """Fill a project, then time what people wait for. Yields a line for each thing done, and at last Figures.

    folder   where the project is made, and removed again; None is the system's place for such files
    rounds   how many times each kind of search is made; takes are added 3 x as often
    """
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    home = Path(tempfile.mkdtemp(prefix="cineloom-bench-", dir=folder))
    try:
        yield f"drawing {takes:,} takes"
        began = time.perf_counter()
        fill(Library(home / "project"), takes, seed)
        yield f"drawn in {time.perf_counter() - began:.0f} s, {(home / 'project' / 'library.db').stat().st_size / 1e6:.0f} MB"
        figures = []
        for name, aim, times in _rounds(home / "project", rounds, seed):
            times, spent = (sorted(1000 * second for second in column) for column in zip(*times))
            p95 = min(len(times) - 1, int(0.95 * len(times)))
            figures.append(Figure(name, statistics.median(times), times[p95], times[-1], spent[p95], len(times), aim))
            yield f"{name}: {figures[-1].p95:.1f} ms at the 95th percentile"
        yield Figures(takes, f"{platform.system()} {platform.machine()}, Python {platform.python_version()}", load,
                      os.cpu_count() or 1, tuple(figures))  # fmt: skip
    finally:
        shutil.rmtree(home, ignore_errors=True)


def fill(library: Library, takes: int, seed: int = 0) -> None:
    """Rows of takes as a busy studio would have after years: half without notes, a third tagged, one in five rated."""
    chance = random.Random(seed)
    start = time.time() - 700 * DAY
    for first in range(0, takes, 5000):
        with library.store.writing() as db:
            for index in range(first, min(first + 5000, takes)):
                db.conn.execute(INSERT, _row(chance, start + 700 * DAY * index / takes))
    library.store.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def prompt(chance: random.Random) -> str:
    """Words as people ask for film."""
    pick = chance.choice
    return (f"a {pick(COLOURS)} {pick(SUBJECTS)} {pick(WAYS)} by the {pick(PLACES)} at {pick(TIMES)}, "
            f"a {pick(COLOURS)} {pick(SUBJECTS)} behind it, {pick(('slow', 'quick'))} camera, paper-cut, {pick('abcdefghij')}{chance.randrange(9999)}")


def _row(chance: random.Random, created: float) -> list:
    id, words = new_id(), prompt(chance)
    operation = chance.choice(("text", "text", "text", "image", "animate", "keyframes", "extend", "loop"))
    width, height = chance.choice(((256, 144), (144, 256), (192, 192), (512, 288)))
    recipe = Recipe(operation="text", prompt=words, pictures=33, width=width, height=height, seed=chance.randrange(2**31), version="0123456789ab")
    row = DEFAULTS | {
        "id": id, "created": created, "prompt": words, "operation": operation, "backend": chance.choice(("paper", "paper", "ltx", "wan")),
        "version": "0123456789ab", "seed": str(recipe.seed), "steps": 4, "width": width, "height": height, "pictures": 33, "rate": 16.0,
        "spent": chance.uniform(1, 30), "recipe": recipe.to_json(), "film": place(id, "film", ".mp4"), "poster": place(id, "poster", ".jpg"),
        "strip": place(id, "strip", ".jpg"), "latents": place(id, "latents", ".safetensors"), "bytes": chance.randrange(10**6),
        "notes": prompt(chance)[:60] if chance.random() < 0.5 else "", "caption": prompt(chance) if chance.random() < 0.5 else "",
        "tags": json.dumps(chance.sample(TAGS[:-1], chance.randint(1, 3)) + TAGS[-1:] * (chance.random() < 0.001)) if chance.random() < 0.33 else "[]",
        "rating": chance.randint(1, 5) if chance.random() < 0.2 else 0, "favourite": int(chance.random() < 0.05),
        "trashed": created if chance.random() < 0.05 else None,
    }  # fmt: skip
    return [row.get(column) for column in COLUMNS]


def searches(chance: random.Random, takes: int) -> dict[str, dict]:
    """What people ask for, one of each kind: common and rare words, half typed ones, nothing found, filters, deep pages."""
    pick, now = chance.choice, time.time()
    return {
        "one common word": {"query": pick(SUBJECTS)},
        "a word in every take": {"query": "camera"},
        "three words": {"query": f"{pick(COLOURS)} {pick(SUBJECTS)} {pick(PLACES)}"},
        "a letter": {"query": pick("abcprs")},
        "half a word": {"query": pick(SUBJECTS)[:3]},
        "a rare word": {"query": f"{pick('abcdefghij')}{chance.randrange(9999)}"},
        "nothing": {"query": "zeppelin in the rain"},
        "words and tag": {"query": pick(SUBJECTS), "tags": [pick(TAGS)]},
        "words and rare tag": {"query": "camera", "tags": [TAGS[-1]]},
        "words and rating": {"query": pick(SUBJECTS), "rating": 4, "favourites": True},
        "words and nothing left": {"query": "camera", "rating": 5, "favourites": True, "operation": "loop", "model": "ltx", "size": (144, 256), "until": now - 690 * DAY},
        "deep in": {"query": "camera", "before": chance.randrange(takes // 10, takes // 5)},
    }  # fmt: skip


def pages(chance: random.Random, takes: int) -> dict[str, dict]:
    """Pages without words."""
    now = time.time()
    return {
        "newest": {},
        "deep in": {"before": chance.randrange(60, takes)},
        "oldest": {"before": 61},
        "favourites": {"favourites": True},
        "trash": {"trashed": True},
        "missing": {"missing": True},
        "a tag": {"tags": [chance.choice(TAGS)]},
        "two tags": {"tags": chance.sample(TAGS[:-1], 2)},
        "a month": {"since": now - chance.uniform(30, 690) * DAY, "until": now},
        "rating, model, size": {"rating": 5, "model": "wan", "size": (512, 288)},
        "nothing": {"operation": "loop", "model": "ltx", "rating": 5, "favourites": True, "until": now - 690 * DAY},
    }  # fmt: skip


def _rounds(folder: Path, rounds: int, seed: int) -> Iterator[tuple[str, float, list[Spent]]]:
    chance = random.Random(seed + 1)
    yield "open", AIMS["open"], [_opened(folder) for _ in range(max(3, rounds // 2))]
    yield "open, a new process", AIMS["open"], [_opened_anew(folder) for _ in range(max(3, rounds // 8))]
    library = Library(folder)
    takes = library.store.rows("select max(number) as n from takes")[0]["n"]
    for name, kinds in (("page", pages), ("search", searches)):
        spent: dict[str, list[Spent]] = {}
        for _ in range(rounds):
            for kind, wanted in kinds(chance, takes).items():
                spent.setdefault(kind, []).append(_timed(lambda wanted=wanted: [take.to_json() for take in library.takes(**wanted)]))
        yield name, AIMS[name], [pair for times in spent.values() for pair in times]
        for kind, times in spent.items():
            yield f"  {kind}", AIMS[name], times
    yield "count", AIMS["page"], [_timed(library.count) for _ in range(rounds)]
    yield "edit", AIMS["add"], [_edited(library, chance, takes) for _ in range(rounds * 2)]
    yield "add", AIMS["add"], [_added(library, chance, index) for index in range(rounds * 3)]


def _opened(folder: Path) -> Spent:
    """The project opened and its first page there."""
    def look():
        library = Library(folder)
        library.takes()
        library.store.close()

    return _timed(look)


def _opened_anew(folder: Path) -> Spent:
    """The same in a process that has loaded nothing yet but Python: what the command line pays each time."""
    code = ("import sys, time; began, spent = time.perf_counter(), time.process_time(); from engine.library import Library; "
            "Library(sys.argv[1]).takes(); print(time.perf_counter() - began, time.process_time() - spent)")
    root = Path(__file__).resolve().parents[2]
    said = subprocess.run([sys.executable, "-c", code, str(folder)], cwd=root, capture_output=True, text=True, check=True).stdout
    return tuple(map(float, said.split()))


def _edited(library: Library, chance: random.Random, takes: int) -> Spent:
    row = library.store.rows("select id from takes where number = ?", [chance.randrange(1, takes)])[0]
    return _timed(lambda: library.rate(row["id"], chance.randint(0, 5)))


def _added(library: Library, chance: random.Random, index: int) -> Spent:
    """A take of two seconds with files of the usual sizes, as the worker hands it over: written, and on the disk."""
    id = new_id()
    staging = library.staging(id)
    sizes = {"take.mp4": 200_000, "poster.jpg": 12_000, "strip.jpg": 30_000, "latents.safetensors": 330_000}
    for name, size in sizes.items():
        with open(staging / name, "wb") as file:
            file.write(chance.randbytes(size))
            file.flush()
            os.fsync(file.fileno())         # engine.make does it too, while the film is made
    recipe = Recipe(operation="text", prompt=prompt(chance), pictures=33, width=256, height=144, seed=index)
    made = Made(recipe, *(staging / name for name in sizes), width=256, height=144, pictures=33, rate=16, seconds=1.0)
    return _timed(lambda: library.add_take(made, id))


def _timed(do: Callable) -> Spent:
    began, spent = time.perf_counter(), time.process_time()
    do()
    return time.perf_counter() - began, time.process_time() - spent
