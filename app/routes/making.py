"""Routes for what to make: the model and its words, what is brought, plans, jobs put in line, recipes as wishes."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Body, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from app import settings
from app.desk import Desk
from app.tasks import read
from engine.errors import BadMedia, BadRequest


def routes(desk: Desk, upload: int = settings.UPLOAD_BYTES) -> APIRouter:
    """What the form asks. `upload` is the largest picture in bytes that may be sent."""
    router = APIRouter()

    @router.get("/studio/model")
    def model(name: str = Query("", max_length=80)) -> dict:
        desk.get_ready()        # asked once, when a page opens
        return desk.model(name)

    @router.post("/studio/words")
    def words(prompt: str = Body(max_length=20_000), model: str = Body("", max_length=80)) -> dict:
        desk.get_ready()        # somebody types: a worker that rested meanwhile gets the model out again
        return {"unknown": desk.unknown_words(prompt, model)}

    @router.post("/studio/jobs")
    def submit(asked: Any = Body()) -> dict:
        jobs = desk.making.make(read(asked))
        return {"job": jobs[0].to_json(), "jobs": [job.to_json() for job in jobs]}

    @router.post("/studio/plan")
    def plan(asked: Any = Body()) -> dict:
        try:
            return {"plan": desk.making.plan(read(asked))}
        except BadRequest as error:     # half-typed wishes are no mistake of anybody's
            return {"plan": {"why": str(error)}}

    @router.post("/studio/wishes")
    def wishes(take: str = Body("", max_length=40), recipe: Any = Body(None)) -> dict:
        return desk.making.restore(take, recipe)

    @router.post("/studio/pictures")
    async def pictures(request: Request) -> dict:
        return {"picture": await run_in_threadpool(desk.inputs.keep, await received(request, upload))}

    @router.post("/studio/masks")
    async def masks(request: Request) -> dict:
        return {"mask": await run_in_threadpool(desk.inputs.keep, await received(request, upload))}

    @router.post("/studio/pictures/moment")
    def moment_kept(take: str = Body(max_length=40), second: float = Body(0.0)) -> dict:
        return {"picture": desk.inputs.keep_moment(take, second)}

    @router.get("/studio/moment/{take}")
    def moment(take: str, second: float = Query(0.0)) -> Response:
        return Response(desk.inputs.moment_jpeg(take, second), media_type="image/jpeg", headers={"cache-control": "private, max-age=3600"})

    return router


async def received(request: Request, most: int) -> bytes:
    """The body of a request. Raises BadMedia for one that is larger than `most` bytes."""
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > most:
            raise BadMedia(f"The picture is larger than {most / 2**20:.0f} MB; choose a smaller file.")
    return bytes(data)
