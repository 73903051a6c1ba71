"""Routes for the projects: which there are, which is open, and one as one file."""

from __future__ import annotations

from fastapi import APIRouter, Body, Query, Request, Response
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool

from app import settings
from app.desk import Desk
from app.routes.answers import NotHere
from engine.errors import BadMedia, CannotWrite


def routes(desk: Desk, largest: int = settings.ARCHIVE_BYTES) -> APIRouter:
    """What the menu of projects asks. `largest` is the size of a zip that may be sent, in bytes."""
    router = APIRouter()

    @router.get("/studio/projects")
    def projects() -> dict:
        return {"projects": desk.projects.list(), "open": desk.project}

    @router.post("/studio/projects")
    def new(name: str = Body(embed=True, max_length=200)) -> dict:
        return {"open": desk.projects.new(name)}

    @router.post("/studio/zips")
    async def open_zip(request: Request, name: str = Query("", max_length=300)) -> dict:
        path = await run_in_threadpool(desk.projects.incoming)
        try:
            size = 0
            with path.open("wb") as file:
                async for chunk in request.stream():
                    size += len(chunk)
                    if size > largest:
                        raise BadMedia(f"The zip is larger than {largest / 2**30:.0f} GB; open it with `cineloom library open-zip`.")
                    try:
                        await run_in_threadpool(file.write, chunk)
                    except OSError as error:
                        raise CannotWrite(f"The zip could not be kept while it came in ({error.strerror}).") from error
            return {"open": await run_in_threadpool(desk.projects.open_zip, path, name.removesuffix(".zip"))}
        finally:
            path.unlink(missing_ok=True)

    @router.post("/studio/projects/{name}/open")
    def open_project(name: str) -> dict:
        return {"open": desk.projects.open(name)}

    @router.post("/studio/projects/{name}/rename")
    def rename(name: str, to: str = Body(embed=True, max_length=200)) -> dict:
        return {"open": desk.projects.rename(name, to)}

    @router.post("/studio/projects/{name}/duplicate")
    def duplicate(name: str, to: str = Body(embed=True, max_length=200)) -> dict:
        return {"open": desk.projects.duplicate(name, to)}

    @router.post("/studio/projects/{name}/archive")
    def archive(name: str) -> dict:
        return desk.projects.archive(name)

    @router.get("/media/archive/{token}")
    def packed(token: str) -> Response:
        path = desk.projects.packed(token)
        if path is None:
            raise NotHere("This archive was fetched already; make it again.")
        done = BackgroundTask(desk.projects.forget, token)
        return FileResponse(path, media_type="application/zip", filename=path.name, headers={"cache-control": "no-store"}, background=done)

    return router
