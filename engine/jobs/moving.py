"""Moving: a project gets another name while its jobs keep pointing at it. Knows the queue's rows and one folder's name."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import BadRequest
from engine.library import tidying
from engine.library.database import says_why

if TYPE_CHECKING:
    from engine.jobs.queue import Queue


def rename_project(queue: Queue, name: str, to: str) -> Path:
    """Rename the project's folder and tell its jobs, which may be retried later. Returns the new folder.

    Both happen under the queue's lock: no worker takes up a job of it in between.
    Raises BadRequest while one of its jobs waits or runs, for a name that is none or is taken, CannotWrite.
    """
    old, new = queue.home / tidying.project_name(name), queue.home / tidying.project_name(to)
    with queue.store.writing() as db:
        open_ = db.execute("select count(*) from jobs where project = ? and state in ('waiting', 'running')", [name]).fetchone()[0]
        if open_:
            raise BadRequest(f"{name} cannot be renamed while something is made for it; wait for it, or cancel it first.")
        same = new.exists() and old.exists() and new.samefile(old)     # where case does not count, Sea and sea are one folder
        if new.exists() and not same:
            raise BadRequest(f"There is something called {to!r} in {queue.home} already; choose another name.")
        with says_why(new):
            os.rename(old, new)
        try:
            db.conn.execute("update jobs set project = ? where project = ?", [to, name])
        except BaseException:
            os.rename(new, old)
            raise
    return new
