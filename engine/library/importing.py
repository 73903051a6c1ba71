"""Importing: any film or picture becomes a take: copied in, looked through, its poster and strip made, its recipe read.

    file ─copy→ arriving/.../film ─decode once→ size, length, poster, strip ─→ take, or a sentence and nothing

Knows files and takes. What a film is, and what is refused, is engine.media's.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine import memory
from engine.errors import BadMedia, BadRequest, CannotWrite
from engine.library import arriving, tidying
from engine.library.arriving import Arrival
from engine.library.database import says_why

if TYPE_CHECKING:
    from engine.library.library import Library
    from engine.library.take import Take
    from engine.recipe import Recipe

PART = 1 << 20          # bytes that are copied at once
ROOM = 64 << 20         # bytes of the disk that stay free: posters, rows and everybody else
MANY = 1 << 16          # pictures of a file that says none of its length


@dataclass(frozen=True)
class Progress:
    """How far something long is."""

    words: str
    done: int = 0
    total: int = 0          # 0 while nobody knows

    def __str__(self) -> str:
        return f"{self.words} {self.done:,} of {self.total:,}" if self.total else self.words


@dataclass(frozen=True)
class Seen:
    """What was found in a film or picture by looking at all of it."""

    width: int              # pixels, upright
    height: int
    pictures: int
    rate: float             # pictures per second; 16 for a single one
    suffix: str             # by what is in it, not by its name


def import_file(library: Library, path: str | Path, tags: Iterable[str] = ()) -> Iterator[Progress | Take]:
    """Copy a film or picture into the project as a take. Yields Progress, and at last the Take.

    Its recipe is read from the file when it carries one; else the take is an "import" with an empty recipe. The file's
    name goes into the notes, where search finds it. On an error, or when the consumer stops, nothing is left.
    Raises BadMedia for what cannot be read, CannotWrite, BadRequest for a tag that is none.
    """
    from engine.library.library import new_id, place
    from engine.media import carried

    path, tags, id = Path(path), tidying.tags(tags), new_id()
    with arriving.bay(library.store, library.folder) as bay:
        copy = bay / "given" / _plain(path)     # errors name the file as the person knows it; in here it may be called poster.jpg
        with says_why(bay):
            copy.parent.mkdir()
        yield from _copied(path, copy)
        seen = None
        for event in look(copy, bay / "poster.jpg", bay / "strip.jpg"):
            if isinstance(event, Seen):
                seen = event
            else:
                yield event
        recipe = None
        with suppress(BadMedia):
            recipe = as_recipe(carried(copy))
        name = tidying.text(" ".join(path.name.split())[:300], "name")
        row = facts(id, seen, recipe) | {
            "created": library.clock(),
            "notes": f"Imported from {name}",
            "tags": json.dumps(tags, ensure_ascii=False),
            "bytes": copy.stat().st_size,
            "film": place(id, "film", seen.suffix),
            "poster": place(id, "poster", ".jpg"),
            "strip": place(id, "strip", ".jpg"),
        }
        files = [(bay / "poster.jpg", row["poster"]), (bay / "strip.jpg", row["strip"]), (copy, row["film"])]
        if recipe is not None:
            with says_why(bay):
                (bay / "recipe.json").write_text(recipe.to_json() + "\n", encoding="utf-8")
            files.insert(0, (bay / "recipe.json", f"media/{id}.json"))
        arriving.come(library.store, library.folder, bay, [Arrival(row, tuple(files))])
    yield library.take(id)


def facts(id: str, seen: Seen, recipe: Recipe | None) -> dict:
    """The columns of a take that follow from what is seen and from its recipe, if there is one."""
    return {
        "id": id,
        "prompt": recipe.prompt if recipe else "",
        "operation": recipe.operation if recipe else "import",
        "backend": recipe.backend if recipe else "",
        "version": recipe.version if recipe else "",
        "seed": str(recipe.seed) if recipe else "",
        "steps": recipe.steps if recipe else 0,
        "width": seen.width,
        "height": seen.height,
        "pictures": seen.pictures,
        "rate": seen.rate,
        "spent": 0.0,
        "recipe": recipe.to_json() if recipe else "{}",
        "latents": "",
    }


def as_recipe(text: str | None) -> Recipe | None:
    """The recipe in a text that a file carried, or None where it is none that this version can read."""
    from engine.recipe import from_json

    try:
        return from_json(text) if text else None
    except BadRequest:
        return None


def look(path: Path, poster: Path, strip: Path) -> Iterator[Progress | Seen]:
    """Decode a film or picture once, and write its poster and strip. Yields Progress, and at last Seen. Raises BadMedia."""
    from engine.media import Sheets, probe, read_film, read_picture

    kind = _kind(path)
    moving = None
    if kind not in STILL:
        try:
            moving = probe(path)
        except BadMedia:
            if kind not in EITHER:
                raise
    if moving is None or (kind in EITHER and moving.pictures == 1):
        picture = read_picture(path)
        sheets = Sheets(1)
        sheets.look(picture[None])
        sheets.write(poster, strip)
        yield Seen(picture.shape[1], picture.shape[0], 1, 16.0, kind)
        return
    expected = max(1, min(moving.pictures, MANY * 16))
    count, shape, sheets = 0, None, Sheets(expected)
    for picture in read_film(path):
        shape = shape or picture.shape
        count += 1
        if picture.shape == shape:
            sheets.look(picture[None])
        if count % 16 == 1:
            yield Progress("looking at picture", count, max(count, expected))
    if sheets.poster is None or not sheets.small:       # shorter than it said: now we know how long it is
        sheets = Sheets(count)
        for picture in read_film(path):
            sheets.look(picture[None])
    sheets.write(poster, strip)
    rate = moving.rate if 0 < moving.rate < 1000 else 16.0
    yield Seen(shape[1], shape[0], count, float(rate), kind)


STILL = (".jpg", ".bmp", ".tiff", ".avif")
EITHER = (".png", ".webp", ".gif")      # a single picture or many


def _kind(path: Path) -> str:
    """A suffix by the first bytes of a file: what it is called is not believed."""
    with says_why(path), path.open("rb") as file:
        head = file.read(64)
    if head[4:8] == b"ftyp":
        return ".avif" if head[8:12] == b"avif" else ".mov" if head[8:12] == b"qt  " else ".mp4"
    if head.startswith(b"\x1aE\xdf\xa3"):
        return ".webm" if b"webm" in head else ".mkv"
    if head[:4] == b"RIFF":
        return ".webp" if head[8:12] == b"WEBP" else ".avi"
    for start, suffix in ((b"\x89PNG", ".png"), (b"\xff\xd8\xff", ".jpg"), (b"GIF8", ".gif"), (b"BM", ".bmp"), (b"II*\0", ".tiff"),
                          (b"MM\0*", ".tiff"), (b"\x47", ".ts")):  # fmt: skip
        if head.startswith(start):
            return suffix
    return ".mov" if head[4:8] in (b"moov", b"mdat", b"wide", b"free", b"skip") else ".film"


def _plain(path: Path) -> str:
    """A file's name with nothing in it that a folder of ours could mind."""
    return "".join(char if char.isalnum() or char in " .-_" else "_" for char in path.name.encode("utf-8", "replace").decode())[-60:].strip(". ") or "film"


