"""What people ask of the queue: submit, pause, resume, move, edit, cancel, retry, dismiss, and what there is.

Knows rows and who may change them. Knows no model: imports no torch, and neither reads nor writes film.
Every request is one transaction: it is done when it is answered, or not at all.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Sequence

from engine.denoisers.catalog import describe
from engine.errors import BadRequest
from engine.jobs.job import Job
from engine.library.database import Store
from engine.library.library import FIRST_PROJECT, new_id
from engine.recipe import Recipe, check
from engine.recipe.bounds import SEEDS

WAITING = 200       # jobs in line: more than that is a mistake or an attack
DEVICE = re.compile(r"[\w:.-]{0,32}")
PLACES = ("up", "down", "top", "bottom")
LAST = "(select coalesce(max({column}), 0) + 1 from jobs)"


class Asking:
    """The half of Queue that people talk to."""

    store: Store
    clock: Callable[[], float]

    # ---- into the line

    def submit(self, recipe: Recipe, project: str = FIRST_PROJECT, said: Sequence[str] = (), *, device: str = "") -> str:
        """Put a recipe in line; returns the job's id, which its take will have too. See `submit_variations`."""
        return self.submit_variations(recipe, 1, project, said, device=device)[0]

    def submit_variations(self, recipe: Recipe, count: int, project: str = FIRST_PROJECT, said: Sequence[str] = (), *,
                          device: str = "") -> list[str]:
        """Put a recipe in line `count` times: with its seed, the next one, and so on. Returns their ids, in that order.

        device   ask for the worker of that device; "" takes any
        All of them are put in line, or none. Raises BadRequest when the line is too long already.
        """
        if not DEVICE.fullmatch(device):
            raise BadRequest(f"A device is called like cuda:1 or here; {device!r:.60} was asked.")
        if not 1 <= count <= WAITING:
            raise BadRequest(f"1 to {WAITING} variations can be asked at once; {count} were asked.")
        ids = [new_id() for _ in range(count)]
        with self.store.writing() as db:
            waiting = db["jobs"].count_where("state = 'waiting'")
            if waiting + count > WAITING:
                raise BadRequest(f"{waiting} jobs are waiting already; let some of them finish or cancel some.")
            place = _number(db, "select coalesce(max(position), 0) from jobs")
            for at, id in enumerate(ids):
                one = dataclasses.replace(recipe, seed=(recipe.seed + at) % SEEDS)
                db["jobs"].insert({
                    "id": id, "project": project, "recipe": one.to_json(), "said": json.dumps(list(said), ensure_ascii=False),
                    "state": "waiting", "created": self.clock(), "steps": one.steps, "message": "waiting",
                    "position": place + 1 + at, "device": device, "batch": ids[0] if count > 1 else "",
                })  # fmt: skip
        return ids

    def retry(self, id: str) -> Job:
        """Put a job that failed or was cancelled at the end of the line again, under its own id, its tries forgotten.

        Raises BadRequest for one that is not there, not over, or done.
        """
        with self.store.writing() as db:
            again = db.conn.execute(
                "update jobs set state = 'waiting', cancel = 0, enough = 0, held = 0, tries = 0, step = 0, kept = 0, unkept = 0, progress = 0, "
                f"error = null, left = null, finished = null, ended = null, dismissed = 0, message = 'waiting', worker = null, "
                f"position = {LAST.format(column='position')} where id = ? and state in ('failed', 'cancelled')",
                [id],
            ).rowcount
        return self._changed(id, again, "retried", {
            "done": "it is done; submit its recipe again for another take", "waiting": "it waits already", "running": "it is being made",
        })  # fmt: skip

    # ---- in the line

    def pause(self, id: str | None = None) -> Job | None:
        """Hold one job, or with no id the whole line.

        A waiting job is passed over until it is resumed. A running one stops at its next step, keeps what it has and goes
        on from there; when the line is paused it is the first to go on. Raises BadRequest for a job that is over.
        """
        return self._hold(id, True, "paused", {state: f"it is {state}" for state in ("done", "failed", "cancelled")})

    def resume(self, id: str | None = None) -> Job | None:
        """Let one job, or with no id the whole line, go on. Raises BadRequest for a job that is over."""
        return self._hold(id, False, "resumed", {
            "done": "it is done", "failed": "it failed; retry it", "cancelled": "it was cancelled; retry it",
        })  # fmt: skip

    def _hold(self, id: str | None, held: bool, what: str, reasons: dict[str, str]) -> Job | None:
        """Hold or free one job, or with no id the whole line."""
        waiting, running = ("paused", "pausing") if held else ("waiting", "going on")
        with self.store.writing() as db:
            if id is None:
                db.conn.execute("update line set paused = ?", [held])
                return None
            changed = db.conn.execute(
                "update jobs set held = ?, message = case state when 'waiting' then ? else ? end where id = ? and state in ('waiting', 'running')",
                [held, waiting, running, id],
            ).rowcount
        return self._changed(id, changed, what, reasons)

    @property
    def paused(self) -> bool:
        """Whether the whole line is paused."""
        return bool(self.store.rows("select paused from line")[0]["paused"])

    def move(self, id: str, to: str | int) -> Job:
        """Give a waiting job another place in line.

        to   "up" or "down" by one, "top", "bottom", or its place as a number from 1; one beyond the end is the end
        Raises BadRequest for a job that does not wait, or a place that is none.
        """
        if isinstance(to, str) and to.isdecimal() and len(to) < 10:
            to = int(to)
        if to not in PLACES and (isinstance(to, bool | str) or not isinstance(to, int) or to < 1):
            raise BadRequest(f"A job can be moved {', '.join(PLACES)} or to a place from 1 on; {to!r:.60} was asked.")
        with self.store.writing() as db:
            line = list(db.query("select number, id, position from jobs where state = 'waiting' order by position"))
            order = [row["number"] for row in line]
            at = next((place for place, row in enumerate(line) if row["id"] == id), None)
            if at is not None:
                mine = order.pop(at)
                order.insert({"up": max(0, at - 1), "down": at + 1, "top": 0, "bottom": len(line)}.get(to, to - 1 if isinstance(to, int) else 0),
                             mine)
                for row, number in zip(line, order, strict=True):
                    db.conn.execute("update jobs set position = ? where number = ?", [row["position"], number])
        return self._changed(id, at is not None, "moved", {
            "running": "it is being made", **{state: f"it is {state}" for state in ("done", "failed", "cancelled")},
        })  # fmt: skip

    def edit(self, id: str, recipe: Recipe, said: Sequence[str] = ()) -> Job:
        """Give a waiting job another recipe, checked again. What was made of the old one is not used for the new one.

        Raises BadRequest for a recipe that cannot be, or a job that does not wait: a running one is paused first.
        """
        check(recipe, describe(recipe.backend))
        with self.store.writing() as db:
            edited = db.conn.execute(
                "update jobs set recipe = ?, said = ?, steps = ?, enough = 0, step = 0, kept = 0, unkept = 0, progress = 0, previewed = 0, tries = 0 "
                "where id = ? and state = 'waiting'",
                [recipe.to_json(), json.dumps(list(said), ensure_ascii=False), recipe.steps, id],
            ).rowcount
            if edited:
                db["previews"].delete_where("job = ?", [id])
        return self._changed(id, edited, "edited", {
            "running": "it is being made; pause it first", "done": "it is done; submit another", "failed": "it failed; retry it first",
            "cancelled": "it was cancelled; retry it first",
        })  # fmt: skip

    # ---- out of the line

    def cancel(self, id: str) -> Job | None:
        """Stop a job: at once while it waits, at its next step while it runs. One that is over stays as it is."""
        with self.store.writing() as db:
            gone = db.conn.execute(
                "update jobs set state = 'cancelled', cancel = 1, held = 0, finished = max(?, created), message = 'cancelled', left = null, "
                f"ended = {LAST.format(column='ended')} where id = ? and state = 'waiting'",
                [self.clock(), id],
            ).rowcount
            if gone:
                db["previews"].delete_where("job = ?", [id])
            db.conn.execute("update jobs set cancel = 1, message = 'stopping' where id = ? and state = 'running'", [id])
        return self.job(id)

    def enough(self, id: str) -> Job:
        """Stop a job at its next step and make a take of what it is thought to become by then.

        One that waits with steps done, paused or after its worker died, is done a step further for it. Raises BadRequest for
        one that has not begun or is over.
        """
        with self.store.writing() as db:
            changed = db.conn.execute(
                "update jobs set enough = 1, held = 0, message = 'keeping what there is' "
                "where id = ? and cancel = 0 and (state = 'running' or state = 'waiting' and kept > 0)",
                [id],
            ).rowcount
        return self._changed(id, changed, "kept as it is", {
            "waiting": "nothing of it is made yet", "done": "it is done", "failed": "it failed; retry it", "cancelled": "it was cancelled",
        })  # fmt: skip

    def dismiss(self, id: str) -> Job | None:
        """Leave a job that is over out of `jobs` from now on."""
        with self.store.writing() as db:
            db.conn.execute(
                "update jobs set dismissed = 1 where id = ? and state in ('done', 'failed', 'cancelled')", [id]
            )
        return self.job(id)

    # ---- looking

    def job(self, id: str) -> Job | None:
        """One job by its id."""
        rows = self.store.rows("select * from jobs where id = ?", [id])
        return Job.from_row(rows[0]) if rows else None

    def jobs(self, *, recent: int = 20) -> list[Job]:
        """Every job that runs or waits, in the order in which they are made, then the `recent` last ended ones nobody dismissed."""
        open_ = self.store.rows("select * from jobs where state in ('running', 'waiting') order by state, position")
        over = self.store.rows(
            "select * from jobs where ended is not null and dismissed = 0 order by ended desc, number desc limit ?", [recent]
        )
        return [Job.from_row(row) for row in (*open_, *over)]

    def preview(self, id: str) -> dict | None:
        """The last moving preview of a job, `{step, frames, width, height, jpeg}`: frames side by side in one JPEG."""
        rows = self.store.rows("select step, frames, width, height, jpeg from previews where job = ?", [id])
        return rows[0] if rows else None

    def _changed(self, id: str, changed: object, what: str, reasons: dict[str, str]) -> Job:
        """The job as it is now. Raises BadRequest when it was not `changed`, saying why not."""
        job = self.job(id)
        if job is None:
            raise BadRequest(f"There is no job {id[:40]!r} here.")
        if not changed:
            raise BadRequest(f"Job {id} cannot be {what}: {reasons.get(job.state, f'it is {job.state}')}.")
        return job


def _number(db, sql: str) -> float:
    return db.conn.execute(sql).fetchone()[0]
