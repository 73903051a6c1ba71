"""The studio's own routes: JSON that the page's modules ask for, and films with ranges.

    /studio/...   JSON, small, polled           /media/...   files of the library, and previews from the queue
Knows HTTP and the desk. Declared before gradio is mounted at "/", so these win.
All handlers are plain functions: starlette runs them in its threads, a slow disk never holds up the page.
"""

from __future__ import annotations

import re
from pathlib import Path

from fastapi import APIRouter, Body, FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse

from app import settings
from app.desk import Desk
from engine.errors import BadMedia, BadRequest, CannotWrite, CineloomError, NotEnoughMemory
from engine.library import Take

FOREVER = {"cache-control": "private, max-age=31536000, immutable"}     # a take's files never change
KINDS = {
    ".mp4": "video/mp4", ".webm": "video/webm", ".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp",
    ".safetensors": "application/octet-stream",
}  # fmt: skip


def answer_error(_: Request, error: CineloomError) -> JSONResponse:
    """An error of ours as JSON: the sentence, and a status that says whose turn it is."""
    status = 404 if isinstance(error, NotHere) else 400 if isinstance(error, BadRequest | BadMedia | NotEnoughMemory) else 500
    return JSONResponse({"error": str(error)}, 507 if isinstance(error, CannotWrite) else status)


def answer_invalid(_: Request, error: RequestValidationError) -> JSONResponse:
    """A request of the wrong shape as a sentence: which field, and what is wrong with it."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:]) or "the request"
    return JSONResponse({"error": f"{where[:80]}: {first['msg'][:200]}."}, 400)


class NotHere(CineloomError):
    """No such thing at this address."""


def add_routes(app: FastAPI, desk: Desk, **limits) -> None:
    """Put all routes into an app, and say how errors are answered."""
    app.add_exception_handler(CineloomError, answer_error)
    app.add_exception_handler(RequestValidationError, answer_invalid)
    app.include_router(make_routes(desk, **limits))


def make_routes(desk: Desk, upload: int = settings.UPLOAD_BYTES) -> APIRouter:
    """Every route of the studio but the page itself. `upload` is the largest picture in bytes that may be sent."""
    router = APIRouter()

    @router.get("/studio/model")
    def model() -> dict:
        desk.get_ready()        # asked once, when a page opens
        return desk.model()

    @router.get("/studio/state")
    def state() -> dict:
        return desk.state()

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
        jobs = desk.submit_variations(
            prompt, variations, seconds=seconds, width=width, height=height, seed=read_seed(seed), steps=steps,
            picture=picture,
        )  # fmt: skip
        return {"job": jobs[0].to_json(), "jobs": [job.to_json() for job in jobs]}

    @router.post("/studio/jobs/{id}/move")
    def move_job(id: str, to: str | int = Body(embed=True)) -> dict:
        return {"job": desk.move(id, to).to_json()}

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
        job = desk.edit(
            id, prompt=prompt, seconds=seconds, width=width, height=height, seed=read_seed(seed), steps=steps
        )
        return {"job": job.to_json()}

    @router.post("/studio/jobs/{id}/{what}")
    def change_job(id: str, what: str) -> dict:
        can = {"cancel": desk.cancel, "dismiss": desk.dismiss, "pause": desk.pause, "resume": desk.resume, "retry": desk.retry}
        act = can.get(what)
        if act is None:
            raise NotHere(f"A job can be asked to {', '.join(can)}, move or edit, not {what[:40]!r}.")
        return {"job": act(id).to_json()}

    @router.post("/studio/queue/{what}")
    def change_queue(what: str) -> dict:
        act = {"pause": desk.pause, "resume": desk.resume}.get(what)
        if act is None:
            raise NotHere(f"The queue can be asked to pause or resume, not {what[:40]!r}.")
        act()
        return {"paused": desk.queue.paused}

    @router.get("/studio/takes")
    def takes(
        query: str = "",
        before: int | None = Query(None, ge=0, le=2**53),
        limit: int = Query(60, ge=1, le=200),
        only: str = "",
    ) -> dict:
        page = desk.takes(query[:500], before=before, limit=limit, only=only)
        return {"takes": [take.to_json() for take in page], "more": len(page) == limit, "all": desk.library.count()}

    @router.get("/studio/takes/{id}")
    def take(id: str) -> dict:
        return {"take": desk.take(id).to_json()}

    @router.post("/studio/takes/{id}/{what}")
    def change_take(id: str, what: str) -> dict:
        desk.take(id)
        library = desk.library
        act = {
            "favourite": lambda: library.favourite(id, True),
            "unfavourite": lambda: library.favourite(id, False),
            "trash": lambda: library.trash(id),
            "restore": lambda: library.restore(id),
        }.get(what)
        if act is None:
            raise NotHere(f"A take can be favourite, unfavourite, trash or restore, not {what[:40]!r}.")
        return {"take": act().to_json()}

    @router.post("/studio/pictures")
    async def pictures(request: Request) -> dict:
        data = bytearray()
        async for chunk in request.stream():
            data += chunk
            if len(data) > upload:
                raise BadMedia(f"The picture is larger than {upload / 2**20:.0f} MB; choose a smaller file.")
        from starlette.concurrency import run_in_threadpool

        return {"picture": await run_in_threadpool(desk.keep_picture, bytes(data))}

    @router.api_route("/media/input/{name}", methods=["GET", "HEAD"])
    def kept_picture(name: str) -> Response:
        return send_file(desk.picture(name), desk.library.folder, FOREVER)

    @router.api_route("/media/take/{id}/{what}", methods=["GET", "HEAD"])
    def media(id: str, what: str, download: bool = False) -> Response:
        take = desk.library.take(id)
        if take is None or what not in ("film", "poster", "strip", "latents"):
            raise NotHere("There is no such file.")
        name = file_name(take) if download else None
        return send_file(take.file(what), take.folder, FOREVER, name)

    @router.get("/media/preview/{id}")
    def preview(id: str) -> Response:
        row = desk.queue.preview(id)
        if row is None:
            if desk.queue.job(id) is None:
                raise NotHere("There is no such job.")
            return Response(status_code=204, headers={"cache-control": "no-store"})     # it ended while the page was asking
        headers = {"cache-control": "no-store", "x-frames": str(row["frames"])}
        return Response(row["jpeg"], media_type="image/jpeg", headers=headers)

    return router


def send_file(path: Path, inside: Path, headers: dict[str, str], name: str | None = None) -> Response:
    """A file with ranges, if it is a plain file that really lies `inside`; its kind is ours to say, never sniffed."""
    real = path.resolve()
    if not real.is_relative_to(inside.resolve()) or not real.is_file():
        raise NotHere("The file is missing.")
    kind = KINDS.get(real.suffix, "application/octet-stream")
    return FileResponse(real, media_type=kind, headers=headers, filename=name)


def file_name(take: Take) -> str:
    """What a saved take is called: its first words, its id, its kind."""
    words = "-".join(re.findall(r"\w+", take.prompt.lower())[:8])[:60]
    return f"{words or 'take'}-{take.id}{Path(take.film).suffix}"


def read_seed(value: str | int | None) -> int | None:
    """A seed from the page, where it is text because JavaScript rounds big numbers; empty means any."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    try:
        return int(value)
    except ValueError:
        raise BadRequest(f"The seed {str(value)[:40]!r} is no whole number; digits work, and nothing means any.") from None
