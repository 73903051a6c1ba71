"""Copying: a whole project again under another name, as it stood at one moment.

    library.db ─snapshot→ .copying-TOKEN/library.db ─ the files its rows name ─→ .copying-TOKEN/ ─rename→ NAME/

The copy gets its name when it is whole; one that was not finished is waste that `sweep` removes. Knows rows and files.
"""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from engine import memory
from engine.errors import BadRequest, CannotWrite
from engine.library import tidying
from engine.library.database import says_why
from engine.library.importing import ROOM, Progress
from engine.library.packing import INPUT, INPUTS
from engine.library.take import FILES

if TYPE_CHECKING:
    from engine.library.library import Library

UNFINISHED = ".copying-"        # no project's name begins with a dot


def copy(library: Library, home: Path, name: str) -> Iterator[Progress | Path]:
    """The project again, as `name` under `home`. Yields Progress, and at last the new folder.

    Files that are missing stay missing; takes that come in meanwhile are not in it.
    Raises BadRequest for a name that is none or is taken, CannotWrite; then there is nothing new.
    """
    target = Path(home) / tidying.project_name(name)
    if target.exists():
        raise BadRequest(f"There is something called {name!r} in {home} already; choose another name.")
    bench = Path(home) / f"{UNFINISHED}{secrets.token_hex(6)}"
    try:
        with says_why(target):
            bench.mkdir(parents=True)
        files = _snapshot(library, bench)
        need, free = sum(size for _, size in files), shutil.disk_usage(home).free
        if need + ROOM > free:
            raise CannotWrite(f"A copy needs {memory.words(need)}, and {memory.words(free)} are free here; free some room first.")
        for index, (file, _) in enumerate(files):
            with says_why(target):
                (bench / file).parent.mkdir(exist_ok=True)
                shutil.copyfile(library.folder / file, bench / file)
            yield Progress("copying file", index + 1, len(files))
        with says_why(target):
            os.rename(bench, target)
    finally:
        shutil.rmtree(bench, ignore_errors=True)
    yield target


def sweep(home: Path) -> None:
    """Remove what copies that were never finished left behind."""
    for folder in Path(home).glob(f"{UNFINISHED}*"):
        shutil.rmtree(folder, ignore_errors=True)


def _snapshot(library: Library, bench: Path) -> list[tuple[str, int]]:
    """The rows into `bench`; the files they name that are there, with their bytes."""
    with says_why(bench), closing(sqlite3.connect(bench / "library.db")) as db:
        library.store.connection.backup(db)
        rows = db.execute(f"select id, {', '.join(FILES)} from takes").fetchall()
    names = [name for id, *files in rows for name in (f"media/{id}.json", *files) if name]
    for room in INPUTS:
        names += [f"{room}/{path.name}" for path in sorted((library.folder / room).iterdir())] if (library.folder / room).is_dir() else []
    found = []
    for name in names:
        path = library.folder / name
        inside = path.resolve().is_relative_to(library.folder)      # a row of a stranger's project may say anything
        if inside and not path.is_symlink() and path.is_file() and (name.partition("/")[0] not in INPUTS or INPUT.fullmatch(name)):
            found.append((name, path.stat().st_size))
    return found
