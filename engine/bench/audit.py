"""The audit after the killing: what was promised and is not there, what is there and belongs to nobody.

Knows a home, the journals of writers and submitters, and the uninterrupted twin of every recipe. Kills nobody.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from engine.jobs import Queue
from engine.library import Library
from engine.library.library import projects
from engine.recipe import Recipe, from_json

FILES = ("film", "poster", "strip", "latents")
ROUNDING = 2.0      # of 255, the mean: H.264 of the same pictures, encoded twice, differs by 0.1 at most


def read_journal(paths: Iterable[Path]) -> list[dict]:
    """The lines of journals, in order. A line that a kill cut short was not said."""
    lines = []
    for path in paths:
        for line in path.read_text().splitlines():
            try:
                lines.append(json.loads(line))
            except ValueError:
                continue
    return lines


def losses(home: Path, journal: list[dict], brought: dict[str, str], twin: Callable[[Recipe], Twin]) -> dict[str, list[str]]:
    """What was promised and is not so, by kind: each list should be empty.

    journal   what writers will do and did
    brought   the hashes of the files of the take that writers bring in
    twin      the take of a recipe that nothing interrupted
    """
    queue, library = Queue(home), Library.open(home)
    found = {kind: [] for kind in ("submits", "edits", "takes", "marks", "unfinished jobs", "wrong takes", "half takes")}
    will, did = [line for line in journal if "will" in line], [line for line in journal if "did" in line]
    for line in did:
        if line["did"] == "submit" and queue.job(line["id"]) is None:
            found["submits"].append(line["id"])
        if line["did"] == "favourite" and not library.take(line["id"]).favourite:
            found["marks"].append(line["id"])
        if line["did"] == "take" and library.take(line["id"]) is None:
            found["takes"].append(line["id"])
    found["edits"] = [id for id, digests in _edits(journal).items() if queue.job(id).asked.digest() not in digests]
    for line in will:       # whole or not at all, also where nobody was told
        take = library.take(line["id"]) if line["will"] == "take" else None
        if take is not None and {name: _hash(take.file(name)) for name in FILES} != brought:
            found["half takes"].append(line["id"])
    for row in queue.store.rows("select id from jobs"):
        job, take = queue.job(row["id"]), library.take(row["id"])
        if job.state != "done":
            found["unfinished jobs"].append(f"{job.id}: {job.state} {job.error or ''}")
        elif take is None or json.dumps(take.recipe) == "{}" or from_json(json.dumps(take.recipe)).digest() != job.asked.digest():
            found["wrong takes"].append(f"{job.id}: not of its recipe")
        else:
            other = twin(job.asked).differs(take.file("film"), take.file("latents"))
            if other:
                found["wrong takes"].append(f"{job.id}: {other} ({job.recipe['prompt']}, on from {job.resumed})")
    return found


def orphans(home: Path) -> list[str]:
    """Files and rows that belong to no take and no job in line, and rows whose files are not there."""
    queue, waste = Queue(home), []
    open_ids = queue.open_ids()
    for project in projects(home):
        library = Library.open(home, project)
        known = set()
        for row in library.store.rows("select id, film, poster, strip, latents from takes"):
            files = [library.folder / row[name] for name in FILES if row[name]]
            waste += [f"row without file: {path.name}" for path in files if not path.is_file()]
            known.update(files)
            known.add(library.folder / "media" / f"{row['id']}.json")
        for path in sorted(library.folder.rglob("*")):
            inside = path.relative_to(library.folder)
            if path.is_dir() or path in known or inside.parts[0].startswith("library.db"):
                continue
            if not (inside.parts[0] == "making" and inside.parts[1] in open_ids):
                waste.append(f"file without row: {inside}")
        twice = Counter(row["id"] for row in library.store.rows("select id from takes"))
        waste += [f"two takes of {id}" for id, count in twice.items() if count > 1]
    waste += [f"preview of {row['job']}" for row in queue.store.rows(
        "select job from previews where job not in (select id from jobs where state in ('waiting', 'running'))")]
    return waste


@dataclass(frozen=True)
class Twin:
    """A take that nothing interrupted: its latents to the bit, and its pictures, which an encoder rounds as it likes."""

    latents: str                # hash of the file
    pictures: np.ndarray        # (N, H, W, 3) uint8

    @classmethod
    def of(cls, film: Path, latents: Path) -> Twin:
        """What engine.make finished."""
        return cls(_hash(latents), _pictures(film))

    def differs(self, film: Path, latents: Path) -> str:
        """What is not the same about another take; "" when nothing is."""
        if _hash(latents) != self.latents:
            return "latents are not its twin's"
        found = _pictures(film)
        if found.shape != self.pictures.shape:
            return f"film is {found.shape}, its twin's {self.pictures.shape}"
        off = float(np.abs(found.astype(np.int16) - self.pictures).mean())
        return f"pictures differ from its twin's by {off:.1f} of 255" if off > ROUNDING else ""


def _pictures(film: Path) -> np.ndarray:
    with av.open(str(film)) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


def _edits(journal: list[dict]) -> dict[str, set[str]]:
    """For each job that was edited: the recipes that it may have now, the last one acknowledged or any begun since."""
    allowed: dict[str, set[str]] = {}
    for line in journal:
        if line.get("did") == "edit":
            allowed[line["id"]] = {line["digest"]}
        elif line.get("will") == "edit" and line["id"] in allowed:
            allowed[line["id"]].add(line["digest"])
    return allowed


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "missing"
