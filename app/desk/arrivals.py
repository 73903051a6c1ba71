"""Arrivals: files that somebody drops on the page. One that was made here is known by its recipe; any other becomes a take.

    file ─→ a bay of the project ─→ its recipe is read ─→ there is one: the page gets it back, and may have the file as a take
                                                       └→ none: looked through and kept as a take, with its progress

Knows files, the library's import and its bays. How an arrival is told from another is a token; it is forgotten after a while,
and with the studio: what was sent and not kept is still where the person has it.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import BadMedia, BadRequest, CineloomError
from engine.library import Library, Progress, Take, arriving
from engine.library.database import says_why

if TYPE_CHECKING:
    from app.desk.desk import Desk
    from engine.recipe import Recipe

LARGEST = 8 << 30       # bytes of a file that may be sent; what is larger is imported on the command line, without a copy on the way
MANY = 8                # files that are on their way at once
OFFERED = 600.0         # seconds for which a file that was made here waits to be asked for
SAID = 60.0             # seconds for which one that is over is remembered
UNKNOWN = "That file is not here any more; drop it again."


@dataclass
class Arrival:
    """One file on its way; everything but `path` and `closing` may be read at any time."""

    token: str
    name: str
    library: Library
    path: Path | None = None
    closing: ExitStack = field(default_factory=ExitStack)
    state: str = "sending"              # sending, offered, working, done, failed
    progress: Progress | None = None
    recipe: dict | None = None
    take: Take | None = None
    error: str = ""
    touched: float = field(default_factory=time.monotonic)

    def to_json(self) -> dict:
        """What the page may know."""
        progress = self.progress
        return {"token": self.token, "name": self.name, "state": self.state, "recipe": self.recipe, "error": self.error,
                "take": self.take.to_json() if self.take else None, "words": progress.words if progress else "",
                "done": progress.done if progress else 0, "total": progress.total if progress else 0}


class Arrivals:
    """The files that are on their way."""

    def __init__(self, desk: Desk, clock: Callable[[], float] = time.monotonic):
        """Part of one desk. `clock` counts seconds."""
        self.desk, self.clock = desk, clock
        self._lock = threading.Lock()
        self._there: dict[str, Arrival] = {}

    def begin(self, name: str) -> Arrival:
        """Room for a file of that name: its `path` is to be written, then comes `sent`, or `drop`. Raises BadRequest, CannotWrite."""
        self._forget()
        arrival = Arrival(secrets.token_hex(8), _plain(name), self.desk.library, touched=self.clock())
        with self._lock:
            if sum(one.state in ("sending", "working") for one in self._there.values()) >= MANY:
                raise BadRequest(f"{MANY} files are on their way already; wait for one of them.")
            self._there[arrival.token] = arrival
        try:
            bay = arrival.closing.enter_context(arriving.bay(arrival.library.store, arrival.library.folder))
            arrival.path = bay / "sent" / arrival.name
            with says_why(bay):
                arrival.path.parent.mkdir()
                arrival.path.touch()
        except BaseException:
            self.drop(arrival.token)
            raise
        return arrival

    def sent(self, token: str, *, keep: bool = False) -> Arrival:
        """The file is whole. One with a recipe is offered, unless it is to be kept in any case; any other becomes a take. Raises BadRequest."""
        from engine.recipe.again import recipe_of

        arrival = self.arrival(token)
        try:
            if not arrival.path.stat().st_size:
                raise BadMedia(f"{arrival.name} is empty.")
            arrival.recipe = _as_json(recipe_of(arrival.path).recipe)
        except CineloomError:
            arrival.recipe = None       # whether it is a film at all is said by whoever looks through it
        if arrival.recipe is not None and not keep:
            arrival.state, arrival.touched = "offered", self.clock()
        else:
            self._work(arrival)
        return arrival

    def keep(self, token: str) -> Arrival:
        """Have a file that was offered as a take. Raises BadRequest."""
        arrival = self.arrival(token)
        if arrival.state != "offered":
            raise BadRequest(UNKNOWN)
        self._work(arrival)
        return arrival

    def arrival(self, token: str) -> Arrival:
        """One of them. Raises BadRequest for one that is not there."""
        arrival = self._there.get(token)
        if arrival is None:
            raise BadRequest(UNKNOWN)
        return arrival

    def drop(self, token: str) -> None:
        """Forget one, file and all; nothing where there is none, or where it is becoming a take."""
        with self._lock:
            arrival = self._there.get(token)
            if arrival is None or arrival.state == "working":
                return
            del self._there[token]
        arrival.closing.close()

    def _work(self, arrival: Arrival) -> None:
        arrival.state = "working"
        threading.Thread(target=self._import, args=(arrival,), daemon=True).start()

    def _import(self, arrival: Arrival) -> None:
        state = "failed"
        try:
            for event in arrival.library.import_file(arrival.path):
                if isinstance(event, Progress):
                    arrival.progress = event
                else:
                    arrival.take, state = event, "done"
        except CineloomError as error:
            arrival.error = str(error).replace(f"{arrival.path.parent}/", "")       # named as the person knows it
        except Exception as error:      # a thread of ours must not die in silence: the page would wait for ever
            arrival.error = f"Something broke inside the studio ({type(error).__name__})."
        arrival.closing.close()
        arrival.touched, arrival.state = self.clock(), state

    def _forget(self) -> None:
        now = self.clock()
        for arrival in list(self._there.values()):
            age = now - arrival.touched
            if arrival.state == "offered" and age > OFFERED or arrival.state in ("done", "failed") and age > SAID:
                self.drop(arrival.token)


def _as_json(recipe: Recipe) -> dict:
    """For JavaScript, which rounds big numbers: the seed is text."""
    return {**json.loads(recipe.to_json()), "seed": str(recipe.seed)}


def _plain(name: str) -> str:
    """A file's name as its own folder can have it, still known to the person: "../a/b.mp4" is "b.mp4"."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    clean = "".join(char for char in last if char.isprintable() and char not in '<>:"|?*').strip(" .")
    stem, dot, kind = clean.rpartition(".")
    short = clean if len(clean.encode()) <= 120 else (stem or kind).encode()[:100].decode(errors="ignore") + (dot + kind[:12] if stem else "")
    return short or "file"
