"""Routes for files: films with ranges, posters, strips, waveforms, latents, previews; those of takes, and others of the project."""

from __future__ import annotations

import json
import re
from urllib.parse import quote

from fastapi import APIRouter, Query, Response

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
        if take is not None and what == "peaks":
            return Response(desk.cutting.glances.peaks(take.file("film")), media_type="application/octet-stream", headers=FOREVER)
        if take is None or what not in ("film", "poster", "strip", "latents"):
            raise NotHere("There is no such file.")
        path = take.file(what)
        return send_file(path, take.folder, FOREVER, file_name(take, path.suffix) if download else None)

    @router.api_route("/media/file/{key}/{what}", methods=["GET", "HEAD"])
    def lies_in_project(key: str, what: str, file: str = Query(max_length=600)) -> Response:
        """What is no take, by its name and the key that says how it was when it was asked for."""
        glances = desk.cutting.glances
        path = glances.path(file)
        if what not in ("film", "strip", "peaks") or key != glances.key(path):
            raise NotHere("This file is another one by now, or there is no such thing of it.")
        if what == "film":
            return send_file(path, glances.folder, FOREVER)
        made = glances.strip(path) if what == "strip" else glances.peaks(path)
        return Response(made, media_type="image/jpeg" if what == "strip" else "application/octet-stream", headers=FOREVER)

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
