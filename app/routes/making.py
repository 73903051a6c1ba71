"""Routes for what to make: the model and its words, what is brought, jobs put in line."""

from __future__ import annotations

from fastapi import APIRouter, Body, Request

from app import settings
from app.desk import Desk
from engine.errors import BadMedia, BadRequest


def routes(desk: Desk, upload: int = settings.UPLOAD_BYTES) -> APIRouter:
    """What the form asks. `upload` is the largest picture in bytes that may be sent."""
    router = APIRouter()

    @router.get("/studio/model")
    def model() -> dict:
        desk.get_ready()        # asked once, when a page opens
        return desk.model()

    @router.post("/studio/words")
    def words(prompt: str = Body(embed=True, max_length=20_000)) -> dict:
        desk.get_ready()        # somebody types: a worker that rested meanwhile gets the model out again
        return {"unknown": desk.unknown_words(prompt)}

    @router.post("/studio/jobs")
    def submit(
        prompt: str = Body(""),
        seconds: float = Body(2.0),
        width: int = Body(256),
        height: int = Body(144),
        seed: str | int | None = Body(None),
        steps: int | None = Body(None),
        picture: str = Body(""),
        variations: int = Body(1),
    ) -> dict:
        jobs = desk.making.submit_variations(
            prompt, variations, seconds=seconds, width=width, height=height, seed=read_seed(seed), steps=steps,
            picture=picture,
        )  # fmt: skip
        return {"job": jobs[0].to_json(), "jobs": [job.to_json() for job in jobs]}

    @router.post("/studio/pictures")
    async def pictures(request: Request) -> dict:
        data = bytearray()
        async for chunk in request.stream():
            data += chunk
            if len(data) > upload:
                raise BadMedia(f"The picture is larger than {upload / 2**20:.0f} MB; choose a smaller file.")
        from starlette.concurrency import run_in_threadpool

        return {"picture": await run_in_threadpool(desk.inputs.keep, bytes(data))}

    return router


def read_seed(value: str | int | None) -> int | None:
    """A seed from the page, where it is text because JavaScript rounds big numbers; empty means any."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    try:
        return int(value)
    except ValueError:
        raise BadRequest(f"The seed {str(value)[:40]!r} is no whole number; digits work, and nothing means any.") from None
