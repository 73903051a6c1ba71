"""Glances: what a timeline draws of media without opening it: the waveform of its sound, eight of its pictures side by side.

    glances/KEY.peaks   the lowest and the highest sample of every fiftieth of a second, a byte each; empty where there is no sound
    glances/KEY.jpg     the pictures, as in the strip of a take, see engine.media.sheets; one of a file that is a picture

KEY is a file's name, its size and its time: one that is changed gets others. Each is made once and kept in the project; all of
them can be made again, so the oldest go when there are too many, and no zip or copy takes them along.
Knows the files of one project. Knows neither cuts nor takes.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from engine.errors import BadMedia, CannotWrite
from engine.media import Sheets, hearing, kinds, probe, read_picture
from engine.media.pictures import jpeg
from engine.media.reaching import Film
from engine.media.writing import write_whole, writing
from engine.timeline.checks import FILE
from engine.timeline.sounds import peaks

FOLDER = "glances"
EACH = 50           # stretches of a waveform in a second: an hour of sound has 360 kB
KEPT = 2000         # files
AT_ONCE = 2         # an hour of sound keeps nobody else waiting


class Glances:
    """What there is to see of the files of one project. May be used from any thread; two are made at a time."""

    def __init__(self, folder: Path, kept: int = KEPT):
        """Of the project in `folder`; no more files are kept than that."""
        self.folder = Path(folder).resolve()
        self.kept = kept
        self._making = threading.Semaphore(AT_ONCE)     # the first look at a file decodes it, and a page asks for many

    def path(self, file: str) -> Path:
        """A film, sound or picture of the project by its name in it. Raises BadMedia for what is none, or lies elsewhere."""
        path = (self.folder / file).resolve() if FILE.fullmatch(file) else None
        if path is None or not path.is_relative_to(self.folder) or not path.is_file():
            raise BadMedia(f"{kinds.shown(file)} is not in the project.")
        first = kinds.head(path, kinds.FILM_FILE)
        if not (kinds.film_kind(first) or hearing.kind(first)) and kinds.looks_like(first) is not None:
            raise BadMedia(f"{kinds.shown(file)} is {kinds.what_instead(first)}: neither film nor sound nor a picture.")
        return path

    def key(self, path: Path) -> str:
        """What a file is called as it is now. Raises BadMedia for one that is gone, or that a link leads to elsewhere."""
        try:
            found, name = path.stat(), path.resolve().relative_to(self.folder).as_posix()
        except (OSError, ValueError) as error:
            raise BadMedia(f"{kinds.shown(path)} is not in the project any more.") from error
        return hashlib.sha256(f"{name}|{found.st_size}|{found.st_mtime_ns}".encode(errors="replace")).hexdigest()[:32]

    def peaks(self, path: Path) -> bytes:
        """The waveform of all its sound, two bytes a stretch, -127 to 127; b"" of what has none. Memory stays flat. Raises BadMedia."""
        return self._kept(path, ".peaks", _peaks)

    def strip(self, path: Path) -> bytes:
        """Its pictures, or the picture, as JPEG. Only those eight are decoded. Raises BadMedia."""
        return self._kept(path, ".jpg", _strip)

    def _kept(self, path: Path, ending: str, make: Callable[[Path], bytes]) -> bytes:
        place = self.folder / FOLDER / f"{self.key(path)}{ending}"
        if place.resolve() != place:            # a project may come from anybody, links and all: none is followed
            return make(path)
        with suppress(OSError):
            return place.read_bytes()
        with self._making:
            with suppress(OSError):
                return place.read_bytes()       # somebody else was waited for
            made = make(path)
            with suppress(CannotWrite, OSError):        # a project that may only be read is looked at anew each time
                with writing(place):
                    place.parent.mkdir(exist_ok=True)
                write_whole(place, made)
                self._forget()
        return made

    def _forget(self) -> None:
        made = {}
        with os.scandir(self.folder / FOLDER) as entries:
            for entry in entries:
                with suppress(OSError):         # another process was quicker
                    if entry.is_file(follow_symlinks=False):
                        made[entry.path] = entry.stat(follow_symlinks=False).st_mtime_ns
        for old in sorted(made, key=made.__getitem__)[: max(0, len(made) - self.kept)]:
            with suppress(OSError):
                os.unlink(old)


def _peaks(path: Path) -> bytes:
    if hearing.kind(kinds.head(path, kinds.FILM_FILE)) is None:     # a GIF, a picture
        return b""
    sound = hearing.probe_sound(path)
    return peaks(path, sound.samples, max(1, round(sound.samples * EACH / sound.rate))).tobytes() if sound else b""


def _strip(path: Path) -> bytes:
    count = probe(path).pictures if kinds.film_kind(kinds.head(path, kinds.FILM_FILE)) else 1
    if count > 1:
        numbers = Sheets(count).wanted
        sheets = Sheets(len(numbers))
        for picture in Film(path).pictures(numbers):
            sheets.look(picture[None])
    else:
        sheets = Sheets(1)
        sheets.look(read_picture(path)[None])
    return jpeg(sheets.strip())
