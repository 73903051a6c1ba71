"""Routes for the cuts: what lies in them, every edit, the film that is made for them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Body, Query, Request, Response
from fastapi.responses import FileResponse
from starlette.concurrency import run_in_threadpool

from app.desk import Desk
from app.desk.exports import credentials
from app.routes.answers import NotHere
from app.routes.receiving import received


def routes(desk: Desk) -> APIRouter:
    """What the timeline asks."""
    router = APIRouter()
    cutting = desk.cutting

    @router.get("/studio/cuts")
    def cuts() -> dict:
        return {"cuts": cutting.cuts()}

    @router.post("/studio/cuts")
    def new(name: str = Body(max_length=400), takes: list[str] = Body([], max_length=500), rate: str = Body("", max_length=40),
            size: list[int] = Body([], max_length=2)) -> dict:
        return cutting.new(name, takes, rate, size)

    @router.get("/studio/cuts/{id}")
    def cut(id: str) -> dict:
        return cutting.open(id)

    @router.post("/studio/cuts/{id}/edits")
    def edit(id: str, revision: int = Body(ge=0), edit: Any = Body()) -> dict:
        return cutting.edit(id, revision, edit)

    @router.post("/studio/cuts/{id}/undo")
    def undo(id: str, revision: int = Body(ge=0, embed=True)) -> dict:
        return cutting.undo(id, revision)

    @router.post("/studio/cuts/{id}/redo")
    def redo(id: str, revision: int = Body(ge=0, embed=True)) -> dict:
        return cutting.redo(id, revision)

    @router.post("/studio/cuts/{id}/add")
    def add(id: str, revision: int = Body(ge=0), takes: list[str] = Body(max_length=500), at: int | None = Body(None, ge=0),
            track: str = Body("", max_length=40), how: str = Body("insert", pattern="^(insert|overwrite)$")) -> dict:
        return cutting.add(id, revision, takes, at, track, how == "overwrite")

    @router.post("/studio/cuts/{id}/sounds")
    async def sound(request: Request, id: str, revision: int = Query(ge=0), name: str = Query("", max_length=1000), at: int = Query(0, ge=0, le=2**31),
                    track: str = Query("", max_length=40)) -> dict:
        arrivals = desk.shelf.arrivals
        arrival = await received(request, arrivals, name)
        try:
            return await run_in_threadpool(cutting.sound, id, revision, arrival.path, at, track)
        finally:
            await run_in_threadpool(arrivals.drop, arrival.token)

    @router.post("/studio/cuts/{id}/make")
    def make(id: str, revision: int = Body(ge=0), kind: str = Body(max_length=20), item: str = Body(max_length=40), frames: int = Body(0, ge=0),
             prompt: str = Body("", max_length=20_000), strength: float | None = Body(None, ge=0, le=1), span: list[int] = Body([], max_length=2),
             area: list[int] = Body([], max_length=4), mask: str = Body("", max_length=100), times: int = Body(1)) -> dict:
        return cutting.make(id, revision, kind, item, frames=frames, prompt=prompt, strength=strength, span=span, area=area, mask=mask, times=times)

    @router.get("/studio/cuts/{id}/candidates/{candidate}")
    def tried(id: str, candidate: str) -> dict:
        return cutting.tried(id, candidate)

    @router.post("/studio/cuts/{id}/candidates/{candidate}/again")
    def again(id: str, candidate: str, times: int = Body(1, embed=True)) -> dict:
        return cutting.again(id, candidate, times)

    @router.post("/studio/cuts/{id}/candidates/{candidate}/accept")
    def accept(id: str, candidate: str, revision: int = Body(ge=0, embed=True)) -> dict:
        return cutting.accept(id, revision, candidate)

    @router.post("/studio/cuts/{id}/candidates/{candidate}/reject")
    def reject(id: str, candidate: str, yes: bool = Body(True, embed=True)) -> dict:
        return cutting.reject(id, candidate, yes)

    @router.post("/studio/cuts/{id}/trash")
    def trash(id: str, yes: bool = Body(True, embed=True)) -> dict:
        return {"cuts": cutting.trash(id, yes)}

    # ---- cuts as files

    @router.get("/studio/exports")
    def exports() -> dict:
        return {"exports": [one.to_json() for one in desk.exports.all()], "credentials": credentials()}

    @router.post("/studio/cuts/{id}/exports")
    def export(id: str, revision: int | None = Body(None, ge=0), kind: str = Body(max_length=20), size: list[int] | None = Body(None, min_length=2, max_length=2),
               rate: str = Body("", max_length=40), quality: str = Body("good", max_length=20), fit: str = Body("letterbox", max_length=20),
               flow: bool = Body(False), start: int = Body(0, ge=0), stop: int | None = Body(None, ge=1), credentials: bool | None = Body(None)) -> dict:
        asked = {"kind": kind, "size": size, "rate": rate, "quality": quality, "fit": fit, "flow": flow, "start": start, "stop": stop, "credentials": credentials}
        return {"export": desk.exports.begin(id, revision, asked).to_json()}

    @router.get("/studio/exports/{token}")
    def one(token: str) -> dict:
        return {"export": desk.exports.export(token).to_json()}

    @router.post("/studio/exports/{token}/drop")
    def drop(token: str) -> dict:
        desk.exports.drop(token)
        return {"export": None}

    @router.api_route("/media/export/{token}", methods=["GET", "HEAD"])
    def exported(token: str) -> Response:
        path = desk.exports.path(token)
        if path is None or not path.is_file():
            raise NotHere("This export is not here any more; make it again.")
        return FileResponse(path, filename=path.name, headers={"cache-control": "no-store"})

    return router
