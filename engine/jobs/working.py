"""What workers say to the queue: I am here, I take this one, so far, kept, done; and what is seen to when one is no more.

Knows rows and who may change them. Knows no model: imports no torch, and neither reads nor writes film.
Everything a worker writes names the worker: one that was given up for dead cannot speak into a job another one has.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from engine import memory
from engine.errors import BadRequest, CannotWrite
from engine.events import Stop
from engine.jobs.fitting import out_of_memory
from engine.jobs.job import Job
from engine.jobs.process import alive
from engine.library.database import Store
from engine.library.library import Library

TRIES = 2           # workers that may die over the same stretch of a job before it is called failed
STALE = 20.0        # seconds without a heartbeat after which a worker that cannot be looked at is given up
LOW = 0.04          # of all memory: with less than that free, a killed worker was killed for it
LAST = "(select coalesce(max(ended), 0) + 1 from jobs)"
READY = "state = 'waiting' and held = 0 and device in ('', ?) and not (select paused from line)"


class Working:
    """The half of Queue that workers and their keepers talk to."""

    home: Path
    store: Store
    clock: Callable[[], float]
    ticks: Callable[[], float]
    kills: Callable[[], int | None]
    _heard: dict[str, tuple[float | None, float]]

    # ---- the post

    def claim(self, who: str, device: str = "here") -> bool:
        """Become the one worker of `device`. False while another that is alive has the post; a dead one's is taken over."""
        with self.store.writing() as db:
            there = list(db["workers"].rows_where("device = ?", [device]))
            if there and there[0]["who"] != who and not self._gone(there[0]["who"], there[0]["heartbeat"]):
                return False
            now = self.clock()
            db["workers"].upsert(
                {"device": device, "who": who, "started": now, "heartbeat": now, "doing": "starting"}, pk="device"
            )
            return True

    def resign(self, who: str) -> None:
        """Give the post back."""
        with self.store.writing() as db:
            db["workers"].delete_where("who = ?", [who])

    def worker(self, device: str = "here") -> dict | None:
        """The post's row, `{device, who, started, heartbeat, doing}`, if its holder is alive."""
        rows = self.store.rows("select * from workers where device = ?", [device])
        return rows[0] if rows and not self._gone(rows[0]["who"], rows[0]["heartbeat"]) else None

    def pulse(self, who: str, doing: str | None = None, free: int | None = None) -> None:
        """The worker says that it is there, what it does, and how many bytes of memory are free."""
        with self.store.writing() as db:
            now = self.clock()
            db.conn.execute("update workers set heartbeat = ?, doing = coalesce(?, doing) where who = ?", [now, doing, who])
            db.conn.execute(
                "update jobs set heartbeat = ?, free = coalesce(?, free) where worker = ? and state = 'running'", [now, free, who]
            )

    def _gone(self, who: str | None, heartbeat: float | None) -> bool:
        """Whether a worker is no more: its process has ended, or, where that cannot be seen, its heart has.

        A heartbeat that differs from the last one seen is a sign of life whichever way the clock was set; how long it
        stood still is measured by our own ticks.
        """
        there = alive(who)
        if there is not None:
            return not there
        seen, when = self._heard.get(who, (None, 0.0))
        if who not in self._heard or seen != heartbeat:
            self._heard[who] = (heartbeat, self.ticks())
            return False
        return self.ticks() - when > STALE

    # ---- a job in hand

    def waiting(self, device: str = "here", alone: bool = False) -> int:
        """How many jobs the worker of `device` could take up now, those that it `alone` may have: none while the line is paused."""
        return self.store.rows(f"select count(*) as n from jobs where {READY} and not (? and device = '')", [device, alone])[0]["n"]

    def running(self) -> int:
        """How many jobs are being made."""
        return self.store.rows("select count(*) as n from jobs where state = 'running'")[0]["n"]

    def taken(self) -> int:
        """How often jobs were taken up, all together."""
        return self.store.rows("select coalesce(sum(taken), 0) as n from jobs")[0]["n"]

    def open_ids(self) -> set[str]:
        """The ids of all jobs that wait or run: what was begun of them is not waste."""
        return {row["id"] for row in self.store.rows("select id from jobs where state in ('waiting', 'running')")}

    def take_up(self, who: str, device: str = "here") -> Job | None:
        """The first waiting job that `device` may have, now running in the hands of `who`; None when there is none."""
        with self.store.writing() as db:
            rows = list(db.query(f"select number, id from jobs where {READY} order by position limit 1", [device]))
            if not rows:
                return None
            now = self.clock()
            db.conn.execute(
                "update jobs set state = 'running', worker = ?, started = ?, heartbeat = ?, tries = tries + 1, taken = taken + 1, "
                "step = kept, progress = case when kept > 0 then progress else 0 end, unkept = 0, error = null, left = null, "
                "resumed = -1, free = null, kills = ?, message = 'starting' where number = ?",
                [who, now, now, self.kills(), rows[0]["number"]],
            )
        return self.job(rows[0]["id"])

    def wish(self, id: str, who: str) -> Stop | None:
        """Whether the worker is to stop this job, and how. One indexed read, about 30 microseconds: ask at every step."""
        rows = self.store.rows("select cancel, enough, held, worker, state, (select paused from line) as paused from jobs where id = ?", [id])
        if not rows or rows[0]["cancel"] or rows[0]["worker"] != who or rows[0]["state"] != "running":
            return Stop.DROP
        if rows[0]["enough"]:
            return Stop.TAKE
        return Stop.KEEP if rows[0]["held"] or rows[0]["paused"] else None

    def began(self, id: str, who: str, done: int) -> None:
        """The walk begins, with `done` steps from a checkpoint."""
        with self.store.writing() as db:
            db.conn.execute(
                "update jobs set kept = ?, resumed = ? where id = ? and worker = ? and state = 'running'", [done, done, id, who]
            )

    def report(
        self, id: str, who: str, *, step: int, steps: int, progress: float, message: str, left: float | None = None,
        unkept: float = 0.0,
    ) -> None:  # fmt: skip
        """Say how far a running job is. Ignored when it is no longer in the hands of `who`.

        unkept   seconds of work that would be lost with the worker
        """
        with self.store.writing() as db:
            db.conn.execute(
                "update jobs set step = ?, steps = ?, progress = ?, "
                "message = case when cancel then 'stopping' when enough and step < steps then 'keeping what there is' when held then 'pausing' else ? end, "
                "left = ?, unkept = ?, heartbeat = ? where id = ? and worker = ? and state = 'running'",
                [step, steps, progress, message, left, unkept, self.clock(), id, who],
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

    def remark(self, id: str, who: str, words: str) -> None:
        """Add a sentence to what is said of the job, once. Ignored when it is no longer in the hands of `who`."""
        with self.store.writing() as db:
            rows = list(db.query("select said from jobs where id = ? and worker = ? and state = 'running'", [id, who]))
            said = json.loads(rows[0]["said"] or "[]") if rows else [words]
            if words not in said:
                db.conn.execute("update jobs set said = ? where id = ?", [json.dumps([*said, words]), id])

    def keep(self, id: str, who: str, step: int) -> None:
        """A checkpoint with `step` steps is in the job's folder. A worker that got further has not died over it."""
        with self.store.writing() as db:
            db.conn.execute(
                "update jobs set tries = case when ? > kept then 1 else tries end, kept = ?, unkept = 0 "
                "where id = ? and worker = ? and state = 'running'",
                [step, step, id, who],
            )

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
        """The worker stops, the job does not: it waits in its place, keeps its preview, and this try does not count."""
        self._again(id, who, "max(0, tries - 1)")

    # ---- when a worker is no more

    def recover(self, who: str | None = None) -> list[str]:
        """See to jobs whose worker is no more, or is `who` and has nothing in hand; returns their ids.

        Done when the take stands already, cancelled when that was asked, failed when memory ran out or after the last
        try, else waiting again.
        """
        running = self.store.rows("select * from jobs where state = 'running'")
        lost = [row for row in running if row["worker"] == who or self._gone(row["worker"], row["heartbeat"])]
        for row in lost:
            id, had = row["id"], row["worker"]
            try:
                made = Library.open(self.home, row["project"]).take(id) is not None
            except CannotWrite:     # a project that cannot be opened now is looked at again later
                if row["cancel"]:
                    self.stopped(id, had)
                continue
            if made:
                self.finish(id, had)
            elif row["cancel"]:
                self.stopped(id, had)
            elif had != who and self._ran_out(row):
                self.fail(id, had, _too_much(Job.from_row(row)))
            elif row["tries"] >= TRIES:
                self.fail(id, had, f"The worker died {TRIES} times over this, at step {row['step']} of {row['steps']}; a smaller size or "
                                   "fewer seconds may fit in memory, and the worker's log says more.")
            else:
                self._again(id, had, "tries", lost=True)
        return [row["id"] for row in lost]

    def fail_waiting(self, sentence: str, device: str = "here") -> None:
        """No worker can be had: say so on every job that waits for it."""
        with self.store.writing() as db:
            db.conn.execute(
                "update jobs set state = 'failed', message = 'failed', finished = max(?, created), error = ?, "
                f"ended = {LAST} where {READY}",
                [self.clock(), sentence, device],
            )

    def _ran_out(self, row: dict) -> bool:
        """Whether the system ended a worker because memory ran out: the kernel counts such ends; others leave only the trace
        that hardly anything was free shortly before."""
        kills, whole = self.kills(), memory.total()
        if None not in (kills, row["kills"]) and kills > row["kills"]:
            return True
        return None not in (whole, row["free"]) and row["free"] < LOW * whole

    def _again(self, id: str, who: str, tries: str, lost: bool = False) -> None:
        with self.store.writing() as db:
            mine = db.conn.execute(
                f"update jobs set state = 'waiting', worker = null, tries = {tries}, step = kept, left = null, unkept = 0, "
                "progress = case when kept > 0 then progress * kept / max(step, 1) else 0 end, "
                "again = again + case when ? then unkept else 0 end, previewed = case when ? then 0 else previewed end, "
                "message = case when held then 'paused' else 'waiting' end where id = ? and worker = ? and state = 'running'",
                [lost, lost, id, who],
            ).rowcount
            if mine and lost:
                db["previews"].delete_where("job = ?", [id])

    def _close(self, id: str, who: str, state: str, *, message: str, progress: float | None = None, error: str | None = None):
        with self.store.writing() as db:
            mine = db.conn.execute(
                "update jobs set state = ?, message = ?, error = ?, finished = max(?, started), left = null, held = 0, unkept = 0, "
                f"progress = coalesce(?, progress), ended = {LAST} where id = ? and worker = ? and state = 'running'",
                [state, message, error, self.clock(), progress, id, who],
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


def _too_much(job: Job) -> str:
    what = "The system ended the worker for want of memory."
    try:
        return out_of_memory(job.asked, what)
    except BadRequest:      # of a newer studio: nobody here knows what it needs
        return f"{what} A smaller size or fewer seconds may fit."