def _copied(source: Path, target: Path) -> Iterator[Progress]:
    """Copy part by part, as long as there is room."""
    shown = "".join(char if char.isprintable() else "?" for char in str(source))[-200:]
    try:
        if not source.is_file():            # a pipe or a device would be read without end
            raise BadMedia(f"{shown} is a folder, not a film or picture." if source.is_dir() else f"There is no film or picture at {shown}.")
        size, free = source.stat().st_size, shutil.disk_usage(target.parent).free
        if size == 0:
            raise BadMedia(f"{shown} is empty.")
        if size + ROOM > free:
            raise CannotWrite(f"{shown} has {memory.words(size)}, and {memory.words(free)} are free on the project's disk; free some room first.")
        given = source.open("rb")
    except (OSError, ValueError) as error:
        raise BadMedia(f"{shown} cannot be read: {getattr(error, 'strerror', None) or error}.") from error
    with given, says_why(target), target.open("wb") as copy:
        done = 0
        while part := given.read(PART):
            copy.write(part)
            done += len(part)
            yield Progress("copying, MB", done // 10**6, size // 10**6)
        copy.flush()
        os.fsync(copy.fileno())


def finish(events: Iterator, tell: Callable[[Progress], None] = lambda progress: None):
    """Run something that yields Progress to its end, telling each; what it yields at last."""
    event = None
    for event in events:
        if isinstance(event, Progress):
            tell(event)
    return event
