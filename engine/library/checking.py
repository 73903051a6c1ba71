"""Checking: rows and files held against each other, both ways, and made to fit.

    film without a row   adopted where it carries its recipe (or has it beside it), else moved to lost-and-found
    other files without  moved to lost-and-found
    row without a film   a state to show: "missing"; healed when the film is back
    poster, strip gone   made again from the film
    word index           held against the rows, written anew where it differs

What killed processes leave is settled whenever a project is opened; this finds what people, disks and other programs do.
Nothing that a person may want is removed. Knows files and rows. What a film is, is engine.media's.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import CannotWrite, CineloomError
from engine.library import arriving, tidying
from engine.library.arriving import COLUMNS, DEFAULTS, INSERT
from engine.library.importing import Progress, as_recipe, facts, look

if TYPE_CHECKING:
    from engine.library.library import Library

ROOMS = ("media", "posters", "latents")
SIDE = 65536            # bytes of a recipe beside a film that are read


@dataclass
class Findings:
    """What a check found and, where it repairs, what it did."""

    takes: int = 0
    arrived: list[str] = field(default_factory=list)        # ids that a killed process had on their way in
    adopted: list[str] = field(default_factory=list)        # ids of films that had no row
    lost: list[str] = field(default_factory=list)           # files that belong to nothing: now in lost-and-found
    missing: list[str] = field(default_factory=list)        # ids whose film is not there
    healed: list[str] = field(default_factory=list)         # ids whose film is there again
    changed: list[str] = field(default_factory=list)        # ids whose film is not as long as it was
    remade: list[str] = field(default_factory=list)         # ids that got a new poster or strip
    unseen: list[str] = field(default_factory=list)         # ids whose poster or strip is gone and cannot be made
    without_latents: list[str] = field(default_factory=list)    # ids whose latents are gone: they start from the film now
    damaged: list[str] = field(default_factory=list)        # sentences about the database itself

    @property
    def well(self) -> bool:
        """Whether nothing was to be found."""
        return not any((self.arrived, self.adopted, self.lost, self.missing, self.healed, self.changed, self.remade, self.unseen,
                        self.without_latents, self.damaged))  # fmt: skip

    def to_json(self) -> dict:
        """A plain dictionary."""
        return {name: value for name, value in vars(self).items()} | {"well": self.well}


def check(library: Library, repair: bool = True) -> Iterator[Progress | Findings]:
    """Hold rows and files against each other. Yields Progress, and at last Findings. May run while others work.

    repair    False only looks: nothing is moved, made or written
    Raises CannotWrite.
    """
    found = Findings()
    yield Progress("looking at the database")
    if repair:
        found.arrived = arriving.settle(library.store, library.folder)
    _database(library, found, repair)
    yield Progress("listing the files")
    # Rows first: a take that comes in meanwhile is then a file without a row, and that is looked at again under the lock.
    rows = library.store.rows("select id, film, poster, strip, latents, bytes, state from takes order by number")
    there = {room: _listed(library.folder / room) for room in ROOMS}
    found.takes = len(rows)
    buried = {row["id"] for row in library.store.rows("select id from graves")}
    yield from _rows_without_files(library, rows, there, found, repair)
    yield from _files_without_rows(library, rows, buried, there, found, repair)
    yield found


def _database(library: Library, found: Findings, repair: bool) -> None:
    store = library.store
    found.damaged += [row["quick_check"] for row in store.rows("pragma quick_check(10)") if row["quick_check"] != "ok"]
    found.damaged += [f"A row of {row['table']} names a take that is not there." for row in store.rows("pragma foreign_key_check")]
    if store.readonly:
        return
    try:
        with store.writing() as db:
            db.conn.execute("insert into takes_fts (takes_fts, rank) values ('integrity-check', 1)")
    except (sqlite3.DatabaseError, CannotWrite):        # what SQLite raises where index and rows differ
        found.damaged.append("The word index differed from the takes.")
        if repair:
            with store.writing() as db:
                db.conn.execute("insert into takes_fts (takes_fts) values ('rebuild')")


def _rows_without_files(library: Library, rows: list[dict], there: dict, found: Findings, repair: bool) -> Iterator[Progress]:
    def size(file: str) -> int:
        room, _, name = (file or "").partition("/")
        return there.get(room, {}).get(name, 0)         # a film of no bytes is none

    states = []
    for index, row in enumerate(rows):
        if index % 1000 == 0:
            yield Progress("looking at take", index, len(rows))
        film = size(row["film"])
        state = "whole" if film else "missing"
        if state == "missing":
            found.missing.append(row["id"])
        elif row["bytes"] and film != row["bytes"]:
            found.changed.append(row["id"])
        if state != row["state"]:
            states.append((state, row["id"]))
            if state == "whole":
                found.healed.append(row["id"])
        if row["latents"] and not size(row["latents"]):
            found.without_latents.append(row["id"])
        if any(not size(row[what]) for what in ("poster", "strip")):
            if state == "whole" and repair and _remake(library, row):
                found.remade.append(row["id"])
            else:
                found.unseen.append(row["id"])
    if repair and states:
        with library.store.writing() as db:
            db.conn.executemany("update takes set state = ? where id = ?", states)


def _remake(library: Library, row: dict) -> bool:
    folder = library.folder
    try:
        with arriving.bay(library.store, folder) as bay:
            for _ in look(folder / row["film"], bay / "poster.jpg", bay / "strip.jpg"):
                pass
            for what in ("poster", "strip"):
                target = folder / (row[what] or f"posters/{row['id']}{'.strip' * (what == 'strip')}.jpg")
                target.parent.mkdir(exist_ok=True)
                os.replace(bay / f"{what}.jpg", target)
                with library.store.writing() as db:
                    db.conn.execute(f"update takes set {what} = ? where id = ?", [target.relative_to(folder).as_posix(), row["id"]])
        return True
    except CannotWrite:
        raise
    except (CineloomError, OSError):        # the film cannot be read either
        return False


def _files_without_rows(library: Library, rows: list[dict], buried: set, there: dict, found: Findings, repair: bool) -> Iterator[Progress]:
    known = {row[what] for row in rows for what in ("film", "poster", "strip", "latents")}
    ids = {row["id"] for row in rows} | buried
    loose = [f"{room}/{name}" for room in ROOMS for name in there[room] if f"{room}/{name}" not in known
             and not (room == "media" and name.endswith(".json") and name[:-5] in ids) and _id_of(name) not in buried]  # fmt: skip
    films = sorted(name for name in loose if name.startswith("media/") and not name.endswith(".json"))
    taken = set()
    for index, name in enumerate(films):
        yield Progress("taking in film", index, len(films))
        if not repair:
            continue
        adopted = _adopt(library, name)
        if adopted is not None:
            found.adopted.append(adopted[0])
            taken |= adopted[1]
    for name in loose:
        if name in taken:
            continue
        if repair:
            with library.store.writing() as db:     # under the lock no take is half there: who has no row now has none
                path = library.folder / name
                stem = _id_of(path.name)
                if db.execute("select 1 from takes where id = ?", [stem]).fetchone() and _claimed(db, name, stem):
                    continue
                if path.exists() or path.is_symlink():
                    found.lost.append(arriving.lose(library.folder, path).relative_to(library.folder).as_posix())
        else:
            found.lost.append(name)


def _claimed(db, name: str, id: str) -> bool:
    row = db.execute("select film, poster, strip, latents from takes where id = ?", [id]).fetchone()
    return name in row or name == f"media/{id}.json"


def _adopt(library: Library, name: str) -> tuple[str, set[str]] | None:
    """Write the row of a film that carries its recipe. Returns its id and the files that are its own now, or None."""
    from engine.library.library import new_id, place
    from engine.media import carried

    folder, path = library.folder, library.folder / name
    if path.is_symlink() or not path.is_file():
        return None
    text, beside = None, path.with_suffix(".json")
    with suppress(CineloomError):
        text = carried(path)
    if as_recipe(text) is None and beside.is_file() and beside.stat().st_size < SIDE:
        text = beside.read_text(encoding="utf-8", errors="replace")
    recipe = as_recipe(text)
    if recipe is None:
        return None
    id = path.stem if tidying.ID.fullmatch(path.stem) else new_id()
    try:
        with arriving.bay(library.store, folder) as bay:
            seen = next(event for event in look(path, bay / "poster.jpg", bay / "strip.jpg") if not isinstance(event, Progress))
            row = DEFAULTS | facts(id, seen, recipe) | {"created": path.stat().st_mtime, "bytes": path.stat().st_size,
                                                        "film": place(id, "film", seen.suffix)}  # fmt: skip
            with library.store.writing() as db:
                if db.execute("select 1 from takes where id = ?", [id]).fetchone():
                    return None
                own = {name, row["film"], f"media/{id}.json"}
                os.replace(path, folder / row["film"])
                if beside.is_file():
                    os.replace(beside, folder / "media" / f"{id}.json")
                    own.add(beside.relative_to(folder).as_posix())
                for what in ("poster", "strip"):
                    row[what] = place(id, what, ".jpg")
                    (folder / row[what]).parent.mkdir(exist_ok=True)
                    os.replace(bay / f"{what}.jpg", folder / row[what])
                    own.add(row[what])
                latents = place(id, "latents", ".safetensors")
                if (folder / latents).is_file():
                    row["latents"] = latents
                    own.add(latents)
                db.conn.execute(INSERT, [row.get(column) for column in COLUMNS])
        return id, own
    except CannotWrite:
        raise
    except (CineloomError, OSError):
        return None


def _id_of(name: str) -> str:
    return name.partition(".")[0]


def _listed(folder: Path) -> dict[str, int]:
    """Name to bytes of what lies in a folder; folders and links count as files of no bytes."""
    if not folder.is_dir():
        return {}
    with os.scandir(folder) as entries:
        return {entry.name: entry.stat(follow_symlinks=False).st_size if entry.is_file(follow_symlinks=False) else 0 for entry in entries}


