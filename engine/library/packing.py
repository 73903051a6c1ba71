"""Packing: a project as one zip, to keep or to give away; its takes.jsonl says in plain words what is in it.

    project.json    {"cineloom": "project", "format": 1, "takes": 12}
    takes.jsonl     a line of JSON per take: its row, its edges, the names of its files
    cuts.jsonl      a line of JSON per cut, with its past and its candidates; where there is one, "format" is 2
    media/ posters/ latents/ inputs/ sounds/        the files, as they lie in the project

The zip is written beside its place and gets its name when it is whole. Films are stored as they are: they are compressed
already. Memory does not grow with the films, only with their number (half a kilobyte a file, in Python's zipfile).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import CannotWrite
from engine.library.arriving import COLUMNS, EDGE, remove
from engine.library.database import says_why
from engine.library.importing import Progress
from engine.library.take import FILES

if TYPE_CHECKING:
    from engine.library.library import Library

FORMAT = 2
HEAD, TAKES, CUTS = "project.json", "takes.jsonl", "cuts.jsonl"
# Pictures to start from, as the studio keeps them; and sounds that were brought in for a cut, see engine.timeline.sounds.
INPUT = re.compile(r"inputs/[0-9a-f]{32}\.png|sounds/[0-9a-f]{32}\.(wav|aiff|flac|ogg|mp3|m4a|mka|avi|ts)")
INPUTS = ("inputs", "sounds")
PART = 1 << 20


def export(library: Library, path: str | Path) -> Iterator[Progress | Path]:
    """Write the whole project, trash included, into a zip at `path`. Yields Progress, and at last the path.

    Takes that come in meanwhile are not in it; files that are missing are left out, and their takes say so when it is
    opened. An older file at `path` is replaced when the new one is whole. Raises CannotWrite; then there is no new file.
    """
    path = Path(path)
    part = path.with_name(f".{path.name}.part")
    try:
        with says_why(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True) as out:
                    yield from _written(library, out)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, path)
    finally:
        remove(part)
    yield path


def _written(library: Library, out: zipfile.ZipFile) -> Iterator[Progress]:
    from engine.timeline import packing as cutting
    from engine.timeline.history import History

    folder = library.folder
    with library.store.reading() as db:         # one moment of the project, however long the files take
        total = db.execute("select count(*) from takes").fetchone()[0]
        cuts = list(cutting.lines(History(library.store)))
        yield Progress("packing take", 0, total)
        out.writestr(zipfile.ZipInfo(HEAD, (1980, 1, 1, 0, 0, 0)), json.dumps({"cineloom": "project", "format": FORMAT if cuts else 1, "name": folder.name, "takes": total}))
        edges: dict[str, list] = {}
        for edge in db.query(f"select child, {', '.join(EDGE)} from edges order by rowid"):
            edges.setdefault(edge.pop("child"), []).append(edge)
        info = zipfile.ZipInfo(TAKES, (1980, 1, 1, 0, 0, 0))
        info.compress_type = zipfile.ZIP_DEFLATED
        with out.open(info, "w", force_zip64=True) as lines:
            for row in db.query("select * from takes order by number"):
                row = {name: value for name, value in row.items() if name in COLUMNS and name != "state"}
                lines.write((json.dumps({"row": row, "edges": edges.get(row["id"], [])}) + "\n").encode())
        if cuts:
            info = zipfile.ZipInfo(CUTS, (1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            out.writestr(info, "".join(cuts))
        for index, row in enumerate(db.query(f"select id, {', '.join(FILES)} from takes order by number")):
            for name in [f"media/{row['id']}.json", *(row[what] for what in FILES)]:
                if name:
                    _add(out, folder, name)
            yield Progress("packing take", index + 1, total)
    for room in INPUTS:
        for path in sorted((folder / room).iterdir()) if (folder / room).is_dir() else ():
            if INPUT.fullmatch(f"{room}/{path.name}"):
                _add(out, folder, f"{room}/{path.name}")


def _add(out: zipfile.ZipFile, folder: Path, name: str) -> None:
    path = folder / name
    if path.is_symlink() or not path.is_file():
        return
    info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))     # no clock in it: the same project gives the same bytes
    info.external_attr = 0o644 << 16
    info.file_size = path.stat().st_size
    try:
        with path.open("rb") as source, out.open(info, "w", force_zip64=info.file_size > 1 << 31) as target:
            shutil.copyfileobj(source, target, PART)
    except OSError as error:
        raise CannotWrite(f"{name} cannot be packed: {error.strerror or error}.") from error
