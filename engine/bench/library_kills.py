"""A writer that is killed again and again: does the library keep what it has acknowledged?

    measure(folder, 200) -> a line for each kill, and at last Kills

A child process adds takes, edits, trashes, restores, empties, imports and opens zips as fast as it can, says what it is
about to do and what is done, and is ended with SIGKILL at a random moment. What must be true after each kill: all that was
said to be done is there; what was only begun is there wholly or not at all; no file is without a row, no row without its
files, nothing is left on the way. SIGKILL stands for a crash and an impatient person; a power cut also loses what was not
flushed, which no test of one machine's own can show.
Knows the library. Knows no model and no queue.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from engine.events import Made
from engine.library import Library, finish
from engine.library.library import new_id
from engine.recipe import Recipe

FILES = {"film": ("take.mp4", 60_000), "poster": ("poster.jpg", 3_000), "strip": ("strip.jpg", 5_000), "latents": ("latents.safetensors", 40_000)}
ACTIONS = {"add": 12, "edit": 8, "trash": 6, "restore": 1, "empty": 3, "import": 0.5, "zip": 0.5}
EDITS = ("rating", "notes", "tags", "favourite", "caption")


@dataclass
class Kills:
    """What was found over all kills."""

    kills: int = 0
    acknowledged: Counter = field(default_factory=Counter)      # action -> how often it was said to be done
    interrupted: Counter = field(default_factory=Counter)       # action -> how often the kill came in the middle of it
    looked: int = 0                                             # how often everything was held against what was said
    finished: int = 0                                           # takes on their way in that the next opening finished
    lost: list[str] = field(default_factory=list)               # sentences: something acknowledged that is not there
    orphans: list[str] = field(default_factory=list)            # sentences: a file without a row, a row without a file, a leftover
    opened: list[float] = field(default_factory=list)           # seconds that opening took after a kill

    @property
    def well(self) -> bool:
        """Whether nothing was lost and nothing left over."""
        return not self.lost and not self.orphans

    def to_json(self) -> dict:
        """A plain dictionary."""
        return asdict(self) | {"well": self.well}

    def text(self) -> str:
        """A few lines to read."""
        said = ", ".join(f"{count} {name}" for name, count in self.acknowledged.most_common())
        inside = ", ".join(f"{count} {name}" for name, count in self.interrupted.most_common())
        opened = sorted(self.opened) or [0.0]
        return "\n".join([
            f"{self.kills} kills; {sum(self.acknowledged.values()):,} acts acknowledged ({said})",
            f"in the middle of an act: {sum(self.interrupted.values())} ({inside}); {self.finished} finished by the next opening",
            f"lost: {len(self.lost)}   left over: {len(self.orphans)}   in {self.looked} looks",
            f"opening after a kill: {1000 * opened[len(opened) // 2]:.0f} ms, at worst {1000 * opened[-1]:.0f} ms",
            *self.lost[:10], *self.orphans[:10],
        ])  # fmt: skip


def measure(folder: Path | str, kills: int = 200, seed: int = 0, longest: float = 0.6) -> Iterator[str | Kills]:
    """Kill a writer on a project under `folder` that many times. Yields a line for each kill, and at last Kills.

    longest    seconds that a writer works before it is killed, at most
    """
    chance, folder = random.Random(seed), Path(folder)
    zip, given = _prepare(folder)
    project, result = folder / "project", Kills()
    Library(project).store.close()
    memory = _Memory()
    while result.kills < kills:
        said, code = _run_and_kill(project, zip, given, chance.randrange(2**31), chance.uniform(0, longest), from_start=chance.random() < 0.15)
        result.kills += 1
        if code != -signal.SIGKILL:
            result.lost.append(f"the writer ended by itself: {said[-1] if said else code}")
        for line in said:
            if line["what"] == "did":
                result.acknowledged[line["act"]] += 1
        pending = memory.hear(said)
        if pending:
            result.interrupted[pending["act"]] += 1
        if chance.random() < 0.7 or result.kills == kills:      # else the next writer has to cope by itself
            _look(project, memory, result)
        yield f"kill {result.kills} of {kills}, in {pending['act'] if pending else 'between'}: {len(result.lost)} lost, {len(result.orphans)} left over"
    yield result


# ---- the writer

def write(project: Path, zip: Path, given: list[Path], seed: int) -> None:
    """Work until killed, saying on stdout what is about to be done and what is done."""
    chance, library = random.Random(seed), Library(project)
    _say(what="ready")
    while True:
        act = chance.choices(list(ACTIONS), list(ACTIONS.values()))[0]
        takes = library.takes(limit=100, trashed=act == "restore")
        if act in ("edit", "trash", "restore") and not takes:
            continue
        take = chance.choice(takes) if takes else None
        if act == "add":
            id = new_id()
            made = _made(library.staging(id), id)
            _say(what="will", act=act, id=id)
            library.add_take(made, id)
        elif act == "edit":
            name = chance.choice(EDITS)
            value = {"rating": chance.randint(0, 5), "notes": f"note {chance.randrange(10**6)}", "tags": [f"tag {chance.randrange(9)}"],
                     "favourite": chance.random() < 0.5, "caption": f"caption {chance.randrange(10**6)}"}[name]  # fmt: skip
            _say(what="will", act=act, id=take.id, name=name, value=value)
            if name == "tags":
                library.tag(take.id, add=value, remove=[tag for tag in take.tags if tag not in value])
            else:
                {"rating": library.rate, "notes": library.note, "favourite": library.favourite, "caption": library.caption}[name](take.id, value)
        elif act in ("trash", "restore"):
            _say(what="will", act=act, id=take.id)
            getattr(library, act)(take.id)
        elif act == "empty":
            _say(what="will", act=act)
            library.empty_trash()
        elif act == "import":
            _say(what="will", act=act)
            _say(what="did", act=act, id=finish(library.import_file(chance.choice(given))).id)
            continue
        else:
            _say(what="will", act=act)
            finish(library.open_zip(zip))
        _say(what="did", act=act)


def _say(**words) -> None:
    os.write(1, json.dumps(words).encode() + b"\n")     # one write: whole, or not at all


def content(id: str, what: str) -> bytes:
    """What the file of an added take holds: known from its id, so that it can be held against it."""
    return random.Random(f"{id} {what}").randbytes(FILES[what][1])


def _made(folder: Path, id: str) -> Made:
    for what, (name, _) in FILES.items():
        (folder / name).write_bytes(content(id, what))
    recipe = Recipe(operation="text", prompt=f"take {id}", pictures=17, width=64, height=64, seed=7, backend="drawn", version="1")
    return Made(recipe, *(folder / name for name, _ in FILES.values()), width=64, height=64, pictures=17, rate=16, seconds=0.1)


def _run_and_kill(project: Path, zip: Path, given: list[Path], seed: int, after: float, from_start: bool) -> tuple[list[dict], int]:
    """Start a writer and kill it `after` seconds past its first act; what it said. `from_start` counts from its start."""
    child = subprocess.Popen([sys.executable, "-m", "engine.bench.library_kills", str(project), str(zip), *map(str, given), str(seed)],
                             stdout=subprocess.PIPE, cwd=Path(__file__).resolve().parents[2])  # fmt: skip
    first = b""
    while not from_start and b'"did"' not in first:     # however busy the machine, it has begun to work
        line = child.stdout.readline()
        if not line:
            break
        first += line
    time.sleep(after)
    child.send_signal(signal.SIGKILL)
    lines = (first + child.stdout.read()).splitlines()
    child.stdout.close()
    return [json.loads(line) for line in lines], child.wait()


# ---- what was said, held against what is there

class _Memory:
    """What may be true of each take, by what the writers said: a set of values for each thing."""

    def __init__(self):
        self.takes: dict[str, dict[str, list]] = {}     # id -> name -> values that may be
        self.zipped: list[str] = []
        self.loose = 0                                  # imports that were begun and never ended
        self.zips = False                               # a zip was begun and never ended since the last look

    def hear(self, said: list[dict]) -> dict | None:
        """Take in what one writer said; returns what it had begun when it was killed."""
        will = None
        for line in said:
            if line["what"] == "will":
                will = line
            elif line["what"] == "did":
                self._did(will | line)
                will = None
        if will is not None:
            self._may(will)
        return will

    def _did(self, line: dict) -> None:
        act, id = line["act"], line.get("id")
        if act in ("add", "import"):
            self.takes[id] = _new(act)
        elif act == "edit" and id in self.takes:
            self.takes[id][line["name"]] = [line["value"]]
        elif act in ("trash", "restore") and id in self.takes:
            self.takes[id]["trashed"] = [act == "trash"]
        elif act == "empty":
            for take in self.takes.values():
                if take["trashed"] == [True]:
                    take["there"] = [False]
                elif True in take["trashed"]:
                    take["there"] = [*take["there"], False]
        elif act == "zip":
            self.zips = True

    def _may(self, line: dict) -> None:
        act, id = line["act"], line.get("id")
        if act == "add":
            self.takes[id] = _new(act) | {"there": [True, False]}
        elif act == "import":
            self.loose += 1
        elif act == "edit" and id in self.takes:
            self.takes[id][line["name"]].append(line["value"])
        elif act in ("trash", "restore") and id in self.takes:
            self.takes[id]["trashed"] = [True, False]
        elif act == "empty":
            for take in self.takes.values():
                if True in take["trashed"]:
                    take["there"] = [*take["there"], False]
        elif act == "zip":
            self.zips = True


def _new(act: str) -> dict[str, list]:
    return {"there": [True], "trashed": [False], "rating": [0], "favourite": [False], "tags": [[]], "caption": [""],
            "notes": [""] if act == "add" else [None], "added": [act == "add"]}  # fmt: skip


def _look(project: Path, memory: _Memory, result: Kills) -> None:
    result.looked += 1
    waiting = sum(1 for _ in project.glob("arriving/*/record.jsonl"))
    began = time.perf_counter()
    library = Library(project)
    result.opened.append(time.perf_counter() - began)
    result.finished += waiting
    library.clear_staging()         # what the worker does when it starts
    there = {row["id"]: library.take(row["id"]) for row in library.store.rows("select id from takes")}
    for id, known in memory.takes.items():
        take = there.get(id)
        if (take is not None) not in known["there"]:
            result.lost.append(f"{id} is {'there, and was removed' if take else 'gone, and was acknowledged'}")
            continue
        if take is None:
            continue
        for name in (*EDITS, "trashed"):
            value = take.trashed is not None if name == "trashed" else list(take.tags) if name == "tags" else getattr(take, name)
            if value not in known[name] and known[name] != [None]:
                result.lost.append(f"{id}: {name} is {value!r}, and {known[name]!r} was acknowledged")
        if known["added"] == [True]:
            wrong = [what for what in FILES if not take.file(what).is_file() or take.file(what).read_bytes() != content(id, what)]
            result.lost += [f"{id}: its {what} is not what was written" for what in wrong]
    _strangers(there, memory, result)
    _leftovers(library, there, result)
    memory.takes = {id: _as_it_is(take) for id, take in there.items()}
    memory.loose, memory.zips = 0, False
    library.store.close()


def _strangers(there: dict, memory: _Memory, result: Kills) -> None:
    """Takes that no writer named beforehand: of imports that were cut off, and of zips."""
    strangers = [take for id, take in there.items() if id not in memory.takes]
    imports = [take for take in strangers if take.notes.startswith("Imported")]
    zipped = [take for take in strangers if take.prompt.startswith("zipped")]
    if len(imports) > memory.loose or len(imports) + len(zipped) < len(strangers) or (zipped and not memory.zips):
        result.orphans.append(f"takes that nobody made: {[take.id for take in strangers]}")
    if memory.zips and zipped and not any(take.trashed for take in there.values()):
        here = sum(take.prompt.startswith("zipped") for take in there.values())
        whole = len(ZIPPED)
        if here < whole and all(known["trashed"] == [False] for known in memory.takes.values()):
            result.lost.append(f"{here} of {whole} takes of a zip are here")


def _leftovers(library: Library, there: dict, result: Kills) -> None:
    wanted = {take.file(what) for take in there.values() for what in FILES if getattr(take, what)}
    beside = {library.folder / "media" / f"{id}.json" for id in there}
    files = {path for room in ("media", "posters", "latents") for path in (library.folder / room).glob("*")}
    result.orphans += [f"a file without a row: {path.name}" for path in sorted(files - wanted - beside)]
    result.orphans += [f"a row without its file: {path.name}" for path in sorted(wanted - files)]
    result.orphans += [f"left on the way: {path}" for room in ("arriving", "making", "lost-and-found") for path in (library.folder / room).glob("*")]
    result.orphans += [f"not buried: {row['id']}" for row in library.store.rows("select id from graves")]
    result.orphans += finish(library.check(repair=False)).damaged


def _as_it_is(take) -> dict[str, list]:
    return {"there": [True], "trashed": [take.trashed is not None], "rating": [take.rating], "favourite": [take.favourite],
            "tags": [list(take.tags)], "caption": [take.caption], "notes": [take.notes], "added": [take.prompt == f"take {take.id}"]}  # fmt: skip


ZIPPED = ("zipped1", "zipped2", "zipped3")


def _prepare(folder: Path) -> tuple[Path, list[Path]]:
    """A zip of three real takes, and a film and a picture to import."""
    from engine.media import write_film, write_picture

    folder.mkdir(parents=True, exist_ok=True)
    film, picture = folder / "given.mp4", folder / "given.png"
    pixels = np.random.default_rng(0).integers(0, 255, (9, 64, 64, 3), dtype=np.uint8)
    write_film(film, [pixels], 64, 64, 16)
    write_picture(picture, pixels[0])
    other = Library(folder / "other")
    for id in ZIPPED:
        staging = other.staging(id)
        recipe = Recipe(operation="text", prompt=f"zipped {id}", pictures=9, width=64, height=64, seed=7, backend="drawn", version="1")
        write_film(staging / "take.mp4", [pixels], 64, 64, 16, recipe.to_json())
        for name in ("poster.jpg", "strip.jpg"):
            write_picture(staging / name, pixels[0])
        head = b'{"__metadata__":{}}'
        (staging / "latents.safetensors").write_bytes(len(head).to_bytes(8, "little") + head)
        other.add_take(Made(recipe, *(staging / name for name, _ in FILES.values()), width=64, height=64, pictures=9, rate=16, seconds=0.1), id)
    finish(other.export(folder / "other.zip"))
    other.store.close()
    return folder / "other.zip", [film, picture]


if __name__ == "__main__":
    write(Path(sys.argv[1]), Path(sys.argv[2]), [Path(name) for name in sys.argv[3:-1]], int(sys.argv[-1]))
