"""Routes for the models: which there are, here and to be had; brought, told of, given up."""

from __future__ import annotations

from fastapi import APIRouter, Body

from app.desk import Desk
from app.routes.answers import NotHere


def routes(desk: Desk) -> APIRouter:
    """What the sheet of models asks."""
    router = APIRouter()

    @router.get("/studio/models")
    def models() -> dict:
        return desk.models.all()

    @router.post("/studio/models")
    def add(folder: str = Body(max_length=4096), name: str = Body("", max_length=80)) -> dict:
        desk.models.add(folder, name)
        return {}

    @router.post("/studio/models/{name}/{what}")
    def change(name: str, what: str) -> dict:
        can = {which: getattr(desk.models, which) for which in ("pull", "pause", "cancel", "remove")}
        if what not in can:
            raise NotHere(f"A model can be asked to {', '.join(can)}, not {what[:40]!r}.")
        freed = can[what](name)
        return {"freed": freed or 0}

    return router
