"""Receiving: a file that the page sends, written to the disk as it comes, however large it is.

Knows requests, and where arrivals lie. What becomes of the file is the rooms'.
"""

from __future__ import annotations

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from app.desk.arrivals import LARGEST, Arrival, Arrivals
from engine import memory
from engine.errors import BadMedia, CannotWrite


async def received(request: Request, arrivals: Arrivals, name: str, largest: int = LARGEST) -> Arrival:
    """The body of a request as a file of that name; whoever asked drops it, or gives it on. Raises BadMedia for one that is too large, CannotWrite."""
    too_large = BadMedia(f"The file is larger than {memory.words(largest)}; bring it in with `cineloom library import`.")
    try:
        said = int(request.headers.get("content-length") or 0)
    except ValueError:
        said = 0
    if said > largest:
        raise too_large
    arrival = await run_in_threadpool(arrivals.begin, name)
    try:
        with arrival.path.open("wb") as file:
            size = 0
            async for chunk in request.stream():
                size += len(chunk)
                if size > largest:
                    raise too_large
                await run_in_threadpool(_write, file, chunk, arrival)
    except BaseException:       # the page went away, too: nothing of it stays
        await run_in_threadpool(arrivals.drop, arrival.token)
        raise
    return arrival


def _write(file, chunk: bytes, arrival: Arrival) -> None:
    try:
        file.write(chunk)
    except OSError as error:
        raise CannotWrite(f"{arrival.name} could not be kept while it came in ({error.strerror}); free some room.") from error
