"""The queue as rows: submit, take up, report, finish, recover. Shared by the page, the command line and the worker.

    waiting ─→ running ─→ done | failed | cancelled
       ↑          │
       └──────────┘  its worker died or was asked to stop

Knows rows and who may change them. Knows no model: imports no torch, and neither reads nor writes film.
Everything a worker writes names the worker: one that was given up for dead cannot speak into a job another one has.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, fields
from pathlib import Path

from engine.errors import BadRequest
from engine.jobs.process import alive
from engine.jobs.schema import migrations
from engine.library.database import Store
from engine.library.library import FIRST_PROJECT, Library, new_id
from engine.recipe import Recipe, from_json

TRIES = 2           # workers that may die over a job before it is called failed
WAITING = 200       # jobs in line: more than that is a mistake or an attack


@dataclass(frozen=True)
class Job:
    """One row of the queue; see schema.py for the units."""

    number: int
    id: str
    project: str
    recipe: dict
    said: tuple[str, ...]
    state: str
    created: float
    started: float | None
    finished: float | None
    tries: int
    worker: str | None
    cancel: bool
    step: int
    steps: int
    progress: float
    message: str
    left: float | None
    heartbeat: float | None
    previewed: int
    error: str | None

    @property
    def over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in ("done", "failed", "cancelled")

    @property
    def asked(self) -> Recipe:
        """Its recipe as a value. Raises BadRequest for one that this version cannot read."""
        return from_json(json.dumps(self.recipe))

    @classmethod
    def from_row(cls, row: dict) -> Job:
        """A row of the table with its JSON read."""
        row = {field.name: row[field.name] for field in fields(cls)}
        row.update(recipe=json.loads(row["recipe"]), said=tuple(json.loads(row["said"])), cancel=bool(row["cancel"]))
        return cls(**row)

    def to_json(self) -> dict:
        """A plain dictionary for the page, the command line and the API."""
        out = {field.name: getattr(self, field.name) for field in fields(self)}
        out.pop("worker")
        out["recipe"] = {**self.recipe, "seed": str(self.recipe.get("seed", 0))}
        return out | {"said": list(self.said)}


class Queue:
    """All jobs of one home. May be used from any thread and from several processes at once."""

    def __init__(self, home: Path | str):
        """Open the queue of `home`, making both where they are not there. Raises CannotWrite."""
        self.home = Path(home).resolve()
        self.store = Store(self.home / "queue.db", migrations, durable=False)

    # ---- asking

    def submit(self, recipe: Recipe, project: str = FIRST_PROJECT, said: list[str] | tuple[str, ...] = ()) -> str:
        """Put a recipe in line; returns the job's id, which its take will have too.

        Raises BadRequest when the line is too long already.
        """
        id = new_id()
        with self.store.writing() as db:
            waiting = db["jobs"].count_where("state = 'waiting'")
            if waiting >= WAITING:
                raise BadRequest(f"{waiting} jobs are waiting already; let some of them finish or cancel some.")
            db["jobs"].insert(
                {
                    "id": id,
                    "project": project,
                    "recipe": recipe.to_json(),
                    "said": json.dumps(list(said), ensure_ascii=False),
                    "state": "waiting",
                    "created": time.time(),
                    "steps": recipe.steps,
                    "message": "waiting",
                }
            )
        return id

    def cancel(self, id: str) -> Job | None:
        """Stop a job: at once while it waits, at its next step while it runs. One that is over stays as it is."""
        with self.store.writing() as db:
            db.conn.execute(
                "update jobs set state = 'cancelled', cancel = 1, finished = ?, message = 'cancelled' "
                "where id = ? and state = 'waiting'",
                [time.time(), id],
            )
            db.conn.execute("update jobs set cancel = 1, message = 'stopping' where id = ? and state = 'running'", [id])
        return self.job(id)

    def dismiss(self, id: str) -> Job | None:
        """Leave a job that is over out of `jobs` from now on."""
        with self.store.writing() as db:
            db.conn.execute(
                "update jobs set dismissed = 1 where id = ? and state in ('done', 'failed', 'cancelled')", [id]
            )
        return self.job(id)

    def job(self, id: str) -> Job | None:
        """One job by its id."""
        rows = self.store.rows("select * from jobs where id = ?", [id])
        return Job.from_row(rows[0]) if rows else None

    def jobs(self, *, recent: int = 20) -> list[Job]:
        """Every job that waits or runs, in the order in which they are made, then the `recent` last finished ones nobody dismissed."""
        open_ = self.store.rows("select * from jobs where state in ('running', 'waiting') order by state, number")
        over = self.store.rows(
            "select * from jobs where state in ('done', 'failed', 'cancelled') and dismissed = 0 order by finished desc limit ?",
            [recent],
        )
        return [Job.from_row(row) for row in (*open_, *over)]

    def waiting(self) -> int:
        """How many jobs nobody has taken up."""
        return self.store.rows("select count(*) as n from jobs where state = 'waiting'")[0]["n"]

    def tries(self) -> int:
        """How often jobs were taken up, all together."""
        return self.store.rows("select coalesce(sum(tries), 0) as n from jobs")[0]["n"]

    def preview(self, id: str) -> dict | None:
        """The last moving preview of a job, `{step, frames, width, height, jpeg}`: frames side by side in one JPEG."""
        rows = self.store.rows("select step, frames, width, height, jpeg from previews where job = ?", [id])
        return rows[0] if rows else None

    # ---- working

    def claim(self, who: str, device: str = "here") -> bool:
        """Become the one worker of `device`. False while another that is alive has the post; a dead one's is taken over."""
        with self.store.writing() as db:
            there = list(db["workers"].rows_where("device = ?", [device]))
            if there and there[0]["who"] != who and alive(there[0]["who"]):
                return False
            now = time.time()
            db["workers"].upsert(
                {"device": device, "who": who, "started": now, "heartbeat": now, "doing": "starting"}, pk="device"
            )
            return True

    def resign(self, who: str) -> None:
        """Give the post back."""
        with self.store.writing() as db:
            db["workers"].delete_where("who = ?", [who])

    def worker(self, device: str = "here") -> dict | None:
        """The post's row, `{who, started, heartbeat, doing}`, if its holder is alive."""
        rows = self.store.rows("select * from workers where device = ?", [device])
        return rows[0] if rows and alive(rows[0]["who"]) else None

    def pulse(self, who: str, doing: str | None = None) -> None:
        """The worker says that it is there, and what it does."""
        with self.store.writing() as db:
            now = time.time()
            db.conn.execute("update workers set heartbeat = ?, doing = coalesce(?, doing) where who = ?", [now, doing, who])
            db.conn.execute("update jobs set heartbeat = ? where worker = ? and state = 'running'", [now, who])

    def take_up(self, who: str) -> Job | None:
        """The next waiting job, now running in the hands of `who`; None when there is none."""
        with self.store.writing() as db:
            rows = list(db.query("select * from jobs where state = 'waiting' order by number limit 1"))
            if not rows:
                return None
            now = time.time()
            db.conn.execute(
                "update jobs set state = 'running', worker = ?, started = ?, heartbeat = ?, tries = tries + 1, step = 0, "
                "progress = 0, previewed = 0, error = null, left = null, message = 'starting' where number = ?",
                [who, now, now, rows[0]["number"]],
            )
        return self.job(rows[0]["id"])

    def cancelled(self, id: str) -> bool:
        """Whether somebody asked this job to stop. One indexed read, about 20 microseconds: ask at every step."""
        rows = self.store.rows("select cancel from jobs where id = ?", [id])
        return bool(rows and rows[0]["cancel"])

    def report(
        self, id: str, who: str, *, step: int, steps: int, progress: float, message: str, left: float | None = None
    ) -> None:
        """Say how far a running job is. Ignored when it is no longer in the hands of `who`."""
        with self.store.writing() as db:
            db.conn.execute(
                "update jobs set step = ?, steps = ?, progress = ?, message = case cancel when 1 then 'stopping' else ? end, "
                "left = ?, heartbeat = ? where id = ? and worker = ? and state = 'running'",
                [step, steps, progress, message, left, time.time(), id, who],
            )

    def show(self, id: str, who: str, step: int, frames: int, width: int, height: int, jpeg: bytes) -> None:
        """Put up a new preview. Ignored when the job is no longer in the hands of `who`."""
        with self.store.writing() as db:
            mine = db.conn.execute(
                "update jobs set previewed = ? where id = ? and worker = ? and state = 'running'", [step, id, who]
            ).rowcount
            if mine:
                row = {"job": id, "step": step, "frames": frames, "width": width, "height": height, "jpeg": jpeg}
                db["previews"].upsert(row, pk="job")

    def finish(self, id: str, who: str) -> None:
        """The take stands: the job is done."""
        self._close(id, who, "done", progress=1.0, message="done")

    def fail(self, id: str, who: str, sentence: str) -> None:
        """The job cannot be done; `sentence` is for a person."""
        self._close(id, who, "failed", message="failed", error=sentence)

    def stopped(self, id: str, who: str) -> None:
        """The job stopped because somebody asked it to."""
        self._close(id, who, "cancelled", message="cancelled")

    def put_back(self, id: str, who: str) -> None:
        """The worker stops, the job does not: it waits for the next one, and this try does not count."""
        self._again(id, who, tries=max(0, self.job(id).tries - 1))

    def recover(self, who: str | None = None) -> list[str]:
        """See to jobs whose worker is no more, or is `who` and has nothing in hand; returns their ids.

        Done when the take stands already, cancelled when that was asked, failed after the last try, else waiting again.
        """
        running = self.store.rows("select * from jobs where state = 'running'")
        lost = [row for row in running if row["worker"] == who or not alive(row["worker"])]
        for row in lost:
            id, had = row["id"], row["worker"]
            if Library.open(self.home, row["project"]).take(id) is not None:
                self.finish(id, had)
            elif row["cancel"]:
                self.stopped(id, had)
            elif row["tries"] >= TRIES:
                self.fail(id, had, f"The worker died {TRIES} times over this; a smaller size or fewer seconds may fit in memory.")
            else:
                self._again(id, had, tries=row["tries"])
        return [row["id"] for row in lost]

    def fail_waiting(self, sentence: str) -> None:
        """No worker can be had: say so on every job in line."""
        with self.store.writing() as db:
            db.conn.execute(
                "update jobs set state = 'failed', message = 'failed', finished = ?, error = ? where state = 'waiting'",
                [time.time(), sentence],
            )

    def _again(self, id: str, who: str, tries: int) -> None:
        with self.store.writing() as db:
            db.conn.execute(
                "update jobs set state = 'waiting', worker = null, tries = ?, step = 0, progress = 0, previewed = 0, left = null, "
                "message = 'waiting' where id = ? and worker = ? and state = 'running'",
                [tries, id, who],
            )
            db["previews"].delete_where("job = ?", [id])

    def _close(self, id: str, who: str, state: str, *, message: str, progress: float | None = None, error: str | None = None):
        with self.store.writing() as db:
            mine = db.conn.execute(
                "update jobs set state = ?, message = ?, error = ?, finished = ?, left = null, progress = coalesce(?, progress) "
                "where id = ? and worker = ? and state = 'running'",
                [state, message, error, time.time(), progress, id, who],
            ).rowcount
            if mine:
                db["previews"].delete_where("job = ?", [id])

    # ---- how long things take here

    def pace(self, backend: str) -> dict[str, float]:
        """Seconds per latent cell and step ("step") and per pixel of film ("decode") on this machine; {} before the first job."""
        return {row["phase"]: row["seconds"] for row in self.store.rows("select * from pace where backend = ?", [backend])}

    def learn_pace(self, backend: str, phase: str, seconds: float) -> None:
        """Remember a measurement, half and half with what was known."""
        old = self.pace(backend).get(phase, seconds)
        with self.store.writing() as db:
            db["pace"].upsert({"backend": backend, "phase": phase, "seconds": (old + seconds) / 2}, pk=("backend", "phase"))
