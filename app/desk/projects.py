"""Projects: which there are, which is open, and what may be done with one. Knows folders, zips and names.

    new   open   rename   duplicate   archive → one zip   open_zip ← one zip

The open project is the studio's, not a tab's: it is kept in studio.json of the home, and every tab reads it in the state.
What is made goes into the project that is open when it is asked for.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import threading
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

from app import settings
from engine.errors import BadMedia, BadRequest, CannotWrite, CineloomError
from engine.jobs.moving import rename_project
from engine.library import Library, copying, finish, tidying
from engine.library.database import says_why
from engine.library.library import FIRST_PROJECT, projects
from engine.media.writing import write_whole

if TYPE_CHECKING:
    from app.desk.desk import Desk

KEPT = "studio.json"            # in the home: {"project": NAME}
ARRIVING = ".opening-"          # a project while it comes out of a zip; no project's name begins with a dot
PACKED = ".archives"            # zips that wait to be fetched
TOKEN = re.compile(r"[0-9a-f]{32}")
WELCOME = "welcome"


class Projects:
    """The projects of one home. One change at a time; requests that are on their way go on with the project they had."""

    def __init__(self, desk: Desk):
        """Part of one desk. What a killed studio left half-made is removed."""
        self.desk = desk
        self._lock = threading.Lock()
        copying.sweep(desk.home)
        for waste in (*desk.home.glob(f"{ARRIVING}*"), desk.home / PACKED):
            shutil.rmtree(waste, ignore_errors=True)

    # ---- looking

    def list(self) -> list[dict]:
        """Every project, in order: its name, how many takes it has (None where it cannot be read), whether it is open."""
        return [{"name": name, "takes": self._count(name), "open": name == self.desk.project} for name in projects(self.desk.home)]

    def _count(self, name: str) -> int | None:
        library = self.desk.library
        try:
            return (library if library.folder.name == name else Library.open(self.desk.home, name)).count()
        except CineloomError:
            return None

    def _there(self, name: str) -> Library:
        if name not in projects(self.desk.home):
            raise BadRequest(f"There is no project {name[:80]!r} here; there is {', '.join(projects(self.desk.home)) or 'none'}.")
        return Library.open(self.desk.home, name)

    def _free(self, name: str, but: str = "") -> str:
        """The name, made plain. Raises BadRequest for one that is none, or is taken: also where only case differs."""
        name = tidying.project_name(unicodedata.normalize("NFC", " ".join(name.split())))
        taken = {path.name.casefold() for path in self.desk.home.iterdir()} - {but.casefold()}
        if name.casefold() in taken or name in (KEPT, PACKED):
            raise BadRequest(f"There is something called {name!r} in your folder of projects already; choose another name.")
        return name

    # ---- changing: each returns the name of the project that is open then

    def new(self, name: str) -> str:
        """An empty project, and open it. Raises BadRequest for a name that is none or is taken, CannotWrite."""
        with self._lock:
            return self._show(Library.open(self.desk.home, self._free(name)))

    def open(self, name: str) -> str:
        """Show another project. Raises BadRequest when there is none of that name."""
        with self._lock:
            return self._show(self._there(name))

    def rename(self, name: str, to: str) -> str:
        """Another name. Raises BadRequest while something is made for it, or for a name that is none or is taken."""
        with self._lock:
            self._there(name).store.close()
            to = self._free(to, but=name)
            if to != name:
                was_open = name == self.desk.project
                self.desk.library.store.close()
                rename_project(self.desk.queue, name, to)
                if was_open:
                    self._show(Library.open(self.desk.home, to))
            return self.desk.project

    def duplicate(self, name: str, to: str) -> str:
        """The whole project again under another name, and open that one. Raises BadRequest, CannotWrite."""
        to = self._free(to)
        finish(copying.copy(self._there(name), self.desk.home, to))
        return self.open(to)

    def _show(self, library: Library) -> str:
        write_whole(self.desk.home / KEPT, (json.dumps({"project": library.folder.name}, ensure_ascii=False) + "\n").encode())
        self.desk.library = library
        return library.folder.name

    # ---- one file

    def archive(self, name: str) -> dict:
        """Pack a project into one zip that waits under a token: `{archive, bytes}`. Raises BadRequest, CannotWrite."""
        library = self._there(name)
        need, free = sum(path.stat().st_size for path in library.folder.rglob("*") if path.is_file()), shutil.disk_usage(self.desk.home).free
        if need > free:
            raise CannotWrite("There is not enough room on the disk to pack this project beside itself; free some first.")
        token = secrets.token_hex(16)
        path = finish(library.export(self.desk.home / PACKED / token / f"{name}.zip"))
        return {"archive": token, "bytes": path.stat().st_size}

    def packed(self, token: str) -> Path | None:
        """The zip that waits under a token."""
        found = list((self.desk.home / PACKED / token).glob("*.zip")) if TOKEN.fullmatch(token) else []
        return found[0] if found else None

    def forget(self, token: str) -> None:
        """It was fetched."""
        if TOKEN.fullmatch(token):
            shutil.rmtree(self.desk.home / PACKED / token, ignore_errors=True)

    def open_zip(self, zip: Path, name: str) -> str:
        """A new project out of a zip, and open it; it is there whole, or not at all.

        name    what it is called; one that is taken, or cannot be a name, gets another like it
        Raises BadMedia for a file that is no project, CannotWrite.
        """
        open_zip(self.desk.home, zip, like := self._like(name))
        return self.open(like)

    def _like(self, name: str) -> str:
        """A name that is free, as near as can be to one that a file has."""
        plain = " ".join(re.sub(r"[^\w .()-]", " ", unicodedata.normalize("NFC", name)).split()).strip(" .()-")[:54].strip(" .") or "opened"
        for number in range(1, 1000):
            try:
                return self._free(plain if number == 1 else f"{plain} {number}")
            except BadRequest:
                continue
        return self._free(f"opened {secrets.token_hex(4)}")

    def incoming(self) -> Path:
        """A file to put a zip in while it is sent; whoever asks removes it."""
        folder = self.desk.home / PACKED
        with says_why(folder):
            folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{secrets.token_hex(16)}.part"


def open_zip(home: Path, zip: Path, name: str) -> None:
    """Unpack a project's zip into `home` as `name`, whole or not at all. Raises BadMedia, CannotWrite."""
    bench = home / f"{ARRIVING}{secrets.token_hex(6)}"
    try:
        library = Library(bench)
        finish(library.open_zip(zip))
        library.store.close()
        with says_why(home / name):
            os.rename(bench, home / name)
    finally:
        shutil.rmtree(bench, ignore_errors=True)


def remembered(home: Path) -> str:
    """The project to open: the one that was open last, else the first film's, else any there is."""
    there = projects(home)
    try:
        kept = json.loads((home / KEPT).read_text(encoding="utf-8"))
        name = kept.get("project") if isinstance(kept, dict) else None
    except (OSError, ValueError):       # lost or damaged: nothing is lost with it but which one was open
        name = None
    if name in there:
        return name
    return FIRST_PROJECT if FIRST_PROJECT in there or not there else WELCOME if WELCOME in there else there[0]


def welcome(home: Path | str | None = None, zip: Path = settings.WELCOME) -> bool:
    """Put the project that comes with the studio into a home that has none. True when that was done.

    A home where it cannot be put opens all the same, empty.
    """
    home = settings.home(home)
    if projects(home) or not zip.is_file():
        return False
    try:
        with says_why(home):
            home.mkdir(parents=True, exist_ok=True)
        open_zip(home, zip, WELCOME)
    except (BadMedia, CannotWrite) as error:
        print(f"The welcome project could not be put into {home}: {error}", flush=True)
        return False
    return True
