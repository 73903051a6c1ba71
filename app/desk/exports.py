"""Exports: cuts on their way to a file that a person can save. Each is made by a process of its own, see app.export.

Knows processes, tokens and a folder in the home; what is in it is gone with the studio, like a zip that nobody fetched.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from app import settings
from app.desk.projects import PACKED
from engine.errors import BadRequest
from engine.library.database import says_why

if TYPE_CHECKING:
    from app.desk.desk import Desk

ROOT = Path(__file__).parents[2]
MANY = 3                # at once
KEPT = 24               # that are over and wait to be saved
SIGNED = ("h264", "h265", "prores", "gif", "png", "still")     # kinds of engine.timeline.rendering that have a place for content credentials
UNKNOWN = "That export is not here any more; make it again."


@dataclass
class Export:
    """One export; everything but `process` may be read at any time."""

    token: str
    cut: str
    name: str                           # of the cut
    kind: str
    process: subprocess.Popen
    state: str = "working"              # working, done, failed
    words: str = ""
    done: int = 0
    total: int = 0
    file: str = ""                      # its name, once it is there
    bytes: int = 0
    notes: list[str] = field(default_factory=list)
    error: str = ""
    begun: float = field(default_factory=time.time)

    def to_json(self) -> dict:
        """What the page may know."""
        return {name: getattr(self, name) for name in ("token", "cut", "name", "kind", "state", "words", "done", "total", "file", "bytes", "notes", "error", "begun")}


def credentials() -> dict:
    """Which kinds of export can carry content credentials here, none without the library for them; and whether the setting wishes them."""
    from engine.provenance import installed

    wished = False
    with suppress(BadRequest):          # a word that means nothing is said where something is made
        wished = bool(settings.credentials())
    return {"kinds": SIGNED if installed() else (), "wished": wished}


class Exports:
    """The exports of this studio."""

    def __init__(self, desk: Desk):
        """Part of one desk."""
        self.desk = desk
        self._there: dict[str, Export] = {}
        self._lock = threading.Lock()

    def begin(self, cut: str, revision: int | None, asked: dict) -> Export:
        """Export a cut as it is at a revision, or now. Raises BadRequest, CannotWrite."""
        version = self.desk.cutting.history.open(cut, revision)
        with self._lock:
            if sum(one.state == "working" for one in self._there.values()) >= MANY:
                raise BadRequest(f"{MANY} exports are being made already; wait for one of them, or stop it.")
        token = secrets.token_hex(16)
        folder = self.desk.home / PACKED / token
        with says_why(folder):
            folder.mkdir(parents=True)
        line = {"home": str(self.desk.home), "project": self.desk.project, "cut": cut, "revision": version.revision, "folder": str(folder), "asked": asked}
        process = subprocess.Popen([sys.executable, "-m", "app.export"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8", cwd=ROOT,
                                   env=os.environ | {"PYTHONPATH": str(ROOT)})
        export = Export(token, cut, version.cut.name, str(asked.get("kind")), process)
        with self._lock:
            self._there[token] = export
        try:
            process.stdin.write(json.dumps(line) + "\n")
            process.stdin.close()
        except OSError:
            pass                # it died at once: whoever listens says so
        threading.Thread(target=self._listen, args=(export, folder), daemon=True).start()
        self._forget()
        return export

    def all(self) -> list[Export]:
        """Every export, the newest first."""
        with self._lock:
            return sorted(self._there.values(), key=lambda one: -one.begun)

    def export(self, token: str) -> Export:
        """One of them. Raises BadRequest."""
        export = self._there.get(token)
        if export is None:
            raise BadRequest(UNKNOWN)
        return export

    def path(self, token: str) -> Path | None:
        """The file of one that is done."""
        export = self._there.get(token)
        return self.desk.home / PACKED / token / export.file if export and export.state == "done" else None

    def drop(self, token: str) -> None:
        """Stop one that is being made, or put one away, file and all. Raises BadRequest where there is none."""
        with self._lock:
            export = self._there.pop(token, None)
        if export is None:
            raise BadRequest(UNKNOWN)
        export.process.kill()
        export.process.wait()
        shutil.rmtree(self.desk.home / PACKED / token, ignore_errors=True)

    def close(self) -> None:
        """The studio ends, and with it what is being made."""
        for export in self.all():
            if export.state == "working":
                self.drop(export.token)

    def _listen(self, export: Export, folder: Path) -> None:
        for line in export.process.stdout:
            try:
                said = json.loads(line)
            except ValueError:
                continue            # a library's own words
            for name in ("words", "done", "total", "notes", "file", "error"):
                if name in said:
                    setattr(export, name, said[name])
        export.process.wait()
        if export.file and (folder / export.file).is_file():
            export.bytes, export.state = (folder / export.file).stat().st_size, "done"
        else:
            export.error, export.state = export.error or "The export ended before it was whole; try again.", "failed"
            shutil.rmtree(folder, ignore_errors=True)

    def _forget(self) -> None:
        for export in [one for one in self.all() if one.state != "working"][KEPT:]:
            self.drop(export.token)
