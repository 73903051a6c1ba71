"""The line: jobs that wait, run or are over, and what a person may do with them. Knows the queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import BadRequest
from engine.jobs import Job
from engine.jobs.editing import edited

if TYPE_CHECKING:
    from app.desk.desk import Desk


class Line:
    """The queue, as the page and the public functions use it."""

    def __init__(self, desk: Desk):
        """Part of one desk."""
        self.desk = desk

    def job(self, id: str) -> Job:
        """One job. Raises BadRequest when there is none of that id."""
        job = self.desk.queue.job(id)
        if job is None:
            raise BadRequest(f"There is no job {id[:40]!r} here.")
        return job

    def cancel(self, id: str) -> Job:
        """Ask a job to stop."""
        self.job(id)
        return self.desk.queue.cancel(id)

    def enough(self, id: str) -> Job:
        """Stop a job and keep what there is of it as a take. Raises BadRequest for one that has not begun or is over."""
        job = self.desk.queue.enough(id)
        self.desk.keeper.wake()
        return job

    def dismiss(self, id: str) -> Job:
        """Take a job that is over off the page."""
        self.job(id)
        return self.desk.queue.dismiss(id)

    def pause(self, id: str | None = None) -> Job | None:
        """Hold one job, or with no id the whole line; what runs stops at its next step and keeps what it has."""
        return self.desk.queue.pause(id)

    def resume(self, id: str | None = None) -> Job | None:
        """Let one job, or with no id the whole line, go on."""
        job = self.desk.queue.resume(id)
        self.desk.keeper.wake()
        return job

    def retry(self, id: str) -> Job:
        """Put a job that failed or was cancelled in line again. Raises BadRequest for any other."""
        job = self.desk.queue.retry(id)
        self.desk.keeper.wake()
        return job

    def move(self, id: str, to: str | int) -> Job:
        """Another place in line: "up", "down", "top", "bottom" or a number from 1. Raises BadRequest."""
        return self.desk.queue.move(id, to)

    def edit(self, id: str, **changes: object) -> Job:
        """Another recipe for a waiting job: what is not among the `changes` stays. See `engine.jobs.editing`. Raises BadRequest."""
        recipe, said = edited(self.job(id).asked, **changes)
        return self.desk.queue.edit(id, recipe, said)
