"""Unpacking: takes out of a project's zip, which may come from anybody.

    zip ─ its list of names held against what a project may hold ─ sizes against the disk ─ unpacked part by part into
    arriving/ ─ every film, picture and row looked at ─ in, all at once

A name must be one that a project has: there is no other check for "../", absolute paths or devices, and none is needed.
Nothing that is unpacked gets a name that the zip chose. Rows come as JSON and are built anew, never as a database.
Knows zips and rows. What a film is, is engine.media's.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine import memory
from engine.errors import BadMedia, BadRequest
from engine.library import arriving, tidying
from engine.library.arriving import Arrival
from engine.library.database import says_why
from engine.library.importing import ROOM, Progress, as_recipe
from engine.library.packing import CUTS, FORMAT, HEAD, INPUT, INPUTS, PART, TAKES
from engine.library.rows import SUFFIXES, checked

if TYPE_CHECKING:
    from engine.library.library import Library
    from engine.timeline.packing import Came

NAMES = re.compile(rf"media/(?P<film>{tidying.ID.pattern})\.({SUFFIXES}|json)|posters/{tidying.ID.pattern}(\.strip)?\.jpg|"
                   rf"latents/{tidying.ID.pattern}\.safetensors|{INPUT.pattern}|{re.escape(HEAD)}|{re.escape(TAKES)}|{re.escape(CUTS)}")  # fmt: skip
DIRECTORY = 256 << 20       # bytes of a zip's list of names: a million files; Python reads all of it at once
LINE = 4 << 20              # bytes of one take's line
CUT = 32 << 20              # and of one cut's
RATIO, PLAIN = 200, 10 << 20        # how much smaller than its contents a packed file may be, above so many bytes


@dataclass(frozen=True)
class Opened:
    """What came out of a zip."""

    takes: int              # that are new here
    already: int            # that were here before, the same films under the same ids
    renamed: dict[str, str]     # ids in the zip that another take has here, and their new ones
    cuts: int = 0               # that are new here


def open_zip(library: Library, path: str | Path) -> Iterator[Progress | Opened]:
    """Bring the takes and cuts of a project's zip into this project, all or none. Yields Progress, and at last Opened.

    Ids stay unless another take has them here. Raises BadMedia for a file that is no such zip, is damaged, or holds
    anything else than a project; CannotWrite, also where the disk has no room for it.
    """
    path = Path(path)
    shown = "".join(char if char.isprintable() else "?" for char in path.name)[:120]
    with _reads_zip(shown):
        _directory(path, shown)
        with zipfile.ZipFile(path) as zip:
            names = _names(zip, shown)
            head = _json(zip.read(names[HEAD]) if names[HEAD].file_size <= LINE else b"", shown)
            if head.get("cineloom") != "project" or not isinstance(head.get("format"), int):
                raise BadMedia(f"{shown} is a zip, but no project of Cineloom.")
            if head["format"] > FORMAT:
                raise BadMedia(f"{shown} was made by a newer Cineloom; that one can open it.")
            need, free = sum(info.file_size for info in names.values()), shutil.disk_usage(library.folder).free
            if need + ROOM > free:
                raise BadMedia(f"{shown} unfolds to {memory.words(need)}, and {memory.words(free)} are free here; free some room first.")
            with arriving.bay(library.store, library.folder) as bay:
                yield from _unpacked(zip, names, bay, shown)
                counts: list = [0, 0, {}]
                for _ in _cuts(zip, names, shown, {}):
                    pass                    # all of them can be read, or nothing comes in
                arriving.come(library.store, library.folder, bay, _arrivals(library, zip, names, bay, shown, counts), flushed=True)
            came = _cut_in(library, _cuts(zip, names, shown, counts[2]), counts[2])
    yield Opened(counts[0], counts[1], counts[2], came)


def _cuts(zip: zipfile.ZipFile, names: dict, shown: str, renamed: dict[str, str]) -> Iterator[Came]:
    from engine.timeline.packing import cut_of

    if CUTS in names:
        with zip.open(names[CUTS]) as lines:
            while line := lines.readline(CUT + 1):
                if len(line) > CUT:
                    raise BadMedia(f"{shown} has a cut whose line is longer than {memory.words(CUT)}; nothing of it was opened.")
                try:
                    yield cut_of(_json(line, shown), renamed)
                except BadRequest as error:
                    raise BadMedia(f"{shown} has a cut that cannot be read ({str(error)[:200]}); nothing of it was opened.") from error


def _cut_in(library: Library, cuts: Iterator[Came], renamed: dict[str, str]) -> int:
    """Cuts come after their takes, each with all that belongs to it or not at all: killed between, the same zip opened again brings the others."""
    from engine.library.library import new_id
    from engine.timeline.history import History
    from engine.timeline.packing import take_in

    history = History(library.store)
    return sum(take_in(history, came, new_id(), renamed) for came in cuts)


def _directory(path: Path, shown: str) -> None:
    """Look at the end of the file, before zipfile reads the whole list of names into memory."""
    if not path.is_file():
        raise BadMedia(f"There is no file at {shown}.")
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 66_000))
        tail = file.read()
        at = tail.rfind(b"PK\5\6")
        if at < 0 or len(tail) < at + 22:
            raise BadMedia(f"{shown} is no zip, or it was cut short.")
        length = struct.unpack_from("<I", tail, at + 12)[0]
        if length == 0xFFFFFFFF and tail[at - 20 : at - 16] == b"PK\6\7":
            file.seek(struct.unpack_from("<Q", tail, at - 12)[0])
            length = struct.unpack_from("<Q", file.read(56).ljust(56, b"\0"), 40)[0]
    if length > min(size, DIRECTORY):
        raise BadMedia(f"{shown} lists more files than a project can have.")


def _names(zip: zipfile.ZipFile, shown: str) -> dict[str, zipfile.ZipInfo]:
    names: dict[str, zipfile.ZipInfo] = {}
    for info in zip.infolist():
        name = info.orig_filename
        said = "".join(char if char.isprintable() else "?" for char in name)[:120]
        mode = info.external_attr >> 16
        if name in ("media/", "posters/", "latents/", *(f"{room}/" for room in INPUTS)):
            continue                        # what a person's own program adds when it packs the folder again
        if not NAMES.fullmatch(name):
            raise BadMedia(f"{shown} holds {said!r}, which no project has; nothing of it was opened.")
        if mode and not stat.S_ISREG(mode) and stat.S_IFMT(mode):
            raise BadMedia(f"{shown} holds {said!r} as a link or a device; nothing of it was opened.")
        if name in names:
            raise BadMedia(f"{shown} holds {said!r} twice; nothing of it was opened.")
        if info.flag_bits & 1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise BadMedia(f"{shown} is locked with a password or packed in an unusual way; pack it again without.")
        if info.file_size > PLAIN and info.file_size > RATIO * max(1, info.compress_size):
            raise BadMedia(f"{shown} holds {said!r}, which unfolds to {RATIO} times its size and more; nothing of it was opened.")
        names[name] = info
    if HEAD not in names or TAKES not in names:
        raise BadMedia(f"{shown} is a zip, but no project of Cineloom.")
    return names


def _unpacked(zip: zipfile.ZipFile, names: dict[str, zipfile.ZipInfo], bay: Path, shown: str) -> Iterator[Progress]:
    """Every file but the two lists, under its checked name, looked at and on the disk."""
    waiting: list[Path] = []
    for index, (name, info) in enumerate(names.items()):
        if name in (HEAD, TAKES, CUTS):
            continue
        target = bay / name
        with says_why(target):
            target.parent.mkdir(exist_ok=True)
            with zip.open(info) as source, target.open("xb") as file:
                left = info.file_size           # zipfile too stops there and then holds the sum against it
                while part := source.read(PART):
                    left -= len(part)
                    if left < 0:
                        raise BadMedia(f"{shown} holds more of {name!r} than it says; nothing of it was opened.")
                    file.write(part)
        _looked_at(target, name, shown)
        if name.startswith(("media/", "latents/")) and not name.endswith(".json"):
            waiting.append(target)
        if len(waiting) == 64:
            arriving.flush(waiting)
            waiting.clear()
        yield Progress("opening file", index + 1, len(names))
    arriving.flush(waiting)


def _looked_at(path: Path, name: str, shown: str) -> None:
    """What it is must be what its name says. A film that is damaged is still somebody's film, but it has to be one."""
    from engine.media import hearing, picture_size, probe

    try:
        if name.startswith("latents/"):
            with path.open("rb") as file:
                size = int.from_bytes(file.read(8), "little")
                if not 2 <= size <= min(path.stat().st_size - 8, 100_000_000) or not isinstance(json.loads(file.read(size)), dict):
                    raise ValueError("no safetensors")
        elif name.endswith(".json"):
            if path.stat().st_size > LINE or as_recipe(path.read_text(encoding="utf-8")) is None:
                raise ValueError("no recipe")
        elif name.startswith("sounds/"):
            if hearing.probe_sound(path) is None:
                raise ValueError("no sound")
        elif path.suffix in (".png", ".jpg", ".webp", ".gif", ".avif", ".bmp", ".tiff"):
            picture_size(path)
        else:
            probe(path)
    except (BadMedia, ValueError, RecursionError) as error:
        raise BadMedia(f"{shown} holds {name!r}, which is not what its name says ({str(error)[:200]}); nothing of it was opened.") from error


