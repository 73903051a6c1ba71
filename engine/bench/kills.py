"""Kills: real jobs of a weightless model, and SIGKILL for studio, worker and writer at random moments; then the audit.

    studio    the whole server, without a browser; jobs come in over HTTP. Its worker finishes what it has in hand
    worker    the process that makes films; the studio's keeper starts another
    writer    a process that submits, edits, pauses, moves, favourites and brings takes in (writer.py)

Knows processes, a home of its own that is gone afterwards, and one model. What is promised and what is waste, audit.py knows.
POSIX only. Nothing here asks how long anything took, but to say so.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.bench import audit
from engine.bench.toll import Kills
from engine.errors import CineloomError
from engine.jobs import Job, Queue
from engine.jobs.process import alive
from engine.library import Library
from engine.recipe import Recipe, compose

EVERY = 0.3         # seconds of walking between checkpoints: jobs here are short
WINDOW = 2.0        # seconds: a kill comes at a moment drawn from so many
IDLE = 0.2          # of them are killed whether they have anything in hand or not
ROUND = ("worker", "writer", "studio", "worker", "writer", "worker", "writer")     # a studio takes its time to open
LINE = 5            # jobs that the studio is asked to have in line
HASTE = 300.0       # seconds without anything coming to an end after which the queue does not go on


def kill(studio: Sequence[str], root: Path | str, count: int, seed: int = 1, *, steps: int = 250) -> Iterator[str | Kills]:
    """Kill `count` processes and audit what is left. Says what it does on the way; the figures come last.

    studio    a command that opens a studio and prints its address; --home and --port are added
    root      the folder to start it in
    steps     of each job: how long there is something to be killed
    Raises CineloomError when the studio does not open, or the queue does not go on.
    """
    with tempfile.TemporaryDirectory(prefix="cineloom-kills-") as folder:
        trial = Trial(list(studio), Path(root), Path(folder), seed, steps)
        try:
            yield from trial.run(count)
        finally:
            trial.close()


class Trial:
    """One home, one studio and one writer, opened again whenever they are dead."""

    def __init__(self, studio: list[str], root: Path, folder: Path, seed: int, steps: int):
        self.root, self.folder, self.home = root, folder, folder / "home"
        self.command = [*studio, "--home", str(self.home), "--port", "0"]
        self.chance = random.Random(seed)
        self.queue, self.library = Queue(self.home), Library.open(self.home)
        self.recipes = _recipes(steps)
        self.studio: subprocess.Popen | None = None
        self.writer: subprocess.Popen | None = None
        self.journals: list[Path] = []
        self.mine = open(folder / "submitted", "w", buffering=1)        # what the studio acknowledged over HTTP
        self.address = ""
        self.figures = Kills(0, seed)
        self.moments: Counter[str] = Counter()
        # Job: steps kept, times taken up, and edits begun, when its worker was killed.
        self.kept: dict[str, tuple[int, int, int]] = {}
        self.died: float | None = None
        self.backs: list[float] = []
        self.twins: dict[str, audit.Twin] = {}

    def run(self, count: int) -> Iterator[str | Kills]:
        """See `kill`."""
        began = time.monotonic()
        self.figures.count = count
        self.brought = self._bring()
        victims = [ROUND[number % len(ROUND)] for number in range(count)]
        self.chance.shuffle(victims)
        for number, victim in enumerate(victims, 1):
            yield f"kill {number} of {count}: {victim}"
            self._live(victim, self.chance.random() * WINDOW)
            self._kill(victim)
        yield "letting the queue finish"
        self._finish()
        yield "looking for what is lost"
        self._audit()
        self.figures.seconds = time.monotonic() - began
        yield self.figures

    def close(self) -> None:
        """End what is left of them."""
        for process in (self.writer, self.studio):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()
        worker = self.queue.worker()
        if worker is not None:
            os.kill(int(worker["who"].partition("@")[0]), signal.SIGKILL)
        self.mine.close()

    # ---- living

    def _live(self, victim: str, seconds: float) -> None:
        """Have all of them open and the studio asked for films; for so long, counted from when there is something to kill."""
        anyway = self.chance.random() < IDLE
        end = None
        while end is None or time.monotonic() < end:
            self._open()
            self._look()
            if self.address:
                self._ask()
            busy = anyway or (self.journals[-1].stat().st_size > 0 if victim == "writer" else bool(self.running()))
            there = {"writer": True, "studio": bool(self.address), "worker": self.queue.worker() is not None}[victim]
            if end is None and there and busy:
                end = time.monotonic() + seconds
            time.sleep(0.03)

    def running(self) -> list[Job]:
        """Jobs in the hands of a worker that is alive."""
        return [job for job in self.queue.jobs(recent=0) if job.state == "running" and alive(job.worker)]

    def _open(self, writer: bool = True) -> None:
        for job in self.queue.jobs(recent=0):       # a writer that was killed resumes nothing any more
            if job.held and self.writer is None:
                self.queue.resume(job.id)
        if self.studio is None:
            self.log = self.folder / f"studio.{sum(self.moments.values())}.log"
            environment = os.environ | {"CINELOOM_BACKEND": "drawn", "CINELOOM_EVERY": str(EVERY), "OMP_NUM_THREADS": "1", "CINELOOM_TOKEN": ""}
            with open(self.log, "wb") as log:
                self.studio = subprocess.Popen(self.command, cwd=self.root, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        if not self.address:
            found = re.search(r"open at (http://\S+)", self.log.read_text(errors="replace"))
            self.address = found[1] if found else ""
            if self.studio.poll() is not None:
                raise CineloomError(f"The studio did not open; it said: {self.log.read_text(errors='replace')[-500:]}")
        if writer and self.writer is None:
            self.journals.append(self.folder / f"writer.{len(self.journals)}.journal")
            with open(self.journals[-1], "wb") as journal:
                self.writer = subprocess.Popen(
                    [sys.executable, "-m", "engine.bench.writer", str(self.home), str(self.chance.random())[2:10], str(self.folder / "model")],
                    cwd=self.root, stdin=subprocess.PIPE, stdout=journal)  # fmt: skip
            self.writer.stdin.write("\n".join(recipe.to_json() for recipe in self.recipes).encode())
            self.writer.stdin.close()

    def _ask(self) -> None:
        """One more job over HTTP, where the line is short."""
        if len([job for job in self.queue.jobs(recent=0) if job.state == "waiting"]) >= LINE:
            return
        recipe = self.chance.choice(self.recipes)
        asked = {"prompt": recipe.prompt, "seconds": (recipe.pictures - 1) / 16, "width": recipe.width, "height": recipe.height,
                 "seed": str(recipe.seed), "steps": recipe.steps}
        request = urllib.request.Request(f"{self.address}studio/jobs", json.dumps(asked).encode(), {"content-type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                id = json.load(reply)["job"]["id"]
        except (urllib.error.URLError, OSError):
            return      # killed, or full: not acknowledged
        self.mine.write(json.dumps({"did": "submit", "id": id}) + "\n")

    def _look(self) -> None:
        """Whether jobs whose workers were killed went on where they were."""
        if self.died is not None and self.running():
            self.backs.append(time.monotonic() - self.died)
            self.died = None
        for id, (kept, taken, edits) in list(self.kept.items()):
            job = self.queue.job(id)
            if job.state == "failed" or self._edits(id) > edits:
                del self.kept[id]       # given up, or another film now: what was kept is not wanted any more
            elif job.taken > taken and job.resumed >= 0:
                self.figures.windows += kept > 0
                self.figures.steps_lost += max(0, kept - job.resumed)
                del self.kept[id]

    def _edits(self, id: str) -> int:
        """How often a writer set out to edit this job."""
        return sum(line.get("will") == "edit" and line["id"] == id for line in audit.read_journal(self.journals))

    # ---- killing

    def _kill(self, victim: str) -> None:
        if victim == "writer":
            self.writer.kill()
            self.writer.wait()
            self.writer = None
            lines = audit.read_journal(self.journals[-1:])
            last = lines[-1] if lines else {}
            self.moments[f"writer, {'in the middle of: ' + last['will'] if 'will' in last else 'between deeds' if lines else 'starting'}"] += 1
            return
        job = next((job for job in self.queue.jobs(recent=0) if job.state == "running"), None)
        if victim == "studio":
            self.studio.kill()
            self.studio.wait()
            self.studio, self.address = None, ""
            self.moments[f"studio, {'while a job ran' if job else 'while no job ran'}"] += 1
            return
        while (worker := self.queue.worker()) is None:      # it has ended meanwhile, because its studio was killed
            self._live(victim, 0.0)
        number = int(worker["who"].partition("@")[0])
        os.kill(number, signal.SIGKILL)
        end = time.monotonic() + 10
        while alive(worker["who"]) and time.monotonic() < end:
            time.sleep(0.002)
        after = next((job for job in self.queue.jobs(recent=0) if job.worker == worker["who"] and job.state == "running"), None)
        if after is not None:
            self.kept[after.id] = (after.kept, after.taken, self._edits(after.id))
        self.died = time.monotonic()
        self.moments[f"worker, {_moment(after)}"] += 1

    # ---- the end

    def _finish(self) -> None:
        """No more kills: everything that was asked for comes to its end, and a last start sweeps."""
        if self.writer is not None:
            self.writer.kill()
            self.writer.wait()
            self.writer = None
        for job in self.queue.jobs(recent=0):
            if job.held:
                self.queue.resume(job.id)
        mark, quiet = None, time.monotonic()
        while True:
            self._open(writer=False)
            self._look()
            for job in self.queue.jobs(recent=1000):
                if job.state == "failed":       # workers died twice over one stretch of it, or three times before it
                    self.queue.retry(job.id)
                    self.kept.pop(job.id, None)
                    self.figures.retried += 1
            left = self.queue.open_ids()
            if not left and self.address:
                break
            if self.figures.retried > 10 * self.figures.count:
                raise CineloomError("The same jobs fail again and again, though nobody kills anything any more.")
            now = [(job.id, job.step) for job in self.queue.jobs(recent=0)]
            if now != mark:
                mark, quiet = now, time.monotonic()
            if time.monotonic() - quiet > HASTE:
                raise CineloomError(f"The queue does not go on: {len(left)} jobs are left. {self.log.read_text(errors='replace')[-500:]}")
            time.sleep(0.1)
        self.studio.send_signal(signal.SIGINT)      # the next start: a studio opens, its worker looks round
        self.studio.wait(60)
        subprocess.run([sys.executable, "-m", "engine.jobs.worker", "--home", str(self.home)], cwd=self.root, check=True)

    def _audit(self) -> None:
        figures = self.figures
        journal = audit.read_journal([*self.journals, self.folder / "submitted"])
        figures.moments = dict(self.moments)
        figures.promises = dict(Counter(line["did"] for line in journal if "did" in line))
        figures.orphans = audit.orphans(self.home)
        figures.lost = audit.losses(self.home, journal, self.brought, self._twin)
        rows = self.queue.store.rows("select again from jobs")
        figures.jobs, figures.takes = len(rows), self.library.count()
        figures.again, figures.worst = sum(row["again"] for row in rows), max(row["again"] for row in rows)
        figures.back = statistics.median(self.backs) if self.backs else 0.0

    def _bring(self) -> dict[str, str]:
        """A take for the writer to bring in; the hashes of its files."""
        from engine.bench.writer import model

        _make(self.recipes[0], self.folder / "model")
        return {name: audit._hash(path) for name, path in model(self.folder / "model").items()}

    def _twin(self, recipe: Recipe) -> audit.Twin:
        """What that recipe comes to when nothing interrupts it; made once."""
        if recipe.digest() not in self.twins:
            with tempfile.TemporaryDirectory(dir=self.folder) as place:
                made = _make(recipe, Path(place))
                self.twins[recipe.digest()] = audit.Twin.of(made.film, made.latents)
        return self.twins[recipe.digest()]


def _recipes(steps: int) -> list[Recipe]:
    """A few films that take seconds, each with something of its own."""
    asked = [("red left", 25, (128, 96), "euler"), ("blue right wave", 33, (256, 144), "euler"), ("green up", 33, (192, 192), "multistep"),
             ("a pink still", 1, (256, 144), "multistep")]
    return [compose(prompt, model="drawn", pictures=pictures, size=size, seed=100 * at, steps=steps, solver=solver)[0]
            for at, (prompt, pictures, size, solver) in enumerate(asked)]


def _make(recipe: Recipe, folder: Path):
    import torch

    from engine.denoisers.catalog import open_backend
    from engine.make import make

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        *_, last = make(recipe, open_backend(recipe.backend), folder)
    finally:
        torch.set_num_threads(threads)
    return last.made


def _moment(job) -> str:
    """What a worker did with its job when it was killed."""
    if job is None:
        return "between jobs"
    words = job.message
    return ("walking" if words.startswith("step") else "writing the film" if words.startswith(("picture", "drawing"))
            else "stopping or pausing" if words in ("stopping", "pausing", "going on") else "opening the model")
