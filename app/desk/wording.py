"""Wording: a short prompt made longer for the page, or a script made into shots, at once or while somebody waits.

    begin ─→ done                               the built-in one knows the answer
    begin ─→ working ─→ done, failed            a language model is asked in a thread; `stop` ends it

What is asked of a language model holds no torch here: it is another machine's work, or another process's.
Knows threads and how long an answer is kept. Who there is to ask, and how, is the engine's.
"""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from engine.errors import BadRequest, CineloomError
from engine.words.expanding import Expansion
from engine.words.providing import BUILT_IN, expand, providers
from engine.words.scripting import Script, script

if TYPE_CHECKING:
    from app.desk.desk import Desk

MANY = 2                # that are waited for at once
KEPT = 16               # that are over and were not fetched
UNKNOWN = "Nobody is asked for that any more; ask again."


@dataclass
class Asking:
    """One prompt on its way; everything but `stopped` may be read at any time."""

    token: str
    asked: str
    seed: int
    state: str = "working"              # working, done, failed
    long: Expansion = Expansion("", ())
    story: dict | None = None           # of a script: who, and its shots as the form has them
    error: str = ""
    stopped: threading.Event = field(default_factory=threading.Event)

    def to_json(self) -> dict:
        """What the page may know; the places of what was added are code points."""
        return {"token": self.token, "state": self.state, "asked": self.asked, "seed": self.seed, "prompt": self.long.prompt,
                "added": [list(span) for span in self.long.added], "note": self.long.note, "story": self.story, "error": self.error}


class Wording:
    """The prompts of this studio that are being made longer."""

    def __init__(self, desk: Desk):
        """Part of one desk."""
        self.desk = desk
        self._there: dict[str, Asking] = {}
        self._lock = threading.Lock()

    def providers(self) -> list[dict]:
        """Who can be asked, and what would make the others ready."""
        return [{"name": one.name, "title": one.title, "ready": one.ready, "why": one.why} for one in providers()]

    def begin(self, prompt: str, *, seed: int = 0, model: str = "", provider: str = "") -> Asking:
        """Ask for a longer prompt. What the built-in one says is there at once; any other is waited for, see `asking`.

        Raises BadRequest, see `engine.words.providing.expand`, and where too many are waited for.
        """
        one = Asking(secrets.token_hex(8), " ".join(prompt.split()), seed)
        asked = {"prompt": prompt, "seed": seed, "model": self.desk.row(model).name, "provider": provider}
        if provider in ("", BUILT_IN):
            return replace(one, state="done", long=expand(**asked))
        return self._waited(one, lambda: setattr(one, "long", expand(**asked, stop=one.stopped.is_set)))

    def begin_script(self, text: str, *, seed: int = 0, provider: str = "") -> Asking:
        """Ask for the shots of a script; waited for as a prompt is. Raises BadRequest, see `engine.words.scripting.script`, and where too many are waited for."""
        one = Asking(secrets.token_hex(8), "", seed)
        if provider in ("", BUILT_IN):
            return replace(one, state="done", story=_story(script(text, seed=seed)))
        return self._waited(one, lambda: setattr(one, "story", _story(script(text, provider=provider, seed=seed, stop=one.stopped.is_set))))

    def _waited(self, one: Asking, work: Callable[[], None]) -> Asking:
        with self._lock:
            if sum(other.state == "working" for other in self._there.values()) >= MANY:
                raise BadRequest(f"{MANY} prompts are on their way already; wait for one of them, or stop it.")
            over = [token for token, other in self._there.items() if other.state != "working"]
            for token in over[:len(over) - KEPT + 1]:
                del self._there[token]
            self._there[one.token] = one
        threading.Thread(target=self._ask, args=(one, work), name="wording", daemon=True).start()
        return one

    def _ask(self, one: Asking, work: Callable[[], None]) -> None:
        try:
            work()
        except CineloomError as error:
            one.error = str(error)
        except Exception as error:      # a person waits for a sentence
            one.error = f"Something broke while the words were made ({type(error).__name__}: {error!s:.200})."
        one.state = "failed" if one.error else "done"

    def asking(self, token: str) -> Asking:
        """One that was begun; when it is over it is told once and forgotten. Raises BadRequest for one that is not here."""
        with self._lock:
            one = self._there.get(token)
            if one is None:
                raise BadRequest(UNKNOWN)
            if one.state != "working":
                del self._there[token]
        return one

    def stop(self, token: str) -> None:
        """Wait for it no longer; nothing where it is over. Raises BadRequest for what is no token."""
        if not re.fullmatch("[0-9a-f]{16}", token):
            raise BadRequest(UNKNOWN)
        with self._lock:
            one = self._there.pop(token, None)
        if one is not None:
            one.stopped.set()

    def close(self) -> None:
        """The studio ends: nobody waits any more."""
        for token in list(self._there):
            self.stop(token)


def _story(made: Script) -> dict:
    """A script's shots as the page's form has them."""
    shots = [{"prompt": shot.prompt, "asked": shot.asked, "seconds": shot.seconds, "join": shot.join, "cards": []} for shot in made.board.shot]
    return {"who": made.board.who, "style": made.board.style, "shots": shots, "notes": list(made.notes)}
