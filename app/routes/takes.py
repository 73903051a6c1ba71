"""Routes for the takes: pages of them, and what may be done with one."""

from __future__ import annotations

from fastapi import APIRouter, Query

from app.desk import Desk
from app.routes.answers import NotHere


def routes(desk: Desk) -> APIRouter:
    """What the grid of takes asks."""
    router = APIRouter()

    @router.get("/studio/takes")
    def takes(
        query: str = "",
        before: int | None = Query(None, ge=0, le=2**53),
        limit: int = Query(60, ge=1, le=200),
        only: str = "",
    ) -> dict:
        page = desk.shelf.takes(query[:500], before=before, limit=limit, only=only)
        return {"takes": [take.to_json() for take in page], "more": len(page) == limit, "all": desk.library.count()}

    @router.get("/studio/takes/{id}")
    def take(id: str) -> dict:
        return {"take": desk.shelf.take(id).to_json()}

    @router.post("/studio/takes/{id}/{what}")
    def change_take(id: str, what: str) -> dict:
        desk.shelf.take(id)
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

    return router