def _arrivals(library: Library, zip: zipfile.ZipFile, names: dict, bay: Path, shown: str, counts: list) -> Iterator[Arrival]:
    """Rows built anew from the zip's lines; called before the lock is taken, so ids are chosen here and held against the
    rows again when they are written."""
    renamed = {}
    for row, _ in _lines(zip, names, shown):
        here = library.take(row["id"])
        if here is not None and not _same(here.file("film"), bay / row["film"], row):
            renamed[row["id"]] = _free_id(library, names)
    counts[2] = renamed
    for row, edges in _lines(zip, names, shown):
        old = row["id"]
        if old not in renamed and library.take(old) is not None:
            counts[1] += 1
            continue
        counts[0] += 1
        id = row["id"] = renamed.get(old, old)
        files = []
        for what in ("poster", "strip", "latents", "film"):
            if not row[what]:
                continue
            source, target = bay / row[what], row[what].replace(old, id, 1)
            if source.exists():
                files.append((source, target))
            row[what] = target
        if (bay / f"media/{old}.json").exists():
            files.insert(0, (bay / f"media/{old}.json", f"media/{id}.json"))
        row["state"] = "whole" if (bay / f"media/{old}{Path(row['film']).suffix}").exists() else "missing"
        if row["state"] == "missing":
            files = [pair for pair in files if not pair[1].startswith("media/") or pair[1].endswith(".json")]
        if counts[0] == 1:      # pictures to start from are named by their hash: one that is here already is the same
            files[:0] = [(bay / name, name) for name in names if INPUT.fullmatch(name) and not (library.folder / name).exists()]
        edges = tuple(edge | {"was": renamed.get(edge["was"], edge["was"])} for edge in edges)
        yield Arrival(row, tuple(files), edges)


