"""Routes for the queue: what goes on, and what may be done with a job."""

from __future__ import annotations

from fastapi import APIRouter, Body

from app.desk import Desk
from app.routes.answers import NotHere
from app.tasks.wishes import read_seed


def routes(desk: Desk) -> APIRouter:
    """What the strip of jobs asks."""
    router = APIRouter()

    @router.get("/studio/state")
    def state() -> dict:
        return desk.state()

    @router.post("/studio/jobs/{id}/move")
    def move_job(id: str, to: str | int = Body(embed=True)) -> dict:
        return {"job": desk.line.move(id, to).to_json()}

    @router.post("/studio/jobs/{id}/edit")
    def edit_job(
        id: str,
        prompt: str | None = Body(None),
        seconds: float | None = Body(None),
        width: int | None = Body(None),
        height: int | None = Body(None),
        seed: str | int | None = Body(None),
        steps: int | None = Body(None),
    ) -> dict:
        job = desk.line.edit(
            id, prompt=prompt, seconds=seconds, width=width, height=height, seed=read_seed(seed), steps=steps
        )
        return {"job": job.to_json()}

    @router.post("/studio/jobs/{id}/{what}")
    def change_job(id: str, what: str) -> dict:
        can = {name: getattr(desk.line, name) for name in ("cancel", "enough", "dismiss", "pause", "resume", "retry")}
        act = can.get(what)
        if act is None:
            raise NotHere(f"A job can be asked to {', '.join(can)}, move or edit, not {what[:40]!r}.")
        return {"job": act(id).to_json()}

    @router.post("/studio/queue/{what}")
    def change_queue(what: str) -> dict:
        act = {"pause": desk.line.pause, "resume": desk.line.resume}.get(what)
        if act is None:
            raise NotHere(f"The queue can be asked to pause or resume, not {what[:40]!r}.")
        act()
        return {"paused": desk.queue.paused}

    return router
