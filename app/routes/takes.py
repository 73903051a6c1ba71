"""Routes for the takes: pages of them, what may be done with them, where they come from, files that are dropped on the page."""

from __future__ import annotations

from fastapi import APIRouter, Body, Query, Request
from starlette.concurrency import run_in_threadpool

from app.desk import Desk
from app.desk.arrivals import LARGEST
from app.routes.answers import NotHere
from app.routes.receiving import received
from engine.errors import BadRequest


def routes(desk: Desk, largest: int = LARGEST) -> APIRouter:
    """What the grid of takes asks. `largest` is the size of a file that may be dropped, in bytes."""
    router = APIRouter()

    @router.get("/studio/takes")
    def takes(
        query: str = "",
        before: int | None = Query(None, ge=0, le=2**53),
        skip: int = Query(0, ge=0, le=2**31),
        limit: int = Query(60, ge=1, le=200),
        only: str = Query("", max_length=40),
        tag: list[str] = Query([], max_length=16),
        rating: int = Query(0, ge=0, le=5),
        operation: str = Query("", max_length=40),
        model: str = Query("", max_length=80),
        size: str = Query("", max_length=20),
        since: float | None = Query(None, ge=0, le=1e12),
        until: float | None = Query(None, ge=0, le=1e12),
    ) -> dict:
        wanted = dict(only=only, tags=tag, rating=rating, operation=operation, model=model, size=_size(size), since=since, until=until)
        mark = desk.library.mark()      # before the takes: a change in between is asked for again, not missed
        page = desk.shelf.takes(query[:500], before=before, skip=skip, limit=limit, **wanted)
        return {"takes": [take.to_json() for take in page], "more": len(page) == limit, "all": desk.library.count(),
                "found": desk.shelf.found(query[:500], **wanted), "trash": desk.library.count(trashed=True), "mark": mark}

    @router.get("/studio/kinds")
    def kinds() -> dict:
        return desk.shelf.kinds()

    @router.post("/studio/takes")
    def change_takes(
        ids: list[str] = Body(max_length=500),
        favourite: bool | None = Body(None),
        rating: int | None = Body(None),
        trash: bool | None = Body(None),
        add: list[str] = Body([], max_length=64),
        remove: list[str] = Body([], max_length=64),
    ) -> dict:
        changed = desk.shelf.change(ids, favourite=favourite, rating=rating, trash=trash, add=add, remove=remove)
        return {"takes": [take.to_json() for take in changed]}

    @router.post("/studio/trash/empty")
    def empty_trash() -> dict:
        return {"removed": desk.shelf.empty_trash()}

    @router.get("/studio/takes/{id}")
    def take(id: str) -> dict:
        return {"take": desk.shelf.take(id).to_json()}

    @router.get("/studio/takes/{id}/family")
    def family(id: str) -> dict:
        return desk.shelf.family(id)

    @router.post("/studio/takes/{id}/note")
    def note(id: str, words: str = Body(embed=True, max_length=100_000)) -> dict:
        return {"take": desk.shelf.note(id, words).to_json()}

    @router.post("/studio/takes/{id}/{what}")
    def change_take(id: str, what: str) -> dict:
        wanted = {"favourite": {"favourite": True}, "unfavourite": {"favourite": False}, "trash": {"trash": True}, "restore": {"trash": False}}.get(what)
        if wanted is None:
            desk.shelf.take(id)
            raise NotHere(f"A take can be favourite, unfavourite, trash, restore or note, not {what[:40]!r}.")
        return {"take": desk.shelf.change([id], **wanted)[0].to_json()}

    # ---- files that are dropped

    @router.post("/studio/arrivals")
    async def drop(request: Request, name: str = Query("", max_length=1000), keep: bool = False) -> dict:
        arrivals = desk.shelf.arrivals
        arrival = await received(request, arrivals, name, largest)
        try:
            await run_in_threadpool(arrivals.sent, arrival.token, keep=keep)
        except BaseException:
            await run_in_threadpool(arrivals.drop, arrival.token)
            raise
        return {"arrival": arrival.to_json()}

    @router.get("/studio/arrivals/{token}")
    def arrival(token: str) -> dict:
        return {"arrival": desk.shelf.arrivals.arrival(token).to_json()}

    @router.post("/studio/arrivals/{token}/{what}")
    def settle(token: str, what: str) -> dict:
        if what == "keep":
            return {"arrival": desk.shelf.arrivals.keep(token).to_json()}
        if what == "drop":
            desk.shelf.arrivals.drop(token)
            return {"arrival": None}
        raise NotHere(f"A file that came can be asked to keep or drop, not {what[:40]!r}.")

    return router


def _size(words: str) -> tuple[int, int] | None:
    """"256x144" as numbers. Raises BadRequest for anything else but nothing."""
    if not words:
        return None
    width, _, height = words.partition("x")
    if not (width.isdecimal() and height.isdecimal() and max(len(width), len(height)) < 7):
        raise BadRequest(f"A size is a width and a height in pixels, such as 256x144; {words!r} was asked.")
    return int(width), int(height)
