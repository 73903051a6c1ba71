"""Models: which there are for this studio, here and to be had; brought, told of and given up from the page.

    pull    away ─→ working ─→ here         pause: what came stays, the next pull goes on from there       cancel: it goes
    add     a folder of one's own is looked through and told of; nothing is copied

Each of these is an errand, a process of its own, see app.errand. Knows the catalog, the disk and how much memory this machine
has. Loads no model; what a model is laid out as, is the engine's.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.errand import there
from engine import memory
from engine.cards import cards
from engine.denoisers import catalog
from engine.denoisers.open import choosing, keeping, planning
from engine.denoisers.open.loras import loras_folder
from engine.denoisers.open.pulling import SPARE
from engine.denoisers.open.rows import FACTS, KNOWN, Row, installed, known, models_folder
from engine.errors import BadRequest
from engine.recipe import Lora, Recipe

if TYPE_CHECKING:
    from app.desk.desk import Desk

ROOT = Path(__file__).parents[2]
MANY = 2                    # errands at once: they share one line to the hub
BUILT_IN = "paper"
LONG = 4096                 # characters of a path
ADDING = ".add"             # the errand of a folder of one's own; no model is called so


@dataclass
class Errand:
    """One errand; everything but `process` may be read at any time."""

    key: str                            # what it is asked for by: the model's name, or ADDING
    name: str                           # of the model; "" for a folder that has none yet
    process: subprocess.Popen
    state: str = "working"              # working, done, failed
    words: str = ""
    done: int = 0                       # bytes
    total: int = 0
    error: str = ""

    def to_json(self) -> dict:
        """What the page may know."""
        return {name: getattr(self, name) for name in ("key", "name", "state", "words", "done", "total", "error")}


class Models:
    """The models of this studio."""

    def __init__(self, desk: Desk):
        """Part of one desk."""
        self.desk = desk
        self._errands: dict[str, Errand] = {}       # by their keys
        self._lock = threading.Lock()

    # ---- looking

    def here(self) -> tuple[str, ...]:
        """The models that film can be made with: the built-in one, those that lie here, and the one that the studio was started with."""
        names = catalog.names()
        return names if self.desk.backend in names or not self._there(self.desk.backend) else (self.desk.backend, *names)

    @staticmethod
    def _there(name: str) -> bool:
        try:
            catalog.describe(name)
        except BadRequest:
            return False
        return True

    def mark(self) -> str:
        """It is another one when a model or a LoRA came or went, or an errand ended."""
        folder, seen = models_folder(), []
        for path in folder.iterdir() if folder.is_dir() else ():
            try:
                seen.append(f"{path.name}{(path / FACTS if path.is_dir() else path).stat().st_mtime_ns}")
            except OSError:
                continue            # not whole
        seen += [f"{path.name}{path.stat().st_mtime_ns}" for path in loras_folder().glob("*.safetensors") if path.exists()]
        return " ".join([*sorted(seen), *(f"{name}:{one.state}" for name, one in list(self._errands.items()))])

    def all(self) -> dict:
        """Every model, with what it needs and how it would be laid out here; what is on its way; the disk and the cards."""
        folder, lying = models_folder(), installed()
        place = next(path for path in (folder, *folder.parents) if path.exists())
        own = [row for row in lying.values() if not known(row.name)]
        return {
            "models": [self._built_in(), *(self._row(row, lying) for row in (*own, *KNOWN))],
            "errands": [one.to_json() for one in list(self._errands.values())],
            "folder": str(folder), "free": shutil.disk_usage(place).free, "spare": SPARE,
            "cards": [{"name": card.name, "memory": card.memory} for card in cards()], "memory": memory.free(), "used": self.desk.backend,
        }

    def _built_in(self) -> dict:
        model = catalog.describe(BUILT_IN)
        return {"name": model.name, "title": model.title, "about": model.about, "state": "built-in", "licence": "Apache-2.0", "hub": "", "bytes": 0, "came": 0,
                "card": 0, "native": [], "rate": model.grid.rate, "size": list(model.sizes[0][1:]), "seconds": 0, "layout": None, "own": False, "gated": False}

    def _row(self, row: Row, lying: dict[str, Row]) -> dict:
        state = "here" if row.name in lying else "away"
        came = 0 if state == "here" else there(models_folder() / row.name)
        row = lying.get(row.name, row)
        return {"name": row.name, "title": row.title, "about": row.about, "state": "part" if came else state, "licence": row.licence, "hub": row.hub,
                "bytes": int(row.numbers * 2e9), "came": came, "card": planning.card(row), "native": list(row.native), "rate": row.grid.rate,
                "size": list(row.sizes[0][1:]), "seconds": round((row.pictures - 1) / row.grid.rate, 1), "layout": self._laid(row, row.pictures, *row.sizes[0][1:]),
                "own": not row.hub, "gated": row.gated}

    def layout(self, recipe: Recipe) -> dict | None:
        """How an open model would be laid out for a recipe's film on this machine; None for a model that takes care of that itself. Raises BadRequest for a plan that there is not."""
        row = installed().get(recipe.backend)
        return self._laid(row, recipe.pictures, recipe.width, recipe.height, recipe.loras) if row else None

    @staticmethod
    def _laid(row: Row, pictures: int, width: int, height: int, loras: Sequence[Lora] = ()) -> dict:
        free = memory.free() or 1 << 40
        card = max((card.memory for card in cards()), default=0)
        if not card:                # all of it in the machine's own memory, in float32
            needs = row.loaded(narrow=False) + sum(choosing.taken(loras, row, 4).values()) + planning.PROGRAM
            return {"name": "processor", "tiled": False, "device": 0, "host": needs, "fits": needs <= planning.SPARE * free}
        plan = planning.choose(planning.plans(row, pictures, width, height, card, free, choosing.taken(loras, row)))
        return {"name": plan.name, "tiled": plan.tiled, "device": plan.device, "host": plan.host, "fits": plan.fits}

    # ---- errands

    def pull(self, name: str) -> None:
        """Bring a model, or go on bringing it. Raises BadRequest for one that cannot be brought, is here, or is on its way."""
        row = known(name)
        if row is None:
            raise BadRequest(f"No model called {name!r:.60} can be brought; there is {', '.join(one.name for one in KNOWN)}.")
        if name in installed():
            raise BadRequest(f"{row.title} is here already.")
        self._begin(name, name, {"pull": name})

    def add(self, folder: str, name: str = "") -> None:
        """Tell of a model that lies in a folder of the user's own. What is wrong with it is the errand's error. Raises BadRequest for no folder."""
        folder = folder.strip()
        if not folder or len(folder) > LONG or "\0" in folder:
            raise BadRequest("Say the folder that the model lies in.")
        self._begin(ADDING, name.strip(), {"add": folder, "name": name.strip()})

    def _begin(self, key: str, name: str, asked: dict) -> None:
        # The studio itself asks nobody (`stay_local`); a person has just asked for this.
        outward = {variable: value for variable, value in os.environ.items() if variable != "HF_HUB_OFFLINE"}
        with self._lock:
            working = [one.key for one in self._errands.values() if one.state == "working"]
            if key in working:
                raise BadRequest("It is on its way already.")
            if len(working) >= MANY:
                raise BadRequest(f"{MANY} are on their way already; wait for one of them, or pause it.")
            process = subprocess.Popen([sys.executable, "-m", "app.errand"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8", cwd=ROOT,
                                       env=outward | {"PYTHONPATH": str(ROOT)}, start_new_session=True)
            errand = self._errands[key] = Errand(key, name, process)
        try:
            process.stdin.write(json.dumps(asked) + "\n")
            process.stdin.close()
        except OSError:
            pass                # it died at once: whoever listens says so
        threading.Thread(target=self._listen, args=(errand,), daemon=True).start()

    def _listen(self, errand: Errand) -> None:
        here = ""
        for line in errand.process.stdout:
            try:
                said = json.loads(line)
            except ValueError:
                continue            # a library's own words
            for name in ("words", "done", "total", "error"):
                if name in said:
                    setattr(errand, name, said[name])
            here = said.get("here", here)
        errand.process.wait()
        errand.name = here or errand.name
        errand.error = errand.error or ("" if here else "It ended before it was whole; what came stays, and the next try goes on from there.")
        errand.state = "failed" if errand.error else "done"

    def pause(self, key: str) -> None:
        """Stop an errand, or say no more of one that is over; what came stays."""
        with self._lock:
            errand = self._errands.pop(key, None)
        if errand is not None:
            errand.process.kill()
            errand.process.wait()

    def cancel(self, name: str) -> None:
        """Stop a pull and give up what came of it. Raises BadRequest for a model that cannot be brought or is here whole."""
        if known(name) is None or name in installed():
            raise BadRequest(f"Nothing of {name!r:.60} is on its way.")
        self.pause(name)
        if (models_folder() / name).is_dir():
            keeping.remove(name)

    def remove(self, name: str) -> int:
        """Give up a model that is here: bytes that are free now. A folder of the user's own is forgotten and stays.

        Raises BadRequest for one that is not here, or that jobs in line are to be made with.
        """
        if name not in installed():
            raise BadRequest(f"There is no model {name!r:.60} here that could be given up.")
        waiting = sum(job.recipe.get("backend") == name for job in self.desk.queue.jobs(recent=0))
        if waiting:
            raise BadRequest(f"{'A job' if waiting == 1 else f'{waiting} jobs'} in line would be made with it; wait for {'it' if waiting == 1 else 'them'}, or cancel first.")
        self.pause(name)
        freed = keeping.remove(name)
        if self.desk.backend == name:       # the studio was started with it: the one that is always here takes its place
            self.desk.backend = self.desk.keeper.warm = BUILT_IN
        return freed

    def close(self) -> None:
        """The studio ends, and with it what is on its way; it goes on from there when it is asked for again."""
        for errand in list(self._errands.values()):
            if errand.state == "working":
                errand.process.kill()
                errand.process.wait()
