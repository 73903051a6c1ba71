"""Arriving and leaving: files first and then rows, rows first and then files, so that a kill at any moment loses nothing.

    arriving/TOKEN/   ...             files on their way in; what a worker made lies in making/ instead
                      owner           locked by the process that fills it, for as long as it lives
                      record.jsonl    a line per take: its row, its edges, from where to where each file goes

    come   lock ─ record ─ move files, film last ─ flush ─ rows ─ commit ─ unlock ─ remove TOKEN
    go     lock ─ names of the files into `graves`, rows out ─ commit ─ unlock ─ remove files ─ empty `graves`

Once there is a record, whoever opens the project next finishes what it says; without one, and with its owner gone,
what lies there is waste. All moves happen under the write lock, so whoever holds the lock sees no take half there.
Knows files, rows and processes. Knows not what a film is.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import CannotWrite
from engine.library.database import Store, says_why

BAYS, LOST = "arriving", "lost-and-found"
RECORD, OWNER = "record.jsonl", "owner"
# A row's columns that come from outside; the rest is the library's own.
COLUMNS = ("id", "created", "prompt", "caption", "captioner", "notes", "tags", "operation", "backend", "version", "seed", "steps", "width",
           "height", "pictures", "rate", "spent", "recipe", "film", "poster", "strip", "latents", "bytes", "state", "rating",
           "favourite", "trashed", "figures")  # fmt: skip
EDGE = ("was", "start", "stop", "role")
INSERT = f"insert into takes ({', '.join(COLUMNS)}) values ({', '.join('?' * len(COLUMNS))})"
DEFAULTS = {"prompt": "", "caption": "", "captioner": "", "notes": "", "tags": "[]", "rating": 0, "favourite": 0, "state": "whole", "bytes": 0, "figures": "{}"}
TOGETHER = 200      # takes that go in one transaction


@dataclass(frozen=True)
class Arrival:
    """One take on its way in."""

    row: dict                                       # columns of `takes`
    files: tuple[tuple[Path, str], ...]             # from where, and to where in the project; the film is the last
    edges: tuple[dict, ...] = field(default=())     # was, start, stop, role


@contextmanager
def bay(store: Store, folder: Path) -> Iterator[Path]:
    """A place in the project to put files that come in; gone at the end, or swept once this process is."""
    place = folder / BAYS / secrets.token_hex(8)
    with store.writing(), says_why(folder):     # the lock: nobody sweeps it before it has its owner
        place.mkdir(parents=True)
        owner = open(place / OWNER, "w")
        _lock(owner)
    try:
        yield place
    finally:
        owner.close()
        if not (place / RECORD).exists():       # else it is promised, and was not finished
            shutil.rmtree(place, ignore_errors=True)


def come(store: Store, folder: Path, place: Path, arrivals: Iterable[Arrival], *, flushed: bool = False) -> list[str]:
    """Bring takes in, all or none. Returns the ids that are new; an id that is there already stays as it is.

    place       a `bay`
    flushed     the films and latents are on the disk already, not only in its cache
    Raises CannotWrite; then every file is back where it came from.
    """
    draft, record = place / "record.part", place / RECORD
    with says_why(folder):
        with draft.open("w", encoding="utf-8") as file:
            for arrival in arrivals:
                file.write(_line(arrival, folder) + "\n")
    try:
        with store.writing() as db:
            os.replace(draft, record)
            new = _finish(db, folder, record, flushed)
    except BaseException:
        _take_back(store, folder, record)
        raise
    record.unlink(missing_ok=True)
    return new


def go(store: Store, folder: Path, where: str, values: Iterable = ()) -> int:
    """Remove the takes that `where` names for good: rows, then files. Returns how many."""
    count = 0
    while True:
        with store.writing() as db:
            rows = list(db.query(f"select number, id, film, poster, strip, latents from takes where {where} limit {TOGETHER}", list(values)))
            for row in rows:
                files = [row[what] for what in ("film", "poster", "strip", "latents") if row[what]] + [f"media/{row['id']}.json"]
                db.conn.execute("insert or replace into graves values (?, ?)", [row["id"], json.dumps(files)])
                db.conn.execute("delete from takes where number = ?", [row["number"]])
        if not rows:
            return count
        count += len(rows)
        bury(store, folder)


def bury(store: Store, folder: Path) -> None:
    """Remove the files of takes whose rows are gone."""
    while store.rows("select 1 from graves limit 1"):
        with store.writing() as db:
            for grave in list(db.query(f"select id, files from graves limit {TOGETHER}")):
                if not db.execute("select 1 from takes where id = ?", [grave["id"]]).fetchone():    # it came back
                    for file in json.loads(grave["files"]):
                        remove(folder / file)
                db.conn.execute("delete from graves where id = ?", [grave["id"]])


def settle(store: Store, folder: Path) -> list[str]:
    """Finish what killed processes left: takes that were on their way in or out. Free where there is nothing.

    Returns the ids that came in. Raises CannotWrite; what is left is then left for the next time.
    """
    done: list[str] = []
    bury(store, folder)
    if not (folder / BAYS).is_dir() or not any((folder / BAYS).iterdir()):
        return done
    finished, waste = [], []
    with store.writing() as db:
        for place in sorted((folder / BAYS).iterdir()):
            if (place / RECORD).exists():       # we hold the lock: whoever wrote it is dead, or has finished
                done += _finish(db, folder, place / RECORD, False)
                finished.append(place)
            elif not _owned(place):
                waste.append(place)
    for place in finished + waste:
        if place.is_dir():
            shutil.rmtree(place, ignore_errors=True)
        elif place.exists():
            lose(folder, place)
    return done


def lose(folder: Path, path: Path) -> Path:
    """Move a file that belongs to nothing into the lost-and-found: nothing is thrown away that nobody threw away."""
    target = folder / LOST / path.name
    with says_why(folder):
        target.parent.mkdir(exist_ok=True)
        while target.exists():
            target = target.with_name(f"{path.stem}-{secrets.token_hex(3)}{path.suffix}")
        os.replace(path, target)
    return target


def flush(paths: Iterable[Path]) -> None:
    """See files and folders onto the disk, together: a journalling disk then writes its journal once and not each time."""
    paths = list(paths)
    if paths:
        with ThreadPoolExecutor(min(8, len(paths))) as pool:
            list(pool.map(_flush, paths))


def remove(path: Path) -> None:
    """Remove a file if it can be; what stays is waste without a row, which a check sweeps."""
    with suppress(OSError):
        path.unlink(missing_ok=True)


def _line(arrival: Arrival, folder: Path) -> str:
    def said(path: Path) -> str:
        path = Path(path).absolute()
        return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)

    files = [[said(source), target] for source, target in arrival.files]
    return json.dumps({"row": arrival.row, "files": files, "edges": arrival.edges})


def _finish(db, folder: Path, record: Path, flushed: bool) -> list[str]:
    """Move the files and write the rows of a record, from wherever somebody stopped. Under the write lock."""
    new, dirty = [], set()
    for arrival in _read(record):
        row = DEFAULTS | arrival["row"]
        if db.execute("select 1 from takes where id = ?", [row["id"]]).fetchone():
            continue
        files = [(folder / source, folder / target) for source, target in arrival["files"]]
        if files and not any(path.exists() for path in files[-1]):      # the film is nowhere: nothing to finish
            for _, target in files:
                if target.exists():
                    lose(folder, target)
            continue
        with says_why(folder):
            for source, target in files:
                target.parent.mkdir(parents=True, exist_ok=True)
                if source.exists():
                    os.replace(source, target)
                # Posters and strips can be made again, and the recipe is in the row: only these are worth the wait.
                if target.exists() and target.parent.name in ("media", "latents") and target.suffix != ".json":
                    dirty |= {target.parent} if flushed else {target.parent, target}
        row["number"] = db.conn.execute(INSERT, [row.get(column) for column in COLUMNS]).lastrowid
        db.conn.execute("delete from graves where id = ?", [row["id"]])
        for edge in arrival["edges"]:
            db.conn.execute(
                "insert or ignore into edges (child, parent, was, start, stop, role) "
                "values (?, (select id from takes where id = ?), ?, ?, ?, ?)",
                [row["id"], edge["was"], *(edge[name] for name in EDGE)],
            )
        new.append(row["id"])
    with says_why(folder):
        flush(sorted(dirty))
    return new


def _take_back(store: Store, folder: Path, record: Path) -> None:
    """The rows could not be written: put the files back. Should that fail too, the record stays and the next opening acts."""
    if not record.exists():
        return
    with suppress(CannotWrite, OSError), store.writing() as db:
        for arrival in _read(record):
            if db.execute("select 1 from takes where id = ?", [arrival["row"]["id"]]).fetchone():
                return          # somebody has finished it in the meantime
            for source, target in arrival["files"]:
                if (folder / target).exists() and not (folder / source).exists():
                    (folder / source).parent.mkdir(parents=True, exist_ok=True)
                    os.replace(folder / target, folder / source)
        record.unlink()


def _read(record: Path) -> Iterator[dict]:
    with record.open(encoding="utf-8") as file:
        for line in file:
            try:
                yield json.loads(line)
            except ValueError:      # a power cut, which keeps names and loses contents: a check finds the files
                return


def _flush(path: Path) -> None:
    if path.is_dir():
        if not hasattr(os, "O_DIRECTORY"):
            return
        handle = os.open(path, os.O_DIRECTORY)
    else:
        handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _owned(place: Path) -> bool:
    """Whether the process that fills it lives: it holds a lock that goes with it, however it goes."""
    try:
        with open(place / OWNER, "r+") as owner:
            _lock(owner)
            return False
    except FileNotFoundError:
        return False
    except OSError:
        return True


def _lock(file) -> None:
    """Raises OSError when somebody else has it, in this process too."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
