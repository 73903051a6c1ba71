"""Handing over: a cut as a folder that opens anywhere: lists for other editors, and the film they name beside them.

    boat cut/
      boat cut.otio     boat cut.fcpxml     boat cut.edl, boat cut V2.edl
      media/red-boat-abcdefghij.mp4 ...       whole takes, so that the handles are there

Paths in the lists are relative: the folder can be moved. It gets its name when it is whole. Knows cuts, takes and files.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine import memory
from engine.errors import BadMedia, BadRequest, CannotWrite
from engine.library.database import says_why
from engine.library.importing import ROOM, Progress
from engine.timeline import edl, fcpxml, otio
from engine.timeline.cut import Clip, Cut, Media
from engine.timeline.edl import About
from engine.timeline.materials import missing
from engine.timeline.rendering.places import Places, place

if TYPE_CHECKING:
    from engine.library import Library

KINDS = ("otio", "edl", "fcpxml")
MEDIA = "media"


@dataclass(frozen=True)
class Handed:
    """What was handed over."""

    folder: Path
    files: tuple[Path, ...]         # the lists
    notes: tuple[str, ...]          # a sentence for everything that one of them cannot say


def hand_over(cut: Cut, library: Library, folder: str | Path, kinds: Sequence[str] = KINDS, *, media: bool = True) -> Iterator[Progress | Handed]:
    """Write the lists, and copy the film they name. Yields Progress, and at last Handed.

    folder   a new one
    kinds    of KINDS
    media    False: only the lists, which name the films where they lie now, relative to the folder

    Raises BadRequest for a kind that is none, a folder that is there, or a cut that no list can say; BadMedia naming the first
    clip whose film is gone; CannotWrite. Then there is nothing new.
    """
    folder = Path(folder).absolute()
    if unknown := [kind for kind in kinds if kind not in KINDS] or not kinds:
        raise BadRequest(f"A cut is handed over as {', '.join(KINDS)}; {(unknown[0] if isinstance(unknown, list) else 'nothing')!r:.20} was asked.")
    if folder.exists():
        raise BadRequest(f"There is something called {folder.name!r} already; choose another name.")
    for id, why in missing(cut, library).items():
        raise BadMedia(f"{place(cut, cut.find(id)[1].item)}: {why}")
    places = _places(cut, library, folder, media)
    bench = folder.parent / f".{folder.name[:100]}-{secrets.token_hex(4)}"
    try:
        with says_why(folder):
            (bench / MEDIA if media else bench).mkdir(parents=True)
        files, notes = _lists(cut, library, places, bench, kinds)
        if media:
            yield from _copied(places, bench)
        with says_why(folder):
            os.rename(bench, folder)
    finally:
        shutil.rmtree(bench, ignore_errors=True)
    yield Handed(folder, tuple(folder / name for name in files), tuple(notes))


def _lists(cut: Cut, library: Library, places: dict[Media, tuple[Path, str]], bench: Path, kinds: Sequence[str]) -> tuple[list[str], list[str]]:
    """Write every list; their names, and what they cannot say."""
    def about(media: Media) -> About:
        take = library.take(media.take) if media.take else None
        return About(places[media][1], take.prompt if take else "", take.seed if take else None)

    stem, texts, notes = file_name(cut.name) or "cut", {}, []
    if "otio" in kinds:
        texts[f"{stem}.otio"] = otio.write(cut, lambda media: places[media][1])
    if "fcpxml" in kinds:
        texts[f"{stem}.fcpxml"], said = fcpxml.write(cut, about)
        notes += said
    if "edl" in kinds:
        try:
            for number, one in enumerate(edl.write(cut, about)):
                texts[f"{stem}{f' {one.name}' if number else ''}.edl"] = one.text
                notes += one.notes
        except BadRequest as error:
            if list(kinds) == ["edl"]:
                raise
            notes.append(str(error))        # the others can say it
    with says_why(bench):
        for name, text in texts.items():
            (bench / name).write_text(text, encoding="utf-8", newline="\n")
    return list(texts), list(dict.fromkeys(notes))


def _places(cut: Cut, library: Library, folder: Path, media: bool) -> dict[Media, tuple[Path, str]]:
    """Where each media lies, and how a list names it."""
    found: dict[Media, tuple[Path, str]] = {}
    names: dict[Path, str] = {}
    for one in dict.fromkeys(item.media for track in cut.tracks for item in track.items if isinstance(item, Clip)):
        take, path = library.take(one.take) if one.take else None, Places(library).path(one)
        if path not in names:
            words = file_name((take.prompt or take.caption) if take else path.stem)[:40].strip(" -.")
            names[path] = f"{MEDIA}/{f'{words}-' if words and take else ''}{take.id if take else path.stem}{path.suffix}"
            while list(names.values()).count(names[path]) > 1:
                names[path] = f"{MEDIA}/{path.stem}-{len(names)}{path.suffix}"
        found[one] = path, names[path] if media else Path(os.path.relpath(path, folder)).as_posix()
    return found


def _copied(places: dict[Media, tuple[Path, str]], bench: Path) -> Iterator[Progress]:
    files = dict(places.values())
    need, free = sum(path.stat().st_size for path in files), shutil.disk_usage(bench).free
    if need + ROOM > free:
        raise CannotWrite(f"The films of this cut are {memory.words(need)}, and {memory.words(free)} are free here; free some room, or hand over the lists alone.")
    for number, (path, name) in enumerate(files.items(), 1):
        with says_why(bench):
            shutil.copyfile(path, bench / name)
        yield Progress("copying film", number, len(files))


def file_name(words: str) -> str:
    """Words as a file can be called everywhere; "" where nothing is left of them."""
    return " ".join(re.sub(r"[^\w.-]+", " ", words).split()).strip(" .")[:80]
