"""The studio's own routes: JSON that the page's modules ask for, and films with ranges. One file per room of the page.

    /studio/...   JSON, small, polled           /media/...   files of the library, and previews from the queue
Knows HTTP and the desk. Declared before gradio is mounted at "/", so these win.
All handlers are plain functions: starlette runs them in its threads, a slow disk never holds up the page.
"""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError

from app import settings
from app.desk import Desk
from app.routes import cuts, making, media, models, projects, queue, takes, wording
from app.routes.answers import answer_error, answer_invalid
from engine.errors import CineloomError


def add_routes(app: FastAPI, desk: Desk, upload: int = settings.UPLOAD_BYTES) -> None:
    """Put all routes into an app, and say how errors are answered. `upload` is the largest picture in bytes that may be sent."""
    app.add_exception_handler(CineloomError, answer_error)
    app.add_exception_handler(RequestValidationError, answer_invalid)
    for room in (making.routes(desk, upload), queue.routes(desk), takes.routes(desk), media.routes(desk), projects.routes(desk), cuts.routes(desk), models.routes(desk), wording.routes(desk)):
        app.include_router(room)