def _lines(zip: zipfile.ZipFile, names: dict, shown: str) -> Iterator[tuple[dict, list[dict]]]:
    seen = set()
    with zip.open(names[TAKES]) as lines:
        while line := lines.readline(LINE + 1):
            if len(line) > LINE:
                raise BadMedia(f"{shown} has a take whose line is longer than {memory.words(LINE)}; nothing of it was opened.")
            try:
                row, edges = checked(_json(line, shown))
            except (BadRequest, KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
                raise BadMedia(f"{shown} has a take that cannot be read ({str(error)[:200]}); nothing of it was opened.") from error
            if row["id"] in seen:
                raise BadMedia(f"{shown} has the take {row['id']} twice; nothing of it was opened.")
            seen.add(row["id"])
            yield row, edges


def _same(here: Path, there: Path, row: dict) -> bool:
    """Whether a take of that id is the same take: its film is, byte for byte, or is missing on one side."""
    if not here.exists() or not there.exists():
        return True
    if here.suffix != there.suffix or here.stat().st_size != there.stat().st_size:
        return False
    with here.open("rb") as one, there.open("rb") as other:
        while part := one.read(PART):
            if part != other.read(PART):
                return False
    return True


def _free_id(library: Library, names: dict) -> str:
    from engine.library.library import new_id

    while True:
        id = new_id()
        if library.take(id) is None and not any(f"media/{id}." in name for name in names):
            return id


def _json(text: bytes, shown: str) -> dict:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadMedia(f"{shown} is damaged: a list in it is no JSON; nothing of it was opened.") from error
    if not isinstance(data, dict):
        raise BadMedia(f"{shown} is damaged: a list in it is no JSON object; nothing of it was opened.")
    return data


@contextmanager
def _reads_zip(shown: str) -> Iterator[None]:
    """Whatever zipfile says against a file becomes BadMedia."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, struct.error, UnicodeDecodeError) as error:
        raise BadMedia(f"{shown} is damaged or cut short ({str(error)[:120]}); nothing of it was opened.") from error
