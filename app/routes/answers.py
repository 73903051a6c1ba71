"""Answers: our errors as JSON, files with ranges. What every room of the routes shares."""

from __future__ import annotations

from pathlib import Path

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse

from engine.errors import BadMedia, BadRequest, CannotWrite, CineloomError, NoAnswer, NotEnoughMemory
from engine.timeline.history import Stale

FOREVER = {"cache-control": "private, max-age=31536000, immutable"}     # a take's files never change
KINDS = {
    ".mp4": "video/mp4", ".webm": "video/webm", ".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp",
    ".mov": "video/quicktime", ".mkv": "video/x-matroska", ".avi": "video/x-msvideo", ".ts": "video/mp2t", ".gif": "image/gif", ".avif": "image/avif",
    ".bmp": "image/bmp", ".tiff": "image/tiff", ".safetensors": "application/octet-stream",
    ".wav": "audio/wav", ".mp3": "audio/mpeg", ".flac": "audio/flac", ".ogg": "audio/ogg", ".m4a": "audio/mp4", ".mka": "audio/x-matroska", ".aiff": "audio/aiff",
}  # fmt: skip


class NotHere(CineloomError):
    """No such thing at this address."""


# Whose turn it is: theirs who asked, a language model's behind us, the disk's. Whatever else is wrong is ours.
STATUS = ((NotHere, 404), ((BadRequest, BadMedia, NotEnoughMemory), 400), (NoAnswer, 502), (CannotWrite, 507))


def answer_error(_: Request, error: CineloomError) -> JSONResponse:
    """An error of ours as JSON: the sentence, and a status that says whose turn it is."""
    if isinstance(error, Stale):
        return JSONResponse({"error": str(error), "revision": error.revision}, 409)
    status = next((status for kinds, status in STATUS if isinstance(error, kinds)), 500)
    return JSONResponse({"error": str(error)}, status)


def answer_invalid(_: Request, error: RequestValidationError) -> JSONResponse:
    """A request of the wrong shape as a sentence: which field, and what is wrong with it."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:]) or "the request"
    return JSONResponse({"error": f"{where[:80]}: {first['msg'][:200]}."}, 400)


def send_file(path: Path, inside: Path, headers: dict[str, str], name: str | None = None) -> Response:
    """A file with ranges, if it is a plain file that really lies `inside`; its kind is ours to say, never sniffed."""
    real = path.resolve()
    if not real.is_relative_to(inside.resolve()) or not real.is_file():
        raise NotHere("The file is missing.")
    kind = KINDS.get(real.suffix, "application/octet-stream")
    return FileResponse(real, media_type=kind, headers=headers, filename=name)
