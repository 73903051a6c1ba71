"""Routes for files: films with ranges, posters, strips, latents, previews."""

from __future__ import annotations

import json
import re
from urllib.parse import quote

from fastapi import APIRouter, Response

from app.desk import Desk
from app.routes.answers import FOREVER, NotHere, send_file
from engine.library import Take


def routes(desk: Desk) -> APIRouter:
    """What pictures and players ask."""
    router = APIRouter()

    @router.api_route("/media/input/{name}", methods=["GET", "HEAD"])
    def kept_picture(name: str) -> Response:
        return send_file(desk.inputs.picture(name), desk.library.folder, FOREVER)

    @router.api_route("/media/take/{id}/{what}", methods=["GET", "HEAD"])
    def media(id: str, what: str, download: bool = False) -> Response:
        take = desk.library.take(id)
        if take is not None and what == "recipe":
            text = json.dumps(take.recipe, ensure_ascii=False, indent=2) + "\n"
            headers = {"content-disposition": f"attachment; filename*=utf-8''{quote(file_name(take, '.json'))}"} if download else {}
            # Half of a letter, which a name may hold, becomes JSON's own escape of it.
            return Response(text.encode("utf-8", "backslashreplace"), media_type="application/json", headers=headers)
        if take is None or what not in ("film", "poster", "strip", "latents"):
            raise NotHere("There is no such file.")
        path = take.file(what)
        return send_file(path, take.folder, FOREVER, file_name(take, path.suffix) if download else None)

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


def file_name(take: Take, suffix: str) -> str:
    """What a file of a take is called when it is saved: its first words, its id, its kind."""
    words = "-".join(re.findall(r"\w+", take.prompt.lower())[:8])[:60]
    return f"{words or 'take'}-{take.id}{suffix}"
